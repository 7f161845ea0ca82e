"""Canaries are quiet where nothing leaks, whatever law the synthetic rows follow.

Stated false-alarm rate: exposure may turn red in 1 % of ideal runs, amber in 5 %; a stop in at most 1 %. Each test
fails for a correct implementation with chance below 1e-3, and its seeds are fixed.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import binom

from evaluation.canaries import find, invent
from evaluation.exposure import exposure
from evaluation.report import Status
from evaluation.statement import PrivacyStatement
from understudy.schema import TableSchema

pytestmark = pytest.mark.statistical

SCHEMA = TableSchema.parse(
    {
        "fields": [
            {"name": "age", "type": "integer", "constraints": {"minimum": 0, "maximum": 110}},
            {"name": "lab", "type": "number", "constraints": {"minimum": 0, "maximum": 100}},
            {"name": "day", "type": "integer", "constraints": {"minimum": 0, "maximum": 3650}},
            {"name": "ward", "type": "string", "constraints": {"enum": ["n", "s", "e", "w"]}},
        ]
    }
)
RUNS = 120
STATEMENT = PrivacyStatement.from_dict({"epsilon": 0.5, "delta": 1e-6})


def ideal(rng: np.random.Generator, n: int) -> pa.Table:
    """Rows that saw no canary, in a corner of the domain, as a real table is."""
    return pa.table(
        {
            "age": rng.integers(20, 70, n),
            "lab": rng.normal(40, 8, n).clip(0, 100).round(1),
            "day": rng.integers(2_000, 3_000, n),
            "ward": rng.choice(["n", "s"], n).tolist(),
        }
    )


def test_an_output_that_saw_no_canary_is_rarely_called_a_leak() -> None:
    red = amber = stops = 0
    for run in range(RUNS):
        rng = np.random.default_rng(run)
        canaries = invent(SCHEMA, 70, rng.bytes)
        _, found = find(ideal(rng, 150), canaries, SCHEMA, rng.bytes)
        result = exposure(found, STATEMENT)
        assert result is not None
        light = result.section.metrics[0].status
        red, amber = red + (light is Status.RED), amber + (light is not Status.GREEN)
        stops += result.stop
    assert red <= binom.isf(1e-4, RUNS, 0.01)
    assert amber <= binom.isf(1e-4, RUNS, 0.05)
    assert stops <= binom.isf(1e-4, RUNS, 0.01)


def test_one_jittered_canary_is_found_most_of_the_time() -> None:
    seen = 0
    for run in range(20):
        rng = np.random.default_rng(1_000 + run)
        canaries = invent(SCHEMA, 40, rng.bytes)
        near = canaries.rows.filter(pa.array(canaries.planted)).slice(0, 1)
        near = near.set_column(2, "day", pa.array([near["day"][0].as_py() + 3]))
        _, found = find(pa.concat_tables([ideal(rng, 150), near]), canaries, SCHEMA, rng.bytes)
        result = exposure(found, STATEMENT)
        assert result is not None
        seen += result.section.metrics[0].status is not Status.GREEN
    assert seen >= 16
