"""What a converted column is: typed values, and a fault number for each cell that could not be converted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt
from numpy.typing import NDArray

from understudy.schema import ColumnSchema, FieldType

ARROW_TYPES: dict[FieldType, pa.DataType] = {
    "integer": pa.int64(),
    "number": pa.float64(),
    "string": pa.string(),
    "text": pa.string(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "datetime": pa.timestamp("us"),
}
"""The canonical Arrow type of each declared type."""

Codes = NDArray[np.uint8]

FAULTS: tuple[str, ...] = (
    "",
    "value-not-integer",
    "value-not-number",
    "value-not-boolean",
    "value-not-date",
    "value-not-datetime",
    "value-not-string",
    "value-not-finite",
    "value-not-in-enum",
    "value-below-minimum",
    "value-above-maximum",
    "value-missing",
    "unit-missing",
    "cell-too-large",
    "not-utf8",
    "null-byte",
)
"""A cell's fault as a small number; 0 is none."""

NUMBER_OF = {code: number for number, code in enumerate(FAULTS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """One column of one batch. ``codes[i]`` is the fault of cell i; a faulty cell's value is null."""

    values: pa.Array
    codes: Codes

    def take(self, indices: pa.Array) -> Cells:
        """The cells at ``indices``; a null index is a missing cell without a fault."""
        present = pc.fill_null(pc.cast(indices, pa.int64()), 0).to_numpy(zero_copy_only=False)
        if len(self.codes) == 0 or not self.codes.any():
            codes = np.zeros(len(indices), dtype=np.uint8)
        else:
            codes = np.where(as_mask(indices.is_valid()), self.codes[present], 0).astype(np.uint8)
        return Cells(values=self.values.take(indices), codes=codes)


def not_of(column: ColumnSchema) -> int:
    """The fault number of "not of this column's type"."""
    return NUMBER_OF[f"value-not-{'string' if column.type == 'text' else column.type}"]


def as_mask(array: pa.Array) -> NDArray[np.bool_]:
    """A Boolean Arrow array as NumPy; null is False."""
    mask: NDArray[np.bool_] = pc.fill_null(array, False).to_numpy(zero_copy_only=False)
    return mask


def blank(array: pa.Array, where: NDArray[np.bool_]) -> pa.Array:
    """``array`` with nulls at ``where``."""
    if not where.any():
        return array
    return pc.if_else(pa.array(where), pa.scalar(None, array.type), array)


def cast_each(array: pa.Array, target: pa.DataType) -> tuple[pa.Array, NDArray[np.bool_]]:
    """Cast what can be cast without loss; the mask says where it could not, and there the value is null.

    Halves the array on failure, so a few bad cells cost a few casts.
    """
    try:
        return pc.cast(array, target), np.zeros(len(array), dtype=bool)
    except pa.ArrowInvalid:
        if len(array) == 1:
            return pa.nulls(1, target), np.ones(1, dtype=bool)
    middle = len(array) // 2
    left, left_bad = cast_each(array.slice(0, middle), target)
    right, right_bad = cast_each(array.slice(middle), target)
    return pa.concat_arrays([left, right]), np.concatenate([left_bad, right_bad])


FIRST_DAY = -719_162
"""1 January of the year 1, in days from 1970."""

AFTER_LAST_DAY = 2_932_897
"""1 January of the year 10000, in days from 1970."""

TICKS_PER_DAY = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000}


def check_calendar(values: pa.Array, codes: Codes, fault: int) -> Cells:
    """Refuse dates outside the years 1 to 9999, which Python and ISO 8601 cannot write.

    Compares numbers: Arrow's own ``year`` wraps around for dates far away. Nanoseconds cannot leave these years.
    """
    type_ = values.type
    if pt.is_timestamp(type_) and type_.unit == "ns":
        return Cells(values=values, codes=codes)
    per_day = 1 if pt.is_date32(type_) else TICKS_PER_DAY["ms" if pt.is_date64(type_) else type_.unit]
    ticks = pc.cast(values, pa.int32() if pt.is_date32(type_) else pa.int64())
    bad = as_mask(pc.or_(pc.less(ticks, FIRST_DAY * per_day), pc.greater_equal(ticks, AFTER_LAST_DAY * per_day)))
    return Cells(values=blank(values, bad), codes=np.where(bad, fault, codes).astype(np.uint8))


def check_constraints(cells: Cells, column: ColumnSchema, *, is_unit: bool) -> Cells:
    """Add the faults of enum, minimum, maximum, required and the privacy unit. A cell keeps its first fault."""
    codes, values = cells.codes, cells.values
    type_ = values.type
    if column.enum is not None:
        members = pa.array(list(column.enum), type=type_)
        outside = pc.and_(values.is_valid(), pc.invert(pc.is_in(values, value_set=members)))
        codes = _first(codes, outside, "value-not-in-enum")
    if column.minimum is not None:
        codes = _first(codes, pc.less(values, pa.scalar(column.minimum, type_)), "value-below-minimum")
    if column.maximum is not None:
        codes = _first(codes, pc.greater(values, pa.scalar(column.maximum, type_)), "value-above-maximum")
    if is_unit and values.null_count:
        codes = _first(codes, values.is_null(), "unit-missing")
    if column.required and values.null_count:
        codes = _first(codes, values.is_null(), "value-missing")
    return Cells(values=values, codes=codes)


def _first(codes: Codes, bad: pa.Array, code: str) -> Codes:
    mask = as_mask(bad)
    if not mask.any():
        return codes
    return np.where((codes == 0) & mask, NUMBER_OF[code], codes).astype(np.uint8)
