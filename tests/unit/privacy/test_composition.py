"""The filters: plain sums, and zCDP with its conversion, held against closed forms and dp_accounting."""

from __future__ import annotations

import math

import dp_accounting
import mpmath
import pytest
from dp_accounting.rdp import RdpAccountant
from hypothesis import given, settings
from hypothesis import strategies as st

from privacy.accounting import compose, failure_event, gaussian_event, gdp_delta, gdp_mu
from privacy.amount import UNLIMITED, Amount, Charge, Zcdp
from privacy.charging import charge_of
from privacy.composition import Composition, epsilon_of_rho, position
from understudy.errors import PlanExceeded, PrivacyParameterError

CAP = Amount.cap(10, 1e-5)
RHOS = [1e-9, 1e-6, 1e-3, 0.03, 0.5, 5.0, 60.0]
DELTAS = [1e-15, 1e-9, 1e-6, 5e-6, 0.01]


@pytest.mark.parametrize("delta", DELTAS)
@pytest.mark.parametrize("rho", RHOS)
def test_the_conversion_is_the_minimum_of_canonne_kamath_steinke(rho: float, delta: float) -> None:
    """Against the same formula minimised on a fine grid with 40 digits."""
    context = mpmath.MPContext()
    context.dps = 40
    centre = math.log(math.sqrt(math.log(1 / delta) / rho))
    best = min(_exact_epsilon(context, rho, delta, centre + step / 500) for step in range(-1000, 1000))
    found = epsilon_of_rho(rho, delta)
    assert found == pytest.approx(max(0.0, float(best)), rel=2e-5)
    assert found >= 0


def _exact_epsilon(context: object, rho: float, delta: float, t: float) -> mpmath.mpf:
    context_: mpmath.MPContext = context
    over = context_.exp(context_.mpf(t))
    order = 1 + over
    return order * rho + context_.log(1 - 1 / order) - (context_.log(context_.mpf(delta)) + context_.log(order)) / over


@pytest.mark.parametrize("delta", DELTAS)
@pytest.mark.parametrize("rho", RHOS)
def test_the_conversion_beats_bun_and_steinke_and_dp_accountings_grid(rho: float, delta: float) -> None:
    found = epsilon_of_rho(rho, delta)
    assert found <= rho + 2 * math.sqrt(rho * math.log(1 / delta)) + 1e-9
    if rho <= 5:
        assert found <= RdpAccountant().compose(dp_accounting.ZCDpEvent(rho)).get_epsilon(delta) + 1e-9


@pytest.mark.parametrize("delta", [1e-9, 1e-6, 0.01])
@pytest.mark.parametrize("rho", [1e-3, 0.03, 0.5, 5.0])
def test_a_gaussian_of_that_rho_is_really_that_private(rho: float, delta: float) -> None:
    """A Gaussian with mu = sqrt(2 rho) is rho-zCDP; its exact curve must lie below the converted epsilon."""
    assert gdp_delta(math.sqrt(2 * rho), epsilon_of_rho(rho, delta)) <= delta


@given(rho=st.floats(1e-8, 50), factor=st.floats(1.0001, 10), delta=st.sampled_from(DELTAS))
@settings(max_examples=50, deadline=None)
def test_more_rho_costs_more(rho: float, factor: float, delta: float) -> None:
    assert epsilon_of_rho(rho * factor, delta) >= epsilon_of_rho(rho, delta)


def test_the_ends_of_the_conversion() -> None:
    assert epsilon_of_rho(0.0, 1e-6) == 0.0
    assert epsilon_of_rho(0.1, 0.0) == math.inf
    assert epsilon_of_rho(1e-9, 0.9) == 0.0
    for rho, delta in ((-0.1, 0.1), (math.nan, 0.1), (math.inf, 0.1), (0.1, 1.0), (0.1, -0.1)):
        with pytest.raises(PrivacyParameterError):
            epsilon_of_rho(rho, delta)


def test_basic_sums_are_exact() -> None:
    ten = sum([Charge(Amount.price(0.1, 1e-6))] * 10, Charge())
    assert position(Composition.BASIC, ten, CAP) == Amount(10**9, 10**13)
    assert position(Composition.BASIC, Charge(Amount(1, 1), None), UNLIMITED) == Amount(1, 1)


def test_zcdp_adds_rho_and_takes_half_of_delta_for_the_conversion() -> None:
    total = Charge(Amount.price(3, 3e-6), Zcdp.price(0.3, 1e-7))
    found = position(Composition.ZCDP, total, CAP)
    assert found.epsilon == pytest.approx(epsilon_of_rho(0.3, 5e-6), abs=1e-9)
    assert found.epsilon >= epsilon_of_rho(0.3, 5e-6)
    assert found.delta == pytest.approx(5.1e-6, rel=1e-9)
    assert position(Composition.ZCDP, Charge(), CAP) == Amount()


def test_zcdp_refuses_what_has_no_such_bound() -> None:
    with pytest.raises(PrivacyParameterError) as refused:
        position(Composition.ZCDP, Charge(Amount.price(1, 1e-6), None), CAP)
    assert refused.value.reason == "event-unknown"


def test_failures_alone_can_exhaust_a_zcdp_scope() -> None:
    failures = Charge(Amount(), Zcdp(1, 5 * 10**12))
    assert position(Composition.ZCDP, failures, CAP).fits(CAP)
    one_more = failures + Charge(Amount(), Zcdp(0, 1))
    assert not position(Composition.ZCDP, one_more, CAP).fits(CAP)


class TestCharge:
    def test_a_plans_events_are_priced_in_both_currencies(self) -> None:
        mu = gdp_mu(1.0, 9e-7)
        events = [gaussian_event(math.sqrt(2) / mu), gaussian_event(math.sqrt(2) / mu), failure_event(1e-7)]
        found = charge_of(events, epsilon=1.0, delta=1e-6)
        assert found.dp == Amount(10**9, 10**12)
        assert found.zcdp is not None
        assert found.zcdp.rho == pytest.approx(mu**2 / 2, rel=1e-8)
        assert found.zcdp.rho >= mu**2 / 2
        assert 10**11 <= found.zcdp.delta_atto <= 10**11 + 1000

    def test_a_plan_that_costs_more_than_it_says_is_refused(self) -> None:
        with pytest.raises(PlanExceeded):
            charge_of([gaussian_event(1.0)], epsilon=1.0, delta=1e-6)
        with pytest.raises(PlanExceeded):
            charge_of([failure_event(1e-5)], epsilon=1.0, delta=1e-6)

    def test_a_subsampled_gaussian_has_an_epsilon_but_no_zcdp(self) -> None:
        sampled = dp_accounting.PoissonSampledDpEvent(0.01, gaussian_event(1.1))
        event = dp_accounting.SelfComposedDpEvent(sampled, 100)
        assert charge_of([event], epsilon=2.0, delta=1e-6).zcdp is None

    def test_an_event_that_nobody_knows_is_refused(self) -> None:
        with pytest.raises(PrivacyParameterError) as refused:
            charge_of([compose([dp_accounting.UnsupportedDpEvent()])], epsilon=1.0, delta=1e-6)
        assert refused.value.reason == "event-unknown"

    def test_a_part_without_zcdp_leaves_the_sum_without(self) -> None:
        known, unknown = Charge(Amount(1, 1), Zcdp(1, 1)), Charge(Amount(2, 2), None)
        assert known + unknown == Charge(Amount(3, 3), None)
        assert (known + unknown) - unknown == Charge(Amount(1, 1), None)


def test_every_rule_names_its_proof() -> None:
    assert all("arXiv" in rule.citation for rule in Composition)
