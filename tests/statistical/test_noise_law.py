"""The law of the noise: chi-square against the exact probabilities and against OpenDP.

Seeds are fixed. For a fresh seed each chi-square test would raise a false alarm with chance 1e-6.
"""

from __future__ import annotations

import numpy as np
import opendp.prelude as dp
import pytest
from numpy.typing import NDArray
from scipy.stats import chi2, chi2_contingency, norm

from privacy.noise import rounded_gaussian

pytestmark = pytest.mark.statistical
FALSE_ALARM = 1e-6


def chi_square_fits(draws: NDArray[np.int64], stddev: float) -> bool:
    """Against P(z) = Phi((z + 1/2) / s) - Phi((z - 1/2) / s), in cells that expect at least 20."""
    width = max(1, round(stddev / 8))
    reach = int(4 * stddev / width) * width
    edges = np.arange(-reach, reach + width, width) - 0.5
    edges = np.concatenate([[-np.inf], edges, [np.inf]])
    expected = np.diff(norm.cdf(edges / stddev)) * draws.size
    observed = np.histogram(draws, np.concatenate([[-1e18], edges[1:-1], [1e18]]))[0]
    keep = expected >= 20
    statistic = float(((observed - expected)[keep] ** 2 / expected[keep]).sum())
    return statistic < chi2.isf(FALSE_ALARM, int(keep.sum()) - 1)


@pytest.mark.parametrize("stddev", [0.3, 1.0, 3.7, 50.0, 12_345.6])
def test_the_noise_has_its_exact_law(stddev: float) -> None:
    draws = rounded_gaussian(stddev, (400_000,), np.random.default_rng(17).bytes)
    assert chi_square_fits(draws, stddev)


def test_the_same_test_sees_a_stddev_that_is_two_percent_off() -> None:
    draws = rounded_gaussian(50.0 * 0.98, (400_000,), np.random.default_rng(17).bytes)
    assert not chi_square_fits(draws, 50.0)


def test_signs_and_neighbouring_draws_are_independent() -> None:
    draws = rounded_gaussian(20.0, (400_000,), np.random.default_rng(3).bytes).astype(np.float64)
    for other in (np.abs(draws[1:]), draws[1:], np.abs(draws[1:]) % 2):
        assert abs(np.corrcoef(draws[:-1], other)[0, 1]) < -norm.ppf(FALSE_ALARM / 2) / np.sqrt(draws.size - 1)
    assert abs((draws > 0).mean() - (draws < 0).mean()) < 0.01


@pytest.mark.parametrize("stddev", [12.0, 40.0])
def test_it_is_close_to_the_discrete_gaussian_of_opendp(stddev: float) -> None:
    """Two-sample chi-square with OpenDP's exact sampler as the oracle; the laws differ by less than 1e-3."""
    space = dp.vector_domain(dp.atom_domain(T=int)), dp.l2_distance(T=float)
    with dp_features():
        theirs = np.array(dp.m.make_gaussian(*space, scale=stddev)([0] * 15_000))
    ours = rounded_gaussian(stddev, (15_000,), np.random.default_rng(29).bytes)
    edges = np.concatenate([[-1e18], np.linspace(-2.5, 2.5, 21) * stddev, [1e18]])
    table = [np.histogram(draws, edges)[0] for draws in (ours, theirs)]
    assert chi2_contingency(table).pvalue > FALSE_ALARM


class dp_features:
    """OpenDP guards what its proofs do not cover behind a switch that is global: put it back after use."""

    def __enter__(self) -> None:
        dp.enable_features("contrib")

    def __exit__(self, *_: object) -> None:
        dp.disable_features("contrib")
