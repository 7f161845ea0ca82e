"""A job's price is shared between the fit and the report, and the total stays what was asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evaluation.noised import SHARES
from privacy.accounting import compose, epsilon_by_dp_accounting, epsilon_of, gaussian_price
from service.commands.policies import policy_for
from service.commands.reports import check_report_share, plan_with_report
from service.settings import Settings
from synthesizers.base import Plan
from synthesizers.registry import engines
from understudy.errors import Failed, UsageError
from understudy.schema import TableSchema

OPEN = TableSchema.parse(
    {
        "fields": [
            {"name": "code", "type": "string"},
            {"name": "sex", "type": "string", "constraints": {"enum": ["F", "M"]}},
            {"name": "lab", "type": "number"},
        ]
    }
)
ALONE = TableSchema.parse({"fields": [{"name": "age", "type": "integer", "constraints": {"minimum": 0, "maximum": 9}}]})


def planned(schema: TableSchema, *, epsilon: float = 1.0, share: float = 0.05) -> Plan:
    return plan_with_report(engines()["marginal"], schema, epsilon=epsilon, delta=1e-6, n_rows=None, share=share)


def mu_squared(plan: Plan, prefix: str = "") -> float:
    prices = [gaussian_price(event) for purpose, event in plan.events if purpose.startswith(prefix)]
    return sum(price.mu_squared for price in prices if price is not None)


@pytest.mark.parametrize("schema", [OPEN, ALONE], ids=["open", "alone"])
@pytest.mark.parametrize("epsilon", [0.01, 1.0, 8.0])
@pytest.mark.parametrize("share", [0.01, 0.05, 0.5])
def test_all_of_it_costs_what_was_asked_for(schema: TableSchema, epsilon: float, share: float) -> None:
    plan = planned(schema, epsilon=epsilon, share=share)
    whole = compose(event for _, event in plan.events)
    assert plan.epsilon == epsilon
    assert epsilon * (1 - 1e-6) < epsilon_of(whole, 1e-6) <= epsilon
    assert mu_squared(plan, "report/") / mu_squared(plan) == pytest.approx(share, rel=1e-5)


def test_another_accountant_agrees() -> None:
    whole = compose(event for _, event in planned(ALONE, share=0.3).events)
    assert epsilon_by_dp_accounting(whole, 1e-6)["gaussian"] == pytest.approx(1.0, abs=1e-6)


def test_no_share_is_the_engines_own_plan() -> None:
    assert planned(OPEN, share=0.0) == engines()["marginal"].plan(OPEN, epsilon=1.0, delta=1e-6, n_rows=None)


def test_only_what_the_schema_allows_is_bought() -> None:
    purposes = {purpose for purpose, _ in planned(ALONE).events if purpose.startswith("report/")}
    assert purposes == {"report/rows", "report/columns"}
    assert {purpose for purpose, _ in planned(OPEN).events if purpose.startswith("report/")} == set(SHARES)


def test_a_plan_survives_being_stored() -> None:
    plan = planned(OPEN)
    assert Plan.from_dict(json.loads(json.dumps(plan.as_dict()))) == plan


@pytest.mark.parametrize("share", [-0.1, 0.51, float("nan"), float("inf")])
def test_an_odd_share_is_refused(share: float) -> None:
    with pytest.raises(UsageError) as caught:
        check_report_share(share)
    assert caught.value.reason == "report-share-invalid"


# --- the operator's policy --------------------------------------------------------------------------------------


def settings(folder: Path, document: object) -> Settings:
    file = folder / "policy.json"
    file.write_text(document if isinstance(document, str) else json.dumps(document))
    return Settings(home=folder, policy=file)


def test_the_strictest_of_house_population_and_job_holds(tmp_path: Path) -> None:
    house = settings(
        tmp_path, {"default": {"max_attack_auc": 0.7}, "populations": {"ward": {"max_attack_auc": 0.6}, "x": {}}}
    )
    found = policy_for({"max_attack_auc": 0.9, "min_fidelity": 0.5}, "ward", house, epsilon=1.0)
    assert (found.max_attack_auc, found.min_fidelity, found.no_pii_literal) == (0.6, 0.5, True)
    assert policy_for({}, "other", house, epsilon=1.0).max_attack_auc == 0.7
    assert policy_for({}, "ward", Settings(home=tmp_path), epsilon=1.0).max_attack_auc is None


@pytest.mark.parametrize(
    ("house", "asked", "searched"),
    [
        ({}, {}, True),
        ({}, {"no_pii_literal": False}, True),
        ({"no_pii_literal": False}, {}, False),
        ({"no_pii_literal": False}, {"no_pii_literal": True}, True),
        ({"no_pii_literal": True}, {"no_pii_literal": False}, True),
    ],
)
def test_only_the_house_may_leave_out_the_search_for_literals(
    tmp_path: Path, house: dict[str, object], asked: dict[str, object], searched: bool
) -> None:
    found = policy_for(asked, "ward", settings(tmp_path, {"default": house}), epsilon=1.0)
    assert found.no_pii_literal is searched


def test_a_price_above_the_policy_is_refused_before_it_is_paid(tmp_path: Path) -> None:
    house = settings(tmp_path, {"populations": {"ward": {"max_epsilon": 1.0}}})
    assert policy_for({}, "ward", house, epsilon=1.0).max_epsilon == 1.0
    with pytest.raises(UsageError) as caught:
        policy_for({}, "ward", house, epsilon=1.001)
    assert caught.value.facts == {"gate": "max_epsilon", "limit": "1"}


@pytest.mark.parametrize("document", ["{", "[]", {"defaults": {}}, {"default": {"max_eps": 1}}, {"populations": []}])
def test_a_policy_that_cannot_be_read_is_not_no_policy(tmp_path: Path, document: object) -> None:
    with pytest.raises(Failed) as caught:
        policy_for({}, "ward", settings(tmp_path, document), epsilon=1.0)
    assert caught.value.reason == "policy-unreadable"


def test_the_setting_is_read(tmp_path: Path) -> None:
    found = Settings.from_environment({"UNDERSTUDY_HOME": str(tmp_path), "UNDERSTUDY_POLICY": str(tmp_path / "p.json")})
    assert found.policy == tmp_path / "p.json"
