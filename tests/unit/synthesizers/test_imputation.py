"""Empty cells filled from a model: exactly in a tree, by the chain rule in a network, from donors for made rows."""

from __future__ import annotations

import os
from collections import Counter
from itertools import product

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from scipy.stats import chisquare

from privacy.codecs import ValuesCodec
from privacy.discretisation import Discretisation
from privacy.session import Meter, PrivateSession
from synthesizers.conditions import Conditions, sampled
from synthesizers.imputation import Codes, Gaps, imputed
from synthesizers.network.impute import completed as by_network
from synthesizers.network.weights import Weights
from synthesizers.sealed.donors import completed as by_donors
from synthesizers.tabular.condition import Tree
from synthesizers.tabular.impute import Completion
from synthesizers.tabular.junction import Graph, junction_tree
from synthesizers.tabular.levels import Coding, make_axis
from synthesizers.tabular.marginal import MarginalSynthesizer
from synthesizers.tabular.propagate import Propagation
from understudy.errors import UsageError
from understudy.rules import Constraint, Determines, Order
from understudy.schema import TableSchema

SIZES = (3, 4, 2, 5)
N = 20_000


def _coarse_tree() -> tuple[list, list, list, np.ndarray]:
    """Four columns; the last one is linked to the second by a coarse grouping only, and their law by code."""
    rng = np.random.default_rng(0)
    axes = [make_axis(rng.random(size), Coding(size=size, n_ordered=0)) for size in SIZES]
    graph = Graph([[axis.groups(level) for level in range(axis.finest + 1)] for axis in axes])
    graph.add([(0, axes[0].finest), (1, axes[1].finest)])
    graph.add([(1, 1), (2, axes[2].finest)])
    graph.add([(1, 1), (3, 1)])
    graph.add([(3, axes[3].finest)])
    nodes = junction_tree(graph)
    potentials = [
        rng.normal(size=tuple(axes[column].groups(level) for column, level in node.axes)) * 1.5 for node in nodes
    ]
    joint = np.zeros(SIZES)
    for cell in product(*(range(size) for size in SIZES)):
        for node, table in zip(nodes, potentials, strict=True):
            joint[cell] += table[tuple(axes[column].code_map(level)[cell[column]] for column, level in node.axes)]
    _, beliefs = Propagation(axes, nodes).beliefs([table.copy() for table in potentials])
    joint = np.exp(joint)
    return axes, nodes, beliefs, joint / joint.sum()


def _fits(found: np.ndarray, law: np.ndarray) -> bool:
    """Whether codes follow a law. False alarms: one in ten thousand, with a fixed seed."""
    counts, wanted = np.bincount(found, minlength=law.size), law / law.sum() * found.size
    seen = wanted > 0
    return bool((counts[~seen] == 0).all() and chisquare(counts[seen], wanted[seen]).pvalue > 1e-4)


@pytest.mark.parametrize("holes", [(1,), (3,), (0, 2), (1, 3), (0, 1, 2, 3)])
def test_a_tree_draws_holes_from_the_law_given_the_rest(holes: tuple[int, ...]) -> None:
    axes, nodes, beliefs, joint = _coarse_tree()
    given = (1, 2, 1, 3)
    mask = np.zeros((N, 4), dtype=bool)
    mask[:, holes] = True
    banned = [None, 3, None, None]
    codes = [np.full(N, code) for code in given]
    made = Completion(axes, nodes, beliefs, banned).completed(codes, mask, np.random.default_rng(1))
    law = joint[tuple(slice(None) if column in holes else given[column] for column in range(4))].copy()
    if 1 in holes:
        law[(slice(None),) * holes.index(1) + (3,)] = 0.0
    flat = np.ravel_multi_index([made[column] for column in holes], [SIZES[column] for column in holes])
    assert _fits(flat, law.reshape(-1))
    assert all((made[column] == given[column]).all() for column in range(4) if column not in holes)


def test_a_tree_that_forgot_what_is_given_would_be_noticed() -> None:
    axes, nodes, beliefs, joint = _coarse_tree()
    alone = Tree(axes, nodes, beliefs).marginal(1)
    assert not _fits(np.random.default_rng(0).choice(4, N, p=alone), joint[1, :, 1, 3])


