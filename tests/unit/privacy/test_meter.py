"""The meter lets through what the plan holds, and nothing else."""

from __future__ import annotations

import math

import dp_accounting
import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.accounting import compose, failure_event, gaussian_event, non_private_event, zcdp_event
from privacy.meter import Meter
from understudy.errors import PlanExceeded, PrivacyParameterError


def test_an_event_that_is_held_passes_once() -> None:
    meter = Meter([("measure", gaussian_event(2.0))])
    meter.debit("measure", gaussian_event(2.0))
    with pytest.raises(PlanExceeded) as refused:
        meter.debit("measure", gaussian_event(1e3))
    assert refused.value.facts == {"purpose": "measure"}
    assert meter.spent == (("measure", gaussian_event(2.0)),)


def test_less_noise_than_planned_is_refused_and_not_debited() -> None:
    meter = Meter([("measure", gaussian_event(2.0))])
    with pytest.raises(PlanExceeded):
        meter.debit("measure", gaussian_event(2.0 * (1 - 1e-8)))
    assert meter.spent == ()


def test_another_purpose_holds_nothing() -> None:
    with pytest.raises(PlanExceeded):
        Meter([("measure", gaussian_event(2.0))]).debit("choose", gaussian_event(100.0))


def test_failures_need_to_be_held_too() -> None:
    meter = Meter([("keys", compose([gaussian_event(2.0), failure_event(1e-8)]))])
    with pytest.raises(PlanExceeded):
        meter.debit("keys", compose([gaussian_event(2.0), failure_event(1.0001e-8)]))
    meter.debit("keys", compose([gaussian_event(2.0), failure_event(1e-8)]))


@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=30))
def test_any_split_of_mu_squared_passes(parts: list[float]) -> None:
    """Floating point never refuses what was planned."""
    total = math.fsum(parts)
    meter = Meter([("measure", gaussian_event(3.0))])
    for part in parts:
        meter.debit("measure", gaussian_event(3.0 / math.sqrt(part / total)))
    with pytest.raises(PlanExceeded):
        meter.debit("measure", gaussian_event(1e4))


def test_an_event_that_it_cannot_price_is_refused() -> None:
    with pytest.raises(PrivacyParameterError):
        Meter([("train", dp_accounting.LaplaceDpEvent(1.0))])


@pytest.mark.parametrize("event", [zcdp_event(0.1), non_private_event()])
def test_what_a_sealed_engine_does_is_debited_whole_and_once(event: dp_accounting.DpEvent) -> None:
    meter = Meter([("sealed", event)])
    with pytest.raises(PlanExceeded):
        meter.debit("sealed", zcdp_event(0.05))
    with pytest.raises(PlanExceeded):
        meter.debit("another", event)
    meter.debit("sealed", event)
    with pytest.raises(PlanExceeded):
        meter.debit("sealed", event)
    assert meter.spent == (("sealed", event),)
