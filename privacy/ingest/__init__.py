"""The only way in for rows: a hostile file becomes a canonical table, or is refused with the place.

``ingest`` reads, ``bound_rows`` and ``split`` are the two per-person maps that follow it. None of them costs
budget, since each person's rows are decided from that person's rows, the schema and a key alone.
"""

from privacy.ingest.limits import IngestSummary, Limits
from privacy.ingest.rows import Split, bound_rows, split
from privacy.ingest.table import canonical_schema, ingest

__all__ = ["IngestSummary", "Limits", "Split", "bound_rows", "canonical_schema", "ingest", "split"]
