"""Where first cells begin: a public rule."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.edges import first_starts
from privacy.lattice import Lattice


@given(st.integers(-(2**63), 2**63 - 1), st.integers(-(2**63), 2**63 - 1), st.integers(2, 64))
def test_cells_begin_at_the_origin_and_rise(a: int, b: int, n_cells: int) -> None:
    lattice = Lattice.of("integer", min(a, b), max(a, b))
    starts = first_starts(lattice, n_cells)
    assert starts[0] == 0
    assert (np.diff(starts.astype(object)) > 0).all()
    assert starts[-1] < lattice.n_ticks
    assert starts.size <= 2 * n_cells + 4


@given(st.integers(0, 10**6), st.integers(1, 10**9), st.integers(2, 64))
def test_zero_stands_alone(below: int, above: int, n_cells: int) -> None:
    lattice = Lattice.of("integer", -below, above)
    starts = first_starts(lattice, n_cells).tolist()
    assert below in starts
    assert below + 1 in starts


def test_a_short_range_is_taken_value_by_value() -> None:
    assert first_starts(Lattice.of("integer", 17, 90), 40).tolist() == list(range(74))


@pytest.mark.parametrize("high", [10**3, 10**5, 10**9])
def test_amounts_get_cells_near_zero(high: int) -> None:
    starts = first_starts(Lattice.of("integer", 0, high), 32)
    assert (starts < high / 20).sum() > 8


def test_dates_get_equal_cells() -> None:
    starts = first_starts(Lattice.of("date", date(1950, 1, 1), date(2020, 12, 31)), 32)
    assert np.ptp(np.diff(starts.astype(np.int64))) <= 1
