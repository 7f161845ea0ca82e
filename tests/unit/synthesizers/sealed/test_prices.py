"""What sealed engines cost: never more than was asked, and what a person's rows truly cost."""

from __future__ import annotations

import dataclasses
import os
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from privacy.accounting import compose, epsilon_of, zcdp_event, zcdp_of
from privacy.session import Meter, PrivateSession
from synthesizers.sealed import door
from synthesizers.sealed.catalogue import INDEPENDENT, SPECS, EngineSpec, Pricing
from synthesizers.sealed.engine import SealedSynthesizer
from synthesizers.sealed.environments import Environments
from synthesizers.sealed.prices import SEALED, Price, price
from understudy.errors import UsageError
from understudy.schema import TableSchema

BY = {spec.name: spec for spec in SPECS}


def schema(max_rows: int = 1, *, is_open: bool = False) -> TableSchema:
    value = {"name": "a", "type": "string"} | ({} if is_open else {"constraints": {"enum": ["x", "y"]}})
    return TableSchema.parse(
        {
            "fields": [{"name": "who", "type": "string"}, value, {"name": "b", "type": "boolean"}],
            "understudy:privacyUnit": {"column": "who", "maxRows": max_rows},
        }
    )


@pytest.mark.parametrize("spec", [spec for spec in SPECS if spec.is_private], ids=lambda spec: spec.name)
@pytest.mark.parametrize("epsilon", [0.1, 3.0])
@pytest.mark.parametrize("is_open", [False, True])
def test_all_events_together_cost_what_was_asked_for(spec: EngineSpec, epsilon: float, is_open: bool) -> None:
    table = schema(is_open=is_open)
    found = price(spec, table, epsilon=epsilon, delta=1e-6, n_rows=20_000)
    cost = epsilon_of(compose(event for _, event in found.events(table)), 1e-6)
    least = 0.8 if spec.pricing is Pricing.POISSON else 0.97  # a training is calibrated by Renyi DP, which is looser
    assert least * epsilon < cost <= epsilon
    assert Price.from_dict(found.as_dict()) == found


def test_a_person_with_four_rows_costs_sixteen_times_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """The event is the person's; what the engine is told is a row's."""
    told: list[float] = []

    def run(*arguments: Any, **facts: Any) -> door.Made:
        told.append(arguments[3]["rho"])
        return door.Made(np.zeros((facts["n_rows"], 2), dtype=np.int64), "none")

    monkeypatch.setattr(door, "run", run)
    engine = SealedSynthesizer(INDEPENDENT, Environments(None))
    rows = pa.table({"who": ["p", "p"], "a": ["x", "y"], "b": [True, False]})
    plan = engine.plan(schema(4), epsilon=1.0, delta=1e-6, n_rows=None)
    engine.fit(PrivateSession(rows, schema(4), Meter(plan.events), os.urandom), plan)
    assert zcdp_of(plan.events[-1][1])[0] == pytest.approx(16 * told[0])


def test_a_training_of_rows_has_no_price_for_several_rows_of_a_person() -> None:
    with pytest.raises(UsageError) as caught:
        price(BY["smartnoise-dpctgan"], schema(2), epsilon=1.0, delta=1e-6, n_rows=None)
    assert caught.value.reason == "engine-one-row"


def test_the_engines_event_is_one_and_stands_last() -> None:
    found = price(BY["smartnoise-aim"], schema(), epsilon=1.0, delta=1e-6, n_rows=None)
    purposes = [purpose for purpose, _ in found.events(schema())]
    assert purposes[-1] == SEALED
    assert purposes.count(SEALED) == 1
    assert found.engine_event() == zcdp_event(found.rho)


@pytest.mark.parametrize(
    "name", ["smartnoise-patectgan", "smartnoise-pategan", "smartnoise-dpgan", "smartnoise-pacsynth"]
)
def test_what_does_not_hold_its_promise_is_offered_without_one(name: str) -> None:
    assert BY[name].pricing is Pricing.NONE
    assert SealedSynthesizer(BY[name], Environments(None)).formal_guarantee is None


def test_too_many_columns_are_refused_from_the_schema_alone() -> None:
    narrow = dataclasses.replace(INDEPENDENT, max_columns=1)
    with pytest.raises(UsageError) as caught:
        price(narrow, schema(), epsilon=1.0, delta=1e-6, n_rows=None)
    assert caught.value.reason == "engine-too-wide"
