"""Typed Parquet columns into canonical ones, only where nothing is lost.

Text inside Parquet takes the way of ``text``. A type that can never become the declared one (a list, a moment with a
zone, a float for a string) is refused by its column before a row is read.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from privacy.ingest.cells import ARROW_TYPES, NUMBER_OF, Cells, as_mask, blank, cast_each, check_calendar, not_of
from understudy.schema import ColumnSchema

_TEXTUAL = (
    pt.is_string,
    pt.is_large_string,
    pt.is_string_view,
    pt.is_binary,
    pt.is_large_binary,
    pt.is_binary_view,
)


def is_textual(type_: pa.DataType) -> bool:
    """Stored as bytes: strings, or bytes that may be UTF-8."""
    if pt.is_dictionary(type_):
        return is_textual(type_.value_type)
    return any(test(type_) for test in _TEXTUAL)


def can_become(type_: pa.DataType, column: ColumnSchema) -> bool:
    """Some values of this Arrow type are values of the declared type without loss."""
    if pt.is_dictionary(type_):
        return can_become(type_.value_type, column)
    if is_textual(type_) or pt.is_null(type_):
        return True
    whole: bool = pt.is_integer(type_)
    fraction: bool = pt.is_floating(type_)
    logical: bool = pt.is_boolean(type_)
    day: bool = pt.is_date(type_)
    if column.type in ("integer", "number"):
        return whole or fraction or bool(pt.is_decimal(type_))
    if column.type == "boolean":
        return logical or whole or fraction
    if column.type in ("date", "datetime"):
        return day or (bool(pt.is_timestamp(type_)) and type_.tz is None)
    return whole or logical or day


def from_typed(array: pa.Array, column: ColumnSchema) -> Cells:
    """Convert an array that ``can_become`` the column's type and holds no text."""
    target = ARROW_TYPES[column.type]
    nothing = np.zeros(len(array), dtype=np.uint8)
    if pt.is_null(array.type):
        return Cells(values=pa.nulls(len(array), target), codes=nothing)
    if pt.is_floating(array.type):
        array = pc.cast(array, pa.float64())
        array = blank(array, as_mask(pc.is_nan(array)))  # as pandas writes missing values
    codes = nothing
    if column.type == "number":
        infinite = as_mask(pc.is_inf(array)) if pt.is_floating(array.type) else codes.astype(bool)
        array = blank(array, infinite)
        codes = np.where(infinite, NUMBER_OF["value-not-finite"], 0).astype(np.uint8)
    elif column.type == "boolean" and not pt.is_boolean(array.type):
        bad = as_mask(pc.invert(pc.is_in(array, value_set=pa.array([0, 1], array.type)))) & as_mask(array.is_valid())
        array, codes = blank(array, bad), np.where(bad, not_of(column), 0).astype(np.uint8)
    elif pt.is_temporal(array.type):
        calendar = check_calendar(array, codes, not_of(column))
        array, codes = calendar.values, calendar.codes
    values, failed = cast_each(array, target)
    if column.type == "date":
        # Arrow drops the time of day without a word.
        failed |= as_mask(pc.not_equal(pc.cast(values, array.type), array))
    codes = np.where(failed, not_of(column), codes).astype(np.uint8)
    return Cells(values=blank(values, failed), codes=codes)
