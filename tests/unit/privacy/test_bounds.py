"""Bounds from noisy histograms."""
# ruff: noqa: DTZ001, DTZ901 -- canonical moments have no zone

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import pyarrow as pa
import pytest

from privacy.bounds import bound_counts, bounds_from, full_range, n_bound_cells
from understudy.schema import FieldType, Value

TYPES = {"integer": pa.int64(), "number": pa.float64(), "date": pa.date32(), "datetime": pa.timestamp("us")}


def column(values: list[object], type_: FieldType) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values, TYPES[type_])])


def learn(values: list[object], type_: FieldType) -> tuple[Value, Value]:
    found = bounds_from(bound_counts(column(values, type_), type_), 0.1, type_)
    assert found.sure
    return found.low, found.high


@pytest.mark.parametrize(
    ("values", "type_", "expected"),
    [
        ([17, 90], "integer", (16, 128)),
        ([-5, 0, 3], "integer", (-8, 4)),
        ([0], "integer", (0, 0)),
        ([2**63 - 1, -(2**63)], "integer", (-(2**63) + 1, 2**63 - 1)),
        ([0.3, 6.0], "number", (0.25, 8.0)),
        ([-1e308, 1e308], "number", (-(2.0**64), 2.0**64)),
        ([5e-324], "number", (0.0, 2.0**-30)),
    ],
)
def test_bounds_are_powers_of_two_around_the_values(values: list[object], type_: FieldType, expected: object) -> None:
    assert learn(values * 20, type_) == expected


def test_bounds_of_dates_are_decades() -> None:
    low, high = learn([date(2019, 3, 1), date(2024, 2, 29)] * 20, "date")
    assert isinstance(low, date)
    assert isinstance(high, date)
    assert low <= date(2019, 3, 1)
    assert high >= date(2024, 2, 29)
    assert (high - low).days < 2 * 3653
    for moment in (datetime.min, datetime(2020, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999_999)):
        low, high = learn([moment] * 20, "datetime")
        assert low <= moment <= high  # type: ignore[operator]


@pytest.mark.parametrize("type_", ["integer", "number", "date", "datetime"])
def test_every_cell_lies_in_its_own_bounds(type_: FieldType) -> None:
    for cell in range(n_bound_cells(type_)):
        noisy = np.zeros(n_bound_cells(type_), dtype=np.int64)
        noisy[cell] = 100
        found = bounds_from(noisy, 1.0, type_)
        assert found.low <= found.high  # type: ignore[operator]
        if type_ in ("number", "datetime", "date"):
            counts = bound_counts(column([found.low], type_), type_)
            assert counts[max(cell - 1, 0) : cell + 2].sum() == 1


def test_noise_alone_is_not_sure() -> None:
    noisy = np.random.default_rng(1).normal(0, 10, n_bound_cells("integer")).astype(np.int64)
    found = bounds_from(noisy, 10.0, "integer")
    assert not found.sure
    assert found.low <= found.high  # type: ignore[operator]


def test_a_tail_whose_cells_stand_out_only_together_is_within_the_bounds() -> None:
    """capital_gain of Adult: 99,999 lies beyond a gap."""
    noisy = np.zeros(20, dtype=np.int64)
    noisy[2:6], noisy[6:9] = 500, (80, 7, 90)
    assert full_range(noisy, np.full(20, 900.0)) == (2, 8)
    noisy[6:9] = (30, -20, 25)
    assert full_range(noisy, np.full(20, 900.0)) == (2, 5)


def test_if_nothing_stands_out_the_bounds_are_those_of_a_usual_run_of_values() -> None:
    noisy = np.zeros(n_bound_cells("number"), dtype=np.int64)
    noisy[[0, -1]] = 90
    spot = int(np.flatnonzero(bound_counts(column([100.0], "number"), "number"))[0])
    noisy[spot - 1 : spot + 2] = 60
    found = bounds_from(noisy, 50.0, "number")
    assert not found.sure
    assert (found.low, found.high) == (32.0, 256.0)


@pytest.mark.parametrize("type_", ["integer", "number", "date", "datetime"])
def test_no_values_give_no_counts(type_: FieldType) -> None:
    for values in ([], [None, None]):
        assert bound_counts(column(list(values), type_), type_).sum() == 0
