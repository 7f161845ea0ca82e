"""What privacy audits share: lower bounds from draws, at a stated false-alarm rate."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import beta, norm

FALSE_ALARM = 1e-6
"""Chance that one bound is wrong, for a mechanism that is exactly as private as claimed."""

MuLowerBound = Callable[[NDArray[np.bool_], NDArray[np.bool_]], float]


def rate_above(hits: int, n: int) -> float:
    """Clopper-Pearson: the true rate is above this but for a chance of FALSE_ALARM / 2."""
    return 0.0 if hits == 0 else float(beta.ppf(FALSE_ALARM / 2, hits, n - hits + 1))


def rate_below(hits: int, n: int) -> float:
    """Clopper-Pearson: the true rate is below this but for a chance of FALSE_ALARM / 2."""
    return 1.0 if hits == n else float(beta.ppf(1 - FALSE_ALARM / 2, hits + 1, n - hits))


@pytest.fixture(name="rate_above")
def _rate_above() -> Callable[[int, int], float]:
    return rate_above


@pytest.fixture
def mu_lower_bound() -> MuLowerBound:
    """(event on the table without the unit, event on the table with it) -> a lower bound on the GDP mu.

    A test with power 1 - b at level a shows mu >= Phi^-1(1 - b) - Phi^-1(a): Dong, Roth, Su 2022,
    arXiv:1905.02383. The event must be fixed before the draws are seen. Wrong with chance at most FALSE_ALARM.
    """

    def bound(without: NDArray[np.bool_], with_: NDArray[np.bool_]) -> float:
        level = rate_below(int(without.sum()), without.size)
        power = rate_above(int(with_.sum()), with_.size)
        return float(norm.ppf(power) - norm.ppf(level))

    return bound
