"""Prices against closed forms and dp_accounting; every rounding against the spender."""

from __future__ import annotations

import json
import math

import dp_accounting
import pytest
from dp_accounting.pld import PLDAccountant
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from privacy import accounting
from understudy.errors import PrivacyParameterError


@pytest.mark.parametrize(("mu", "epsilon"), [(0.1, 0.0), (1.0, 0.5), (1.0, 3.0), (2.5, 8.0), (0.3, 1.0)])
def test_delta_is_the_curve_of_dong_roth_su(mu: float, epsilon: float) -> None:
    closed = norm.cdf(-epsilon / mu + mu / 2) - math.exp(epsilon) * norm.cdf(-epsilon / mu - mu / 2)
    assert accounting.gdp_delta(mu, epsilon) == pytest.approx(closed, rel=1e-9)


def test_delta_at_epsilon_zero_is_the_total_variation() -> None:
    assert accounting.gdp_delta(0.7, 0.0) == pytest.approx(2 * norm.cdf(0.35) - 1, rel=1e-12)


@pytest.mark.parametrize("delta", [1e-15, 1e-9, 1e-5, 0.01])
@pytest.mark.parametrize("epsilon", [1e-3, 0.1, 1.0, 10.0, 50.0])
def test_the_largest_mu_is_tight_and_never_too_large(epsilon: float, delta: float) -> None:
    mu = accounting.gdp_mu(epsilon, delta)
    assert accounting.gdp_delta(mu, epsilon) <= delta
    assert accounting.gdp_delta(mu * (1 + 1e-6), epsilon) > delta


@given(
    epsilon=st.floats(1e-3, 50),
    delta=st.sampled_from([1e-15, 1e-9, 1e-6, 1e-3]),
    parts=st.lists(st.floats(0.01, 1), min_size=1, max_size=6),
)
@settings(max_examples=25, deadline=None)
def test_any_split_of_mu_is_priced_at_no_more_than_epsilon(epsilon: float, delta: float, parts: list[float]) -> None:
    """Guarantee of gdp_mu."""
    mu, total = accounting.gdp_mu(epsilon, delta), math.fsum(parts)
    events = [accounting.gaussian_event(1 / (mu * math.sqrt(part / total))) for part in parts]
    price = accounting.epsilon_of(accounting.compose(events), delta)
    assert price <= epsilon
    assert price == pytest.approx(epsilon, rel=1e-6)


@pytest.mark.parametrize("noise_multiplier", [0.5, 2.0, 10.0])
def test_a_gaussian_costs_what_dp_accounting_says(noise_multiplier: float) -> None:
    ours = accounting.epsilon_of(accounting.gaussian_event(noise_multiplier), 1e-6)
    theirs = dp_accounting.get_epsilon_gaussian(noise_multiplier, 1e-6)
    assert ours == pytest.approx(theirs, rel=1e-5)


def test_a_composition_costs_what_the_pld_says() -> None:
    event = accounting.compose([accounting.gaussian_event(z) for z in (5.0, 7.0, 11.0)] * 3)
    pld = PLDAccountant().compose(event).get_epsilon(1e-6)
    assert accounting.epsilon_of(event, 1e-6) == pytest.approx(pld, rel=1e-3)


def test_failures_are_taken_off_delta_exactly() -> None:
    gaussian = accounting.gaussian_event(4.0)
    event = accounting.compose([gaussian, accounting.failure_event(1e-7), accounting.failure_event(2e-7)])
    assert accounting.epsilon_of(event, 1e-6) == accounting.epsilon_of(gaussian, 7e-7)
    assert accounting.epsilon_of(event, 2.9e-7) == math.inf
    assert accounting.epsilon_of(accounting.failure_event(1e-7), 1e-7) == 0.0


def test_no_event_costs_nothing_and_a_gaussian_has_no_pure_epsilon() -> None:
    assert accounting.epsilon_of(accounting.compose([]), 0.0) == 0.0
    assert accounting.epsilon_of(accounting.gaussian_event(3.0), 0.0) == math.inf
    assert accounting.epsilon_of(accounting.gaussian_event(1e6), 0.1) == 0.0


def test_other_events_go_to_the_accountants() -> None:
    laplace = dp_accounting.LaplaceDpEvent(2.0)
    assert accounting.epsilon_of(laplace, 1e-12) == pytest.approx(0.5, rel=1e-3)
    sampled = dp_accounting.PoissonSampledDpEvent(0.01, dp_accounting.GaussianDpEvent(1.0))
    mixed = accounting.compose([dp_accounting.SelfComposedDpEvent(sampled, 100), accounting.failure_event(1e-6)])
    assert accounting.epsilon_of(mixed, 2e-6) == pytest.approx(
        PLDAccountant().compose(dp_accounting.SelfComposedDpEvent(sampled, 100)).get_epsilon(1e-6), rel=1e-9
    )
    assert 0 < accounting.epsilon_of(dp_accounting.ZCDpEvent(0.1), 1e-6) < 3


