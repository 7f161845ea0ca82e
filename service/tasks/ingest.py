"""Raw bytes of a table -> canonical Parquet, or a refusal with places."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pyarrow.parquet as pq

from service.tasks.request import Request, key_of, path_of, schema_of
from understudy.schema import TableSchema

if TYPE_CHECKING:
    from service.ports import Progress


def ingest(request: Request, on_progress: Progress) -> Request:
    """Raw bytes -> canonical Parquet. Raises InputRefused with places."""
    from privacy.ingest import Limits
    from privacy.ingest import ingest as take_in
    from privacy.scrub.undeclared import refuse_undeclared, undeclared

    schema = schema_of(request)
    on_progress("ingest", 0)
    take_in(
        path_of(request, "source"),
        path_of(request, "out"),
        format=cast("str", request["format"]),  # type: ignore[arg-type]
        schema=schema,
        sheet=cast(str, request.get("sheet", "")),
        limits=Limits(max_bytes=cast(int, request["max_bytes"])),
    )
    if names := undeclared(schema):
        refuse_undeclared(pq.read_table(path_of(request, "out"), columns=names), schema)
    return {"sketch": _unit_sketch(request, schema), "rows": _row_sketch(request)}


def _row_sketch(request: Request) -> str:
    """A keyed sketch of the rows, by which a release of our own is known again; empty if nobody asked."""
    from privacy.resemblance import row_sketch

    if "sketch_key" not in request:
        return ""
    return row_sketch(pq.read_table(path_of(request, "out")), key=key_of(request, "sketch_key")).as_text()


def _unit_sketch(request: Request, schema: TableSchema) -> str:
    """A keyed sketch of who is in the table; empty if a row stands for nobody but itself, or ids are a numbering."""
    from privacy.sketch import is_numbering, sketch

    if schema.unit.column is None or "overlap_key" not in request:
        return ""
    units = pq.read_table(path_of(request, "out"), columns=[schema.unit.column]).column(0).unique().to_pylist()
    return "" if is_numbering(units) else sketch(units, key=key_of(request, "overlap_key")).as_text()
