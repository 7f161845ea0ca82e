import numpy as np
import pytest

from evaluation.marginal_distance import cramers_v, noise_floor, standard_error


@pytest.mark.parametrize("cells", [2, 30, 400])
def test_the_noise_floor_is_what_two_samples_show(cells: int) -> None:
    rng = np.random.default_rng(5)
    share = rng.dirichlet(np.ones(cells))
    n, m = 3_000, 2_000
    real, made = rng.multinomial(n, share, 2_000) / n, rng.multinomial(m, share, 2_000) / m
    seen = 0.5 * np.abs(real - made).sum(axis=1)
    assert noise_floor(share, n, m) == pytest.approx(seen.mean(), rel=0.05)


def test_the_standard_error_covers_the_spread() -> None:
    rng = np.random.default_rng(6)
    a, b, n = np.array([0.5, 0.3, 0.2]), np.array([0.3, 0.3, 0.4]), 1_000
    draws = [0.5 * np.abs(rng.multinomial(n, a) / n - rng.multinomial(n, b) / n).sum() for _ in range(400)]
    assert standard_error(a, b, n, n) == pytest.approx(np.std(draws), rel=0.2)


def test_association_is_one_for_a_copy_and_zero_for_independence() -> None:
    assert cramers_v(np.diag([100.0, 100.0, 100.0])) == pytest.approx(1.0, abs=0.01)
    assert cramers_v(np.full((3, 3), 50.0)) == 0.0
    assert cramers_v(np.array([[10.0, 0.0]])) == 0.0
