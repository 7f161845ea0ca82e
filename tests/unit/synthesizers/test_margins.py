"""What pairs tell of single columns makes these sharper, and never negative or of another sum."""

from __future__ import annotations

import numpy as np
import pytest

from synthesizers.tabular import margins
from synthesizers.tabular.levels import Coding, make_axis
from synthesizers.tabular.select import Picked

TRUE = np.array([400.0, 200, 100, 50, 30, 20, 0, 200])
TOTAL = float(TRUE.sum())
AXES = [make_axis(TRUE, Coding(size=8, n_ordered=8)), make_axis(np.ones(4), Coding(size=4, n_ordered=0))]
LEVEL = 3
NOMINAL = margins.Column(np.full(4, TOTAL / 4), 5.0, Coding(size=4, n_ordered=0))


def own(noisy: np.ndarray, stddev: float) -> list[margins.Column]:
    return [margins.Column(noisy, stddev, Coding(size=8, n_ordered=8)), NOMINAL]


def pair(rng: np.random.Generator, stddev: float) -> margins.Measurement:
    counts = np.outer(AXES[0].collapse(TRUE, LEVEL), np.full(4, 0.25))
    one = Picked(variables=((0, LEVEL), (1, AXES[1].finest)), cells=counts.size, dependence=0.1, weight=1.0)
    return one, counts + rng.normal(0, stddev, counts.shape), stddev


def errors(n_pairs: int) -> tuple[float, float]:
    """Mean L1 error of groups and of codes, over 100 noisy tables."""
    found = []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        noisy = TRUE + rng.normal(0, 20, 8)
        ones = [np.maximum(noisy, 0) * TOTAL / np.maximum(noisy, 0).sum(), np.full(4, TOTAL / 4)]
        told = [pair(rng, 10.0) for _ in range(n_pairs)]
        sharp = margins.sharpened(AXES, ones, own(noisy, 20.0), told, TOTAL)[0]
        assert sharp.min() >= 0
        assert sharp.sum() == pytest.approx(TOTAL)
        gaps = np.abs(AXES[0].collapse(sharp - TRUE, LEVEL)).sum(), np.abs(sharp - TRUE).sum()
        found.append(gaps)
    groups, codes = np.mean(found, axis=0)
    return float(groups), float(codes)


def test_pairs_sharpen_groups_and_with_them_codes() -> None:
    alone, one, four = errors(0), errors(1), errors(4)
    assert four[0] < 0.9 * one[0] < 0.9 * alone[0]
    assert four[1] < alone[1]


def test_a_column_of_very_many_codes_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(margins, "_MOST_CODES", 4)
    ones = [TRUE.copy(), np.full(4, TOTAL / 4)]
    told = [pair(np.random.default_rng(0), 10.0)]
    sharp = margins.sharpened(AXES, ones, own(TRUE, 20.0), told, TOTAL)
    assert (sharp[0] == TRUE).all()
    assert not (sharp[1] == ones[1]).all()
