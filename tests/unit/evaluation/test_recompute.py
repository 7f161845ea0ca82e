"""A statement's total, computed again from the JSON alone."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from evaluation.position import budget_position, scope_position
from evaluation.recompute import TOLERANCE, recompute
from evaluation.statement import PrivacyStatement, build
from privacy.accounting import encode, failure_event, gaussian_event, gdp_mu
from privacy.amount import Amount, Charge, Zcdp
from privacy.composition import Composition
from privacy.ledger import Account, Scope, Terms
from understudy.errors import PrivacyParameterError

DELTA = 1e-6
MU = gdp_mu(1.0, 9e-7)
EVENTS = [
    ("categories", failure_event(1e-7)),
    ("one-ways", gaussian_event(2 / MU)),
    ("pairs", gaussian_event(2 / (MU * 3**0.5))),
]
ACCOUNT = Account(
    scope=Scope("p"),
    terms=Terms(cap=Amount.cap(10, 1e-5), composition=Composition.ZCDP),
    spent=Charge(Amount.price(3, 3e-6), Zcdp.price(0.3, 1e-7)),
)


def statement(epsilon: float | None = 1.0, **more: object) -> PrivacyStatement:
    values: dict[str, object] = {
        "job_id": "j",
        "table": "t",
        "engine": "marginal",
        "unit_column": None,
        "max_rows": 1,
        "epsilon": epsilon,
        "delta": DELTA,
        "accountant": "exact Gaussian",
        "events": [(purpose, encode(event)) for purpose, event in EVENTS],
        "provenance": {},
        "budget": budget_position(ACCOUNT),
        "scopes": [scope_position(ACCOUNT)],
        "code_version": "0",
    }
    return build(**(values | more))  # type: ignore[arg-type]


def read(document: PrivacyStatement) -> PrivacyStatement:
    """As anyone gets it: from the text, with nothing else."""
    return PrivacyStatement.from_json(document.to_json())


def test_the_total_equals_an_independent_recomputation() -> None:
    found = recompute(read(statement()))
    assert found.agrees
    assert found.stated == 1.0
    assert found.ours == pytest.approx(1.0, abs=TOLERANCE)
    assert found.dp_accounting["gaussian"] == pytest.approx(1.0, abs=TOLERANCE)
    assert found.dp_accounting["pld"] == pytest.approx(1.0, abs=1e-6)
    assert found.dp_accounting["rdp"] > 1.0


@pytest.mark.parametrize("epsilon", [0.9, 0.99999])
def test_a_statement_that_promises_too_much_is_caught_by_both(epsilon: float) -> None:
    faults = recompute(read(statement(epsilon))).faults
    assert len(faults) == 2


def test_one_that_promises_less_than_it_keeps_is_fine() -> None:
    assert recompute(read(statement(1.5))).agrees


def test_no_promise_and_no_events_are_faults() -> None:
    assert not recompute(read(statement(None))).agrees
    assert not recompute(read(statement(events=[]))).agrees


def test_a_scopes_rho_gives_back_its_epsilon() -> None:
    position = scope_position(ACCOUNT)
    assert position.epsilon_spent > 3
    assert (position.rule, position.conversion_delta) == ("zcdp", 5e-6)
    wrong = replace(position, epsilon_spent=position.epsilon_spent - 0.1)
    over = replace(position, epsilon_granted=1.0)
    unknown = replace(position, rule="pld")
    for scope in (wrong, over, unknown):
        assert len(recompute(read(statement(scopes=[scope]))).faults) == 1


def test_an_event_that_nobody_knows_is_refused() -> None:
    document = json.loads(statement().to_json())
    document["events"][0]["event"] = {"type": "magic"}
    with pytest.raises(PrivacyParameterError):
        recompute(PrivacyStatement.from_dict(document))


def test_a_scope_without_a_cap_says_so() -> None:
    position = scope_position(Account(scope=Scope(), terms=Terms()))
    assert (position.scope, position.epsilon_granted, position.epsilon_left) == ("tenant", None, None)
    assert read(statement(scopes=[position])).scopes == (position,)
