"""The columns of a file against the columns of the schema."""

from __future__ import annotations

from collections.abc import Sequence

from privacy.ingest.faults import refusal
from privacy.ingest.limits import Limits
from understudy.errors import Place
from understudy.schema import TableSchema

DELIMITERS = ",;\t|"
"""Marks that may stand between the cells of a CSV file, the likeliest first."""


def check_header(names: Sequence[str], schema: TableSchema, limits: Limits, *, line: int | None) -> None:
    """Refuse a file whose columns are not exactly those of the schema, in any order.

    A file without a header line shows its first row here. So a name from the file is repeated in an error only if at
    least one name is declared: then the line is a header.

    Raises: InputRefused with too-many-columns, csv-delimiter, header-twice, column-unknown or column-missing.
    """
    declared = set(schema.names)
    if len(names) > limits.max_columns:
        raise refusal("too-many-columns", Place(line=line), limit=limits.max_columns)
    if not declared.intersection(names):
        if line is not None and len(names) == 1 and any(mark in names[0] for mark in DELIMITERS):
            raise refusal("csv-delimiter", Place(line=line))
        raise refusal("column-missing", *(Place(line=line, column=name) for name in schema.names))
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise refusal("header-twice", *(Place(line=line, column=name[:200]) for name in twice))
    unknown = [name for name in names if name not in declared]
    if unknown:
        raise refusal("column-unknown", *(Place(line=line, column=name[:200]) for name in unknown))
    missing = [name for name in schema.names if name not in names]
    if missing:
        raise refusal("column-missing", *(Place(line=line, column=name) for name in missing))
