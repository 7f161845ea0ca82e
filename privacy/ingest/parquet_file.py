"""Parquet in: footers are believed for nothing but refusal, and text stays dictionary-coded until it was measured.

A few megabytes of Parquet can spell out to terabytes, and the sizes in its footer do not say so. So the least width of
a row times the row count is held against the cap before anything is decoded, text is kept as (dictionary, indices) as
it lies in the file, and its spelled-out size is counted from lengths.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.types as pt

from privacy.ingest.faults import refusal
from privacy.ingest.header import check_header
from privacy.ingest.limits import Limits
from privacy.ingest.typed import can_become, is_textual
from understudy.errors import Place
from understudy.schema import TableSchema

BATCH_ROWS = 1 << 15


class ParquetSource:
    """A Parquet file whose footer and column types have been checked."""

    def __init__(self, path: Path, schema: TableSchema, limits: Limits) -> None:
        """Raises: InputRefused with not-parquet, too-many-rows, decoded-too-large or a fault of the columns."""
        try:
            arrow = pq.read_schema(path)
            textual = [field.name for field in arrow if is_textual(field.type)]
            self._file = pq.ParquetFile(path, read_dictionary=textual)
        except (pa.ArrowException, OSError, UnicodeDecodeError):
            raise refusal("not-parquet") from None
        check_header(arrow.names, schema, limits, line=None)
        for column in schema.columns:
            if not can_become(arrow.field(column.name).type, column):
                type_ = "string" if column.type == "text" else column.type
                raise refusal(f"value-not-{type_}", Place(column=column.name))
        self._n_rows = self._file.metadata.num_rows
        if self._n_rows > limits.max_rows:
            raise refusal("too-many-rows", limit=limits.max_rows)
        cap = limits.decoded_cap(path.stat().st_size)
        if self._n_rows * _least_row_bits(arrow) // 8 > cap:
            raise refusal("decoded-too-large", limit_bytes=cap)

    def batches(self) -> Iterator[tuple[pa.RecordBatch, float]]:
        """See ``Source``."""
        n_read = 0
        batches = self._file.iter_batches(batch_size=BATCH_ROWS, use_threads=False)
        while True:
            try:
                batch = next(batches)
            except StopIteration:
                return
            except MemoryError:
                raise
            except (pa.ArrowException, OSError):
                raise refusal("not-parquet") from None
            n_read += batch.num_rows
            if batch.num_rows:
                yield batch, n_read / max(n_read, self._n_rows)

    def lines_of(self, rows: Sequence[int]) -> Mapping[int, int]:
        """See ``Source``. Row n, counted from 1, is in line n + 1, as if there were a header line."""
        return {row: row + 2 for row in rows}


def _least_row_bits(schema: pa.Schema) -> int:
    """Bits that one decoded row takes at the least, whatever its text is."""
    return sum(_least_bits(field.type) for field in schema)


def _least_bits(type_: pa.DataType) -> int:
    if is_textual(type_):
        return 32
    if pt.is_dictionary(type_):
        return _least_bits(type_.value_type)
    return 0 if pt.is_null(type_) else int(type_.bit_width)
