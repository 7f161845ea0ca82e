"""Scores of dependence: what chance makes of them, and how luck is taken off."""

from __future__ import annotations

import numpy as np
import pytest

from synthesizers.tabular.dependence import chance, shrunk


def test_chance_is_the_mean_deviation_of_counts() -> None:
    """Against 20,000 simulated tables; a bound of 2 %, some 10 standard errors (fixed seed)."""
    expected = np.array([0.05, 0.5, 1.0, 3.7, 40.0])
    drawn = np.random.default_rng(0).poisson(expected, (20_000, 5))
    assert chance(expected) == pytest.approx(np.abs(drawn - expected).sum(axis=1).mean(), rel=0.02)


def test_scores_that_stand_out_by_luck_are_taken_for_what_they_are() -> None:
    """Five hundred pairs without dependence and loud noise: the largest score is three deviations."""
    rng = np.random.default_rng(0)
    floor = np.full(500, 0.05)
    lucky = shrunk(floor + rng.normal(0, 0.3, 500), floor, 0.3)
    assert lucky.max() < 0.15


def test_clear_scores_are_kept() -> None:
    floor = np.full(4, 0.1)
    scores = np.hypot([0.0, 0.2, 0.8, 1.5], floor)
    assert shrunk(scores, floor, 0.003) == pytest.approx([0.0, 0.2, 0.8, 1.5], abs=0.03)


def test_a_few_strong_pairs_among_many_weak_ones_are_found() -> None:
    rng = np.random.default_rng(1)
    true = np.where(np.arange(300) < 10, 0.8, 0.02)
    floor = np.full(300, 0.05)
    found = shrunk(np.hypot(true, floor) + rng.normal(0, 0.08, 300), floor, 0.08)
    assert found[:10].min() > 0.5
    assert found[10:].max() < 0.3
