"""How fine values are and how they heap, from noisy votes."""
# ruff: noqa: DTZ001 -- canonical moments have no zone

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest

from privacy.grids import MOMENT_UNITS_US, Grid, grid_counts, grid_from, ladder, moment_unit, n_grid_cells
from understudy.schema import FieldType

TYPES = {"integer": pa.int64(), "number": pa.float64(), "datetime": pa.timestamp("us")}


def column(values: list[object], type_: FieldType) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values, TYPES[type_])])


def learn(values: list[object], type_: FieldType, stddev: float = 1.0) -> Grid:
    return grid_from(grid_counts(column(values, type_), type_), stddev, type_)


@pytest.mark.parametrize(
    ("values", "type_", "decimals"),
    [
        ([1.0, -3.0], "number", 0),
        ([0.1, 0.3], "number", 1),
        ([0.29, 1e6 + 0.01], "number", 2),
        ([1e-6, 3e-6], "number", 6),
        ([np.pi], "number", None),
        ([20_000.0, -50_000.0, 0.0], "number", -4),
        ([20_000, 50_000, 0], "integer", -4),
        ([7, 12], "integer", 0),
    ],
)
def test_the_grid_of_numbers(values: list[object], type_: FieldType, decimals: int | None) -> None:
    assert learn(values * 50, type_).decimals == decimals


def test_heaps_are_shares_of_what_lies_on_nothing_coarser() -> None:
    grid = learn([5000, 2000, 1500, 150, 15, 7, 7, 7, 7, 7] * 100, "integer")
    assert grid.decimals == 0
    assert {(power, factor): share for power, factor, share in grid.heaps} == {
        (3, 5): 0.1,
        (3, 1): 0.1,
        (2, 5): 0.1,
        (1, 5): 0.1,
        (0, 5): 0.1,
    }


def test_zero_does_not_vote() -> None:
    assert learn([0.0] * 900 + [0.25] * 100, "number").decimals == 2


def test_a_vote_that_the_noise_drowns_takes_the_finest_grid_without_heaps() -> None:
    assert learn([1.0] * 30, "number", 10.0) == Grid(decimals=None)
    noisy = grid_counts(column([datetime(2020, 1, 1)] * 30, "datetime"), "datetime")
    assert moment_unit(noisy, 10.0) == 1


def test_amounts_in_cents_are_told_through_the_noise() -> None:
    """Cells of the finer grids are nothing but noise, and there are many of them."""
    rng = np.random.default_rng(5)
    exact = grid_counts(column(np.round(rng.uniform(100, 90_000, 4_000), 2).tolist(), "number"), "number")
    noisy = [exact + np.rint(rng.normal(0, 150, exact.size)).astype(np.int64) for _ in range(200)]
    assert sum(grid_from(one, 150.0, "number").decimals == 2 for one in noisy) >= 196


def test_noise_makes_no_heaps() -> None:
    rng = np.random.default_rng(7)
    exact = grid_counts(column(np.round(rng.uniform(100, 90_000, 4_000), 2).tolist(), "number"), "number")
    found = [
        grid_from(exact + np.rint(rng.normal(0, 400, exact.size)).astype(np.int64), 400.0, "number") for _ in range(200)
    ]
    assert np.mean([any(power >= 0 for power, _, _ in grid.heaps) for grid in found]) < 0.06


def test_nothing_but_noise_makes_no_coarse_grid() -> None:
    rng = np.random.default_rng(6)
    cells = n_grid_cells("number")
    noisy = [np.rint(rng.normal(0, 50, cells)).astype(np.int64) for _ in range(300)]
    assert sum(grid_from(one, 50.0, "number").decimals is None for one in noisy) >= 297


def test_each_grid_is_part_of_the_next_finer_one() -> None:
    for type_ in ("integer", "number"):
        units = [factor * 10.0**power for power, factor in ladder(type_)]  # type: ignore[arg-type]
        assert all(round(a / b, 6).is_integer() and a > b for a, b in pairwise(units))


def test_the_grid_of_moments() -> None:
    for unit, moment in zip(
        MOMENT_UNITS_US,
        [
            datetime(1950, 1, 1),
            datetime(1950, 1, 1, 5),
            datetime(1950, 1, 1, 5, 7),
            datetime(2050, 1, 1, 5, 7, 9),
            datetime(2050, 1, 1, 5, 7, 9, 5000),
            datetime(2050, 1, 1, 5, 7, 9, 5001),
        ],
        strict=True,
    ):
        assert moment_unit(grid_counts(column([moment] * 50, "datetime"), "datetime"), 1.0) == unit


@pytest.mark.parametrize("type_", ["integer", "number", "datetime"])
def test_no_values_give_no_counts(type_: FieldType) -> None:
    for values in ([], [None, None]):
        assert grid_counts(column(list(values), type_), type_).tolist() == [0] * n_grid_cells(type_)


def test_each_value_votes_once() -> None:
    """The vote's sensitivity: one row is in one cell."""
    rng = np.random.default_rng(1)
    values = [*rng.normal(0, 1e4, 500).tolist(), 1e300, -1e-300, 5e-324]
    assert grid_counts(column(values, "number"), "number").sum() == len(values)
    ends = [2**63 - 1, -(2**63), 1, 10**18]
    assert grid_counts(column(ends, "integer"), "integer").sum() == len(ends)
