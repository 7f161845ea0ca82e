"""Who makes the table that a release is compared with, and that a comparison never ends a paid job."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from service.tasks.compared import compared
from synthesizers.registry import engine
from understudy.schema import TableSchema

SCHEMA = TableSchema.parse(
    {
        "fields": [
            {"name": "a", "type": "string", "constraints": {"required": True, "enum": ["x", "y", "z"]}},
            {"name": "b", "type": "boolean", "constraints": {"required": True}},
        ]
    }
)


def made(tmp_path: Path, own: str, **asked: object) -> tuple[pa.Table, str]:
    pq.write_table(pa.table({"a": ["x"] * 300 + ["y"] * 100, "b": [True, False] * 200}), tmp_path / "train.parquet")
    plan = engine(own).plan(SCHEMA, epsilon=0.1, delta=1e-6, n_rows=400)
    return compared({"train": str(tmp_path / "train.parquet")} | asked, SCHEMA, plan, 400)


@pytest.mark.parametrize(
    ("own", "reference", "by"),
    [
        ("marginal", "", "marginal"),
        ("smartnoise-mst", "marginal", "marginal"),
        ("marginal", "sdv-gaussian-copula", "marginal"),
        ("marginal", "no such engine", "marginal"),
    ],
)
def test_the_reference_makes_it_or_else_the_engine_of_the_release(
    tmp_path: Path, own: str, reference: str, by: str
) -> None:
    """The second engine is not installed here, so it is the reference that makes the rows."""
    rows, who = made(tmp_path, own, reference=reference)
    assert who == by
    assert abs(rows["a"].to_pylist().count("x") - 300) <= 5  # no noise to speak of


def test_a_job_of_before_names_no_reference(tmp_path: Path) -> None:
    assert made(tmp_path, "marginal")[1] == "marginal"
