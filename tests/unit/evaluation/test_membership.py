import math

import numpy as np
import pytest
from scipy.stats import binom

from evaluation.membership import Audit, epsilon_lower_bound, roc


def _audit(leak: float, m: int = 2_000, seed: int = 0) -> Audit:
    rng = np.random.default_rng(seed)
    member = rng.random(m) < 0.5
    score = rng.normal(size=m) + 20 * (member & (rng.random(m) < leak))
    return Audit(score=score, isolation=rng.random(m), member=member)


def test_the_bound_is_zero_without_a_leak_and_large_with_one() -> None:
    assert epsilon_lower_bound(_audit(0.0), delta=0.0)[0] < 0.5
    proven, most = epsilon_lower_bound(_audit(0.4), delta=1e-5)
    assert 3 < proven <= most


def test_the_bound_inverts_the_binomial_tail_at_delta_zero() -> None:
    # 20 people, sizes 5 only: five right of five, alpha 0.05
    member = np.arange(20) < 10
    found = Audit(score=-np.arange(20.0), isolation=np.zeros(20), member=member)
    proven, most = epsilon_lower_bound(found, delta=0.0)
    q = 1 / (1 + math.exp(-proven))
    assert binom.sf(4, 5, q) == pytest.approx(0.05, rel=1e-6)
    assert most == pytest.approx(proven)


def test_delta_only_weakens_the_bound() -> None:
    found = _audit(0.3, m=600)
    assert epsilon_lower_bound(found, delta=1e-3)[0] <= epsilon_lower_bound(found, delta=0.0)[0]


def test_a_mechanism_at_its_claim_is_rarely_caught() -> None:
    """Randomised response is tight at epsilon = 1; the 95 % bound may exceed it in at most 5 % of runs."""
    rng = np.random.default_rng(4)
    caught = 0
    for _ in range(60):
        member = rng.random(1_000) < 0.5
        heard = np.where(rng.random(1_000) < math.e / (1 + math.e), member, ~member)
        found = Audit(score=heard + rng.random(1_000) / 2, isolation=np.zeros(1_000), member=member)
        caught += epsilon_lower_bound(found, delta=0.0)[0] > 1.0
    assert caught <= 6  # P[Bin(60, 0.05) > 6] = 3 %, and the seed is fixed


def test_roc_is_monotone_from_some_to_all() -> None:
    rates = roc(_audit(0.5), np.geomspace(0.002, 1, 30))
    assert (np.diff(rates) >= 0).all()
    assert rates[0] > 0.3
    assert rates[-1] == 1
