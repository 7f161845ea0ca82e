"""Canaries: drawn from declared facts, each a person of its own, found and taken out again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from evaluation.canaries import Canaries, check_canaries, find, invent, plant
from evaluation.exposure import exposure
from evaluation.report import Status
from evaluation.statement import PrivacyStatement
from understudy.errors import UsageError
from understudy.schema import TableSchema

SCHEMA = TableSchema.parse(
    {
        "fields": [
            {"name": "who", "type": "string", "understudy:kind": "identifier"},
            {"name": "age", "type": "integer", "constraints": {"minimum": 0, "maximum": 110}},
            {"name": "lab", "type": "number", "constraints": {"minimum": -5, "maximum": 250.5, "required": True}},
            {"name": "day", "type": "date", "constraints": {"minimum": "2020-01-01", "maximum": "2023-12-31"}},
            {
                "name": "at",
                "type": "datetime",
                "constraints": {"minimum": "2020-01-01T00:00:00", "maximum": "2023-12-31T00:00:00"},
            },
            {"name": "ward", "type": "string", "constraints": {"enum": ["n", "s", "e"]}},
            {"name": "open", "type": "string", "constraints": {"required": True}},
            {"name": "wide", "type": "number"},
            {"name": "flag", "type": "boolean"},
        ],
        "understudy:privacyUnit": {"column": "who", "maxRows": 3},
    }
)


def entropy(seed: int) -> Any:
    return np.random.default_rng(seed).bytes


def crowd(n: int, seed: int) -> pa.Table:
    """Rows of another law than the canaries': half as wide in every column."""
    rng = np.random.default_rng(seed)
    drawn = invent(SCHEMA, n, entropy(seed)).rows
    drawn = drawn.set_column(0, "age", pa.array(rng.integers(20, 60, n)))
    return drawn.set_column(1, "lab", pa.array(rng.normal(100, 20, n).round(1)))


def test_they_are_made_of_declared_facts() -> None:
    rows = invent(SCHEMA, 500, entropy(1)).rows
    assert rows.column_names == [column.name for column in SCHEMA.modelled]
    ages = rows["age"].to_pylist()
    assert min(ages) < 5
    assert max(ages) > 105
    assert set(rows["ward"].to_pylist()) == {"n", "s", "e"}
    assert all(-5 <= value <= 250.5 for value in rows["lab"].to_pylist())
    assert rows["wide"].null_count == 500
    assert set(rows["open"].to_pylist()) == {"OTHER"}
    assert (rows["at"].type, rows["day"].type) == (pa.timestamp("us"), pa.date32())


def test_coins_are_fair_and_fresh() -> None:
    planted = [invent(SCHEMA, 1_000, entropy(seed)).planted for seed in range(20)]
    assert abs(np.mean(planted) - 0.5) < 4 * 0.5 / np.sqrt(20_000)
    assert len({coins.tobytes() for coins in planted}) == 20


@pytest.mark.parametrize("type_", [pa.string(), pa.int64(), pa.float64()])
def test_each_is_a_person_of_its_own(type_: pa.DataType) -> None:
    people = pa.array([str(i) for i in range(40)]).cast(pa.int64()).cast(type_)
    train = crowd(40, 3).append_column("who", people)
    canaries = invent(SCHEMA, 30, entropy(2))
    both = plant(train, canaries, SCHEMA, entropy(4))
    assert both.num_rows == 40 + int(canaries.planted.sum())
    assert both.schema == train.schema
    assert both.slice(0, 40).equals(train)
    assert len(set(both["who"].to_pylist())) == both.num_rows


@pytest.mark.parametrize("count", [-1, 1, 9, 1_001])
def test_an_odd_number_is_refused(count: int) -> None:
    with pytest.raises(UsageError) as caught:
        check_canaries(SCHEMA, count)
    assert caught.value.reason == "canaries-invalid"


def test_a_small_domain_is_refused() -> None:
    small = TableSchema.parse({"fields": [{"name": "a", "type": "boolean"}, {"name": "b", "type": "string"}]})
    check_canaries(small, 0)
    check_canaries(SCHEMA, 50)
    with pytest.raises(UsageError) as caught:
        check_canaries(small, 50)
    assert caught.value.reason == "canaries-too-common"


def judged(synthetic: pa.Table, canaries: Canaries, *, epsilon: float = 1.0) -> tuple[pa.Table, dict[str, Any], bool]:
    left, found = find(synthetic, canaries, SCHEMA, entropy(9))
    result = exposure(found, PrivacyStatement.from_dict({"epsilon": epsilon, "delta": 1e-6}))
    assert result is not None
    return left, {metric.id: metric for metric in result.section.metrics}, result.stop


def test_an_output_that_never_saw_them_is_quiet_and_whole() -> None:
    canaries, synthetic = invent(SCHEMA, 100, entropy(5)), crowd(2_000, 6)
    left, metrics, stop = judged(synthetic, canaries)
    assert left.equals(synthetic)
    assert metrics["canary.exposure"].status is Status.GREEN
    assert metrics["canary.audit"].value == 0
    assert not stop


def test_one_leaked_canary_is_seen_and_taken_out() -> None:
    canaries, synthetic = invent(SCHEMA, 100, entropy(5)), crowd(2_000, 6)
    leaked = canaries.rows.filter(pa.array(canaries.planted)).slice(0, 1)
    left, metrics, stop = judged(pa.concat_tables([synthetic, leaked]), canaries)
    assert left.equals(synthetic)
    assert metrics["canary.exposure"].status is Status.RED
    assert "1 rows" in metrics["canary.returned"].notes[0]
    assert not stop  # one coin proves no epsilon


def test_all_leaked_stops_the_release() -> None:
    canaries, synthetic = invent(SCHEMA, 100, entropy(5)), crowd(2_000, 6)
    leaked = canaries.rows.filter(pa.array(canaries.planted))
    left, metrics, stop = judged(pa.concat_tables([synthetic, leaked]), canaries)
    assert left.equals(synthetic)
    assert stop
    assert metrics["canary.audit"].value > 1.0
    assert metrics["canary.returned"].status is Status.RED


def test_few_canaries_are_grey() -> None:
    _, metrics, stop = judged(crowd(300, 6), invent(SCHEMA, 10, entropy(5)))
    assert metrics["canary.audit"].status is Status.GREY
    assert not stop


def test_an_empty_output_does_not_crash() -> None:
    left, _, _ = judged(crowd(1, 6).slice(0, 0), invent(SCHEMA, 50, entropy(5)))
    assert left.num_rows == 0
