"""DP-SGD: what it costs is known beforehand, one person is one clipped part, and nothing but parameters comes out."""

from __future__ import annotations

import importlib.util
import math
import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch

from privacy import training
from privacy.calibration import TrainingPlan
from privacy.meter import Meter
from privacy.records import MatrixUnits, RecordUnits
from privacy.session import PrivateSession
from privacy.vectors import RADIUS, Sparse, clipped, noisy_sum
from understudy.errors import PlanExceeded, UsageError
from understudy.schema import TableSchema

QUIET = TrainingPlan(noise_multiplier=1e-3, sample_rate=1.0, steps=1, clip_norm=1.0, expected_units=2)


class Weight(torch.nn.Module):  # type: ignore[misc,name-defined]
    """One linear layer, whose gradient for a row x with loss -w x is -x."""

    def __init__(self, width: int = 3) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(width, 1, bias=False)
        torch.nn.init.zeros_(self.layer.weight)

    def forward(self, x: Any) -> Any:
        return -self.layer(x).squeeze(-1)


def fit(rows: list[list[float]], units: list[int], plan: TrainingPlan = QUIET, **asked: Any) -> np.ndarray[Any, Any]:
    """The weights after plain gradient descent of rate 1: the noisy clipped sum over expected units."""
    module = Weight(len(rows[0]))
    optimizer = torch.optim.SGD(module.parameters(), lr=1.0)
    found = MatrixUnits.of(np.array(rows, dtype=np.float32), np.array(units))
    training.train(module, lambda net, batch: net(batch), found, plan, entropy=os.urandom, optimizer=optimizer, **asked)
    return np.asarray(module.layer.weight.detach().numpy()[0])


def test_a_persons_rows_are_one_clipped_part() -> None:
    # Two rows of one person point the same way: together they move the sum by one clipping norm, never two.
    moved = fit([[10, 0, 0], [10, 0, 0], [0, 0.5, 0]], [7, 7, 8])
    assert moved == pytest.approx([0.5, 0.25, 0.0], abs=0.01)


def test_rows_of_a_person_are_averaged_below_the_clipping_norm() -> None:
    assert fit([[0.6, 0, 0], [0, 0.6, 0]], [1, 1]) == pytest.approx([0.15, 0.15, 0], abs=0.01)


def test_a_gradient_that_is_not_finite_counts_as_nothing() -> None:
    assert fit([[math.nan, 1, 1], [0, 1, 0]], [0, 1]) == pytest.approx([0, 0.5, 0], abs=0.01)


def test_cutting_into_pieces_changes_nothing_and_keeps_persons_whole() -> None:
    rows, units = [[1.0, 0, 0]] * 9 + [[0, 1.0, 0]] * 4, [0] * 9 + [1, 2, 3, 4]
    plan = TrainingPlan(noise_multiplier=1e-6, sample_rate=1.0, steps=1, clip_norm=1.0, expected_units=1)
    assert fit(rows, units, plan, max_records=2) == pytest.approx(fit(rows, units, plan), abs=1e-4)


def test_the_mean_is_over_the_public_number_of_units() -> None:
    plan = TrainingPlan(noise_multiplier=1e-3, sample_rate=1.0, steps=1, clip_norm=1.0, expected_units=50)
    assert fit([[1, 0, 0]], [0], plan)[0] == pytest.approx(1 / 50, rel=0.05)


def test_no_units_at_all_train_on_noise_alone() -> None:
    module = Weight()
    optimizer = torch.optim.SGD(module.parameters(), lr=1.0)
    found = MatrixUnits.of(np.zeros((0, 3), dtype=np.float32), np.zeros(0, dtype=int))
    training.train(module, lambda net, b: net(b), found, QUIET, entropy=os.urandom, optimizer=optimizer)
    assert np.abs(module.layer.weight.detach().numpy()).max() < 0.01


def test_gradients_are_those_of_each_record_alone() -> None:
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Embedding(9, 4), torch.nn.Flatten(), torch.nn.Linear(8, 5), torch.nn.GELU())
    batch = torch.tensor([[1, 2], [3, 4], [1, 1]])
    with training._Gradients(module, lambda net, b: net(b).square().sum(1), list(module.parameters()), "cpu") as found:
        samples = found.of(batch)
    for row in range(3):
        module.zero_grad()
        module(batch[row : row + 1]).square().sum().backward()
        for sample, parameter in zip(samples, module.parameters(), strict=True):
            assert torch.allclose(sample[row], parameter.grad, atol=1e-6)


def test_only_what_the_optimizer_holds_is_trained() -> None:
    module = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Linear(3, 1))
    before = module[0].weight.detach().clone()
    optimizer = torch.optim.SGD(module[1].parameters(), lr=1.0)
    units = MatrixUnits.of(np.ones((4, 3), dtype=np.float32), np.arange(4))
    training.train(module, lambda net, b: net(b).squeeze(1), units, QUIET, entropy=os.urandom, optimizer=optimizer)
    assert torch.equal(module[0].weight, before)


