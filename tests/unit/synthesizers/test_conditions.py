"""The layer of conditions over any engine: by rejection where the engine cannot do better, with a cap."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from synthesizers.conditions import Conditions, sampled
from synthesizers.stream import SHARD, shards
from understudy.errors import UsageError
from understudy.rules import Constraint, Determines, Order
from understudy.schema import TableSchema

SCHEMA = TableSchema.parse(
    {
        "fields": [
            {"name": "a", "type": "integer", "constraints": {"minimum": 0, "maximum": 9}},
            {"name": "b", "type": "integer", "constraints": {"minimum": 0, "maximum": 9}},
            {"name": "kind", "type": "string", "constraints": {"enum": ["x", "y", "z"]}},
            {"name": "flag", "type": "boolean"},
            {"name": "level", "type": "integer", "constraints": {"enum": [1, 2]}},
        ]
    }
)


class Coin:
    """An engine without any skill of its own: independent columns."""

    def __init__(self, constraints: Sequence[Constraint] = (), rare: float = 0.05) -> None:
        self.constraints = constraints
        self.rare = rare

    def propose(self, n_rows: int | None, *, seed: int) -> pa.Table:
        rng, n = np.random.default_rng(seed), 700 if n_rows is None else n_rows
        return pa.table(
            {
                "a": rng.integers(0, 10, n),
                "b": rng.integers(0, 10, n),
                "kind": pa.array(rng.choice(["x", "y", "z"], n, p=[0.6, 0.4 - self.rare, self.rare])),
                "flag": rng.random(n) < 0.5,
                "level": rng.integers(1, 3, n),
            }
        )

    def conditioned(self, conditions: Conditions) -> None:
        return None


def asked(where: dict[str, object] | None = None, rebalance: dict[str, object] | None = None) -> Conditions:
    return Conditions.parse(SCHEMA, where=where or {}, rebalance=rebalance or {})


def test_without_wishes_the_rows_are_the_engine_s_own() -> None:
    found = sampled(Coin(), 100, seed=3)
    assert found.rows.equals(Coin().propose(100, seed=3))
    assert found.as_dict()["rejection_rate"] == 0


def test_constraints_are_kept_and_the_rejections_told() -> None:
    found = sampled(Coin([Order(columns=("a", "b"))]), 5000, seed=3)
    assert found.rows.num_rows == 5000
    assert not pc.any(pc.greater(found.rows["a"], found.rows["b"])).as_py()
    assert 0.42 < found.broke_constraints / found.proposed < 0.48  # 45 of 100


def test_the_noisy_number_of_rows_stays_what_it_is() -> None:
    assert sampled(Coin([Order(columns=("a", "b"))]), None, seed=3).rows.num_rows == 700


def test_where_is_met_by_every_row() -> None:
    found = sampled(Coin(), 300, seed=1, conditions=asked({"kind": ["z"], "a": {"minimum": 7}}))
    assert found.rows.num_rows == 300
    assert set(found.rows["kind"].to_pylist()) == {"z"}
    assert pc.min(found.rows["a"]).as_py() >= 7
    assert found.missed_conditions > 0


def test_shares_are_met_exactly_and_the_others_divide_the_rest() -> None:
    found = sampled(Coin(), 1000, seed=1, conditions=asked(rebalance={"kind": {"z": 0.5}}))
    made = found.rows
    assert found.proposed == 1000 + found.beyond_shares  # what there was enough of is told as turned down
    assert found.as_dict()["rejection_rate"] == pytest.approx(found.beyond_shares / found.proposed, abs=1e-6)
    counts = {entry["values"]: entry["counts"] for entry in made["kind"].value_counts().to_pylist()}
    assert counts["z"] == 500
    assert 1.2 < counts["x"] / counts["y"] < 2.6  # 0.6 to 0.35 in the model
    first = made.slice(0, 100)["kind"].to_pylist().count("z")
    assert 30 < first < 70  # in no order


def test_the_same_seed_gives_the_same_rows() -> None:
    for conditions in (asked({"kind": ["z"]}), asked(rebalance={"flag": {"true": 0.9}})):
        one, same, other = (sampled(Coin(), 200, seed=seed, conditions=conditions).rows for seed in (1, 1, 2))
        assert one.equals(same)
        assert not one.equals(other)


def test_what_the_model_hardly_knows_is_an_error_not_an_endless_search() -> None:
    with pytest.raises(UsageError) as refused:
        sampled(Coin(rare=0.0001), 1000, seed=1, conditions=asked({"kind": ["z"]}))
    assert refused.value.reason == "condition-too-rare"


def test_two_columns_at_once_need_an_engine_that_can() -> None:
    with pytest.raises(UsageError) as refused:
        sampled(Coin(), 10, seed=1, conditions=asked(rebalance={"kind": {"z": 0.5}, "flag": {"true": 0.5}}))
    assert refused.value.reason == "rebalance-columns"


def test_functions_are_the_same_in_every_sample() -> None:
    source = Coin([Determines(columns=("kind", "level"))])
    made = pa.concat_tables([sampled(source, 500, seed=seed).rows for seed in (1, 2)]).to_pandas()
    assert (made.groupby("kind")["level"].nunique() == 1).all()


@pytest.mark.parametrize(
    ("where", "rebalance", "pointer"),
    [
        ({"height": [1]}, {}, "/where/height"),
        ({"kind": ["q"]}, {}, "/where/kind"),
        ({"kind": "x"}, {}, "/where/kind"),
        ({"flag": {"minimum": True}}, {}, "/where/flag"),
        ({}, {"height": {"1": 0.5}}, "/rebalance/height"),
        ({}, {"a": {"1": 0.5}}, "/rebalance/a"),
        ({}, {"kind": {"q": 0.5}}, "/rebalance/kind/q"),
        ({}, {"kind": {"x": 1.5}}, "/rebalance/kind/x"),
        ({}, {"kind": {"x": 0.7, "y": 0.4}}, "/rebalance/kind"),
        ({}, {"kind": [0.5]}, "/rebalance/kind"),
    ],
)
def test_wishes_that_make_no_sense_are_refused_with_their_place(
    where: dict[str, object], rebalance: dict[str, object], pointer: str
) -> None:
    with pytest.raises(UsageError) as refused:
        asked(where, rebalance)
    assert (refused.value.reason, refused.value.where[0].pointer) == ("condition-invalid", pointer)


def test_values_of_shares_are_text_whatever_their_type() -> None:
    assert asked(rebalance={"level": {"2": 0.5}, "flag": {"TRUE": 1}}).shares == {"level": {2: 0.5}, "flag": {True: 1}}


def test_shards_keep_rules_and_wishes() -> None:
    source, conditions = Coin([Order(columns=("a", "b"))]), asked({"flag": [True]})
    parts = list(shards(source, SHARD + 50, seed=1, conditions=conditions))
    assert [part.num_rows for part in parts] == [SHARD, 50]
    assert all(pc.all(part["flag"]).as_py() for part in parts)
    assert not any(pc.any(pc.greater(part["a"], part["b"])).as_py() for part in parts)
