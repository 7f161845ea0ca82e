"""What the schema leaves open is planned for; what it declares costs nothing."""

from __future__ import annotations

import pytest

from privacy.accounting import compose, epsilon_of, gaussian_price, gdp_mu
from privacy.domain_plan import MAX_RULED, Method, Step, domain_share, plan_domain
from understudy.errors import PrivacyParameterError
from understudy.schema import TableSchema


def schema(*fields: dict[str, object]) -> TableSchema:
    return TableSchema.parse({"fields": [{"name": f"c{i}", **field} for i, field in enumerate(fields)]})


DECLARED = schema(
    {"type": "boolean"},
    {"type": "string", "constraints": {"enum": ["a", "b"]}},
    {"type": "integer", "constraints": {"minimum": 0, "maximum": 63}},
    {"type": "date", "constraints": {"enum": ["2020-01-01"]}},
)
OPEN = schema(
    {"type": "string"},
    {"type": "string"},
    {"type": "integer"},
    {"type": "number", "constraints": {"minimum": 0}},
    {"type": "number", "constraints": {"minimum": 0, "maximum": 1}},
    {"type": "integer", "constraints": {"minimum": 0, "maximum": 64}},
    {"type": "integer", "constraints": {"minimum": 0, "maximum": 99_999}},
    {"type": "date"},
    {"type": "datetime"},
)


def test_a_schema_that_declares_everything_is_free() -> None:
    plan = plan_domain(DECLARED, mu=0.0, delta=0.0)
    assert plan.events == ()
    assert (plan.mu_squared, plan.delta) == (0.0, 0.0)
    assert {column.method for column in plan.columns} == {Method.VALUES}


def test_each_open_fact_is_a_step() -> None:
    steps = [column.steps for column in plan_domain(OPEN, mu=1.0, delta=1e-7).columns]
    assert steps == [
        (Step.KEYS,),
        (Step.KEYS,),
        (Step.GRID, Step.BOUNDS, Step.BINS),
        (Step.GRID, Step.BOUNDS, Step.BINS),
        (Step.GRID, Step.BINS),
        (Step.BINS,),
        (Step.GRID, Step.BINS),
        (Step.BOUNDS, Step.BINS),
        (Step.GRID, Step.BOUNDS, Step.BINS),
    ]


def test_the_events_cost_what_was_passed_in() -> None:
    plan = plan_domain(OPEN, mu=0.3, delta=1e-7)
    price = gaussian_price(compose(event for _, event in plan.events))
    assert price is not None
    assert price.mu_squared == pytest.approx(0.09, rel=1e-12)
    assert plan.mu_squared == pytest.approx(0.09, rel=1e-12)
    assert 0.999e-7 < price.delta <= 1e-7
    assert [purpose for purpose, _ in plan.events] == [
        "domain/rows",
        "domain/grid",
        "domain/bounds",
        "domain/bins",
        "domain/keys",
    ]
    counted_once = gaussian_price(dict(plan.events)["domain/rows"])
    assert counted_once is not None
    assert counted_once.mu_squared == pytest.approx(plan.noise_multipliers[Step.ROWS] ** -2)


def test_a_plan_never_exceeds_its_epsilon() -> None:
    plan = plan_domain(OPEN, mu=gdp_mu(1.0, 1e-6 - 1e-7), delta=1e-7)
    assert epsilon_of(compose(event for _, event in plan.events), 1e-6) <= 1.0


def test_an_open_schema_needs_budget_and_open_categories_need_delta() -> None:
    for mu in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(PrivacyParameterError):
            plan_domain(OPEN, mu=mu, delta=1e-7)
    for delta in (0.0, 1.0, float("nan")):
        with pytest.raises(PrivacyParameterError):
            plan_domain(OPEN, mu=1.0, delta=delta)
    plan_domain(schema({"type": "integer"}), mu=1.0, delta=0.0)


def test_text_and_identifiers_are_not_modelled() -> None:
    plan = plan_domain(schema({"type": "text"}, {"type": "string", "understudy:kind": "mrn"}), mu=0.0, delta=0.0)
    assert plan.columns == ()


def test_nested_codes_are_looked_for_unless_the_declared_list_is_short() -> None:
    short, long_ = [f"A{i:02d}" for i in range(20)], [f"A{i:02d}.{j}" for i in range(20) for j in range(9)]
    fields: list[dict[str, object]] = [
        {"type": "string", "understudy:hierarchy": "icd10"},
        {"type": "string", "understudy:hierarchy": "icd10", "constraints": {"enum": short}},
        {"type": "string", "understudy:hierarchy": "icd10", "constraints": {"enum": long_}},
        {"type": "string", "constraints": {"enum": long_}},
    ]
    columns = plan_domain(schema(*fields), mu=1.0, delta=1e-7).columns
    assert [column.method for column in columns] == [Method.KEYS, Method.VALUES, Method.KEYS, Method.VALUES]
    assert [column.levels for column in columns] == [2, 1, 2, 1]


def test_the_domain_is_worth_more_the_more_is_open() -> None:
    half = schema({"type": "integer"}, {"type": "boolean"})
    assert domain_share(DECLARED) == 0
    assert 0 < domain_share(half) < domain_share(OPEN) < 0.5


def ruled(*fields: dict[str, object], rows: list[list[object]]) -> TableSchema:
    named = [{"name": f"c{i}", **field} for i, field in enumerate(fields)]
    rule = {"kind": "combinations", "columns": ["c0", "c1"], "rows": rows}
    return TableSchema.parse({"fields": named, "understudy:constraints": [rule]})


def test_what_a_rule_lists_is_declared() -> None:
    """Else a category that is not found, or a number drawn from a bin, would be in no listed combination."""
    open_ = ({"type": "string"}, {"type": "number"}, {"type": "string"})
    plan = plan_domain(ruled(*open_, rows=[["a", 1.5], ["b", 2.5]]), mu=1.0, delta=1e-7)
    assert [column.method for column in plan.columns] == [Method.VALUES, Method.VALUES, Method.KEYS]
    long_ = [[f"v{row}", 0.5] for row in range(MAX_RULED + 1)]
    plan = plan_domain(ruled(*open_, rows=long_), mu=1.0, delta=1e-7)
    assert [column.method for column in plan.columns] == [Method.KEYS, Method.VALUES, Method.KEYS]
    nested = {"type": "string", "understudy:hierarchy": "icd10"}
    codes: list[list[object]] = [[f"A{row // 9:02d}.{row % 9}", 0.5] for row in range(180)]
    plan = plan_domain(ruled(nested, *open_[1:], rows=codes), mu=1.0, delta=1e-7)
    assert [column.method for column in plan.columns] == [Method.KEYS, Method.VALUES, Method.KEYS]
