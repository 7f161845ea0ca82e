import numpy as np
import pytest

from evaluation.intervals import auc, auc_interval, difference, excess_p, holm, rank_sum_p, wilson


def test_wilson_matches_the_textbook() -> None:
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)  # Newcombe 1998, table I
    assert wilson(0, 20)[0] == 0
    assert wilson(0, 0) == (0.0, 1.0)


def test_newcombe_difference_matches_the_textbook() -> None:
    assert difference(56, 70, 48, 80) == pytest.approx((0.0524, 0.3339), abs=1e-4)  # Newcombe 1998, table II
    assert difference(1, 0, 1, 5) == (-1.0, 1.0)


def test_excess_p_is_the_binomial_tail() -> None:
    assert excess_p(10, 100, 0, 100) == pytest.approx(0.5**10)
    assert excess_p(0, 100, 0, 100) == 1.0
    assert excess_p(5, 100, 5, 0) == 1.0


def test_auc_counts_ties_half() -> None:
    assert auc(np.array([1.0, 2.0]), np.array([1.0, 0.0])) == pytest.approx(0.875)
    assert np.isnan(auc(np.array([]), np.array([1.0])))


@pytest.mark.parametrize("value", [0.0, 0.5, 0.93, 1.0])
def test_auc_interval_holds_the_estimate_and_is_never_empty(value: float) -> None:
    low, high = auc_interval(value, 40, 60)
    assert 0 <= low <= value <= high <= 1
    assert high - low > 0.01


def test_auc_interval_at_one_half_has_the_null_width() -> None:
    low, high = auc_interval(0.5, 1000, 1000)
    assert high - low == pytest.approx(2 * 1.96 / np.sqrt(6 * 1000), rel=0.02)


@pytest.mark.parametrize("n", [50, 1500])
def test_rank_sum_p_sees_a_shift_and_not_noise(n: int) -> None:
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=n), rng.normal(size=n)
    assert rank_sum_p(a, b, rng) > 0.01
    assert rank_sum_p(a + 1, b, rng) < 0.001
    assert rank_sum_p(np.zeros(n), np.zeros(n), rng) > 0.4


def test_holm_adjusts_in_order() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []
