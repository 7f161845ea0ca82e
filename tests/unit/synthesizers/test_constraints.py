"""Which synthetic rows break a rule, and functions that are learnt from them."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from synthesizers.constraints import Functions, broken, selected
from understudy.rules import Combinations, Determines, Forbidden, Order, Selection

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
    ],
)
def test_rows_that_break_a_rule(rule: object, found: list[int]) -> None:
    assert broken(ROWS, [rule]).tolist() == [bool(one) for one in found]  # type: ignore[list-item]


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
