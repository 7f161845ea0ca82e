"""ingest: a stranger's file into the canonical Parquet file, or a refusal that leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from privacy.ingest.cells import ARROW_TYPES
from privacy.ingest.convert import convert_batch, decoded_bytes
from privacy.ingest.faults import Faults, refusal
from privacy.ingest.formats import SPELLED, Format, is_packed, open_source
from privacy.ingest.limits import IngestSummary, Limits
from privacy.ingest.source import Source
from privacy.ingest.unpack import unpacked
from understudy.schema import TableSchema

SLICE_BYTES = 64 << 20
"""A batch that spells out to more is converted in halves, so that memory stays bounded."""

ROW_GROUP_ROWS = 1 << 17


def canonical_schema(schema: TableSchema) -> pa.Schema:
    """The Arrow schema of the canonical table: declared order, one fixed type for each declared one."""
    return pa.schema([pa.field(column.name, ARROW_TYPES[column.type]) for column in schema.columns])


def ingest(
    source: Path,
    out: Path,
    *,
    format: Format,
    schema: TableSchema,
    sheet: str = "",
    limits: Limits | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> IngestSummary:
    """Write the table in ``source`` to ``out`` as canonical Parquet (zstd).

    A file packed by gzip or zstd is unpacked beside ``out`` first. ``sheet``: of a workbook; empty for its only one.
    ``on_progress`` hears the share of the file that was read, 0 to 1.
    Guarantees: rows keep their order and number; a declared missing value, and NaN, is null. On any error ``out`` is
    as it was. No error holds a value of the table. Memory does not grow with the number of rows.
    Raises: InputRefused, with a code from ``faults.MESSAGES`` and the first places.
    """
    limits = limits or Limits()
    schema = schema if format in SPELLED else schema.spelled_plainly()
    size = source.stat().st_size
    if size > limits.max_bytes:
        raise refusal("too-large", limit_bytes=limits.max_bytes)
    if size == 0:
        raise refusal("empty-file")
    with unpacked(source, out.with_name(f"{out.name}.unpacked"), limits) as (plain, held):
        reader = open_source(plain, format, schema, held, sheet=sheet)
        cap = held.decoded_cap(size) if is_packed(format) else held.max_decoded_bytes
        faults = Faults()
        with _written(out, canonical_schema(schema)) as write:
            n_rows, n_decoded = _copy(reader, write, schema, held, cap, faults, on_progress)
            if faults:
                raise faults.refusal(schema.names, reader.lines_of)
            if n_rows == 0:
                raise refusal("no-rows")
    return IngestSummary(
        n_rows=n_rows,
        n_columns=len(schema.columns),
        source_bytes=size,
        decoded_bytes=n_decoded,
        canonical_bytes=out.stat().st_size,
    )


def _copy(
    reader: Source,
    write: Callable[[list[pa.Array]], None],
    schema: TableSchema,
    limits: Limits,
    cap: int,
    faults: Faults,
    on_progress: Callable[[float], None] | None,
) -> tuple[int, int]:
    """Convert and write batch by batch; after the first fault only look for more. Rows and decoded bytes."""
    n_rows = n_decoded = 0
    for batch, share in reader.batches():
        n_decoded += decoded_bytes(batch)
        if n_decoded > cap:
            raise refusal("decoded-too-large", limit_bytes=cap)
        if n_rows + batch.num_rows > limits.max_rows:
            raise refusal("too-many-rows", limit=limits.max_rows)
        for part in _parts(batch):
            columns = convert_batch(part, schema, limits, faults, first_row=n_rows)
            n_rows += part.num_rows
            if not faults:
                write(columns)
        if on_progress is not None:
            on_progress(share)
    return n_rows, n_decoded


def _parts(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    if batch.num_rows > 1 and decoded_bytes(batch) > SLICE_BYTES:
        middle = batch.num_rows // 2
        yield from _parts(batch.slice(0, middle))
        yield from _parts(batch.slice(middle))
    else:
        yield batch


@contextmanager
def _written(out: Path, schema: pa.Schema) -> Iterator[Callable[[list[pa.Array]], None]]:
    """A writer for ``out``, which appears whole at the end or not at all."""
    part = out.with_name(f"{out.name}.part")
    held: list[pa.RecordBatch] = []
    try:
        with pq.ParquetWriter(part, schema, compression="zstd") as writer:

            def flush() -> None:
                if held:
                    writer.write_table(pa.Table.from_batches(held, schema))
                    held.clear()

            def write(columns: list[pa.Array]) -> None:
                held.append(pa.RecordBatch.from_arrays(columns, schema=schema))
                if sum(len(b) for b in held) >= ROW_GROUP_ROWS or sum(b.nbytes for b in held) >= SLICE_BYTES:
                    flush()

            yield write
            flush()
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
