"""Ticks within leaves: tails fall off, round values heap, ends are kept."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from privacy.draw import draw
from privacy.grids import Heap
from privacy.lattice import Lattice


def values(low: int, high: int, heaps: list[Heap], n: int = 20_000) -> np.ndarray:
    lattice = Lattice.of("integer", low, high)
    starts, lasts = np.zeros(n, dtype=np.uint64), np.full(n, lattice.n_ticks - 1, dtype=np.uint64)
    offsets = draw(lattice, starts, lasts, heaps, np.random.default_rng(1))
    return np.asarray(lattice.values(offsets, np.zeros(n, bool)).to_numpy())


def test_a_wide_leaf_of_amounts_is_drawn_by_the_logarithm() -> None:
    assert abs(np.median(values(1_000, 64_000, [])) - 8_000) < 400
    assert abs(np.median(values(-64_000, -1_000, [])) + 8_000) < 400
    assert abs(np.median(values(50_000, 64_000, [])) - 57_000) < 400


def test_round_values_come_as_often_as_released() -> None:
    found = values(4_100, 6_900, [(3, 1, 0.3), (2, 1, 0.5)])
    assert abs((found % 1000 == 0).mean() - 0.35) < 0.03  # and every tenth of the hundreds
    assert abs((found % 100 == 0).mean() - 0.8) < 0.03
    assert set(found[found % 1000 == 0]) == {5000, 6000}


def test_a_leaf_without_a_round_value_tries_the_next_finer_grid() -> None:
    assert set(values(5_010, 5_060, [(3, 1, 0.5), (1, 5, 0.5)])) == {5050}


@given(st.integers(-(2**63), 2**63 - 1), st.integers(-(2**63), 2**63 - 1))
@example(-(2**63), -(2**63))
@example(-(2**63), 2**63 - 1)
def test_the_ends_of_a_leaf_are_never_passed(a: int, b: int) -> None:
    low, high = min(a, b), max(a, b)
    found = values(low, high, [(7, 1, 0.2), (2, 5, 0.3), (0, 5, 0.2)], n=200)
    assert found.min() >= low
    assert found.max() <= high


def test_decimal_heaps_are_in_units_of_the_lattice() -> None:
    lattice = Lattice.of("number", 3.01, 3.99, decimals=2)
    starts, lasts = np.zeros(99, np.uint64), np.full(99, lattice.n_ticks - 1, np.uint64)
    offsets = draw(lattice, starts, lasts, [(-1, 5, 1.0)], np.random.default_rng(1))
    assert lattice.values(offsets, np.zeros(99, bool)).to_pylist() == [pytest.approx(3.5)] * 99


def test_dates_do_not_heap() -> None:
    lattice = Lattice.of("date", date(2000, 1, 1), date(2000, 12, 31))
    starts, lasts = np.zeros(999, np.uint64), np.full(999, lattice.n_ticks - 1, np.uint64)
    assert np.unique(draw(lattice, starts, lasts, [(2, 1, 1.0)], np.random.default_rng(1))).size > 200
