"""A whole table from file to file or in memory, some rows at a time, by all cores: each row is mapped by itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from privacy.scrub.crew import cores, in_order
from privacy.scrub.report import ScrubReport
from privacy.scrub.table import open_text_scrubber, scrub_table
from privacy.scrub.text import TextScrubber
from privacy.scrub.undeclared import refuse_undeclared
from understudy.schema import TableSchema

BATCH_ROWS, TEXT_ROWS = 20_000, 250
_AGE = re.compile(r"(?i)(^|[^a-z])(age|alter|edad)([^a-z]|$)")


def as_safe_harbor_asks(document: Mapping[str, object]) -> dict[str, object]:
    """A proposed schema in which dates are shifted by person and ages end at 90: nobody has decided otherwise.

    In notes it is so anyway, and a date in clear beside its shifted self would tell the shift.
    Source: 45 CFR 164.514(b)(2)(i)(C). Shifted dates are no dates of the person's, but still days, not years.
    """
    fields = [dict(field) for field in document["fields"]]  # type: ignore[attr-defined]
    for field in fields:
        if "understudy:kind" in field or "understudy:operator" in field:
            continue
        if field["type"] in ("date", "datetime"):
            field["understudy:operator"] = "shift"
        elif field["type"] == "integer" and _AGE.search(str(field["name"])):
            field["understudy:operator"] = "generalise"
    return {**document, "fields": fields}


def scrub_canonical(
    source: Path,
    out: Path,
    schema: TableSchema,
    *,
    key: bytes,
    scrubber: TextScrubber | None = None,
    on_progress: Callable[[int], None] = lambda _percent: None,
) -> ScrubReport:
    """A canonical Parquet file to a scrubbed one, some rows at a time. Raises InputRefused (column-looks-identifying).

    Guarantees: the same rows as ``scrub_table`` of the whole would give, for it maps each row by itself.
    """
    file = pq.ParquetFile(source)
    refuse_undeclared(file.read(), schema)
    n_rows, size = file.metadata.num_rows, piece_rows(schema)
    reports: list[ScrubReport] = []
    waiting: list[pa.RecordBatch] = []
    done = 0
    parts = _in_pieces(file.iter_batches(batch_size=size), n_rows, schema, key, scrubber)
    with closing(parts), pq.ParquetWriter(out, file.schema_arrow, compression="zstd") as writer:
        for batch, report in parts:
            reports.append(report)
            waiting.append(batch)
            done += batch.num_rows
            if sum(part.num_rows for part in waiting) >= BATCH_ROWS or done == n_rows:
                writer.write_table(pa.Table.from_batches(waiting))
                waiting.clear()
            on_progress(99 * done // max(1, n_rows))
    return ScrubReport.total(reports)


def scrub_rows(table: pa.Table, schema: TableSchema, *, key: bytes) -> tuple[pa.Table, ScrubReport]:
    """As ``table.scrub_table``, by all cores where there are many rows."""
    size = piece_rows(schema)
    if table.num_rows <= size:
        return scrub_table(table, schema, key=key)
    batches = table.to_batches(max_chunksize=size)
    with closing(_in_pieces(batches, table.num_rows, schema, key, None)) as parts:
        made, reports = zip(*parts, strict=True)
    return pa.Table.from_batches(made), ScrubReport.total(reports)


def piece_rows(schema: TableSchema) -> int:
    """Rows that go to one process together: fewer where there are notes, which take a thousand times as long."""
    return TEXT_ROWS if any(column.is_text for column in schema.columns) else BATCH_ROWS


def _in_pieces(
    batches: Iterable[pa.RecordBatch], n_rows: int, schema: TableSchema, key: bytes, scrubber: TextScrubber | None
) -> Generator[tuple[pa.RecordBatch, ScrubReport], None, None]:
    if scrubber is None and any(column.is_text for column in schema.columns):
        scrubber = open_text_scrubber(key)
    processes = cores() if n_rows > piece_rows(schema) else 1
    return in_order(partial(_scrubbed, schema, key, scrubber), batches, processes=processes)


def _scrubbed(
    schema: TableSchema, key: bytes, scrubber: TextScrubber | None, batch: pa.RecordBatch
) -> tuple[pa.RecordBatch, ScrubReport]:
    table, report = scrub_table(pa.Table.from_batches([batch]), schema, key=key, scrubber=scrubber)
    return table.combine_chunks().to_batches()[0], report
