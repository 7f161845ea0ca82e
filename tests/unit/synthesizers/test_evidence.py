"""What rules say of codes, and an engine that keeps them without turning many rows down."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from privacy.codecs import HierarchyCodec, ValuesCodec
from privacy.session import Meter, PrivateSession
from synthesizers.conditions import Conditions, sampled
from synthesizers.registry import engine
from synthesizers.tabular.evidence import certain, impossible, possible
from synthesizers.tabular.fitted import FittedMarginal
from understudy.errors import UsageError
from understudy.rules import Combinations, Forbidden, Order, Selection
from understudy.schema import TableSchema

A = ValuesCodec(name="a", type="integer", values=(1, 2, 3), other=False, nullable=True)
B = ValuesCodec(name="b", type="number", values=(0.5, 2.0, 2.5), other=False, nullable=False)
ICD = HierarchyCodec(
    name="c", hierarchy="icd10", values=("I21", "J10.0"), nullable=False, declared=("I21.0", "I21.4", "J10.0", "K35")
)


def test_cells_out_of_order_are_impossible_but_not_those_with_a_missing_value() -> None:
    (found,) = impossible([Order(columns=("a", "b"))], [A, B])
    assert found.columns == (0, 1)
    assert found.cells.tolist() == [[True, False, False], [True, False, False], [True, True, True], [False] * 3]


def test_columns_of_a_rule_may_stand_in_any_order() -> None:
    (found,) = impossible([Order(columns=("b", "a"))], [A, B])
    assert found.cells[0].tolist() == [False, True, True]  # b <= a fails for a = 1 from 2.0 on


def test_forbidden_and_combined_cells() -> None:
    none = Forbidden(where=(("a", Selection(minimum=2)), ("b", Selection(values=(0.5,)))))
    only = Combinations(columns=("a", "b"), rows=((1, 0.5), (2, 2.0)))
    first, second = impossible([none, only], [A, B])
    assert np.argwhere(first.cells).tolist() == [[1, 0], [2, 0]]
    assert np.argwhere(~second.cells).tolist() == [[0, 0], [1, 1], [3, 0], [3, 1], [3, 2]]


def test_a_code_of_a_family_may_mean_a_member_but_not_for_certain() -> None:
    wanted = Selection(values=("I21.4",))
    assert possible(ICD, wanted).tolist() == [True, False, False]
    assert not certain(ICD, wanted).any()


N = 4000


@pytest.fixture(scope="module")
def model() -> FittedMarginal:
    rng = np.random.default_rng(0)
    start = rng.integers(0, 300, N)
    ward = rng.choice(["A1", "A2", "B1"], N, p=[0.5, 0.3, 0.2])
    sex = rng.choice(["m", "f"], N)
    rows = pa.table(
        {
            "start": pa.array(np.datetime64("2024-01-01") + start),
            "end": pa.array(np.datetime64("2024-01-01") + start + rng.geometric(0.1, N) - 1),
            "ward": ward,
            "site": np.where(ward == "B1", "south", "north"),
            "sex": sex,
            "pregnant": pa.array((sex == "f") & (rng.random(N) < 0.2)),
        }
    )
    days = {"minimum": "2024-01-01", "maximum": "2025-12-31"}
    schema = TableSchema.parse(
        {
            "fields": [
                {"name": "start", "type": "date", "constraints": days},
                {"name": "end", "type": "date", "constraints": days},
                {"name": "ward", "type": "string", "constraints": {"enum": ["A1", "A2", "B1"]}},
                {"name": "site", "type": "string", "constraints": {"enum": ["north", "south"]}},
                {"name": "sex", "type": "string", "constraints": {"enum": ["m", "f"]}},
                {"name": "pregnant", "type": "boolean"},
            ],
            "understudy:constraints": [
                {"kind": "order", "columns": ["start", "end"]},
                {
                    "kind": "combinations",
                    "columns": ["ward", "site"],
                    "rows": [["A1", "north"], ["A2", "north"], ["B1", "south"]],
                },
                {"kind": "forbidden", "where": {"sex": ["m"], "pregnant": [True]}},
            ],
        }
    )
    ours = engine("marginal")
    plan = ours.plan(schema, epsilon=1.0, delta=1e-6, n_rows=N)
    fitted = ours.fit(PrivateSession(rows, schema, Meter(plan.events), os.urandom), plan)
    assert isinstance(fitted, FittedMarginal)
    return fitted


def test_the_model_itself_knows_the_rules(model: FittedMarginal) -> None:
    """So rejection, which would bend every share, is left with next to nothing, and one-ways stay right."""
    found = sampled(model, N, seed=1)
    made = found.rows
    assert found.rows.num_rows == N
    assert found.broke_constraints / found.proposed < 0.06
    assert not pc.any(pc.greater(made["start"], made["end"])).as_py()
    assert not pc.any(pc.and_kleene(pc.equal(made["sex"], "m"), made["pregnant"])).as_py()
    assert {(row["ward"], row["site"]) for row in made.select(["ward", "site"]).drop_null().to_pylist()} == {
        ("A1", "north"),
        ("A2", "north"),
        ("B1", "south"),
    }
    assert abs(pc.sum(pc.equal(made["ward"], "B1")).as_py() / N - 0.2) < 0.05


def test_conditions_are_met_exactly_without_a_row_turned_down(model: FittedMarginal) -> None:
    schema = TableSchema.parse(
        {
            "fields": [
                {"name": "ward", "type": "string"},
                {"name": "sex", "type": "string"},
                {"name": "pregnant", "type": "boolean"},
            ]
        }
    )
    free = FittedMarginal(model._model, model._discretisation)
    wanted = Conditions.parse(schema, where={"ward": ["B1"]}, rebalance={})
    found = sampled(free, 500, seed=1, conditions=wanted)
    assert (found.missed_conditions, set(found.rows["ward"].to_pylist())) == (0, {"B1"})
    both = Conditions.parse(schema, where={}, rebalance={"pregnant": {"true": 0.5}, "sex": {"f": 0.75}})
    found = sampled(free, 2000, seed=1, conditions=both)
    assert found.proposed == 2000
    assert abs(pc.sum(found.rows["pregnant"]).as_py() - 1000) < 5
    assert abs(pc.sum(pc.equal(found.rows["sex"], "f")).as_py() - 1500) < 5


def test_a_saved_model_keeps_its_rules(model: FittedMarginal, tmp_path: Path) -> None:
    model.save(tmp_path)
    again = engine("marginal").load(tmp_path)
    assert again.constraints == model.constraints
    assert again.sample(300, seed=5).equals(model.sample(300, seed=5))


def test_a_value_that_the_model_does_not_know_is_told(model: FittedMarginal) -> None:
    schema = TableSchema.parse({"fields": [{"name": "ward", "type": "string"}]})
    with pytest.raises(UsageError) as refused:
        model.sample(10, seed=0, conditions=Conditions.parse(schema, where={"ward": ["Z9"]}, rebalance={}))
    assert refused.value.reason == "condition-unknown"


def test_a_rule_over_open_columns_turns_nothing_down() -> None:
    """Wards that no budget would have found: the rule's list is their domain, as an enum would be."""
    wards = [f"W{number}" for number in range(40)]
    rows = pa.table({"ward": np.resize(wards, 400), "site": np.resize(["n", "s"], 400)})
    schema = TableSchema.parse(
        {
            "fields": [{"name": "ward", "type": "string"}, {"name": "site", "type": "string"}],
            "understudy:constraints": [
                {
                    "kind": "combinations",
                    "columns": ["ward", "site"],
                    "rows": [[ward, "ns"[number % 2]] for number, ward in enumerate(wards)],
                }
            ],
        }
    )
    ours = engine("marginal")
    plan = ours.plan(schema, epsilon=0.5, delta=1e-6, n_rows=400)
    fitted = ours.fit(PrivateSession(rows, schema, Meter(plan.events), os.urandom), plan)
    found = sampled(fitted, 400, seed=1)
    assert found.rows.num_rows == 400
    assert found.broke_constraints < 0.1 * found.proposed
