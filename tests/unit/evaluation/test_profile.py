import datetime as dt
from typing import Any

import pyarrow as pa

from evaluation.profile import profile
from evaluation.report import Disclosure
from understudy.schema import TableSchema

SCHEMA = TableSchema.parse(
    {
        "fields": [
            {"name": "n", "type": "integer", "constraints": {"minimum": 0, "maximum": 10}},
            {"name": "x", "type": "number"},
            {"name": "c", "type": "string", "constraints": {"enum": ["a", "b"], "required": True}},
            {"name": "d", "type": "date", "constraints": {"minimum": "2020-01-01", "maximum": "2020-12-31"}},
            {"name": "free", "type": "string"},
        ]
    }
)


def _table(n: list[int | None], x: list[float], c: list[str | None], free: list[str]) -> pa.Table:
    day = [dt.date(2020, 6, 1)] * len(n)
    columns = {"n": pa.array(n, pa.int64()), "x": pa.array(x), "c": pa.array(c, pa.string()), "d": pa.array(day)}
    return pa.table(columns | {"free": pa.array(free, pa.string())})


GOOD = _table([0, 10, None], [1.5, 2.5, 3.5], ["a", "b", "a"], ["u", "v", "u"])
REAL = _table([5, 5, 5], [-9_999.25, 2.0, 77_777.5], ["a", "a", "a"], ["u", "rare-real-value", "u"])


def test_a_table_within_the_schema_is_green_and_each_fault_counts() -> None:
    assert profile(SCHEMA, GOOD, REAL).metrics[0].status.value == "green"
    bad = _table([11, -1, 5], [0.0, 0.0, 0.0], ["a", None, "z"], ["u", "u", "u"])
    metric = profile(SCHEMA, bad, REAL).metrics[0]
    assert metric.status.value == "red"
    assert metric.value == 1 - 4 / 15


def test_labels_come_from_the_schema_and_the_synthetic_table_only() -> None:
    section: Any = profile(SCHEMA, GOOD, REAL).as_dict(frozenset(Disclosure))
    text = str(section)
    assert "rare-real-value" not in text
    assert "9999" not in text.replace(",", "")
    assert "77777" not in text.replace(",", "")
    figures = {figure["title"]: figure for figure in section["figures"]}
    x = figures["x"]
    assert x["labels"][-2:] == ["other", "missing"]
    real = next(series for series in x["series"] if series["name"] == "Training")
    assert real["values"][-2] == 0.666666666667  # two real values lie outside what the synthetic table spans
    assert figures["n"]["labels"][:2] == ["0", "1"]
    assert figures["d"]["labels"][0] == "2020-01-01"
    assert figures["c"]["labels"] == ["a", "b", "other", "missing"]


def test_shares_add_up() -> None:
    for figure in profile(SCHEMA, GOOD, REAL).figures:
        for series in figure.series:
            assert abs(sum(value or 0 for value in series.values) - 1) < 1e-9


def test_an_empty_synthetic_table_is_grey() -> None:
    section = profile(SCHEMA, GOOD.slice(0, 0), REAL)
    assert section.metrics[0].status.value == "grey"
    assert section.figures == ()