def test_zcdp_bounds_add() -> None:
    event = accounting.compose(
        [accounting.gaussian_event(2.0), dp_accounting.LaplaceDpEvent(2.0), dp_accounting.ZCDpEvent(0.5)]
    )
    rho, delta = accounting.zcdp_of(accounting.compose([event, accounting.failure_event(1e-8)]))
    assert rho == pytest.approx(0.125 + 0.125 + 0.5, rel=1e-12)
    assert rho >= 0.75
    assert 1e-8 <= delta < 1.001e-8


def test_an_event_that_nobody_knows_is_refused() -> None:
    event = dp_accounting.UnsupportedDpEvent()
    for call in (lambda: accounting.epsilon_of(event, 1e-6), lambda: accounting.encode(event)):
        with pytest.raises(PrivacyParameterError) as refused:
            call()
        assert refused.value.reason == "event-unknown"
    with pytest.raises(PrivacyParameterError):
        accounting.zcdp_of(event)


def test_events_survive_json_exactly() -> None:
    inner = accounting.compose([accounting.gaussian_event(0.1 + 0.2), accounting.failure_event(1e-9)])
    sampled = dp_accounting.PoissonSampledDpEvent(0.01, dp_accounting.GaussianDpEvent(1.1))
    event = accounting.compose(
        [
            inner,
            dp_accounting.SelfComposedDpEvent(sampled, 7),
            dp_accounting.ZCDpEvent(0.3),
            dp_accounting.NoOpDpEvent(),
        ]
    )
    assert accounting.decode(json.loads(json.dumps(accounting.encode(event)))) == event


def test_entries_of_old_ledgers_still_decode() -> None:
    """Golden: what version 0.1 wrote. Never edit, only add."""
    old = {
        "type": "composed",
        "events": [
            {"type": "gaussian", "noise_multiplier": 12.5},
            {"type": "failure", "delta": 1e-8},
            {"type": "laplace", "noise_multiplier": 4.0},
            {"type": "zcdp", "rho": 0.25, "xi": 0.0},
        ],
    }
    assert accounting.encode(accounting.decode(old)) == old


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"type": "gauss", "noise_multiplier": 1},
        {"type": "gaussian"},
        {"type": "gaussian", "noise_multiplier": "1"},
        {"type": "gaussian", "noise_multiplier": True},
        {"type": "gaussian", "noise_multiplier": 1, "extra": 2},
        {"type": "composed", "events": {}},
        {"type": ["gaussian"]},
    ],
)
def test_what_is_no_event_is_refused(document: dict[str, object]) -> None:
    with pytest.raises(PrivacyParameterError):
        accounting.decode(document)


@pytest.mark.parametrize("z", [0.0, -1.0, math.nan, math.inf])
def test_a_noise_multiplier_out_of_range_is_refused(z: float) -> None:
    with pytest.raises(PrivacyParameterError):
        accounting.gaussian_event(z)


@pytest.mark.parametrize("delta", [-0.1, 1.0, math.nan])
def test_a_failure_out_of_range_is_refused(delta: float) -> None:
    with pytest.raises(PrivacyParameterError):
        accounting.failure_event(delta)


def test_dp_sgd_of_abadi_et_al_costs_no_more_than_they_published() -> None:
    """Abadi et al. 2016, arXiv:1607.00133: q = 0.01, noise 4, 10,000 steps, delta 1e-5: epsilon 1.26 (section 5.1)."""
    step = dp_accounting.PoissonSampledDpEvent(0.01, accounting.gaussian_event(4.0))
    event = dp_accounting.SelfComposedDpEvent(step, 10_000)
    by_rdp = accounting.epsilon_by_dp_accounting(event, 1e-5)["rdp"]
    assert by_rdp == pytest.approx(1.26, abs=0.26)
    assert 0.8 < accounting.epsilon_of(event, 1e-5) <= by_rdp + 1e-9


@pytest.mark.parametrize("n", [1, 10, 100])
def test_zcdp_composition_is_the_sum_of_bun_and_steinke(n: int) -> None:
    """n Gaussians of noise multiplier z are n / (2 z**2)-zCDP: arXiv:1605.02065, Proposition 1.6 and Lemma 1.7."""
    event = dp_accounting.SelfComposedDpEvent(accounting.gaussian_event(7.0), n)
    rho, delta = accounting.zcdp_of(event)
    assert rho == pytest.approx(n / 98, rel=1e-12)
    assert delta == 0.0


def test_each_way_of_dp_accounting_is_told_apart() -> None:
    gaussians = accounting.compose([accounting.gaussian_event(5.0), accounting.failure_event(1e-7)])
    found = accounting.epsilon_by_dp_accounting(gaussians, 1e-6)
    assert set(found) == {"gaussian", "pld", "rdp"}
    assert found["gaussian"] == pytest.approx(accounting.epsilon_of(gaussians, 1e-6), abs=1e-6)
    assert found["pld"] == pytest.approx(found["gaussian"], abs=1e-6)
    assert "gaussian" not in accounting.epsilon_by_dp_accounting(dp_accounting.LaplaceDpEvent(2.0), 1e-6)
    assert accounting.epsilon_by_dp_accounting(accounting.failure_event(1e-7), 1e-8) == {}
    with pytest.raises(PrivacyParameterError):
        accounting.epsilon_by_dp_accounting(dp_accounting.UnsupportedDpEvent(), 1e-6)
