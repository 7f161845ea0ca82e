"""Plans of trainings: what they cost is known, no less than needed, and stays what it is in JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pytest

from privacy.accounting import (
    compose,
    decode,
    encode,
    epsilon_by_dp_accounting,
    epsilon_of,
    gaussian_event,
    gaussian_price,
    is_training,
)
from privacy.calibration import TrainingPlan, calibrate
from understudy.errors import PrivacyParameterError


def test_a_calibrated_plan_costs_what_was_asked_and_no_less_than_needed() -> None:
    plan = calibrate(2.0, 1e-5, sample_rate=0.2, steps=20, clip_norm=1.0, expected_units=100)
    assert 1.98 <= epsilon_of(plan.event(), 1e-5) <= 2.0
    by_others = epsilon_by_dp_accounting(plan.event(), 1e-5)
    assert by_others["pld"] <= 2.0
    assert is_training(plan.event())
    assert gaussian_price(plan.event()) is None


def test_what_stands_beside_it_is_in_the_price() -> None:
    beside = [gaussian_event(3.0)]
    asked: dict[str, Any] = {"sample_rate": 1.0, "steps": 10, "clip_norm": 1.0, "expected_units": 100}
    alone, together = calibrate(2.0, 1e-5, **asked), calibrate(2.0, 1e-5, alongside=beside, **asked)
    assert together.noise_multiplier > alone.noise_multiplier
    assert epsilon_of(compose([*beside, together.event()]), 1e-5) <= 2.0
    with pytest.raises(PrivacyParameterError):
        calibrate(1.0, 1e-5, alongside=[gaussian_event(0.5)], **asked)


def test_a_plan_survives_json_and_its_event_the_ledger() -> None:
    plan = TrainingPlan(noise_multiplier=1.5, sample_rate=0.1, steps=7, clip_norm=0.5, expected_units=90)
    assert TrainingPlan.from_dict(plan.as_dict()) == plan
    assert decode(encode(plan.event())) == plan.event()


@pytest.mark.parametrize(
    "change",
    [{"noise_multiplier": 0.0}, {"sample_rate": 0.0}, {"sample_rate": 1.1}, {"steps": 0}, {"clip_norm": math.inf},
     {"expected_units": 0}],
)  # fmt: skip
def test_a_plan_out_of_range_is_refused(change: Mapping[str, Any]) -> None:
    good = {"noise_multiplier": 1.0, "sample_rate": 0.5, "steps": 1, "clip_norm": 1.0, "expected_units": 10}
    with pytest.raises(PrivacyParameterError):
        TrainingPlan(**{**good, **change})
