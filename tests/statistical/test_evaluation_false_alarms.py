"""Ideal runs: fresh rows of the same population leak nothing, so no privacy light may be red.

False-alarm rate of the section by design: the verbatim and isolated tests at 0.001 after Holm, the AUC
of everyone at 0.55 (four standard errors here), the groups at 0.001 after their own Holm, the three criteria
at 0.05 and 0.09 beyond a 95 % interval, the audit at 0.01 for a mechanism that is tight at its
claim and far less for one that is not. Twenty runs with fixed seeds must show none; 200 of the
whole report are made by `python -m benchmarks.false_alarms`.
"""

import numpy as np
import pyarrow as pa
import pytest

from evaluation.encode import encode
from evaluation.groups import groupings
from evaluation.intervals import excess_p
from evaluation.risk import risk
from evaluation.statement import PrivacyStatement
from evaluation.wp29 import triad
from understudy.schema import TableSchema

pytestmark = pytest.mark.statistical

SCHEMA = TableSchema.parse(
    {"fields": [{"name": "x", "type": "number"}, {"name": "y", "type": "number"}, {"name": "c", "type": "string"}]}
)


def _rows(n: int, rng: np.random.Generator) -> pa.Table:
    x = rng.standard_t(3, n)
    y = (x + rng.normal(size=n)).round(1)
    return pa.table({"x": x.round(1), "y": y, "c": rng.choice(["a", "b", "c"], n, p=[0.7, 0.28, 0.02]).tolist()})


def test_no_ideal_run_shows_a_privacy_red() -> None:
    statement = PrivacyStatement.from_dict({"epsilon": 1.0, "delta": 1e-6})
    p_values = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        audit, coin = _rows(1_600, rng), rng.random(1_600) < 0.5
        members, controls = audit.filter(pa.array(coin)), audit.filter(pa.array(~coin))
        train = pa.concat_tables([members, _rows(1_200, rng)])
        tables = {"train": train, "members": members, "controls": controls, "synthetic": _rows(2_000, rng)}
        encoded = encode(SCHEMA, tables)
        criteria = triad(encoded, (), np.random.default_rng(seed))
        found = risk(encoded, statement, np.random.default_rng(seed), criteria=criteria, groups=groupings(encoded))
        lights = {metric.id: metric.status.value for metric in found.section.metrics}
        assert "red" not in lights.values(), (seed, lights)
        assert not found.stop
        p_values.append(found.section.metrics[1].p_value or 0.0)
    assert min(p_values) > 0.001


def test_the_verbatim_p_value_is_valid() -> None:
    """P[p < 0.05] stays at or below 0.05 when nothing leaks; 2,000 draws, three standard errors of room."""
    rng = np.random.default_rng(9)
    hits, control = rng.binomial(900, 0.02, 2_000), rng.binomial(400, 0.02, 2_000)
    small = [excess_p(int(a), 900, int(b), 400) < 0.05 for a, b in zip(hits, control, strict=True)]
    assert np.mean(small) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 2_000)
