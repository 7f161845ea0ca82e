"""Constraints in the schema, and rows as a job asks for them, through the whole service."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from tests.e2e.houses import House, rows
from understudy.client import Client
from understudy.errors import SchemaError, UsageError

Connect = Callable[[str], Client]

SCHEMA: dict[str, object] = {
    "fields": [
        {"name": "id", "type": "integer", "understudy:kind": "identifier"},
        {"name": "age", "type": "integer", "constraints": {"minimum": 0, "maximum": 120}},
        {"name": "sex", "type": "string", "constraints": {"enum": ["F", "M"]}},
    ],
    "understudy:population": "conditions",
    "understudy:constraints": [{"kind": "forbidden", "where": {"sex": ["M"], "age": {"minimum": 60}}}],
}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tables") / "ward.csv"
    path.write_bytes(rows(900))
    return path


def test_rows_are_as_asked_for_and_keep_the_schema_s_rules(
    house: House, http: Connect, table: Path, tmp_path: Path
) -> None:
    result = http(house.keys["clinic"]).synth(
        table,
        schema=SCHEMA,
        epsilon=1.0,
        n_rows=400,
        where={"age": {"minimum": 30}},
        rebalance={"sex": {"F": 0.75}},
        out=tmp_path / "out",
    )
    made = pq.read_table(result.files["synthetic.parquet"])
    assert made.num_rows == 400
    assert pc.min(made["age"]).as_py() >= 30
    assert pc.sum(pc.equal(made["sex"], "F")).as_py() == 300
    assert not pc.any(pc.and_(pc.equal(made["sex"], "M"), pc.greater_equal(made["age"], 60))).as_py()
    manifest = json.loads(result.files["manifest.json"].read_text())
    assert manifest["where"] == {"age": {"minimum": 30}}
    assert 0 <= manifest["sampling"]["rejection_rate"] < 1
    assert "unmet" not in manifest["sampling"]


def test_a_column_is_filled_where_the_model_leaves_a_value_out(
    house: House, http: Connect, table: Path, tmp_path: Path
) -> None:
    holed = tmp_path / "holed.csv"
    lines = table.read_text().splitlines()
    holed.write_text("\n".join(line.rsplit(",", 1)[0] + "," if n % 3 == 1 else line for n, line in enumerate(lines)))
    result = http(house.keys["clinic"]).synth(
        holed,
        schema=SCHEMA | {"understudy:population": "imputed"},
        epsilon=2.0,
        n_rows=300,
        impute=["sex"],
        out=tmp_path / "out",
    )
    assert pq.read_table(result.files["synthetic.parquet"])["sex"].null_count == 0
    manifest = json.loads(result.files["manifest.json"].read_text())
    assert manifest["impute"] == ["sex"]
    assert 0.2 < manifest["sampling"]["imputed_rate"]["sex"] < 0.5


def test_a_condition_that_makes_no_sense_is_refused_and_costs_nothing(
    house: House, http: Connect, table: Path, tmp_path: Path
) -> None:
    client = http(house.keys["clinic"])
    before = client.budget("conditions").epsilon_left
    for asked in (
        {"where": {"height": [1]}},
        {"where": {"sex": ["X"]}},
        {"rebalance": {"sex": {"F": 0.9, "M": 0.2}}},
        {"impute": ["id"]},
        {"impute": ["height"]},
    ):
        with pytest.raises(UsageError) as refused:
            client.synth(table, schema=SCHEMA, epsilon=0.5, out=tmp_path / "none", **asked)  # type: ignore[arg-type]
        assert refused.value.reason == "condition-invalid"
    assert client.budget("conditions").epsilon_left == before


def test_a_constraint_that_makes_no_sense_is_refused(house: House, http: Connect, table: Path, tmp_path: Path) -> None:
    wrong = SCHEMA | {"understudy:constraints": [{"kind": "order", "columns": ["age", "sex"]}]}
    with pytest.raises(SchemaError) as refused:
        http(house.keys["clinic"]).synth(table, schema=wrong, epsilon=0.5, out=tmp_path / "none")
    assert refused.value.where[0].pointer == "/understudy:constraints/0/columns"