def _network() -> tuple[Weights, np.ndarray]:
    """Three columns drawn in the order 2, 0, 1, and their law by code."""
    rng, sizes, order, width = np.random.default_rng(3), (3, 4, 2), (2, 0, 1), 2
    own = [sizes[column] for column in order]
    weights = Weights(
        order=order,
        base=tuple(np.log(rng.dirichlet(np.ones(size))).astype(np.float32) for size in own),
        vectors=tuple(rng.normal(size=(size, width)).astype(np.float32) for size in own),
        maps=tuple(rng.normal(size=(width, place * width)).astype(np.float32) for place in range(3)),
        heads=tuple(2 * rng.normal(size=(size, width)).astype(np.float32) for size in own),
        biases=tuple(np.zeros(size, dtype=np.float32) for size in own),
    )
    joint = np.ones(sizes)
    for cell in product(*(range(size) for size in sizes)):
        before = np.zeros(0, dtype=np.float32)
        for place, column in enumerate(order):
            odds = weights.heads[place] @ np.tanh(weights.maps[place] @ before) + weights.base[place]
            chances = np.exp(odds - odds.max())
            joint[cell] *= chances[cell[column]] / chances.sum()
            before = np.concatenate([before, weights.vectors[place][cell[column]]])
    return weights, joint


@pytest.mark.parametrize("holes", [(2,), (0,), (1,), (0, 2), (0, 1, 2)])
def test_a_network_draws_holes_from_the_law_given_the_rest(holes: tuple[int, ...]) -> None:
    """Also of the column that is drawn first, which all others tell something of."""
    weights, joint = _network()
    given = (1, 2, 0)
    mask = np.zeros((N, 3), dtype=bool)
    mask[:, holes] = True
    codes = [np.full(N, code) for code in given]
    made = by_network(weights, Gaps(codes, mask, [2, None, None]), np.random.default_rng(5))
    law = joint[tuple(slice(None) if column in holes else given[column] for column in range(3))].copy()
    if 0 in holes:
        law[2] = 0.0
    flat = np.ravel_multi_index([made[column] for column in holes], [joint.shape[column] for column in holes])
    if len(holes) == 1:
        assert _fits(flat, law.reshape(-1))
    assert np.abs(np.bincount(flat, minlength=law.size) / N - law.reshape(-1) / law.sum()).sum() < 0.06


def _values(name: str, *values: str, nullable: bool = True) -> ValuesCodec:
    return ValuesCodec(name=name, type="string", values=values, other=False, nullable=nullable)


DOMAIN = Discretisation(
    codecs=(_values("kind", "x", "y"), _values("ward", "A", "B", "C"), _values("must", "p", "q", nullable=False)),
    provenance={},
)
SCHEMA = TableSchema.parse(
    {
        "fields": [
            {"name": "kind", "type": "string", "constraints": {"enum": ["x", "y"]}},
            {"name": "ward", "type": "string", "constraints": {"enum": ["A", "B", "C"]}},
            {"name": "must", "type": "string", "constraints": {"required": True, "enum": ["p", "q"]}},
        ]
    }
)


class Made:
    """Rows of an engine: wards A and B go with x, C with y; a tenth of both is missing."""

    def __init__(self, constraints: tuple[Constraint, ...] = (), missing: float = 0.1) -> None:
        self.constraints, self.discretisation = constraints, DOMAIN
        rng = np.random.default_rng(0)
        kind = rng.integers(0, 2, 2000)
        ward = np.where(kind == 0, rng.integers(0, 2, 2000), 2)
        kind[rng.random(2000) < missing] = 2
        ward[rng.random(2000) < missing] = 3
        self._codes = np.stack([kind, ward, rng.integers(0, 2, 2000)], axis=1)

    def propose(self, n_rows: int | None, *, seed: int) -> pa.Table:
        own = self._codes[np.random.default_rng(seed).integers(0, 2000, n_rows or 2000)]
        return DOMAIN.decode(dict(zip(DOMAIN.domain.names, own.T, strict=True)), np.random.default_rng(seed))

    def conditioned(self, conditions: Conditions) -> None:
        return None

    def completed(self, codes: Codes, holes: np.ndarray, banned: np.ndarray, *, seed: int) -> Codes:
        shut = [codec.size - 1 if ban else None for codec, ban in zip(DOMAIN.codecs, banned, strict=True)]
        return by_donors(self._codes, DOMAIN.codecs, Gaps(codes, holes, shut), np.random.default_rng(seed))


