"""Canonical rows without one person's."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from service.tasks.request import Request, path_of, schema_of

if TYPE_CHECKING:
    from service.ports import Progress


def erase(request: Request, on_progress: Progress) -> Request:
    """Canonical Parquet and an id -> the same without the rows of that id, if there were any; how many there were."""
    schema = schema_of(request)
    on_progress("erase", 0)
    rows = pq.read_table(path_of(request, "canonical"))
    unit = cast(str, schema.unit.column)
    is_theirs = pc.fill_null(pc.equal(pc.cast(rows[unit], pa.string()), cast(str, request["subject"])), False)
    n_theirs = int(pc.sum(is_theirs).as_py() or 0)
    if n_theirs:
        pq.write_table(rows.filter(pc.invert(is_theirs)), path_of(request, "out"), compression="zstd")
    return {"n_rows": n_theirs}
