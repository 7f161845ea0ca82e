"""A small clinical-looking table that tests share: mixed types, missing values, a target that can be learnt."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from understudy.schema import TableSchema

SCHEMA = {
    "title": "Stays",
    "fields": [
        {"name": "patient", "type": "string", "understudy:kind": "identifier"},
        {"name": "age", "type": "integer", "constraints": {"minimum": 0, "maximum": 110}},
        {"name": "lab", "type": "number"},
        {"name": "ward", "type": "string", "constraints": {"enum": ["north", "south", "east", "west"]}},
        {"name": "code", "type": "string"},
        {"name": "admitted", "type": "date"},
        {"name": "died", "type": "boolean", "understudy:target": True},
        {"name": "note", "type": "text"},
    ],
}


@pytest.fixture(scope="session")
def schema() -> TableSchema:
    return TableSchema.parse(SCHEMA)


@pytest.fixture(scope="session")
def draw() -> Callable[[int, int], pa.Table]:
    """(n_rows, seed) -> rows of one fixed population."""

    def rows(n: int, seed: int) -> pa.Table:
        rng = np.random.default_rng(seed)
        age = np.clip(rng.normal(55, 18, n).round(), 0, 110).astype(int)
        lab = np.exp(rng.normal(0.02 * age, 0.6, n))
        ward = rng.choice(["north", "south", "east", "west"], n, p=[0.5, 0.3, 0.17, 0.03])
        code = np.array([f"C{int(v)}" for v in rng.geometric(0.15, n)])
        died = rng.random(n) < 1 / (1 + np.exp(-(0.08 * (age - 60) + 0.4 * (ward == "east") + 0.3 * (lab - 3))))
        missing = rng.random(n) < 0.05
        return pa.table(
            {
                "patient": pa.array([f"{seed}-{i}" for i in range(n)], pa.string()),
                "age": pa.array(age, pa.int64()),
                "lab": pa.array([None if m else float(v) for v, m in zip(lab, missing, strict=True)], pa.float64()),
                "ward": pa.array(ward.tolist(), pa.string()),
                "code": pa.array(code.tolist(), pa.string()),
                "admitted": pa.array((19_000 + rng.integers(0, 365, n)).astype("datetime64[D]"), pa.date32()),
                "died": pa.array(died.tolist(), pa.bool_()),
                "note": pa.array(["seen at the door"] * n, pa.string()),
            }
        )

    return rows
