"""One-way marginals that learning the bins has paid for."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from privacy.binning import discretise, plan_domain
from privacy.meter import Meter
from understudy.schema import TableSchema

SCHEMA = TableSchema.parse(
    {
        "fields": [
            {"name": "age", "type": "integer", "constraints": {"minimum": 0, "maximum": 120}},
            {"name": "gain", "type": "integer"},
            {"name": "sex", "type": "string", "constraints": {"enum": ["F", "M"]}},
        ]
    }
)


def rows() -> pa.Table:
    rng = np.random.default_rng(2)
    gain = np.where(rng.random(3_000) < 0.6, 0, rng.lognormal(7, 1, 3_000).astype(int)).tolist()
    gain[:200] = [None] * 200
    ages = rng.normal(50, 15, 3_000).clip(0, 120).astype(int)
    return pa.table({"age": ages, "gain": pa.array(gain, pa.int64()), "sex": ["F", "M"] * 1_500})


def test_measured_counts_are_those_of_the_codes_within_their_noise() -> None:
    """Over many draws the errors of all codes have the stated variance; choosing bins by the same counts adds some."""
    table, scores = rows(), []
    plan = plan_domain(SCHEMA, mu=0.5, delta=0.0)
    for seed in range(60):
        entropy = np.random.default_rng(seed).bytes
        found = discretise(table, SCHEMA, plan, debit=Meter(plan.events).debit, entropy=entropy)
        assert [one.name for one in found.one_ways] == ["age", "gain"]
        for one in found.one_ways:
            exact = np.bincount(found[one.name].encode(table[one.name]), minlength=found.domain[one.name])
            assert one.counts.shape == one.variances.shape == exact.shape
            scores.extend((one.counts - exact) / np.sqrt(one.variances))
    assert 0.85 < np.std(scores) < 1.25
    assert abs(np.mean(scores)) < 0.3


def test_as_noisy_marginals() -> None:
    plan = plan_domain(SCHEMA, mu=2.0, delta=0.0)
    entropy = np.random.default_rng(1).bytes
    found = discretise(rows(), SCHEMA, plan, debit=Meter(plan.events).debit, entropy=entropy)
    for marginal, one in zip(found.measured(), found.one_ways, strict=True):
        assert marginal.clique == (one.name,)
        assert marginal.counts.shape == found.domain.shape(marginal.clique)
        assert marginal.stddev**2 == pytest.approx(one.variances.mean())
