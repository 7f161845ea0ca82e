"""A table that comes without a schema is scrubbed as Safe Harbor asks, and a long one by all cores."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from privacy.ingest import ingest
from privacy.propose import propose_schema
from privacy.scrub.files import as_safe_harbor_asks, scrub_canonical, scrub_rows
from privacy.scrub.table import scrub_table
from understudy.errors import InputRefused
from understudy.schema import TableSchema

ROWS = "patient_id,admitted,discharged,age,stage,cost\n" + "".join(
    f"{n % 20},2024-01-{n % 28 + 1:02},2024-02-{n % 28 + 1:02},{60 + n % 40},{n % 4},{n}.5\n" for n in range(60)
)


def test_dates_are_shifted_alike_for_a_person_and_ages_end_at_90(tmp_path: Path) -> None:
    source, canonical, out = tmp_path / "in.csv", tmp_path / "in.parquet", tmp_path / "out.parquet"
    source.write_text(ROWS)
    proposed = propose_schema(source, format="csv", include_data=False)["table_schema"]
    assert isinstance(proposed, dict)
    schema = TableSchema.parse(as_safe_harbor_asks(proposed))
    operators = {column.name: column.operator for column in schema.columns}
    assert {name: found for name, found in operators.items() if found} == {
        "admitted": "shift",
        "discharged": "shift",
        "age": "generalise",
    }
    ingest(source, canonical, format="csv", schema=schema)
    report = scrub_canonical(canonical, out, schema, key=bytes(32))
    before, after = pq.read_table(canonical).to_pylist(), pq.read_table(out).to_pylist()
    moved: dict[object, set[object]] = {}
    for old, new in zip(before, after, strict=True):
        moved.setdefault(old["patient_id"], set()).add(new["admitted"] - old["admitted"])
        assert new["discharged"] - new["admitted"] == old["discharged"] - old["admitted"]
        assert new["age"] == min(old["age"], 90)
        assert (new["stage"], new["cost"]) == (old["stage"], old["cost"])
    assert all(len(shifts) == 1 for shifts in moved.values())
    assert len(set.union(*moved.values())) > 10
    assert {"admitted", "discharged", "age"} <= {column.column for column in report.columns}


def test_what_its_owner_has_decided_stays() -> None:
    fields = [
        {"name": "born", "type": "date", "understudy:operator": "keep"},
        {"name": "stage", "type": "integer"},
        {"name": "dosage", "type": "integer"},
    ]
    assert as_safe_harbor_asks({"fields": fields})["fields"] == fields


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"name,name\nAna,Bo\n", "header-twice"),
        (b"name,city\nJos\xe9,Rome\n", "not-utf8"),
        (b"name,city\n", "no-rows"),
    ],
)
def test_a_table_that_no_schema_can_be_read_off_is_refused_by_its_fault(tmp_path: Path, raw: bytes, code: str) -> None:
    source = tmp_path / "in.csv"
    source.write_bytes(raw)
    with pytest.raises(InputRefused) as caught:
        propose_schema(source, format="csv", include_data=False)
    assert caught.value.reason == code


def test_rows_that_are_shared_out_are_those_of_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("privacy.scrub.files.TEXT_ROWS", 20)
    monkeypatch.setattr("privacy.scrub.files.cores", lambda: 2)
    schema = TableSchema.parse(
        {
            "fields": [
                {"name": "id", "type": "integer", "understudy:kind": "identifier"},
                {"name": "who", "type": "string", "understudy:kind": "name"},
                {"name": "note", "type": "text"},
            ],
            "understudy:privacyUnit": {"column": "id", "maxRows": 5},
        }
    )
    table = pa.table(
        {
            "id": [n % 7 for n in range(90)],
            "who": [f"Zoltan Petro{'abcdefg'[n % 7]}cs" for n in range(90)],
            "note": [
                None if n == 5 else f"Mr. Petro{'abcdefg'[n % 7]}cs on 2021-03-{n % 28 + 1:02}" for n in range(90)
            ],
        }
    )
    whole, report = scrub_table(table, schema, key=bytes(32))
    shared, reports = scrub_rows(table, schema, key=bytes(32))
    assert shared.to_pylist() == whole.to_pylist()
    assert reports == report
    pq.write_table(table, tmp_path / "in.parquet")
    assert scrub_canonical(tmp_path / "in.parquet", tmp_path / "out.parquet", schema, key=bytes(32)) == report
    assert pq.read_table(tmp_path / "out.parquet").to_pylist() == whole.to_pylist()
