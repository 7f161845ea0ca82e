"""The engine end to end, with the real session: plan, fit, sample, save, load."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privacy.accounting import compose, epsilon_of
from privacy.session import Meter, PrivateSession
from synthesizers.base import Plan
from synthesizers.registry import engine, engines
from understudy.errors import Failed, PrivacyParameterError, UsageError
from understudy.schema import TableSchema

SCHEMA = TableSchema.parse(
    {
        "fields": [
            {"name": "age", "type": "integer", "constraints": {"minimum": 0, "maximum": 99}},
            {"name": "ward", "type": "string", "constraints": {"enum": ["A", "B", "C"]}},
            {"name": "smoker", "type": "boolean"},
            {"name": "patient", "type": "string", "understudy:kind": "identifier"},
        ]
    }
)


def rows(n_rows: int = 3000) -> pa.Table:
    rng = np.random.default_rng(0)
    age = rng.integers(20, 90, n_rows)
    ward = np.where(age > 60, "A", np.where(rng.random(n_rows) < 0.5, "B", "C"))
    smoker = [None if value < 0.1 else bool(value < 0.4) for value in rng.random(n_rows)]
    return pa.table({"age": pa.array(age, pa.int64()), "ward": pa.array(ward.tolist()), "smoker": pa.array(smoker)})


def fitted(table: pa.Table, plan: Plan) -> object:
    return engine("marginal").fit(PrivateSession(table, SCHEMA, Meter(plan.events), os.urandom), plan)


def plan(epsilon: float = 3.0) -> Plan:
    return engine("marginal").plan(SCHEMA, epsilon=epsilon, delta=1e-6, n_rows=3000)


FIELDS = st.lists(
    st.sampled_from(
        [
            {"type": "integer"},
            {"type": "integer", "constraints": {"minimum": 0, "maximum": 9}},
            {"type": "number"},
            {"type": "string"},
            {"type": "string", "constraints": {"enum": ["x", "y"]}},
            {"type": "boolean"},
            {"type": "date"},
            {"type": "text"},
            {"type": "string", "understudy:kind": "name"},
        ]
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=25, deadline=None)
@given(FIELDS, st.floats(0.01, 20), st.floats(1e-12, 1e-3), st.none() | st.integers(1, 10**9), st.integers(1, 50))
def test_no_plan_costs_more_than_was_asked_for(
    fields: list[dict[str, object]], epsilon: float, delta: float, n_rows: int | None, max_rows: int
) -> None:
    document: dict[str, object] = {"fields": [{"name": f"f{i}", **field} for i, field in enumerate(fields)]}
    document["fields"] = [*document["fields"], {"name": "id", "type": "string", "understudy:kind": "identifier"}]
    document["understudy:privacyUnit"] = {"column": "id", "maxRows": max_rows}
    schema = TableSchema.parse(document)
    made = engine("marginal").plan(schema, epsilon=epsilon, delta=delta, n_rows=n_rows)
    assert epsilon_of(compose([event for _, event in made.events]), delta) <= epsilon
    assert Plan.from_dict(json.loads(json.dumps(made.as_dict()))) == made
    purposes = [purpose for purpose, _ in made.events]
    assert len(set(purposes)) == len(purposes)


def test_almost_all_of_epsilon_is_used() -> None:
    assert epsilon_of(compose([event for _, event in plan().events]), 1e-6) > 0.999 * 3.0


@pytest.mark.parametrize(("epsilon", "delta"), [(0, 1e-6), (-1, 1e-6), (float("nan"), 1e-6), (1, 0), (1, 1), (1, 2)])
def test_parameters_out_of_range_are_refused(epsilon: float, delta: float) -> None:
    with pytest.raises(PrivacyParameterError):
        engine("marginal").plan(SCHEMA, epsilon=epsilon, delta=delta, n_rows=None)


def test_rows_look_like_the_table() -> None:
    made = fitted(rows(), plan()).sample(None, seed=1)
    assert made.column_names == ["age", "ward", "smoker"]
    assert made.schema.field("age").type == pa.int64()
    assert 2800 < made.num_rows < 3200
    assert made["age"].null_count + made["ward"].null_count < 100
    assert 200 < made["smoker"].null_count < 400
    old = made.filter(pa.compute.greater(made["age"], 65))
    assert pa.compute.mean(pa.compute.equal(old["ward"], "A")).as_py() > 0.9


def test_a_saved_model_gives_the_same_rows(tmp_path: Path) -> None:
    model = fitted(rows(), plan())
    model.save(tmp_path)
    assert engine("marginal").load(tmp_path).sample(200, seed=7).equals(model.sample(200, seed=7))


def test_an_artifact_holds_no_literal_of_a_row(tmp_path: Path) -> None:
    fitted(rows(), plan()).save(tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert set(manifest["content"]) == {"domain", "total", "levels", "nodes", "constraints", "types"}


def test_a_plan_for_another_schema_is_refused() -> None:
    other = TableSchema.parse({"fields": [{"name": "age", "type": "boolean"}]})
    foreign = engine("marginal").plan(other, epsilon=1.0, delta=1e-6, n_rows=None)
    with pytest.raises(Failed):
        fitted(rows(10), foreign)


@pytest.mark.parametrize("n_rows", [0, 1])
def test_hardly_any_rows(n_rows: int) -> None:
    made = fitted(rows(n_rows), plan(0.5)).sample(20, seed=0)
    assert made.num_rows == 20


def test_registry_knows_its_engines() -> None:
    assert next(iter(engines())) == "marginal"
    with pytest.raises(UsageError):
        engine("nonsense")
