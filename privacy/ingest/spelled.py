"""Cells as a field spells them (``understudy.spelling``) into the default spelling, which ``text`` parses."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from understudy.schema import ColumnSchema
from understudy.spelling import FALSE, PLAIN, TRUE, Spelling, spelling

NO_VALUE = "?"
"""Stands for a cell that is not spelled as declared: the parser of every type but string refuses it."""


def plain(text: pa.Array, column: ColumnSchema) -> pa.Array:
    """Trimmed cells of a column that is no string, in the default spelling; missing ones stay missing."""
    spelled = column.spelling
    if spelled == PLAIN:
        return text
    return _WAYS[column.type](text, column.spelling)


def _numbers(text: pa.Array, spelled: Spelling) -> pa.Array:
    mark, group = re.escape(spelled.decimal_char), re.escape(spelled.group_char)
    # Groups are of three: 1.23 with points between groups is no 123.
    whole = rf"([0-9]{{1,3}}({group}[0-9]{{3}})+|[0-9]*)" if group else "[0-9]*"
    shape = rf"^[+-]?{whole}({mark}[0-9]*)?([eE][+-]?[0-9]{{1,5}})?$"
    known = pc.if_else(pc.match_substring_regex(text, shape), text, NO_VALUE)
    bare = pc.replace_substring(known, spelled.group_char, "") if group else known
    return pc.replace_substring(bare, spelled.decimal_char, ".")


def _flags(text: pa.Array, spelled: Spelling) -> pa.Array:
    false = pc.if_else(pc.is_in(text, value_set=pa.array(spelled.false_values)), FALSE[0], NO_VALUE)
    known = pc.if_else(pc.is_in(text, value_set=pa.array(spelled.true_values)), TRUE[0], false)
    return pc.if_else(text.is_valid(), known, text)


def _moments(write: Callable[[datetime], str]) -> Callable[[pa.Array, Spelling], pa.Array]:
    def read(value: str | None, pattern: str) -> str | None:
        try:
            # A moment of a table has no zone.
            return None if value is None else write(datetime.strptime(value, pattern))  # noqa: DTZ007
        except ValueError:
            return NO_VALUE

    def moments(text: pa.Array, spelled: Spelling) -> pa.Array:
        return pa.array([read(value, spelled.format) for value in text.to_pylist()], pa.string())

    return moments


_WAYS: dict[str, Callable[[pa.Array, Spelling], pa.Array]] = {
    "integer": _numbers,
    "number": _numbers,
    "boolean": _flags,
    "date": _moments(lambda moment: moment.date().isoformat()),
    "datetime": _moments(lambda moment: moment.isoformat(sep=" ")),
}


def guess(text: pa.Array) -> dict[str, object]:
    """Keys for a field whose values are text: its type and spelling, if all are dates or decimals of one spelling.

    Where two spellings fit (1,234 or 03/04/2024) nothing is said. Empty cells say nothing either way.
    """
    values = pc.unique(text.drop_null())
    values = values.filter(pc.not_equal(values, ""))
    if not len(values):
        return {}
    fitting = [keys for alike in _SPELLINGS if (keys := _first(values, alike))]
    return fitting[0] if len(fitting) == 1 else {}


def _first(values: pa.Array, alike: Sequence[dict[str, object]]) -> dict[str, object]:
    return next((keys for keys in alike if _reads(values, keys)), {})


def _reads(values: pa.Array, keys: dict[str, object]) -> bool:
    way, spelled = _WAYS[str(keys["type"])], spelling(keys, str(keys["type"]), "", lambda *_: None)
    # A few first, for reading many dates takes its time.
    return not any(pc.any(pc.equal(way(part, spelled), NO_VALUE)).as_py() for part in (values[:50], values))


def _days(pattern: str) -> list[list[dict[str, object]]]:
    clocks = (("date", ""), ("datetime", " %H:%M"), ("datetime", " %H:%M:%S"))
    return [[{"type": type_, "format": f"{pattern}{clock}"}] for type_, clock in clocks]


_SPELLINGS: list[list[dict[str, object]]] = [
    [{"type": "number", "decimalChar": ","}, {"type": "number", "decimalChar": ",", "groupChar": "."}],
    [{"type": "number", "groupChar": ","}],
    *_days("%d.%m.%Y"),
    *_days("%d/%m/%Y"),
    *_days("%m/%d/%Y"),
    *_days("%Y/%m/%d"),
]
"""Each list from the simplest on: of these the first that fits stands for all."""
