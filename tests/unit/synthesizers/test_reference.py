"""The fit without privacy sees exact counts: it is the bar, and it tells what a release must not."""

import os

import numpy as np
import pyarrow as pa
import pytest

from privacy.session import Meter, PrivateSession
from synthesizers.base import Plan
from synthesizers.reference import EPSILON, plan_without_privacy
from synthesizers.registry import engines
from understudy.schema import TableSchema

ENGINE = engines()["marginal"]


def schema(max_rows: int) -> TableSchema:
    return TableSchema.parse(
        {
            "fields": [
                {"name": "id", "type": "integer", "understudy:kind": "identifier"},
                {"name": "ward", "type": "string", "constraints": {"enum": ["n", "s", "e"], "required": True}},
                {"name": "code", "type": "string"},
            ],
            "understudy:privacyUnit": {"column": "id", "maxRows": max_rows},
        }
    )


def rows() -> pa.Table:
    rng = np.random.default_rng(0)
    ward = rng.choice(["n", "s", "e"], 600, p=[0.6, 0.3, 0.1])
    code = np.where(ward == "n", "common", "other").astype(object)
    code[:6] = "zebra-7"
    return pa.table({"id": np.arange(600), "ward": ward.tolist(), "code": code.tolist()})


def made(plan: Plan, facts: TableSchema) -> pa.Table:
    fitted = ENGINE.fit(PrivateSession(rows(), facts, Meter(plan.events), os.urandom), plan)
    return fitted.sample(600, seed=1)


@pytest.mark.parametrize("max_rows", [1, 10])
def test_its_counts_are_exact(max_rows: int) -> None:
    facts = schema(max_rows)
    asked = ENGINE.plan(facts, epsilon=0.3, delta=1e-6, n_rows=600)
    plan = plan_without_privacy(ENGINE, facts, asked)
    assert (plan.epsilon, plan.delta, plan.n_rows) == (EPSILON, asked.delta, asked.n_rows)
    assert not [purpose for purpose, _ in plan.events if purpose.startswith("report/")]
    table = made(plan, facts)
    real, synthetic = (
        {row["code"]: row["count_all"] for row in t.group_by("code").aggregate([([], "count_all")]).to_pylist()}
        for t in (rows(), table)
    )
    assert all(abs(synthetic[key] - real[key]) <= 2 for key in real)


def test_it_tells_rare_values_that_the_job_itself_does_not() -> None:
    facts = schema(1)
    asked = ENGINE.plan(facts, epsilon=0.3, delta=1e-6, n_rows=600)
    assert "zebra-7" not in made(asked, facts)["code"].to_pylist()
    assert "zebra-7" in made(plan_without_privacy(ENGINE, facts, asked), facts)["code"].to_pylist()
