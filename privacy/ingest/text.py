"""Text into typed values, on the distinct values of a batch: each spelling is parsed once.

The grammar is Frictionless Table Schema's default formats, with numbers as plain decimals (no hexadecimal) and ISO 8601
dates without a zone. What a field spells otherwise is brought to it by ``spelled`` first.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from privacy.ingest.cells import (
    NUMBER_OF,
    Cells,
    as_mask,
    blank,
    cast_each,
    check_calendar,
    not_of,
)
from privacy.ingest.spelled import plain
from understudy.schema import ColumnSchema
from understudy.spelling import FALSE, TRUE

INTEGER = r"^[+-]?[0-9]{1,40}(\.0*)?$"
NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,5})?$"
NOT_FINITE = r"(?i)^[+-]?(nan|inf|infinity)$"
DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
DATETIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?)?$"

NOT_FINITE_CODE = NUMBER_OF["value-not-finite"]


def from_text(distinct: pa.Array, column: ColumnSchema, missing: tuple[str, ...]) -> Cells:
    """Convert strings to the column's type.

    ``missing`` spellings are null; so is the empty string, except in string and text columns, where it is null only if
    declared. White space around a value that is not a string does not count.
    """
    if column.type in ("string", "text"):
        gone = as_mask(pc.is_in(distinct, value_set=pa.array(missing, pa.string())))
        return Cells(values=blank(distinct, gone), codes=np.zeros(len(distinct), dtype=np.uint8))
    gone = as_mask(pc.is_in(distinct, value_set=pa.array((*missing, ""), pa.string())))
    trimmed = pc.ascii_trim_whitespace(distinct)
    gone |= as_mask(pc.is_in(trimmed, value_set=pa.array((*missing, ""), pa.string())))
    return _PARSERS[column.type](plain(blank(trimmed, gone), column), column)


def _integers(text: pa.Array, column: ColumnSchema) -> Cells:
    try:
        values = pc.cast(text, pa.int64())
    except pa.ArrowInvalid:
        values = None
    # Arrow reads hexadecimal too; everything else that its cast takes is an integer by our grammar.
    if values is not None and not pc.any(pc.match_substring(text, "x", ignore_case=True)).as_py():
        return _clean(values)
    bad = _unlike(text, INTEGER)
    plain = pc.replace_substring_regex(blank(text, bad), r"^\+|\.0*$", "")
    values, overflow = cast_each(plain, pa.int64())
    return Cells(values=values, codes=_mark(bad | overflow, not_of(column)))


def _numbers(text: pa.Array, column: ColumnSchema) -> Cells:
    try:
        values = pc.cast(text, pa.float64())
    except pa.ArrowInvalid:
        values = None
    if values is not None and pc.all(pc.is_finite(values)).as_py() is not False:
        return _clean(values)
    infinite = as_mask(pc.match_substring_regex(text, NOT_FINITE))
    bad = _unlike(text, NUMBER) & ~infinite
    values, failed = cast_each(blank(text, bad | infinite), pa.float64())
    infinite |= as_mask(pc.invert(pc.is_finite(values)))
    codes = _mark(bad | failed, not_of(column))
    codes[infinite] = NOT_FINITE_CODE
    return Cells(values=blank(values, infinite), codes=codes)


def _booleans(text: pa.Array, column: ColumnSchema) -> Cells:
    true = as_mask(pc.is_in(text, value_set=pa.array(TRUE)))
    false = as_mask(pc.is_in(text, value_set=pa.array(FALSE)))
    known = true | false
    bad = as_mask(text.is_valid()) & ~known
    return Cells(values=pa.array(true, mask=~known), codes=_mark(bad, not_of(column)))


def _dates(text: pa.Array, column: ColumnSchema) -> Cells:
    return _moments(text, column, DATE, pa.date32())


def _datetimes(text: pa.Array, column: ColumnSchema) -> Cells:
    return _moments(text, column, DATETIME, pa.timestamp("us"))


def _moments(text: pa.Array, column: ColumnSchema, pattern: str, target: pa.DataType) -> Cells:
    bad = _unlike(text, pattern)
    values, failed = cast_each(blank(text, bad), target)
    return check_calendar(values, _mark(bad | failed, not_of(column)), not_of(column))


_PARSERS: dict[str, Callable[[pa.Array, ColumnSchema], Cells]] = {
    "integer": _integers,
    "number": _numbers,
    "boolean": _booleans,
    "date": _dates,
    "datetime": _datetimes,
}


def _unlike(text: pa.Array, pattern: str) -> NDArray[np.bool_]:
    return as_mask(pc.invert(pc.match_substring_regex(text, pattern)))


def _mark(bad: NDArray[np.bool_], fault: int) -> NDArray[np.uint8]:
    return np.where(bad, fault, 0).astype(np.uint8)


def _clean(values: pa.Array) -> Cells:
    return Cells(values=values, codes=np.zeros(len(values), dtype=np.uint8))
