"""Noised figures as metrics: what is bought, what is refused, what is printed."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from evaluation.noised import PAIR_GROUPS, coarse, group_columns, measure, report_events
from evaluation.released import released_section
from evaluation.report import Disclosure, Status
from evaluation.statement import PrivacyStatement
from privacy.accounting import encode, gaussian_event, gaussian_price
from privacy.domain_plan import plan_domain
from privacy.session import Meter, PrivateSession
from understudy.errors import PlanExceeded
from understudy.schema import ColumnSchema, TableSchema

SCHEMA = TableSchema.parse(
    {
        "fields": [
            {"name": "age", "type": "integer", "constraints": {"minimum": 0, "maximum": 39}},
            {"name": "sex", "type": "string", "constraints": {"enum": ["F", "M"], "required": True}},
            {"name": "flag", "type": "boolean", "understudy:target": True},
        ]
    }
)


def rows(n: int, *, women: float = 0.5, seed: int = 0) -> pa.Table:
    rng = np.random.default_rng(seed)
    return pa.table(
        {
            "age": rng.integers(0, 40, n),
            "sex": np.where(rng.random(n) < women, "F", "M").tolist(),
            "flag": (rng.random(n) < 0.4).tolist(),
        }
    )


def session_of(real: pa.Table, events: Any) -> PrivateSession:
    session = PrivateSession(real, SCHEMA, Meter(events), np.random.default_rng(1).bytes)
    session.discretise(plan_domain(SCHEMA, mu=1.0, delta=1e-7))
    return session


def figures(real: pa.Table, synthetic: pa.Table, *, mu_squared: float = 1.0) -> dict[str, Any]:
    events = report_events(SCHEMA, mu_squared)
    released = json.loads(json.dumps(measure(session_of(real, events), events, synthetic)))
    encoded = [{"purpose": purpose, "event": encode(event)} for purpose, event in events]
    section = released_section(released, PrivacyStatement.from_dict({"delta": 1e-6, "events": encoded}))
    assert section is not None
    return {metric.id: metric for metric in section.metrics} | {"section": section}


def test_the_events_add_up_and_need_only_the_schema() -> None:
    prices = [gaussian_price(event) for _, event in report_events(SCHEMA, 0.01)]
    assert sum(price.mu_squared for price in prices if price is not None) == pytest.approx(0.01)
    assert report_events(SCHEMA, 0.0) == ()
    assert group_columns(SCHEMA) == ("flag", "sex")


def test_it_pays_before_it_looks() -> None:
    events = report_events(SCHEMA, 0.01)
    session = session_of(rows(50), [(purpose, gaussian_event(1e6)) for purpose, _ in events])
    with pytest.raises(PlanExceeded):
        measure(session, events, rows(50))


def test_without_report_events_nothing_is_measured() -> None:
    assert measure(session_of(rows(50), ()), (), rows(50)) == {}
    assert released_section({}, PrivacyStatement.from_dict({})) is None


def test_a_faithful_table_is_green_and_a_dropped_group_is_red() -> None:
    real = rows(20_000, women=0.3)
    good, bad = figures(real, rows(20_000, women=0.3, seed=5)), figures(real, rows(20_000, women=0.1, seed=5))
    assert {good[id_].status for id_ in good if id_ != "section"} == {Status.GREEN}
    assert bad["released.groups"].status is Status.RED
    assert bad["released.groups"].subject == "sex = F"
    assert bad["released.tvd2.worst"].status is Status.RED


def test_everything_may_leave_and_says_what_it_cost() -> None:
    found = figures(rows(3_000), rows(3_000, seed=2), mu_squared=0.01)
    section = found.pop("section")
    assert all(metric.disclosure is Disclosure.RELEASABLE and metric.eps_spent > 0 for metric in found.values())
    assert all(table.disclosure is Disclosure.RELEASABLE for table in section.tables)
    assert len(section.tables[0].rows) == 4


def test_too_much_noise_is_never_green() -> None:
    found = figures(rows(100), rows(100, seed=2), mu_squared=1e-4)
    assert {found[id_].status for id_ in found if id_ != "section"} <= {Status.AMBER, Status.GREY}
    low, high = found["released.tvd2.mean"].ci
    assert (low, high) == (0.0, 1.0)


@pytest.mark.parametrize("n", [0, 1])
def test_an_empty_side_does_not_crash(n: int) -> None:
    events = report_events(SCHEMA, 0.1)
    released = measure(session_of(rows(n), events), events, rows(30))
    assert released_section(released, PrivacyStatement.from_dict({"delta": 1e-6})) is not None
    assert measure(session_of(rows(30), events), events, rows(0)) == {}


@pytest.mark.parametrize(
    ("column", "size"),
    [
        (ColumnSchema(name="a", type="integer"), 40),
        (ColumnSchema(name="a", type="number", required=True), 33),
        (ColumnSchema(name="a", type="string"), 200),
        (ColumnSchema(name="a", type="string", required=True), 9),
        (ColumnSchema(name="a", type="boolean"), 3),
    ],
)
def test_groups_of_a_column_are_few_and_cover_every_code(column: ColumnSchema, size: int) -> None:
    for codes in (np.zeros(50, dtype=np.int64), np.random.default_rng(0).integers(0, size, 500)):
        cut = coarse(codes, column, size, 0 if column.required else 1)
        assert cut.shape == (size,)
        assert set(cut.tolist()) == set(range(int(cut.max()) + 1))
        assert cut.max() < max(PAIR_GROUPS, 3)
        if not column.required and size > PAIR_GROUPS:
            assert (cut == cut[-1]).sum() == 1  # missing stays apart


def test_an_unknown_category_equals_nothing() -> None:
    schema = TableSchema.parse({"fields": [{"name": "code", "type": "string"}, {"name": "flag", "type": "boolean"}]})
    codes, flags = ["I50.9", "M17.1"] * 200 + ["Z00"], [True, False] * 200 + [True]
    events = report_events(schema, 1.0)
    plan = plan_domain(schema, mu=1e-3, delta=1e-7)  # too little to find a category
    session = PrivateSession(
        pa.table({"code": codes, "flag": flags}), schema, Meter((*plan.events, *events)), np.random.default_rng(1).bytes
    )
    session.discretise(plan)
    released = measure(session, events, pa.table({"code": ["OTHER"] * 401, "flag": flags}))
    section = released_section(released, PrivacyStatement.from_dict({"delta": 1e-6}))
    assert section is not None
    found = {metric.id: metric for metric in section.metrics}
    assert found["released.tvd2.mean"].value == pytest.approx(1.0, abs=0.05)
    assert found["released.tvd1.mean"].value == pytest.approx(0.5, abs=0.05)


def test_entropy_of_the_system_serves_too() -> None:
    events = report_events(SCHEMA, 0.1)
    session = PrivateSession(rows(100), SCHEMA, Meter(events), os.urandom)
    session.discretise(plan_domain(SCHEMA, mu=1.0, delta=1e-7))
    assert measure(session, events, rows(100))["rows"]
