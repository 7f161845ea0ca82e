"""Cleaning one-way marginals: consistent, and closer to the truth than the noise it was given."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthesizers.tabular.levels import Coding
from synthesizers.tabular.oneway import clean, project_to_simplex


@given(st.lists(st.integers(-500, 500), min_size=1, max_size=70), st.booleans(), st.floats(1, 1e4))
def test_counts_are_finite_non_negative_and_add_up(noisy: list[int], ordered: bool, total: float) -> None:
    code = Coding(size=len(noisy), n_ordered=len(noisy) if ordered else 0)
    result = clean(np.array(noisy, dtype=float), code, stddev=50.0, total=total)
    assert np.isfinite(result).all()
    assert (result >= 0).all()
    assert result.sum() == pytest.approx(total)


@pytest.mark.parametrize("ordered", [True, False])
def test_cleaning_brings_noisy_counts_closer(ordered: bool) -> None:
    rng = np.random.default_rng(0)
    truth = 5000 * np.exp(-np.arange(60) / 8) + 20
    noisy = truth + rng.normal(0, 60, (20, 60))
    code = Coding(size=60, n_ordered=60 if ordered else 0)
    cleaned = np.array([clean(row, code, stddev=60.0, total=truth.sum()) for row in noisy])
    assert np.abs(cleaned - truth).sum() < 0.9 * np.abs(noisy - truth).sum()


def test_projection_keeps_what_is_already_consistent() -> None:
    counts = np.array([3.0, 0.0, 7.0])
    assert np.allclose(project_to_simplex(counts, 10.0), counts)
