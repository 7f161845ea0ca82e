"""A schema to start from: codes stay text, and what they are nested by is seen."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from privacy.propose import propose_schema


def fields(source: Path, format: str = "csv") -> dict[str, dict[str, object]]:
    document = propose_schema(source, format=format, include_data=False)["table_schema"]  # type: ignore[arg-type]
    return {field.pop("name"): field for field in document["fields"]}  # type: ignore[index,call-overload]


def table(tmp_path: Path, header: str, *lines: str) -> Path:
    source = tmp_path / "table.csv"
    source.write_text("\n".join([header, *lines]) + "\n")
    return source


def test_numbers_with_leading_zeros_are_codes(tmp_path: Path) -> None:
    found = fields(table(tmp_path, "branch,zip,age,cost", "001,02139,40,0.5", "17,94110,0,10", ",,,"))
    assert found["branch"] == {"type": "string"}
    assert found["zip"] == {"type": "string", "understudy:kind": "zip"}
    assert (found["age"], found["cost"]) == ({"type": "integer"}, {"type": "number"})


@pytest.mark.parametrize("name", ["icd10", "ICD10_code", "primary_diagnosis", "dx_1", "icd10cm"])
def test_codes_of_icd10_are_nested(tmp_path: Path, name: str) -> None:
    assert fields(table(tmp_path, f"{name},n", "I21.4,1", "J18,2", "Z99.89,3", "C7A1,4"))[name] == {
        "type": "string",
        "understudy:hierarchy": "icd10",
    }


def test_words_in_a_column_of_diagnoses_are_not(tmp_path: Path) -> None:
    assert fields(table(tmp_path, "diagnosis,n", "flu,1", "I21.4,2", "cold,3"))["diagnosis"] == {"type": "string"}
    assert fields(table(tmp_path, "diagnosis,n", ",1", ",2"))["diagnosis"]["type"] == "string"


def test_merchant_category_codes_are_nested_and_text(tmp_path: Path) -> None:
    nested = {"type": "string", "understudy:hierarchy": "mcc"}
    assert fields(table(tmp_path, "mcc,n", "5411,1", "0742,2"))["mcc"] == nested
    assert fields(table(tmp_path, "merchant_category_code,n", "5411,1", "6011,2"))["merchant_category_code"] == nested
    # A file that has types keeps them.
    pq.write_table(pa.table({"mcc": [5411, 6011]}), tmp_path / "table.parquet")
    assert fields(tmp_path / "table.parquet", "parquet")["mcc"] == {"type": "integer"}


def test_a_date_that_is_often_missing_is_still_a_date(tmp_path: Path) -> None:
    found = fields(
        table(tmp_path, "opened;closed;cost", "31.01.2020;;1,5", "01.02.2020;28.02.2021;", "02.02.2020;;7,25")
    )
    assert found["closed"] == found["opened"] == {"type": "date", "format": "%d.%m.%Y"}
    assert found["cost"] == {"type": "number", "decimalChar": ","}
