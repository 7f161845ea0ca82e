import math

import numpy as np
import pytest
from scipy.stats import norm

from evaluation.statement import PrivacyStatement
from evaluation.tradeoff import TradeOff, posterior, trade_off
from privacy.accounting import compose, encode, epsilon_of, gaussian_event


def test_caps_are_those_of_the_study() -> None:
    plain = TradeOff(epsilon=1.0, delta=0.0)
    assert plain.auc == pytest.approx(math.e / (1 + math.e), abs=1e-4)
    assert plain.tpr(np.array([0.01]))[0] == pytest.approx(0.0272, abs=1e-4)
    assert posterior(0.01, 1.0) == pytest.approx(0.0267, abs=1e-4)
    assert TradeOff(epsilon=800.0, delta=0.0).auc == pytest.approx(1.0, abs=1e-6)
    assert TradeOff(epsilon=0.0, delta=0.0).auc == pytest.approx(0.5, abs=1e-6)


def _statement(epsilon: float, multipliers: list[float]) -> PrivacyStatement:
    events = [{"purpose": "m", "event": encode(gaussian_event(z))} for z in multipliers]
    return PrivacyStatement.from_dict({"epsilon": epsilon, "delta": 1e-5, "events": events})


def test_gaussian_events_give_the_exact_and_tighter_curve() -> None:
    multipliers = [6.0, 6.0, 8.0]
    epsilon = epsilon_of(compose([gaussian_event(z) for z in multipliers]), 1e-5)
    found = trade_off(_statement(epsilon, multipliers))
    assert found is not None
    mu = math.sqrt(sum(z**-2 for z in multipliers))
    assert found.mu == pytest.approx(mu)
    assert found.auc == pytest.approx(norm.cdf(mu / math.sqrt(2)), abs=1e-3)
    assert found.auc < TradeOff(epsilon=epsilon, delta=1e-5).auc - 0.05


def test_events_that_do_not_add_up_to_the_claim_are_not_believed() -> None:
    found = trade_off(_statement(3.0, [6.0]))
    assert found is not None
    assert found.mu is None
    odd = PrivacyStatement.from_dict({"epsilon": 1.0, "events": [{"purpose": "?", "event": {"type": "unheard of"}}]})
    assert trade_off(odd) == TradeOff(epsilon=1.0, delta=0.0)
    assert trade_off(PrivacyStatement.from_dict({})) is None
