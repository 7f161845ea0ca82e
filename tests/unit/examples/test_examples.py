"""The bundled samples: the same bytes every time, taken in whole by their own schemas, and shaped as they say."""

from __future__ import annotations

import json
import runpy
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from privacy.ingest import bound_rows, ingest
from understudy.schema import TableSchema

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "examples"


def read(path: Path) -> TableSchema:
    return TableSchema.parse(path.read_bytes())


@pytest.fixture(scope="module")
def hospital(tmp_path_factory) -> pa.Table:
    out = tmp_path_factory.mktemp("hospital") / "hospital.parquet"
    ingest(EXAMPLES / "hospital.csv", out, format="csv", schema=read(EXAMPLES / "hospital.schema.json"))
    return pq.read_table(out)


def test_the_generator_makes_the_committed_sample(tmp_path):
    table, schema = runpy.run_path(str(EXAMPLES / "hospital.py"))["write_hospital"](tmp_path)
    assert table.read_bytes() == (EXAMPLES / "hospital.csv").read_bytes()
    assert schema.read_bytes() == (EXAMPLES / "hospital.schema.json").read_bytes()
    assert table.stat().st_size < 2_500_000


def test_several_rows_a_patient(hospital):
    n_rows = Counter(Counter(hospital["patient_id"].to_pylist()).values())
    assert 4_900 < hospital.num_rows < 5_100
    assert 2_800 < sum(n_rows.values()) < 3_000
    assert n_rows[1] > n_rows[2] > n_rows[3] > n_rows[4] > 0
    schema = read(EXAMPLES / "hospital.schema.json")
    kept = sum(min(schema.unit.max_rows, n) * people for n, people in n_rows.items())
    assert bound_rows(hospital, schema, key=bytes(32)).num_rows == kept < hospital.num_rows


def test_what_names_a_person_cannot_be_real(hospital):
    assert all(ssn.startswith("9") for ssn in hospital["ssn"].to_pylist())
    assert all(") 555-01" in phone for phone in hospital["phone"].to_pylist() if phone)
    assert all(email.endswith("@example.org") for email in hospital["email"].to_pylist() if email)
    assert all(code.startswith("000") for code in hospital["zip"].to_pylist())


def test_notes_name_the_person_of_their_row(hospital):
    named = Counter[str]()
    rows = hospital.select(["note", "last_name", "ssn", "mrn", "phone", "email", "address"]).to_pylist()
    for row in rows:
        for key in set(row) - {"note"}:
            named[key] += bool(row["note"] and row[key] and row[key] in row["note"])
    assert named["last_name"] > 3_000
    assert min(named[key] for key in ("ssn", "mrn", "phone", "email", "address")) > 500


def test_columns_depend_on_each_other(hospital):
    frame = {name: np.array(hospital[name].to_pylist()) for name in hospital.column_names}
    charges, days = np.log(frame["charges"].astype(float)), frame["length_of_stay"].astype(float)
    assert np.corrcoef(charges, np.log1p(days))[0, 1] > 0.5
    for severity in (1, 2, 3):
        now, worse = frame["severity"] == severity, frame["severity"] == severity + 1
        assert frame["readmitted"][now].mean() < frame["readmitted"][worse].mean()
    assert set(frame["sex"][frame["department"] == "Obstetrics"]) == {"F"}
    assert set(frame["sex"][frame["icd10"] == "C61"]) == {"M"}
    unmeasured = np.array([value is None for value in frame["glucose"]])
    assert unmeasured[frame["department"] == "Endocrinology"].mean() < unmeasured.mean() / 2
    stays = frame["discharge_date"].astype("M8[D]") - frame["admission_date"].astype("M8[D]")
    assert stays.astype(int).tolist() == days.tolist()


def test_readmitted_means_that_a_stay_follows_within_30_days(hospital):
    rows = hospital.select(["patient_id", "admission_date", "discharge_date", "readmitted"]).to_pylist()
    rows.sort(key=lambda row: (row["patient_id"], row["admission_date"]))
    for row, after in zip(rows, [*rows[1:], rows[0]], strict=True):
        same = row["patient_id"] == after["patient_id"] and after["admission_date"] > row["admission_date"]
        gap = (after["admission_date"].date() - row["discharge_date"]).days if same else None
        assert row["readmitted"] == (gap is not None and gap <= 30)


def test_the_breast_cancer_table_is_within_its_declared_bounds(tmp_path):
    table, schema = runpy.run_path(str(EXAMPLES / "breast_cancer.py"))["write_breast_cancer"](tmp_path)
    summary = ingest(table, tmp_path / "out.parquet", format="csv", schema=read(schema))
    assert (summary.n_rows, summary.n_columns) == (569, 31)
    assert [column.name for column in read(schema).targets] == ["diagnosis"]
    assert read(schema).population == "breast-cancer"


@pytest.mark.parametrize("path", [EXAMPLES / "hospital.schema.json", ROOT / "benchmarks" / "adult.schema.json"])
def test_a_committed_schema_reads_and_writes_back_the_same(path):
    schema = read(path)
    assert TableSchema.parse(schema.as_dict()) == schema
    assert len(schema.targets) == 1
    assert json.loads(path.read_text())["understudy:population"] == schema.population
