from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from evaluation.diversity import diversity
from evaluation.encode import encode
from evaluation.report import Metric
from understudy.schema import TableSchema

Draw = Callable[[int, int], pa.Table]


def _found(schema: TableSchema, train: pa.Table, synthetic: pa.Table) -> dict[str, Metric]:
    section = diversity(encode(schema, {"train": train, "synthetic": synthetic}), np.random.default_rng(0))
    return {metric.id.removeprefix("diversity."): metric for metric in section.metrics}


def test_a_fresh_sample_is_as_diverse_as_the_training_rows(schema: TableSchema, draw: Draw) -> None:
    found = _found(schema, draw(2_000, 1), draw(2_000, 2))
    assert {metric.status.value for metric in found.values()} == {"green"}
    assert 0.95 < (found["coverage"].value or 0) < 1.05


def test_a_value_that_is_gone_is_red(schema: TableSchema, draw: Draw) -> None:
    synthetic = draw(2_000, 2)
    found = _found(schema, draw(2_000, 1), synthetic.filter(pc.not_equal(synthetic["ward"], "west")))
    assert found["groups"].status.value == "red"
    assert found["groups"].value == 0
    assert "a value of ward" in found["groups"].subject
    assert "west" not in found["groups"].subject  # a rare value is not printed


def test_halving_a_group_too_small_to_see_is_said_to_be_invisible(schema: TableSchema, draw: Draw) -> None:
    found = _found(schema, draw(400, 1), draw(400, 2))["groups"]
    assert "halving a group would show from" in found.power
    assert found.status.value == "green"
