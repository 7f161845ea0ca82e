"""Cells that a field spells in its own way, and the proposal that finds such spellings."""

from __future__ import annotations

from datetime import date, datetime

import pyarrow as pa
import pytest

from privacy.ingest import ingest
from privacy.ingest.spelled import guess
from privacy.propose import propose_schema
from understudy.errors import InputRefused
from understudy.schema import TableSchema

COMMA = {"decimalChar": ","}
GERMAN = {"decimalChar": ",", "groupChar": "."}
SWISS = {"groupChar": "'"}
YES = {"trueValues": ["ja", "J"], "falseValues": ["nein"]}

READ = [
    ("number", COMMA, "1,5", 1.5),
    ("number", COMMA, "-3", -3.0),
    ("number", COMMA, ",5", 0.5),
    ("number", GERMAN, "1.234.567,25", 1234567.25),
    ("number", GERMAN, "1234,5", 1234.5),
    ("number", SWISS, "1'234.5", 1234.5),
    ("integer", GERMAN, "1.234", 1234),
    ("boolean", YES, "ja", True),
    ("boolean", YES, "nein", False),
    ("date", {"format": "%d.%m.%Y"}, "1.02.2024", date(2024, 2, 1)),
    ("date", {"format": "%y%m%d"}, "930101", date(1993, 1, 1)),
    ("date", {"format": "%d %b %Y"}, "29 Feb 2024", date(2024, 2, 29)),
    ("datetime", {"format": "%m/%d/%Y %I:%M %p"}, "12/31/2023 11:05 PM", datetime.fromisoformat("2023-12-31T23:05")),
    ("date", {"format": "%d.%m.%Y"}, "", None),
    ("number", COMMA, " ", None),
]

REFUSED = [
    ("number", COMMA, "1.5", "value-not-number"),
    ("number", GERMAN, "1.23", "value-not-number"),
    ("number", GERMAN, "1,2,3", "value-not-number"),
    ("number", SWISS, "1'23", "value-not-number"),
    ("number", COMMA, "?", "value-not-number"),
    ("integer", GERMAN, "1,5", "value-not-integer"),
    ("boolean", YES, "true", "value-not-boolean"),
    ("date", {"format": "%d.%m.%Y"}, "2024-02-01", "value-not-date"),
    ("date", {"format": "%d.%m.%Y"}, "30.02.2024", "value-not-date"),
]


@pytest.mark.parametrize(("type_", "keys", "cell", "value"), READ)
def test_a_declared_spelling_is_read(take_csv, schema_of, type_, keys, cell, value):
    schema = schema_of(x={"type": type_, **keys}, y="integer")
    assert take_csv(f'x;y\n"{cell}";1\n', schema)["x"].to_pylist() == [value]


@pytest.mark.parametrize(("type_", "keys", "cell", "code"), REFUSED)
def test_another_spelling_is_refused_with_its_place(take_csv, schema_of, refused, type_, keys, cell, code):
    error = refused(take_csv, f'x;y\n"{cell}";1\n', schema_of(x={"type": type_, **keys}, y="integer"))
    assert (error.reason, error.where[0].line, error.where[0].column) == (code, 2, "x")


def test_formats_with_types_are_not_spelled(take_parquet, schema_of):
    schema = schema_of(x={"type": "number", **GERMAN}, day={"type": "date", "format": "%d.%m.%Y"})
    table = take_parquet(pa.table({"x": ["1.234", "2.5"], "day": ["2024-02-01", "2024-02-02"]}), schema)
    assert table["x"].to_pylist() == [1.234, 2.5]
    assert table["day"][0].as_py() == date(2024, 2, 1)


GUESSES = [
    (["1,5", "12"], COMMA),
    (["1.234,5", "12"], GERMAN),
    (["1,234,567", "12"], {"groupChar": ","}),
    (["31.12.2023", "1.2.2024"], {"type": "date", "format": "%d.%m.%Y"}),
    (["31/12/2023", "01/02/2024"], {"type": "date", "format": "%d/%m/%Y"}),
    (["12/31/2023", None], {"type": "date", "format": "%m/%d/%Y"}),
    (["31.12.2023 10:11"], {"type": "datetime", "format": "%d.%m.%Y %H:%M"}),
    (["1,234"], {}),
    (["01/02/2024", "03/04/2024"], {}),
    (["1,5", "about 2"], {}),
    ([None], {}),
]


@pytest.mark.parametrize(("values", "keys"), GUESSES)
def test_a_spelling_is_guessed_only_where_one_fits(values, keys):
    expected = {"type": "number", **keys} if keys else {}
    assert guess(pa.chunked_array([pa.array(values, pa.string())])) == expected


def test_a_table_as_a_german_spreadsheet_writes_it(tmp_path):
    source = tmp_path / "kosten.csv"
    lines = [f"{n};{n % 28 + 1:02}.03.2024;{n}.000,50;{'ja' if n % 2 else 'nein'}" for n in range(1, 40)]
    source.write_text("\ufeffpatient_id;tag;kosten;privat\r\n" + "\r\n".join(lines) + "\r\n", encoding="utf-8")
    document = propose_schema(source, format="csv", include_data=False)["table_schema"]
    assert [field["type"] for field in document["fields"]] == ["integer", "date", "number", "string"]
    schema = TableSchema.parse(document)
    assert TableSchema.parse(schema.as_dict()) == schema
    assert ingest(source, tmp_path / "out.parquet", format="csv", schema=schema).n_rows == 39


def test_a_ragged_table_is_proposed_no_schema_but_told_its_line(tmp_path):
    source = tmp_path / "cut.csv"
    source.write_text("a;b\n1;2\n3\n")
    with pytest.raises(InputRefused) as caught:
        propose_schema(source, format="csv", include_data=False)
    assert (caught.value.reason, caught.value.where[0].line) == ("row-ragged", 3)
