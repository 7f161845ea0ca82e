"""Which engine runs: by name, by policy, by what is installed, or chosen by public facts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from service.commands.choices import check_engine, chosen, list_engines, may_do_without, reference, refusal
from service.commands.plans import charge_of_plan, plan_of
from service.context import TenantId
from service.settings import Settings
from synthesizers.registry import AUTO, engines
from understudy.errors import Failed, UsageError
from understudy.messages import PlanCreate
from understudy.schema import TableSchema

SCHEMA = TableSchema.parse(
    {
        "fields": [
            {"name": "a", "type": "string", "constraints": {"enum": ["x", "y"]}},
            {"name": "b", "type": "boolean"},
            {"name": "c", "type": "integer", "constraints": {"minimum": 0, "maximum": 9}},
        ]
    }
)
OPEN = TableSchema.parse({"fields": [{"name": "a", "type": "string"}]})
HERE, THERE = TenantId("acme"), TenantId("other")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def with_policy(tmp_path: Path, document: object) -> Settings:
    path = tmp_path / "policy.json"
    path.write_text(json.dumps(document))
    return Settings(home=tmp_path, policy=path)


def asked(**changes: object) -> PlanCreate:
    facts = {"table_schema": SCHEMA.as_dict(), "epsilon": 1.0, "n_rows": 5_432, "report_share": 0.0}
    return PlanCreate.model_validate(facts | changes)


def test_what_is_not_installed_is_refused(settings: Settings) -> None:
    with pytest.raises(UsageError) as caught:
        check_engine("smartnoise-mst", HERE, settings)
    assert caught.value.reason == "engine-not-installed"


def test_what_has_no_guarantee_is_refused_by_default(settings: Settings) -> None:
    with pytest.raises(UsageError) as caught:
        check_engine("sdv-ctgan", HERE, settings)
    assert caught.value.reason == "engine-not-allowed"


def test_the_operators_policy_speaks_for_one_tenant(tmp_path: Path) -> None:
    settings = with_policy(tmp_path, {"tenants": {"acme": {"engines_without_guarantee": True}}})
    assert refusal("sdv-ctgan", HERE, settings) == "engine-not-installed"
    assert refusal("sdv-ctgan", THERE, settings) == "engine-not-allowed"


@pytest.mark.parametrize(
    "document",
    [
        {"tenants": {"acme": {"engines_without_guarantee": "yes"}}},
        {"tenants": {"acme": {"engines": True}}},
        {"tenants": {"acme": {"reference_engine": True}}},
        {"tenants": ["acme"]},
        [],
    ],
)
def test_a_policy_that_cannot_be_read_is_no_permission(tmp_path: Path, document: object) -> None:
    with pytest.raises(Failed) as caught:
        may_do_without(HERE, with_policy(tmp_path, document))
    assert caught.value.reason == "policy-unreadable"


def test_the_policy_names_the_engine_of_the_table_without_privacy(tmp_path: Path) -> None:
    own = {"engines_without_guarantee": True, "reference_engine": "sdv-gaussian-copula"}
    settings = with_policy(tmp_path, {"tenants": {"acme": own}})
    assert reference(THERE, settings) == ""
    with pytest.raises(UsageError) as caught:
        reference(HERE, settings)
    assert caught.value.reason == "engine-not-installed"
    assert reference(HERE, with_policy(tmp_path, {"tenants": {"acme": {"reference_engine": "marginal"}}})) == "marginal"


def test_every_engine_is_listed_with_what_it_promises(settings: Settings) -> None:
    found = {one.name: one for one in list_engines(settings).engines}
    assert found["marginal"].is_ready
    assert found["marginal"].formal_guarantee
    assert not found["sdv-tvae"].formal_guarantee
    assert found["sdv-tvae"].licence == "BUSL-1.1"
    assert found["smartnoise-aim"].environment == "smartnoise"
    assert not found["smartnoise-aim"].is_ready
    private = {name for name, one in found.items() if one.formal_guarantee}
    assert not private & {"smartnoise-patectgan", "smartnoise-pategan", "smartnoise-dpgan", "smartnoise-pacsynth"}


def test_auto_takes_an_engine_with_a_guarantee_and_says_why(settings: Settings) -> None:
    choice = chosen(asked(engine=AUTO), SCHEMA, settings)
    assert engines()[choice.name].formal_guarantee is not None
    assert "3 columns, about 5,000 rows, epsilon 1" in choice.reason


def test_auto_does_not_move_with_a_row(settings: Settings) -> None:
    assert chosen(asked(engine=AUTO, n_rows=5_000), SCHEMA, settings) == chosen(
        asked(engine=AUTO, n_rows=5_999), SCHEMA, settings
    )


def test_an_engine_that_was_asked_for_needs_no_reason(settings: Settings) -> None:
    choice = chosen(asked(), SCHEMA, settings)
    assert (choice.name, choice.reason) == ("marginal", "")


def test_without_a_guarantee_nothing_is_charged_but_it_is_written_down() -> None:
    plan = plan_of(asked(engine="sdv-ctgan"), SCHEMA)
    charge = charge_of_plan(plan)
    assert charge.dp.epsilon == charge.dp.delta == 0
    assert [event["event"]["type"] for event in plan.as_dict()["events"]] == ["non_private"]


def test_without_a_guarantee_an_open_domain_is_still_bought() -> None:
    plan = plan_of(asked(engine="sdv-ctgan", table_schema=OPEN.as_dict()), OPEN)
    assert 0 < charge_of_plan(plan).dp.epsilon <= 1.0
    assert [purpose for purpose, _ in plan.events] == ["domain/keys", "sealed/engine"]


@pytest.mark.parametrize("name", ["smartnoise-mst", "smartnoise-dpctgan"])
def test_a_report_share_fits_beside_an_engine_without_a_gaussian_price(name: str) -> None:
    plan = plan_of(asked(engine=name, report_share=0.05), SCHEMA)
    charge = charge_of_plan(plan)
    assert charge.dp.epsilon == 1.0
    assert any(purpose.startswith("report/") for purpose, _ in plan.events)
