"""The network engine: what it is told, what it pays, and that it learns what its start does not know."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch

from benchmarks import tables
from benchmarks.engines import _schema
from privacy import training
from privacy.accounting import compose, epsilon_of
from privacy.session import Meter, PrivateSession
from synthesizers.base import Plan
from synthesizers.choice import choose
from synthesizers.network import learn as learning
from synthesizers.network import sizes
from synthesizers.network.engine import NetworkSynthesizer
from synthesizers.network.fitted import FittedNetwork
from synthesizers.network.weights import Weights, log_shares
from synthesizers.tabular.marginal import MarginalSynthesizer
from understudy.errors import Failed, PlanExceeded, PrivacyParameterError, UsageError
from understudy.schema import TableSchema

N_ROWS = 1_500


def schema_of(*, max_rows: int = 1) -> TableSchema:
    fields: list[dict[str, object]] = [
        {"name": name, "type": "string", "constraints": {"required": True, "enum": ["a", "b", "c"]}}
        for name in ("one", "two", "noise")
    ]
    document: dict[str, object] = {"fields": fields}
    if max_rows > 1:
        fields.append({"name": "person", "type": "string", "understudy:kind": "pii"})
        document["understudy:privacyUnit"] = {"column": "person", "maxRows": max_rows}
    return TableSchema.parse(document)


def rows() -> pa.Table:
    """``two`` is ``one`` in nine of ten rows; ``noise`` is noise."""
    rng = np.random.default_rng(1)
    one = rng.choice(3, N_ROWS, p=[0.5, 0.3, 0.2])
    two = np.where(rng.random(N_ROWS) < 0.9, one, rng.integers(0, 3, N_ROWS))
    words = np.array(["a", "b", "c"])
    return pa.table({"one": words[one], "two": words[two], "noise": words[rng.integers(0, 3, N_ROWS)]})


@pytest.fixture(scope="module")
def fitted() -> tuple[FittedNetwork, Meter, Plan]:
    engine, schema = NetworkSynthesizer(), schema_of()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sizes, "_STEPS", 60)  # enough for three columns
        plan = engine.plan(schema, epsilon=20.0, delta=1e-6, n_rows=N_ROWS)
    meter = Meter(plan.events)
    return engine.fit(PrivateSession(rows(), schema, meter, os.urandom), plan), meter, plan


Fitted = tuple[FittedNetwork, Meter, Plan]


def agreement(table: pa.Table) -> float:
    return float(np.mean(np.array(table["one"].to_pylist()) == np.array(table["two"].to_pylist())))


def test_the_price_is_within_epsilon(fitted: Fitted) -> None:
    _, _, plan = fitted
    assert epsilon_of(compose([event for _, event in plan.events]), plan.delta) <= plan.epsilon
    assert [purpose for purpose, _ in plan.events] == [sizes.COUNT, sizes.ONE_WAYS, sizes.TRAINING]


def test_a_plan_survives_its_json(fitted: Fitted) -> None:
    _, _, plan = fitted
    assert Plan.from_dict(plan.as_dict()) == plan


def test_it_learns_that_columns_belong_together(fitted: Fitted) -> None:
    """In the rows they agree in 93 of 100; drawn apart they would in 38."""
    assert agreement(fitted[0].sample(4_000, seed=1)) > 0.8


def test_the_same_seed_gives_the_same_rows_also_from_the_artifact(fitted: Fitted, tmp_path: Path) -> None:
    model = fitted[0]
    model.save(tmp_path)
    again = NetworkSynthesizer().load(tmp_path)
    assert model.sample(500, seed=3).equals(again.sample(500, seed=3))
    assert not model.sample(500, seed=3).equals(model.sample(500, seed=4))


def test_without_a_number_there_are_about_as_many_rows_as_there_were(fitted: Fitted) -> None:
    assert fitted[0].sample(None, seed=0).num_rows == pytest.approx(N_ROWS, abs=200)


def test_numpy_draws_what_torch_has_learnt() -> None:
    """Both give every cell of a small table the same probability."""
    rng = np.random.default_rng(5)
    base = [log_shares(np.array(counts), 10.0) for counts in ([5.0, 3.0, 2.0], [7.0, 3.0], [1.0, 9.0])]
    order = [2, 0, 1]
    net = learning._net(torch, order, [base[0], base[1], base[2]], 5)
    with torch.no_grad():
        for part in net.parameters():
            part.copy_(torch.from_numpy(rng.normal(size=tuple(part.shape)).astype(np.float32)))
    found = {name: part.detach().numpy() for name, part in net.named_parameters()}
    weights = learning._weights(found, order, base)
    drawn = np.stack(weights.sample(200_000, seed=1), axis=1)
    shapes = [0, 0, 0]
    for place, column in enumerate(order):
        shapes[column] = len(base[place])
    cells = np.stack(np.meshgrid(*[np.arange(size) for size in shapes], indexing="ij"), axis=-1).reshape(-1, 3)
    expected = np.exp(-net(torch.from_numpy(cells)).detach().numpy())
    seen = np.array([(drawn == cell).all(axis=1).mean() for cell in cells])
    assert expected.sum() == pytest.approx(1.0, abs=1e-4)
    assert np.abs(seen - expected).max() < 0.006  # five standard errors


def test_untrained_it_gives_the_one_way_marginals() -> None:
    base = [log_shares(np.array([60.0, 40.0]), 100.0), log_shares(np.array([10.0, 90.0]), 100.0)]
    net = learning._net(torch, [0, 1], base, 5)
    cells = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]])
    assert torch.exp(-net(cells)).tolist() == pytest.approx([0.06, 0.54, 0.04, 0.36], rel=1e-5)


def test_an_empty_count_leaves_a_code_possible_but_rare() -> None:
    shares = np.exp(log_shares(np.array([-40.0, 1_000.0]), 960.0))
    assert shares.sum() == pytest.approx(1.0, rel=1e-6)
    assert 0 < shares[0] < 0.001


def test_persons_of_several_rows_are_one_contribution() -> None:
    """The public number of persons is that of rows over the most rows of one."""
    one = sizes.costs(schema_of(), epsilon=1.0, delta=1e-6, n_rows=4_000).training
    four = sizes.costs(schema_of(max_rows=4), epsilon=1.0, delta=1e-6, n_rows=4_000).training
    assert (one.expected_units, four.expected_units) == (4_000, 1_000)


def test_a_table_too_wide_is_refused_before_anything_is_read() -> None:
    fields = [{"name": f"c{n}", "type": "boolean"} for n in range(sizes.MOST_COLUMNS + 1)]
    with pytest.raises(UsageError) as refused:
        NetworkSynthesizer().plan(TableSchema.parse({"fields": fields}), epsilon=1.0, delta=1e-6, n_rows=100)
    assert refused.value.reason == "engine-too-wide"


@pytest.mark.parametrize("epsilon", [0.0, -1.0, float("nan"), float("inf")])
def test_an_epsilon_out_of_range_is_refused(epsilon: float) -> None:
    with pytest.raises(PrivacyParameterError):
        NetworkSynthesizer().plan(schema_of(), epsilon=epsilon, delta=1e-6, n_rows=100)


def test_a_training_has_the_steps_of_its_plan_and_once_cut_short_must_be_paid_again() -> None:
    """The number of steps and the noise stand in the plan; no loss is told, and what was paid buys no second run."""
    schema, told = schema_of(), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sizes, "_STEPS", 3)
        plan = sizes.costs(schema, epsilon=3.0, delta=1e-6, n_rows=N_ROWS)
    assert plan.training.steps == 3

    def steps(done: int, of: int) -> None:
        told.append((done, of))
        if len(told) == 5:
            raise KeyboardInterrupt

    def run(session: PrivateSession) -> None:
        base = [log_shares(np.ones(3), 3.0)] * 3
        learning.learn(session, plan.training, order=[0, 1, 2], base=base, width=plan.width, on_step=steps)

    def paid() -> PrivateSession:
        session = PrivateSession(rows(), schema, Meter(plan.events(schema)), os.urandom)
        session.discretise(plan.domain_plan(schema))
        return session

    run(paid())
    assert told == [(1, 3), (2, 3), (3, 3)]
    cut = paid()
    with pytest.raises(KeyboardInterrupt):
        run(cut)
    with pytest.raises(PlanExceeded):
        run(cut)
    assert len(told) == 5


def test_without_torch_nothing_is_read_or_paid(fitted: Fitted, monkeypatch: pytest.MonkeyPatch) -> None:
    plan, schema = fitted[2], schema_of()
    meter = Meter(plan.events)
    monkeypatch.setattr(training, "is_trainable", lambda: False)
    with pytest.raises(UsageError) as refused:
        NetworkSynthesizer().fit(PrivateSession(rows(), schema, meter, os.urandom), plan)
    assert refused.value.reason == "deep-missing"
    meter.debit(*plan.events[0])  # all of it is still there


def test_a_plan_of_another_schema_reads_nothing(fitted: Fitted) -> None:
    other = TableSchema.parse({"fields": [{"name": "x", "type": "boolean", "constraints": {"required": True}}]})
    session = PrivateSession(pa.table({"x": [True]}), other, Meter(fitted[2].events), os.urandom)
    with pytest.raises(Failed) as refused:
        NetworkSynthesizer().fit(session, fitted[2])
    assert refused.value.reason == "plan-mismatch"


def test_weights_survive_their_arrays() -> None:
    base = (log_shares(np.array([1.0, 1.0]), 2.0),)
    nothing = np.zeros((2, 0), dtype=np.float32)
    weights = Weights(
        (0,), base, (np.zeros((2, 2), dtype=np.float32),), (nothing,), (np.ones((2, 2), np.float32),), base
    )
    again = Weights.of(weights.arrays())
    assert again.order == weights.order
    assert [part.tolist() for part in again.sample(5, seed=0)] == [part.tolist() for part in weights.sample(5, seed=0)]


def _expected(epsilon: float, n_rows: int) -> float:
    engine, schema = NetworkSynthesizer(), schema_of()
    plan = engine.plan(schema, epsilon=epsilon, delta=1e-6, n_rows=n_rows)
    return engine.expected(schema, plan, n_rows).two_way


def test_the_error_to_expect_falls_with_epsilon_and_with_rows_and_never_below_the_marginal_engine_s() -> None:
    one, ten, many = _expected(1.0, N_ROWS), _expected(10.0, N_ROWS), _expected(1.0, 40 * N_ROWS)
    assert one > ten > 0
    assert one > many
    ours = MarginalSynthesizer()
    plan = ours.plan(schema_of(), epsilon=1.0, delta=1e-6, n_rows=40 * N_ROWS)
    assert many >= ours.expected(schema_of(), plan, 40 * N_ROWS).two_way


def test_auto_takes_the_marginal_engine_where_both_expect_as_much() -> None:
    offered = {"marginal": MarginalSynthesizer(), "network": NetworkSynthesizer()}
    for epsilon in (0.3, 10.0):
        assert choose(offered, schema_of(), epsilon=epsilon, delta=1e-6, n_rows=N_ROWS).name == "marginal"


def test_the_error_to_expect_is_within_a_factor_of_two_of_what_was_measured() -> None:
    """On diabetes at epsilon 3; docs/bench/engines.jsonl has the measurement."""
    lines = (Path(__file__).parents[4] / "docs" / "bench" / "engines.jsonl").read_text().splitlines()
    cases = [json.loads(line) for line in lines]
    wanted = ("network", "diabetes", 3.0)
    measured = [one["scores"]["tvd2"] for one in cases if (one["engine"], one["table"], one["epsilon"]) == wanted]
    table, engine = tables.load("diabetes"), NetworkSynthesizer()
    assert table is not None
    schema = _schema(table.sizes)
    plan = engine.plan(schema, epsilon=3.0, delta=1e-6, n_rows=len(table.codes))
    found = engine.expected(schema, plan, len(table.codes)).two_way
    assert 0.5 < found / float(np.mean(measured)) < 2
