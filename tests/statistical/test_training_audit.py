"""A one-run audit of DP-SGD: many canaries, each with a gradient of its own direction, in by a coin each.

Each canary's own coordinate of the result is one draw of the mechanism with it or without it, so one training says how
well a test tells the two apart (Steinke, Nasr, Jagielski 2023, arXiv:2305.08846). The bound exceeds the claim with
chance at most 1e-6 if all is right; with too little noise, or with clipping by row, it must.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from privacy import training
from privacy.calibration import TrainingPlan
from privacy.noise import rounded_gaussian
from privacy.records import MatrixUnits

pytestmark = pytest.mark.statistical

MuLowerBound = Callable[[NDArray[np.bool_], NDArray[np.bool_]], float]
CANARIES = 3000
ROWS_EACH = 3
NOISE = 2.0


def audited(bound: MuLowerBound, *, sample_rate: float = 1.0) -> float:
    """A lower bound on mu of one step, from canaries with ROWS_EACH rows that all say the same."""
    planted = np.random.default_rng(5).random(CANARIES) < 0.5
    width = np.arange(CANARIES)
    rows = 100.0 * np.eye(CANARIES, dtype=np.float32)[np.repeat(width[planted], ROWS_EACH)]
    module = torch.nn.Linear(CANARIES, 1, bias=False)
    torch.nn.init.zeros_(module.weight)
    plan = TrainingPlan(noise_multiplier=NOISE, sample_rate=sample_rate, steps=1, clip_norm=1.0, expected_units=1)
    training.train(
        module,
        lambda net, batch: -net(batch).squeeze(1),
        MatrixUnits.of(rows, np.repeat(width[planted], ROWS_EACH)),
        plan,
        entropy=os.urandom,
        optimizer=torch.optim.SGD(module.parameters(), lr=1.0),
    )
    seen = module.weight.detach().numpy()[0] * sample_rate > 0.5
    return bound(seen[~planted], seen[planted])


def test_what_one_run_shows_is_within_the_claim(mu_lower_bound: MuLowerBound) -> None:
    assert audited(mu_lower_bound) <= 1 / NOISE


def test_on_samples_it_shows_less(mu_lower_bound: MuLowerBound) -> None:
    assert audited(mu_lower_bound, sample_rate=0.5) <= 1 / NOISE


def test_too_little_noise_is_caught(mu_lower_bound: MuLowerBound, monkeypatch: pytest.MonkeyPatch) -> None:
    def quarter(stddev: float, shape: tuple[int, ...], entropy: Callable[[int], bytes]) -> NDArray[np.int64]:
        return rounded_gaussian(stddev / 4, shape, entropy)

    monkeypatch.setattr(training, "rounded_gaussian", quarter)
    assert audited(mu_lower_bound) > 1 / NOISE


def test_clipping_by_row_is_caught(mu_lower_bound: MuLowerBound, monkeypatch: pytest.MonkeyPatch) -> None:
    def rows_apart(samples: Any, place: Any, n_units: int) -> Any:
        del place, n_units
        return list(samples)

    monkeypatch.setattr(training, "per_unit", rows_apart)
    assert audited(mu_lower_bound) > 1 / NOISE


def test_the_noise_added_up_over_pieces_is_caught_as_too_little_too(
    mu_lower_bound: MuLowerBound, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The planted bug: noise relative to the mean instead of the sum, as if clip_norm were that of the average.
    def of_the_mean(stddev: float, shape: tuple[int, ...], entropy: Callable[[int], bytes]) -> NDArray[np.int64]:
        return rounded_gaussian(stddev / 30, shape, entropy)

    monkeypatch.setattr(training, "rounded_gaussian", of_the_mean)
    assert audited(mu_lower_bound) > 1 / NOISE
