"""Rows straight into a file: the same ones, of the same types, whatever they are held as on the way."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from privacy.session import Meter, PrivateSession
from synthesizers.registry import engine
from synthesizers.stream import write_parquet
from understudy.schema import TableSchema


def test_a_file_holds_what_sample_gives(tmp_path: Path) -> None:
    rng, n = np.random.default_rng(0), 500
    rows = pa.table(
        {
            "when": pa.array(np.datetime64("2024-01-01", "us") + rng.integers(0, 10**12, n)),
            "day": pa.array(np.datetime64("2024-01-01") + rng.integers(0, 90, n)),
            "word": pa.array(rng.choice(["a", "b"], n), mask=rng.random(n) < 0.1),
            "open": rng.choice(["c", "d"], n),
            "flag": rng.random(n) < 0.5,
            "count": rng.integers(0, 9, n),
            "amount": rng.random(n),
        }
    )
    fields: list[dict[str, object]] = [
        {"name": "when", "type": "datetime"},
        {"name": "day", "type": "date"},
        {"name": "word", "type": "string", "constraints": {"enum": ["a", "b"]}},
        {"name": "open", "type": "string"},
        {"name": "flag", "type": "boolean"},
        {"name": "count", "type": "integer", "constraints": {"minimum": 0, "maximum": 9}},
        {"name": "amount", "type": "number"},
    ]
    schema, ours = TableSchema.parse({"fields": fields}), engine("marginal")
    plan = ours.plan(schema, epsilon=5.0, delta=1e-6, n_rows=n)
    model = ours.fit(PrivateSession(rows, schema, Meter(plan.events), os.urandom), plan)
    assert write_parquet(model, tmp_path / "made.parquet", 900, seed=4) == 900
    assert pq.read_table(tmp_path / "made.parquet").equals(model.sample(900, seed=4))
