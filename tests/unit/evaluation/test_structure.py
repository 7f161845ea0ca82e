from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import spearmanr

from evaluation.encode import encode
from evaluation.report import Metric
from evaluation.structure import _spearman, structure
from understudy.schema import TableSchema

Draw = Callable[[int, int], pa.Table]


def _found(schema: TableSchema, train: pa.Table, synthetic: pa.Table, controls: pa.Table) -> dict[str, Metric]:
    encoded = encode(schema, {"train": train, "controls": controls, "synthetic": synthetic})
    metrics = structure(schema, encoded, np.random.default_rng(0))
    return {metric.id.removeprefix("fidelity."): metric for metric in metrics}


def test_a_fresh_sample_keeps_its_structure(schema: TableSchema, draw: Draw) -> None:
    found = _found(schema, draw(2_000, 1), draw(2_000, 2), draw(1_000, 3))
    assert {metric.status.value for metric in found.values()} == {"green"}
    assert abs(found["loss"].value or 0) < 0.01


def test_a_lost_correlation_is_red_and_named(schema: TableSchema, draw: Draw) -> None:
    synthetic = draw(2_000, 2)
    mixed = synthetic.set_column(1, "age", synthetic["age"].take(pa.array(np.random.default_rng(0).permutation(2_000))))
    found = _found(schema, draw(2_000, 1), mixed, draw(500, 3))
    assert found["correlation"].status.value == "red"
    assert found["correlation"].subject == "age × lab"
    assert found["loss"].value is not None
    assert found["loss"].value > 0.01


def test_no_weekends_are_red(schema: TableSchema, draw: Draw) -> None:
    train = draw(2_000, 1)
    days = train["admitted"].to_numpy()
    weekday = (days.astype("datetime64[D]").astype(int) + 3) % 7
    shifted = pa.array(days - np.where(weekday >= 5, 2, 0).astype("timedelta64[D]"), pa.date32())
    found = _found(schema, draw(2_000, 4), train.set_column(5, "admitted", shifted), draw(500, 3))["dates"]
    assert found.status.value == "red"
    assert found.subject == "weekday of admitted"


def test_the_order_of_two_dates_is_looked_at() -> None:
    schema = TableSchema.parse({"fields": [{"name": "a", "type": "datetime"}, {"name": "b", "type": "datetime"}]})

    def table(seed: int, swap: bool) -> pa.Table:
        rng = np.random.default_rng(seed)
        a = np.datetime64("2024-01-01", "us") + rng.integers(0, 10**13, 800).astype("timedelta64[us]")
        b = a + rng.integers(1, 10**12, 800).astype("timedelta64[us]")
        b = rng.permutation(b) if swap else b
        return pa.table({"a": pa.array(a, pa.timestamp("us")), "b": pa.array(b, pa.timestamp("us"))})

    found = _found(schema, table(1, False), table(2, True), table(3, False))["dates"]
    assert found.status.value == "red"
    assert found.subject == "order of a and b"


def test_cells_that_are_missing_together_are_seen() -> None:
    schema = TableSchema.parse({"fields": [{"name": "a", "type": "number"}, {"name": "b", "type": "number"}]})

    def table(seed: int, together: bool) -> pa.Table:
        rng = np.random.default_rng(seed)
        gone = rng.random(1_000) < 0.3
        other = gone if together else rng.random(1_000) < 0.3
        return pa.table({k: pa.array(rng.normal(size=1_000), mask=mask) for k, mask in (("a", gone), ("b", other))})

    found = _found(schema, table(1, True), table(2, False), table(3, True))["patterns"]
    assert found.status.value == "red"
    assert _found(schema, table(1, True), table(2, True), table(3, True))["patterns"].status.value == "green"


def test_the_rank_correlation_is_spearmans(schema: TableSchema, draw: Draw) -> None:
    encoded = encode(schema, {"train": draw(400, 1), "synthetic": draw(400, 2)})
    age = next(column for column in encoded.columns if column.name == "age")
    admitted = next(column for column in encoded.columns if column.name == "admitted")
    assert age.number is not None
    assert admitted.number is not None
    found = _spearman([age, admitted], "train", 400, np.random.default_rng(0))
    assert found[0, 1] == pytest.approx(spearmanr(age.number["train"], admitted.number["train"]).statistic)
