from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from evaluation.contest import contests
from evaluation.encode import encode
from evaluation.intervals import auc
from evaluation.report import Metric
from evaluation.utility import utility, weighted_auc
from understudy.schema import TableSchema

Draw = Callable[[int, int], pa.Table]


def _found(schema: TableSchema, train: pa.Table, controls: pa.Table, synthetic: pa.Table) -> Metric:
    encoded = encode(schema, {"train": train, "controls": controls, "synthetic": synthetic})
    return utility(contests(schema, encoded, np.random.default_rng(0))).metrics[0]


def _schema(schema: TableSchema, target: str) -> TableSchema:
    document = schema.as_dict()
    fields = document["fields"]
    assert isinstance(fields, list)
    for entry in fields:
        entry["understudy:target"] = entry["name"] == target
    return TableSchema.parse(document)


@pytest.mark.parametrize("target", ["died", "lab", "ward"])
def test_a_fresh_sample_keeps_what_can_be_learnt(schema: TableSchema, draw: Draw, target: str) -> None:
    metric = _found(_schema(schema, target), draw(2_000, 1), draw(1_000, 2), draw(2_000, 3))
    if target == "ward":  # nothing predicts the ward but chance
        assert metric.status.value in ("grey", "amber")
        return
    assert metric.value == pytest.approx(1, abs=0.1)
    assert metric.ci is not None
    assert metric.ci[0] < 1.02
    assert metric.ci[1] > 0.95


def test_wrong_labels_are_red(schema: TableSchema, draw: Draw) -> None:
    synthetic = draw(1_500, 3)
    flipped = synthetic.set_column(6, "died", synthetic["died"].take(np.random.default_rng(0).permutation(1_500)))
    assert _found(schema, draw(1_500, 1), draw(800, 2), flipped).status.value == "red"


def test_one_class_is_grey(schema: TableSchema, draw: Draw) -> None:
    controls = draw(300, 2)
    alive = controls.set_column(6, "died", pa.array([False] * 300))
    assert _found(schema, draw(300, 1), alive, draw(300, 3)).status.value == "grey"


def test_theweighted_auc_is_the_auc_of_the_repeated_sample() -> None:
    rng = np.random.default_rng(1)
    score, positive = rng.integers(0, 6, 40).astype(float), rng.random(40) < 0.4
    weights = np.vstack([np.ones(40, dtype=np.int64), rng.multinomial(40, np.full(40, 1 / 40), 5)])
    found = weighted_auc(score, positive, weights)
    for value, weight in zip(found, weights, strict=True):
        s, p = np.repeat(score, weight), np.repeat(positive, weight)
        assert value == pytest.approx(auc(s[p], s[~p]))
