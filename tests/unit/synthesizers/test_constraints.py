"""Which synthetic rows break a rule, and functions that are learnt from them."""
# ruff: noqa: DTZ001 -- canonical moments have no zone

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import pyarrow as pa
import pytest

from synthesizers.constraints import Functions, broken, selected
from understudy.rules import Combinations, Determines, Forbidden, Order, Selection, Sum

ROWS = pa.table(
    {
        "low": pa.array([1, 2, 3, None, 3]),
        "high": pa.array([2.0, 2.0, 2.5, 1.0, None]),
        "from": pa.array([date(2024, 1, day) for day in (1, 2, 3, 4, 5)]),
        "until": pa.array([date(2024, 1, 2)] * 5),
        "ward": pa.array(["A", "A", "B", None, "C"]),
        "site": pa.array(["n", "s", "s", "n", "n"]),
    }
)


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        (Order(columns=("low", "high")), [0, 0, 1, 0, 0]),
        (Order(columns=("low", "high"), strict=True), [0, 1, 1, 0, 0]),
        (Order(columns=("from", "until")), [0, 0, 1, 1, 1]),
        (Combinations(columns=("ward", "site"), rows=(("A", "n"), ("B", "s"), ("A", "x"))), [0, 1, 0, 0, 1]),
        (
            Forbidden(where=(("ward", Selection(values=("A", "B"))), ("low", Selection(minimum=2)))),
            [0, 1, 1, 0, 0],
        ),
        (Determines(columns=("ward", "site")), [0, 0, 0, 0, 0]),
        (Sum(columns=("from", "low", "until")), [0, 0, 0, 0, 0]),
    ],
)
def test_rows_that_break_a_rule(rule: object, found: list[int]) -> None:
    assert broken(ROWS, [rule]).tolist() == [bool(one) for one in found]  # type: ignore[list-item]


def test_a_category_that_was_not_found_is_not_judged() -> None:
    rows = pa.table({"ward": ["A", "OTHER", "OTHER"], "site": ["s", "n", "x"]})
    listed = Combinations(columns=("ward", "site"), rows=(("A", "n"), ("B", "s")))
    assert broken(rows, [listed]).tolist() == [True, False, False]
    named = Combinations(columns=("ward", "site"), rows=(("A", "n"), ("OTHER", "s")))
    assert broken(rows, [named]).tolist() == [True, True, True]


def test_a_range_has_both_ends_in_it_and_no_missing_value() -> None:
    assert selected(ROWS["low"], Selection(minimum=2, maximum=3)).tolist() == [False, True, True, False, True]
    assert selected(ROWS["low"], Selection(values=(2,))).tolist() == [False, True, False, False, False]


def test_a_function_is_the_commonest_value_and_the_same_for_all_rows() -> None:
    pilot = pa.table({"ward": ["A"] * 3 + ["B"] * 2, "site": ["n", "n", "s", "s", "s"]})
    functions = Functions([Determines(columns=("ward", "site"))], pilot)
    made = functions.applied(ROWS)
    assert made["site"].to_pylist() == ["n", "n", "s", "n", "n"]  # C is unknown: the commonest of all stands
    assert made.schema.equals(ROWS.schema)
    assert made.drop(["site"]).equals(ROWS.drop(["site"]))


def test_two_columns_determine_a_third() -> None:
    rng = np.random.default_rng(0)
    rows = pa.table({name: rng.integers(0, 3, 500) for name in "abc"})
    made = Functions([Determines(columns=("a", "b", "c"))], rows).applied(rows).to_pandas()
    assert (made.groupby(["a", "b"])["c"].nunique() == 1).all()


def summed(*columns: pa.Array) -> list[object]:
    rows = pa.table(dict(zip("abc", columns, strict=False)))
    made = Functions([Sum(columns=tuple(rows.column_names))], rows).applied(rows)
    assert made.schema.equals(rows.schema)
    last = rows.column_names[-1]
    assert made.drop([last]).equals(rows.drop([last]))
    return list(made[last].to_pylist())


def test_a_day_of_discharge_is_that_of_admission_and_the_days_between() -> None:
    days = pa.array([0, 3, 400, None])
    moments = [datetime(1935, 1, 1, 9), datetime(2024, 2, 27, 23, 59), datetime(1969, 12, 31, 1), datetime(2024, 1, 1)]
    was = pa.array([date(2000, 1, 1)] * 4)
    found: list[object] = [date(1935, 1, 1), date(2024, 3, 1), date(1971, 2, 4), date(2000, 1, 1)]
    assert summed(pa.array(moments, pa.timestamp("us")), days, was) == found
    assert summed(pa.array([moment.date() for moment in moments]), days, was) == found
    at = pa.array(moments, pa.timestamp("us"))
    assert summed(at, pa.array([1, 1, 1, 1]), at)[:2] == [datetime(1935, 1, 2, 9), datetime(2024, 2, 28, 23, 59)]


def test_amounts_add_up_without_dust() -> None:
    assert summed(pa.array([0.1, 1.0, None]), pa.array([0.2, -3.0, 1.0]), pa.array([9.0, 9.0, 9.0])) == [0.3, -2.0, 9.0]
    assert summed(pa.array([1, 2]), pa.array([0.5, None]), pa.array([0.0, None])) == [1.5, None]
    assert summed(pa.array([1, 2]), pa.array([7, 8]), pa.array([0, 0])) == [8, 10]


def test_a_sum_that_its_type_cannot_hold_is_left_as_it_was() -> None:
    assert summed(pa.array([2**62, 1]), pa.array([2**62, 1]), pa.array([5, 5])) == [5, 2]
    assert summed(pa.array([1e308]), pa.array([1e308]), pa.array([5.0])) == [5.0]
    late = pa.array([date(9999, 12, 31), date(1, 1, 1)])
    assert summed(late, pa.array([1, -(2**62)]), late) == [date(9999, 12, 31), date(1, 1, 1)]
