"""Names of a job's files that several modules know. They are persisted. Imports nothing: children read it first."""

from __future__ import annotations

PERSONS = "persons.bin"
"""Keyed hashes of the persons whose rows the job was trained on."""

WRITTEN = "written.parquet"
"""Notes before anything of the synthetic row was written into them: what the text models themselves said."""

WITHOUT_DP = "without_dp.parquet"
"""What the owner may ask for: the same fit without privacy. As private as the real rows: it stays in the job's folder
until the judge has read it, is never bundled, and is gone at the end."""
