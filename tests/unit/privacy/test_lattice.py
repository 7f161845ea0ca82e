"""Values to ticks and back."""
# ruff: noqa: DTZ001 -- canonical moments have no zone

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.lattice import DAY_US, Lattice


def back(lattice: Lattice, values: list[object], type_: pa.DataType) -> list[object]:
    offsets = lattice.offsets(pa.chunked_array([pa.array(values, type_)]))
    assert (offsets < lattice.n_ticks).all()
    return lattice.values(offsets, np.zeros(len(values), dtype=bool)).to_pylist()


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1))
def test_every_integer_survives_its_own_bounds(values: list[int]) -> None:
    assert back(Lattice.of("integer", min(values), max(values)), values, pa.int64()) == values


def test_the_whole_of_int64_is_a_lattice() -> None:
    ends = [-(2**63), -1, 0, 2**63 - 1]
    assert back(Lattice.of("integer", ends[0], ends[-1]), ends, pa.int64()) == ends


@given(st.lists(st.integers(-(10**9), 10**9), min_size=1), st.integers(0, 4))
def test_every_decimal_survives(ticks: list[int], decimals: int) -> None:
    values = [tick / 10**decimals for tick in ticks]
    assert back(Lattice.of("number", min(values), max(values), decimals=decimals), values, pa.float64()) == values


def test_values_beyond_the_bounds_are_taken_to_be_at_them() -> None:
    assert back(Lattice.of("integer", 0, 9), [-5, 3, 10**18], pa.int64()) == [0, 3, 9]
    assert back(Lattice.of("number", 0.0, 1.0, decimals=1), [-1e308, 1e308], pa.float64()) == [0.0, 1.0]


@pytest.mark.parametrize(
    ("low", "high", "decimals"),
    [(0.005, 0.005, 2), (0.1, 0.1, 0), (0.0, 0.0, 0), (1e300, 1e305, 2), (1e-12, 2e-12, 6), (-1e308, 1e308, 6)],
)
def test_a_grid_that_does_not_fit_is_made_finer_or_coarser(low: float, high: float, decimals: int) -> None:
    lattice = Lattice.of("number", low, high, decimals=decimals)
    ends = back(lattice, [low, high], pa.float64())
    assert ends == pytest.approx([low, high], rel=1e-9)


def test_dates_and_moments() -> None:
    days = [date(1, 1, 1), date(1969, 12, 31), date(2024, 2, 29), date(9999, 12, 31)]
    assert back(Lattice.of("date", days[0], days[-1]), days, pa.date32()) == days
    moments = [datetime(1, 1, 1), datetime(1969, 12, 31, 23, 59), datetime(9999, 12, 31, 23, 59, 59, 999_999)]
    assert back(Lattice.of("datetime", moments[0], moments[-1]), moments, pa.timestamp("us")) == moments
    daily = Lattice.of("datetime", moments[0], datetime(2024, 1, 1), unit_us=DAY_US)
    assert back(daily, [datetime(2020, 5, 6, 7, 8)], pa.timestamp("us")) == [datetime(2020, 5, 6)]


def test_bounds_within_one_unit_use_a_finer_one() -> None:
    lattice = Lattice.of("datetime", datetime(2020, 1, 1, 5), datetime(2020, 1, 1, 6), unit_us=DAY_US)
    assert lattice.unit_us == 1


def test_only_numbers_have_a_zero() -> None:
    assert Lattice.of("integer", -1, 1).has_zero
    assert not Lattice.of("integer", 1, 2).has_zero
    assert not Lattice.of("date", date(1960, 1, 1), date(1980, 1, 1)).has_zero


def test_missing_values_stay_missing() -> None:
    lattice = Lattice.of("integer", 0, 5)
    offsets = lattice.offsets(pa.chunked_array([pa.array([None, 3], pa.int64())]))
    assert lattice.values(offsets, np.array([True, False])).to_pylist() == [None, 3]


def test_a_lattice_survives_as_dict() -> None:
    lattice = Lattice.of("number", -1.5, 2.25, decimals=2)
    assert Lattice.from_dict(lattice.as_dict()) == lattice
