"""Whether synthetic rows keep the rules of their schema, and how they are made to. For every engine.

Reads synthetic rows and declared facts only: all of this is post-processing. A row in which one of a rule's columns
is missing is not judged by that rule.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from privacy.hierarchy import OTHER
from understudy import rules
from understudy.errors import Failed
from understudy.rules import Combinations, Constraint, Determines, Forbidden, Order, Selection, Sum, Value
from understudy.schema import parse_value

Mask = NDArray[np.bool_]


def stored(documents: Sequence[object], types: Mapping[str, str]) -> tuple[Constraint, ...]:
    """The rules that an artifact holds as plain JSON; ``types`` by column. Raises: Failed (artifact-damaged)."""
    faults: list[str] = []
    found = rules.constraints(
        documents,
        types,
        lambda name, value: parse_value(value, types[name]),
        lambda pointer, _: faults.append(pointer),
    )
    if faults:
        raise Failed("The model artifact is damaged.", code="artifact-damaged")
    return found


def broken(rows: pa.Table, constraints: Sequence[Constraint]) -> Mask:
    """Which rows break one of the constraints. Not judged: ``Determines`` and ``Sum``, which ``Functions`` makes so."""
    found = np.zeros(rows.num_rows, dtype=bool)
    for one in constraints:
        found |= _broken(rows, one)
    return found


def selected(column: pa.ChunkedArray, wanted: Selection) -> Mask:
    """Which rows of a column are selected; missing ones never are."""
    if wanted.values:
        return _true(pc.is_in(column, value_set=pa.array(list(wanted.values), type=column.type)))
    inside = np.asarray(pc.is_valid(column))
    if wanted.minimum is not None:
        inside = inside & _true(pc.greater_equal(column, pa.scalar(wanted.minimum, type=column.type)))
    if wanted.maximum is not None:
        inside = inside & _true(pc.less_equal(column, pa.scalar(wanted.maximum, type=column.type)))
    return inside


def _broken(rows: pa.Table, one: Constraint) -> Mask:
    if isinstance(one, Order):
        compare = pc.greater_equal if one.strict else pc.greater
        steps = zip(one.columns, one.columns[1:], strict=False)
        return functools.reduce(np.logical_or, [_true(compare(rows[low], rows[high])) for low, high in steps])
    if isinstance(one, Forbidden):
        return functools.reduce(np.logical_and, [selected(rows[name], wanted) for name, wanted in one.where])
    if isinstance(one, Combinations):
        return _unlisted(rows, one)
    return np.zeros(rows.num_rows, dtype=bool)


def _unlisted(rows: pa.Table, one: Combinations) -> Mask:
    """Which rows are in none of the combinations: both are numbered by the distinct values that the rule lists.

    A category that was not found may be one that the rule lists: a row with OTHER is not judged, as if it were missing.
    """
    number = np.zeros(rows.num_rows, dtype=np.int64)
    listed = np.zeros(len(one.rows), dtype=np.int64)
    unknown, missing = np.zeros(rows.num_rows, dtype=bool), np.zeros(rows.num_rows, dtype=bool)
    for place, name in enumerate(one.columns):
        values = list(dict.fromkeys(row[place] for row in one.rows))
        ranks = _ranks(rows[name], values)
        rank_of = {value: rank for rank, value in enumerate(values)}
        unknown |= ranks < 0
        missing |= np.asarray(pc.is_null(rows[name]))
        if OTHER not in values and pa.types.is_string(rows[name].type):
            missing |= _true(pc.equal(rows[name], OTHER))
        number = number * len(values) + ranks
        listed = listed * len(values) + np.array([rank_of[row[place]] for row in one.rows])
    return (unknown | ~np.isin(number, listed)) & ~missing


def _ranks(column: pa.ChunkedArray, values: Sequence[Value]) -> NDArray[np.int64]:
    """The place of each row's value in a list; -1 if it is not there or missing."""
    ranks = pc.index_in(column, value_set=pa.array(list(values), type=column.type))
    return np.asarray(pc.fill_null(ranks, -1).to_numpy()).astype(np.int64)


def _true(answers: pa.ChunkedArray) -> Mask:
    return np.asarray(pc.fill_null(answers, False))


