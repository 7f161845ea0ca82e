"""One batch as it lies in the file into one canonical batch, with every faulty cell noted."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt
from numpy.typing import NDArray

from privacy.ingest.cells import FAULTS, NUMBER_OF, Cells, as_mask, blank, check_constraints
from privacy.ingest.faults import Faults
from privacy.ingest.limits import Limits
from privacy.ingest.text import from_text
from privacy.ingest.typed import from_typed, is_textual
from understudy.schema import ColumnSchema, TableSchema


def decoded_bytes(batch: pa.RecordBatch) -> int:
    """Bytes that the batch takes once its dictionaries are spelled out, found without doing so."""
    return sum(_spelled_out(array) if pt.is_dictionary(array.type) else array.nbytes for array in batch.columns)


def _spelled_out(array: pa.DictionaryArray) -> int:
    if not is_textual(array.type):
        return len(array) * (int(array.dictionary.type.bit_width) // 8)
    lengths = pc.binary_length(array.dictionary).to_numpy(zero_copy_only=False).astype(np.int64)
    indices = array.indices.drop_null().to_numpy()
    return int(lengths[indices].sum()) + 4 * len(array)


def convert_batch(
    batch: pa.RecordBatch, schema: TableSchema, limits: Limits, faults: Faults, *, first_row: int
) -> list[pa.Array]:
    """Canonical columns in declared order. Faulty cells are null there and noted in ``faults``."""
    columns = []
    for position, column in enumerate(schema.columns):
        cells = _convert(batch.column(column.name), column, schema, limits)
        if cells.codes.any():
            for number in np.unique(cells.codes[cells.codes > 0]):
                rows = np.flatnonzero(cells.codes == number).astype(np.int64) + first_row
                faults.add(FAULTS[number], position, rows)
        # There is one zero: 0.0 + -0.0 is 0.0, so that a declared 0.0 is found whichever sign a program wrote.
        columns.append(pc.add(cells.values, 0.0) if column.type == "number" else cells.values)
    return columns


def _convert(array: pa.Array, column: ColumnSchema, schema: TableSchema, limits: Limits) -> Cells:
    is_unit = schema.unit.column == column.name
    if not pt.is_dictionary(array.type) and is_textual(array.type):
        array = array.dictionary_encode()
    if not pt.is_dictionary(array.type):
        return check_constraints(from_typed(array, column), column, is_unit=is_unit)
    array = _without_unused(array)
    if is_textual(array.dictionary.type):
        distinct = _from_distinct_text(array.dictionary, column, schema.missing_values, limits)
        distinct = _no_blank_unit(distinct) if is_unit else distinct
    else:
        distinct = from_typed(array.dictionary, column)
    # Enum and bounds on the distinct values, what a missing value means on the cells.
    distinct = check_constraints(distinct, column, is_unit=is_unit)
    cells = distinct.take(array.indices)
    return check_constraints(cells, _only_required(column), is_unit=is_unit) if array.null_count else cells


def _no_blank_unit(distinct: Cells) -> Cells:
    """A blank is nobody's name, whatever ``missing_values`` says: its rows must not be pooled as one person."""
    if not pt.is_string(distinct.values.type):
        return distinct
    nobody = as_mask(pc.equal(pc.utf8_trim_whitespace(distinct.values), ""))
    return Cells(values=blank(distinct.values, nobody), codes=distinct.codes)


def _only_required(column: ColumnSchema) -> ColumnSchema:
    return ColumnSchema(name=column.name, type=column.type, required=column.required)


def _without_unused(array: pa.DictionaryArray) -> pa.DictionaryArray:
    """A row group's dictionary comes with every batch of it; parse only the entries that this batch uses."""
    if len(array.dictionary) <= len(array):
        return array
    used = pc.unique(array.indices.drop_null())
    indices = pc.index_in(array.indices, value_set=used)
    return pa.DictionaryArray.from_arrays(indices, array.dictionary.take(used))


def _from_distinct_text(distinct: pa.Array, column: ColumnSchema, missing: tuple[str, ...], limits: Limits) -> Cells:
    codes = np.zeros(len(distinct), dtype=np.uint8)
    codes[as_mask(pc.greater(pc.binary_length(distinct), limits.max_cell_bytes))] = NUMBER_OF["cell-too-large"]
    distinct, bad = _as_strings(distinct)
    codes[bad & (codes == 0)] = NUMBER_OF["not-utf8"]
    codes[as_mask(pc.match_substring(distinct, "\0")) & (codes == 0)] = NUMBER_OF["null-byte"]
    cells = from_text(blank(distinct, codes > 0), column, missing)
    return Cells(values=cells.values, codes=np.where(codes > 0, codes, cells.codes).astype(np.uint8))


def _as_strings(distinct: pa.Array) -> tuple[pa.Array, NDArray[np.bool_]]:
    """As valid UTF-8. Arrow takes a Parquet file's word for it, so a string is checked like any bytes."""
    data = pc.cast(distinct, pa.binary())
    try:
        return pc.cast(data, pa.string()), np.zeros(len(data), dtype=bool)
    except pa.ArrowInvalid:
        bad = np.array([value is not None and not _is_utf8(value) for value in data.to_pylist()], dtype=bool)
        return pc.cast(blank(data, bad), pa.string()), bad


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
