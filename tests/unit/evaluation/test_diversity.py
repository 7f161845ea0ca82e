from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from evaluation.clusters import cluster_distance, vendi_ratio
from evaluation.diversity import diversity
from evaluation.encode import encode
from evaluation.report import Metric
from understudy.schema import TableSchema

Draw = Callable[[int, int], pa.Table]


def _found(schema: TableSchema, train: pa.Table, synthetic: pa.Table) -> dict[str, Metric]:
    section = diversity(encode(schema, {"train": train, "synthetic": synthetic}), np.random.default_rng(0))
    return {metric.id.removeprefix("diversity."): metric for metric in section.metrics}


def test_a_fresh_sample_is_as_diverse_as_the_training_rows(schema: TableSchema, draw: Draw) -> None:
    found = _found(schema, draw(4_000, 1), draw(4_000, 2))
    assert {metric.status.value for metric in found.values()} == {"green"}
    assert 0.95 < (found["coverage"].value or 0) < 1.05


def test_cut_tails_are_red_and_named(schema: TableSchema, draw: Draw) -> None:
    synthetic = draw(3_000, 2)
    cut = synthetic.filter(pc.less(synthetic["age"], 80))
    found = _found(schema, draw(3_000, 1), cut)
    assert found["tails"].status.value == "red"
    assert found["tails"].subject == "high end of age"


def test_lost_rare_categories_are_red_and_a_table_without_any_says_nothing(schema: TableSchema, draw: Draw) -> None:
    train, synthetic = draw(4_000, 1), draw(4_000, 2)
    often = pc.value_counts(train["code"]).to_pylist()
    kept = pa.array([entry["values"] for entry in often if entry["counts"] >= 60])
    lost = synthetic.filter(pc.is_in(synthetic["code"], value_set=kept))
    assert _found(schema, train, lost)["rare"].status.value == "red"
    assert _found(schema, train, synthetic)["rare"].status.value == "green"
    plain = train.set_column(4, "code", pa.array(["C1"] * 4_000))
    assert "rare" not in _found(schema, plain, plain)


def test_a_value_said_over_and_over_is_red(schema: TableSchema, draw: Draw) -> None:
    synthetic = draw(2_000, 2)
    lab = pa.array([7.25 if i % 10 == 0 else value for i, value in enumerate(synthetic["lab"].to_pylist())])
    found = _found(schema, draw(2_000, 1), synthetic.set_column(2, "lab", lab))["heaped"]
    assert found.status.value == "red"
    assert found.subject == "one value of lab"


def test_few_rows_are_grey(schema: TableSchema, draw: Draw) -> None:
    found = _found(schema, draw(40, 1), draw(40, 2))
    assert {m.status.value for key, m in found.items() if key != "rare"} == {"grey"}


def test_the_vendi_score_counts_kinds() -> None:
    rng = np.random.default_rng(0)
    real = rng.normal(size=(1_000, 4)).astype(np.float32)
    few = np.repeat(rng.normal(size=(3, 4)), 400, axis=0).astype(np.float32)
    same, fewer = (
        vendi_ratio(real, rng.normal(size=(1_000, 4)).astype(np.float32)),
        vendi_ratio(real, rng.permutation(few)),
    )
    assert same is not None
    assert same[1][0] < 1 < same[1][1]
    assert fewer is not None
    assert fewer[0] < 0.5
    assert vendi_ratio(real[:40], real) is None


def test_shifted_clusters_are_told_from_noise() -> None:
    rng = np.random.default_rng(1)
    sides = [rng.normal(size=(1_000, 3)).astype(np.float32) for _ in range(3)]
    assert cluster_distance(*sides, rng)[1][0] < 0.05
    assert cluster_distance(sides[0], sides[1], np.abs(sides[2]), rng)[0] > 0.3
