"""The posterior of a column's shares: consistent, closer than what it is given, and no harm where counts are clear."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthesizers.tabular.levels import Coding
from synthesizers.tabular.oneway import project_to_simplex
from synthesizers.tabular.posterior import MAX_CODES, Sums, posterior, worth_it

BELL = 400 * np.exp(-((np.arange(10) - 3) ** 2) / 6)
SKEWED = 900 / np.arange(1.0, 11) ** 2


def errors(truth: np.ndarray, stddev: float, *, ordered: bool, told: bool = False) -> tuple[float, float]:
    """Mean L1 error of the nearest possible counts, and of the posterior, over 20 noisy columns."""
    code, total = Coding(size=truth.size, n_ordered=truth.size if ordered else 0), float(truth.sum())
    halves = np.repeat(np.eye(2), truth.size // 2, axis=1)
    found = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        noisy = truth + rng.normal(0, stddev, truth.size)
        sums = [Sums(halves, halves @ truth + rng.normal(0, stddev / 10, 2), stddev / 10)] if told else []
        made = posterior(noisy, code, stddev=stddev, total=total, told=sums)
        found.append([np.abs(one - truth).sum() for one in (project_to_simplex(noisy, total), made)])
    plain, ours = np.mean(found, axis=0)
    return float(plain), float(ours)


@pytest.mark.parametrize(("truth", "ordered"), [(BELL, True), (SKEWED, False)])
def test_it_is_closer_than_the_nearest_possible_counts(truth: np.ndarray, ordered: bool) -> None:
    plain, ours = errors(truth, 150.0, ordered=ordered)
    assert ours < 0.92 * plain
    plain, ours = errors(truth, 5.0, ordered=ordered)
    assert ours < 1.05 * plain


def test_an_order_is_used() -> None:
    assert errors(BELL, 150.0, ordered=True)[1] < 0.9 * errors(BELL, 150.0, ordered=False)[1]


def test_what_is_told_of_groups_is_used() -> None:
    assert errors(BELL, 150.0, ordered=True, told=True)[1] < 0.9 * errors(BELL, 150.0, ordered=True)[1]


@given(
    st.lists(st.integers(-10_000, 10_000), min_size=2, max_size=50),
    st.booleans(),
    st.floats(1, 1e5),
    st.floats(0.5, 1e4),
)
def test_counts_are_finite_positive_and_add_up(noisy: list[int], ordered: bool, total: float, stddev: float) -> None:
    """Whatever the noise: counts that no shares explain, and totals that the counts contradict."""
    code = Coding(size=len(noisy), n_ordered=max(len(noisy) - 1, 1) if ordered else 0)
    made = posterior(np.array(noisy, dtype=float), code, stddev=stddev, total=total)
    assert np.isfinite(made).all()
    assert (made >= 0).all()
    assert made.sum() == pytest.approx(total)


def test_a_long_column_and_a_clear_one_are_left_to_others() -> None:
    assert worth_it(8, stddev=50.0, total=1000.0)
    assert not worth_it(8, stddev=1.0, total=1000.0)
    assert not worth_it(MAX_CODES + 1, stddev=50.0, total=1000.0)
    assert not worth_it(1, stddev=50.0, total=1000.0)