class Functions:
    """The columns that follow from others: what ``Determines`` asks for, learnt from rows of the model, and sums.

    A function is the value that most rows have; where the pilot rows have never seen the other columns' values, the
    commonest value of all stands.
    """

    def __init__(self, constraints: Sequence[Constraint], pilot: pa.Table) -> None:
        """``pilot``: synthetic rows, enough that the common values of the columns occur."""
        self._rules = [one for one in constraints if isinstance(one, Determines)]
        self._tables = [_most_common(pilot, one.columns) for one in self._rules]
        self._sums = [one for one in constraints if isinstance(one, Sum)]

    def applied(self, rows: pa.Table) -> pa.Table:
        """The rows with each such column as its rule says, sums last; where one of these is missing, as it was."""
        for rule, known in zip(self._rules, self._tables, strict=True):
            rows = _determined(rows, rule.columns, known)
        for one in self._sums:
            rows = _summed(rows, one.columns)
        return rows


def _most_common(pilot: pa.Table, columns: tuple[str, ...]) -> pa.Table:
    """By value of all columns but the last: its commonest last value. Ties go to the smallest."""
    known = pilot.select(list(columns)).drop_null()
    counted = known.group_by(list(columns)).aggregate([([], "count_all")])
    order = [("count_all", "descending"), *((name, "ascending") for name in columns)]
    best = counted.sort_by(order).append_column("place", pa.array(np.arange(counted.num_rows)))
    first = best.group_by(list(columns[:-1])).aggregate([("place", "min")])["place_min"]
    return best.take(np.sort(first.to_numpy())).select(list(columns))


def _determined(rows: pa.Table, columns: tuple[str, ...], known: pa.Table) -> pa.Table:
    *keys, last = columns
    if not known.num_rows:
        return rows
    place = pa.array(np.arange(rows.num_rows))
    asked = rows.select(keys).append_column("place", place)
    joined = asked.join(known, keys=keys, join_type="left outer").sort_by("place")
    found = pc.fill_null(joined[last], known[last][0])
    judged = functools.reduce(np.logical_and, [np.asarray(pc.is_valid(rows[name])) for name in columns])
    value = pc.if_else(pa.array(judged), found.combine_chunks(), rows[last].combine_chunks())
    return rows.set_column(rows.column_names.index(last), rows.schema.field(last), value)


_SUM_DECIMALS = 6
_DAY_US = 86_400_000_000
_MOST_DAYS = 10_000 * 366
_FIRST_US, _END_US = -62_135_596_800_000_000, 253_402_300_800_000_000
"""The years 1 to 9999, which ISO 8601 can write, in microseconds from 1970; the second is the first of 10000."""


def _summed(rows: pa.Table, columns: tuple[str, ...]) -> pa.Table:
    """The last column as the sum of the others; as it was where one is missing or its type cannot hold the sum."""
    *parts, last = (rows[name].combine_chunks() for name in columns)
    known = functools.reduce(np.logical_and, [np.asarray(part.is_valid()) for part in (*parts, last)])
    if pa.types.is_temporal(last.type):
        start = _numbers(parts[0].cast(pa.timestamp("us")).cast(pa.int64()))
        total, fits = _added(
            [start, *(np.clip(_numbers(part), -_MOST_DAYS, _MOST_DAYS) * _DAY_US for part in parts[1:])],
            _FIRST_US,
            _END_US,
        )
        made = pa.array(total, mask=~fits).cast(pa.timestamp("us")).cast(last.type, safe=False)
    elif pa.types.is_integer(last.type):
        total, fits = _added([_numbers(part) for part in parts], -(2**62), 2**62)
        made = pa.array(total, mask=~fits)
    else:
        with np.errstate(over="ignore"):
            exact = functools.reduce(np.add, [_numbers(part).astype(np.float64) for part in parts])
        fits = np.isfinite(exact)
        made = pa.array(np.round(np.where(fits, exact, 0.0), _SUM_DECIMALS))
    value = pc.if_else(pa.array(known & fits), made.cast(last.type), last)
    return rows.set_column(rows.column_names.index(columns[-1]), rows.schema.field(columns[-1]), value)


def _numbers(column: pa.Array) -> NDArray[Any]:
    """The values; 0 where one is missing."""
    return np.asarray(pc.fill_null(column, 0))


def _added(parts: Sequence[NDArray[np.int64]], least: int, end: int) -> tuple[NDArray[np.int64], Mask]:
    """The sum, and where it is at least ``least`` and below ``end``: as floats, for large whole numbers wrap around."""
    rough = functools.reduce(np.add, [part.astype(np.float64) for part in parts])
    return functools.reduce(np.add, parts), (rough >= least) & (rough < end)