ROWS = pa.table(
    {
        "id": [1, 2, 3, 4],
        "kind": ["x", None, "y", None],
        "ward": [None, "C", "C", None],
        "must": ["p", "q", None, "p"],
    }
)


def test_only_empty_cells_of_the_columns_asked_for_are_filled() -> None:
    found = imputed(Made(), ROWS, ["ward"], seed=1)
    assert found.rows.drop_columns("ward").equals(ROWS.drop_columns("ward"))
    wards = found.rows["ward"].to_pylist()
    assert wards[0] in ("A", "B")
    assert wards[1:3] == ["C", "C"]
    assert wards[3] is not None
    assert found.cells == {"ward": 2}
    assert found.rows.equals(imputed(Made(), ROWS, ["ward"], seed=1).rows)


def test_a_column_that_the_rows_lack_is_unknown_and_stays_out() -> None:
    found = imputed(Made(), ROWS.select(["ward", "kind"]), ["kind"], seed=1).rows
    assert found.column_names == ["ward", "kind"]
    assert found["kind"].to_pylist()[1] == "y"


def test_a_cell_that_may_not_be_empty_can_be_filled_too() -> None:
    assert imputed(Made(), ROWS, ["must"], seed=1).rows["must"].null_count == 0


def test_rows_without_an_empty_cell_are_handed_back() -> None:
    full = ROWS.slice(2, 1)
    assert imputed(Made(), full, ["ward"], seed=1).rows.equals(full)
    assert imputed(Made(), ROWS.slice(0, 0), ["ward"], seed=1).rows.num_rows == 0


@pytest.mark.parametrize(
    ("rows", "columns"),
    [
        (ROWS, ["nobody"]),
        (ROWS, ["id"]),
        (ROWS.drop_columns("ward"), ["ward"]),
        (ROWS.set_column(1, "kind", pa.array([[1], [2], [3], [4]])), ["ward"]),
    ],
)
def test_what_cannot_be_filled_is_refused(rows: pa.Table, columns: list[str]) -> None:
    with pytest.raises(UsageError) as caught:
        imputed(Made(), rows, columns, seed=1)
    assert caught.value.reason == "impute-invalid"
    assert caught.value.where[0].column is not None


def test_a_model_that_has_nothing_but_missing_values_says_so() -> None:
    with pytest.raises(UsageError) as caught:
        imputed(Made(missing=2.0), ROWS, ["ward"], seed=1)
    assert caught.value.reason == "impute-unknown"


def test_donors_that_have_no_column_in_common_are_put_together() -> None:
    """No row that was made has both columns, so each hole gets a value that its own column has."""
    made = np.array([[0, 3, 0], [2, 1, 0]] * 5)
    holes = np.array([[True, True, False]])
    gaps = Gaps([np.zeros(1, int)] * 3, holes, [2, 3, None])
    found = by_donors(made, DOMAIN.codecs, gaps, np.random.default_rng(0))
    assert (found[0][0], found[1][0]) == (0, 1)


def test_a_filled_cell_keeps_the_schema_s_rules() -> None:
    """Order of words has no meaning to the engine: what breaks it is drawn again, and what cannot be kept is told."""
    rule = Order(columns=("kind", "must"))  # x and y come after p and q, so no value keeps it
    assert imputed(Made((rule,)), ROWS, ["kind"], seed=1).n_broken == 2
    keeps = Order(columns=("ward", "kind"))
    assert imputed(Made((keeps,)), ROWS, ["kind", "ward"], seed=1).n_broken == 0


def test_a_determined_cell_is_what_the_function_says() -> None:
    rule = Determines(columns=("ward", "kind"))
    kinds = imputed(Made((rule,)), ROWS, ["kind"], seed=1).rows["kind"].to_pylist()
    assert kinds[:3] == ["x", "y", "y"]


