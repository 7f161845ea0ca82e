"""Meaningful identity disclosure: one over the people alike, times found, times learnt; strangers as the baseline."""

import numpy as np
import pyarrow as pa
import pytest

from evaluation.encode import encode
from evaluation.groups import groupings
from evaluation.identity import identity
from evaluation.report import Metric
from understudy.schema import TableSchema

SCHEMA = TableSchema.parse(
    {
        "fields": [
            {"name": "sex", "type": "string"},
            {"name": "age", "type": "integer"},
            {"name": "town", "type": "string"},
            {"name": "ill", "type": "string", "understudy:target": True},
        ]
    }
)


def rows(n: int, seed: int, kinds: int) -> pa.Table:
    rng = np.random.default_rng(seed)
    columns = {
        "sex": rng.choice(["f", "m"], n),
        "age": rng.integers(20, 20 + kinds, n),
        "town": rng.choice(["a", "b"], n),
        "ill": rng.choice([f"illness {i}" for i in range(10)], n),
    }
    return pa.table({name: pa.array(values.tolist()) for name, values in columns.items()})


def judged(train: pa.Table, controls: pa.Table, synthetic: pa.Table) -> Metric:
    encoded = encode(SCHEMA, {"train": train, "members": train, "controls": controls, "synthetic": synthetic})
    return identity(encoded, groupings(encoded), ("ill",))


def test_the_product_is_what_the_formula_says() -> None:
    """Two people share each key, and the copied row of each tells one of ten secrets in half of the cases or more."""
    train = pa.table(
        {
            "sex": ["f", "m"] * 40,
            "age": [20 + i // 2 for i in range(80)],
            "town": ["a"] * 80,
            "ill": ["x", "y"] * 40,
        }
    )
    found = judged(train, rows(60, 1, 40).set_column(1, "age", pa.array([300] * 60)), train)
    assert found.subject == "sex, age known; ill learnt"
    assert found.value == pytest.approx(1.0)  # everybody is alone with their key, and the copy tells everything
    assert found.status.value == "red"


def test_copies_of_people_who_stand_alone_are_red_and_fresh_rows_are_not() -> None:
    train, controls, fresh = rows(400, 1, 100), rows(400, 2, 100), rows(400, 3, 100)
    assert judged(train, controls, train).status.value == "red"
    found = judged(train, controls, fresh)
    assert found.status.value == "green"
    assert found.value is not None
    assert found.value < 0.06


def test_what_the_population_tells_is_caution_and_no_leak() -> None:
    """A secret that the known columns decide: strangers are found as well, but the line is passed."""

    def decided(n: int, seed: int) -> pa.Table:
        table = rows(n, seed, 100)
        return table.set_column(3, "ill", pa.array([f"illness {age % 3}" for age in table["age"].to_pylist()]))

    found = judged(decided(300, 1), decided(300, 2), decided(900, 3))
    assert found.status.value == "amber"


def test_too_few_people_are_grey() -> None:
    assert judged(rows(300, 1, 30), rows(20, 2, 30), rows(300, 3, 30)).status.value == "grey"
    assert judged(rows(300, 1, 30), rows(200, 2, 30), rows(300, 3, 30).slice(0, 0)).status.value == "grey"