def test_a_module_that_mixes_persons_is_refused() -> None:
    module = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.BatchNorm1d(3))
    optimizer = torch.optim.SGD(module.parameters(), lr=1.0)
    units = MatrixUnits.of(np.ones((4, 3), dtype=np.float32), np.arange(4))
    with pytest.raises(UsageError) as refused:
        training.train(module, lambda net, b: net(b).sum(1), units, QUIET, entropy=os.urandom, optimizer=optimizer)
    assert refused.value.reason == "module-mixes-rows"


def test_a_loss_that_is_not_by_record_is_refused() -> None:
    module = Weight()
    units = MatrixUnits.of(np.ones((4, 3), dtype=np.float32), np.arange(4))
    optimizer = torch.optim.SGD(module.parameters(), lr=1.0)
    with pytest.raises(UsageError) as refused:
        training.train(
            module, lambda net, b: net(b).mean().reshape(1), units, QUIET, entropy=os.urandom, optimizer=optimizer
        )
    assert refused.value.reason == "loss-not-by-record"


def test_every_unit_is_drawn_by_a_coin_of_its_own() -> None:
    sizes = [training._chosen(1000, 0.3, np.random.default_rng(seed).bytes).size for seed in range(50)]
    assert np.mean(sizes) == pytest.approx(300, abs=10)
    assert np.std(sizes) == pytest.approx(math.sqrt(1000 * 0.3 * 0.7), rel=0.5)
    assert training._chosen(1000, 1.0, os.urandom).size == 1000


def test_records_of_any_kind_come_with_their_unit() -> None:
    units = RecordUnits(units=[["a"], ["b", "c"]], collate=list)
    batch, place = units.batch(np.array([1]))
    assert batch == ["b", "c"]
    assert place.tolist() == [0, 0]


SCHEMA = TableSchema.parse(
    {
        "fields": [{"name": "p", "type": "string"}, {"name": "x", "type": "integer"}, {"name": "t", "type": "text"}],
        "understudy:privacyUnit": {"column": "p", "maxRows": 3},
    }
)
ROWS = pa.table({"p": ["a", "a", "b"], "x": [1, 2, 3], "t": ["u", None, "v"]})


def session(*events: tuple[str, Any]) -> PrivateSession:
    return PrivateSession(ROWS, SCHEMA, Meter(events), os.urandom)


def test_a_session_pays_before_it_reads_and_only_what_is_held() -> None:
    plan, read = QUIET, []
    module = Weight()

    def encode_row(row: Mapping[str, object]) -> list[float] | None:
        read.append(dict(row))
        return None if row["t"] is None else [float(str(row["x"])), 0.0, 0.0]

    asked: dict[str, Any] = {
        "purpose": "text/training",
        "optimizer": torch.optim.SGD(module.parameters(), lr=1.0),
        "encode": encode_row,
        "columns": ("x", "t"),
        "collate": lambda records: torch.tensor(records),
    }
    with pytest.raises(PlanExceeded):
        session(("text/other", plan.event())).train(module, lambda net, b: net(b), plan, **asked)
    assert read == []
    paid = session(("text/training", plan.event()))
    paid.train(module, lambda net, b: net(b), plan, **asked)
    assert read == [{"x": 1, "t": "u"}, {"x": 2, "t": None}, {"x": 3, "t": "v"}]
    assert module.layer.weight.detach().numpy()[0] == pytest.approx([1.0, 0, 0], abs=0.01)  # two units, clipped to 1
    with pytest.raises(PlanExceeded):  # it cannot be run twice for one price
        paid.train(module, lambda net, b: net(b), plan, **asked)


def test_a_sampled_training_is_debited_whole_or_not_at_all() -> None:
    plan = TrainingPlan(noise_multiplier=1.0, sample_rate=0.5, steps=2, clip_norm=1.0, expected_units=2)
    meter = Meter([("t", plan.event())])
    with pytest.raises(PlanExceeded):
        meter.debit("t", TrainingPlan.from_dict({**plan.as_dict(), "steps": 1}).event())
    meter.debit("t", plan.event())
    with pytest.raises(PlanExceeded):
        meter.debit("t", plan.event())


def test_without_torch_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(UsageError) as refused:
        training.require_deep()
    assert refused.value.reason == "deep-missing"


def test_a_sum_of_vectors_takes_one_clipped_vector_a_unit() -> None:
    def vector(**at: float) -> Sparse:
        return Sparse(places=np.array([int(key[1:]) for key in at]), values=np.array(list(at.values())))

    rows = [(0, vector(p0=3.0)), (0, vector(p0=1.0)), (1, vector(p1=0.5)), (2, vector(p2=math.nan))]
    found = noisy_sum(rows, 3, noise_multiplier=1e-5, entropy=os.urandom)
    assert found == pytest.approx([1.0, 0.5, 0.0], abs=1e-3)
    for values in ([5.0] * 400, [1e300, 1.0], [1e-300], []):
        whole = clipped(np.array(values))
        assert float((whole.astype(float) ** 2).sum()) <= RADIUS**2
    with pytest.raises(IndexError):
        noisy_sum([(0, vector(p9=1.0))], 3, noise_multiplier=1.0, entropy=os.urandom)