def test_a_job_s_rows_have_no_missing_value_where_it_asks_for_none() -> None:
    wanted = Conditions.parse(SCHEMA, where={}, rebalance={}, impute=["ward"])
    found = sampled(Made(), 2000, seed=1, conditions=wanted)
    assert found.rows["ward"].null_count == 0
    assert found.rows["kind"].null_count > 100
    told = found.as_dict()
    assert told["imputed"] == {"ward": Made().propose(2000, seed=1)["ward"].null_count}
    assert 0.08 < told["imputed_rate"]["ward"] < 0.12  # type: ignore[index]
    both = Counter(zip(found.rows["kind"].to_pylist(), found.rows["ward"].to_pylist(), strict=True))
    assert both["x", "C"] < 20
    assert both["y", "A"] + both["y", "B"] < 20


def test_filling_goes_with_conditions_and_shares_of_other_columns() -> None:
    wanted = Conditions.parse(SCHEMA, where={"must": ["p"]}, rebalance={"kind": {"y": 0.75}}, impute=["ward"])
    rows = sampled(Made(), 400, seed=1, conditions=wanted).rows
    assert rows["ward"].null_count == 0
    assert Counter(rows["kind"].to_pylist())["y"] == 300
    assert set(rows["must"].to_pylist()) == {"p"}


@pytest.mark.parametrize(
    ("impute", "rebalance", "pointer"),
    [
        (["nobody"], {}, "/impute/0"),
        (["ward", "must"], {}, "/impute/1"),
        (["kind"], {"kind": {"x": 0.5}}, "/impute/0"),
    ],
)
def test_a_wish_that_cannot_be_is_refused_before_anything_is_paid(
    impute: list[str], rebalance: dict[str, object], pointer: str
) -> None:
    with pytest.raises(UsageError) as caught:
        Conditions.parse(SCHEMA, where={}, rebalance=rebalance, impute=impute)
    assert caught.value.reason == "condition-invalid"
    assert [place.pointer for place in caught.value.where] == [pointer]


CHANCES = {"x": [0.7, 0.2, 0.1], "y": [0.1, 0.1, 0.8]}


def _wards(n: int, seed: int) -> pa.Table:
    """A ward hangs on the kind; it is missing far more often for x, so its own shares mislead."""
    rng = np.random.default_rng(seed)
    kinds = rng.choice(["x", "y"], n)
    wards = np.array([rng.choice(["A", "B", "C"], p=CHANCES[kind]) for kind in kinds])
    holes = rng.random(n) < np.where(kinds == "x", 0.6, 0.05)
    must = pa.array(rng.choice(["p", "q"], n))
    return pa.table({"kind": pa.array(kinds), "ward": pa.array(wards, mask=holes), "must": must})


def test_a_private_fit_fills_by_the_real_law_of_the_column_given_the_others() -> None:
    engine, table = MarginalSynthesizer(), _wards(4000, 0)
    plan = engine.plan(SCHEMA, epsilon=3.0, delta=1e-6, n_rows=4000)
    fitted = engine.fit(PrivateSession(table, SCHEMA, Meter(plan.events), os.urandom), plan)
    kinds = ["x"] * 3000 + ["y"] * 3000
    blank = pa.table({"kind": kinds, "ward": pa.nulls(6000, pa.string()), "must": ["p"] * 6000})
    made = fitted.impute(blank, ["ward"], seed=1)
    for kind, law in CHANCES.items():
        wards = made["ward"].filter(pc.equal(made["kind"], kind)).to_pylist()
        shares = [wards.count(ward) / 3000 for ward in "ABC"]
        assert np.abs(np.array(shares) - law).sum() / 2 < 0.06


@pytest.mark.parametrize("kind", [pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
def test_a_column_keeps_the_type_that_it_came_in(kind: pa.DataType) -> None:
    rows = ROWS.set_column(2, "ward", pa.array([None, "C", "C", None]).cast(kind))
    made = imputed(Made(), rows, ["ward"], seed=1).rows
    assert made["ward"].type == kind
    assert (
        made["ward"].cast(pa.string()).to_pylist() == imputed(Made(), ROWS, ["ward"], seed=1).rows["ward"].to_pylist()
    )
