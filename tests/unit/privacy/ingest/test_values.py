"""Cells of a CSV file: each declared type, missing values and constraints."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pyarrow as pa
import pytest

NOON = datetime.fromisoformat("2024-02-29T12:30:00")

GOOD = [
    ("integer", "12", 12),
    ("integer", "-3", -3),
    ("integer", "+4", 4),
    ("integer", "007", 7),
    ("integer", "12.0", 12),
    ("integer", "12.", 12),
    ("integer", " 5 ", 5),
    ("integer", "9223372036854775807", 2**63 - 1),
    ("number", "1.5", 1.5),
    ("number", "+1.5", 1.5),
    ("number", ".5", 0.5),
    ("number", "5.", 5.0),
    ("number", "-1e-3", -0.001),
    ("number", "12", 12.0),
    ("boolean", "true", True),
    ("boolean", "TRUE", True),
    ("boolean", "1", True),
    ("boolean", "False", False),
    ("boolean", "0", False),
    ("date", "2024-02-29", date(2024, 2, 29)),
    ("datetime", "2024-02-29T12:30:00", NOON),
    ("datetime", "2024-02-29 12:30", NOON),
    ("datetime", "2024-02-29", datetime.fromisoformat("2024-02-29")),
    ("datetime", "2024-02-29T12:30:00.25", NOON + timedelta(seconds=0.25)),
    ("string", " as it is ", " as it is "),
    ("string", "NA", "NA"),
    ("text", "é", "é"),
]

BAD = [
    ("integer", "x"),
    ("integer", "12.5"),
    ("integer", "0x1F"),
    ("integer", "1e3"),
    ("integer", "1,000"),
    ("integer", "9223372036854775808"),
    ("integer", "9" * 500),
    ("integer", "١٢"),
    ("integer", "--1"),
    ("number", "x"),
    ("number", "1.2.3"),
    ("number", "1,5"),
    ("number", "e5"),
    ("number", "."),
    ("boolean", "yes"),
    ("boolean", "2"),
    ("date", "2023-02-29"),
    ("date", "29.02.2024"),
    ("date", "2024-2-9"),
    ("date", "2024-02-29T00:00:00"),
    ("date", "0000-01-01"),
    ("datetime", "2024-02-29T24:00:00"),
    ("datetime", "2024-02-29T12:30:00Z"),
    ("datetime", "2024-02-29T12:30:00+01:00"),
    ("datetime", "2024-02-29T12"),
    ("datetime", "2024-02-29T12:30:00.1234567"),
    ("datetime", "20240229T123000"),
]

ARROW = {
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "datetime": pa.timestamp("us"),
    "string": pa.string(),
    "text": pa.string(),
}


def csv_of(*cells):
    return "v,n\n" + "".join('"{}",{}\n'.format(cell.replace('"', '""'), n) for n, cell in enumerate(cells))


@pytest.mark.parametrize(("type_", "text", "value"), GOOD)
def test_a_value_is_read(take_csv, schema_of, type_, text, value):
    table = take_csv(csv_of(text), schema_of(v=type_, n="integer"))
    assert table["v"].type == ARROW[type_]
    assert table["v"].to_pylist() == [value]


@pytest.mark.parametrize(("type_", "text"), BAD)
def test_a_value_is_refused_with_line_and_column_and_not_repeated(take_csv, schema_of, refused, type_, text):
    good = next(spelling for known, spelling, _ in GOOD if known == type_)
    error = refused(take_csv, csv_of(good, good, text, good), schema_of(v=type_, n="integer"))
    assert error.reason == f"value-not-{type_}"
    assert [(place.line, place.column) for place in error.where] == [(4, "v")]
    assert text not in str(error) or len(text) == 1
    assert error.facts["total"] == "1"


@pytest.mark.parametrize("text", ["nan", "NaN", "inf", "-Infinity", "1e999"])
def test_numbers_that_are_not_finite_have_their_own_code(take_csv, schema_of, refused, text):
    schema = schema_of(v="number", n="integer")
    error = refused(take_csv, csv_of("1.5", text), schema)
    assert (error.reason, error.where[0].line) == ("value-not-finite", 3)


def test_declared_missing_values_are_null_in_every_type(take_csv, schema_of):
    columns = {"i": "integer", "x": "number", "s": "string", "d": "date", "b": "boolean"}
    schema = schema_of(missing=["", "NA", "nan"], **columns)
    table = take_csv("i,x,s,d,b\nNA,nan,NA,NA,NA\n,,,,\n NA ,NA,x,,1\n", schema)
    assert table.to_pydict() == {
        "i": [None] * 3,
        "x": [None] * 3,
        "s": [None, None, "x"],
        "d": [None] * 3,
        "b": [None, None, True],
    }


def test_an_empty_string_is_a_value_if_it_is_not_declared_missing(take_csv, schema_of):
    table = take_csv('s,i\n"",\n', schema_of(missing=["NA"], s="string", i="integer"))
    assert table.to_pydict() == {"s": [""], "i": [None]}


CONSTRAINED = [
    ({"type": "string", "constraints": {"enum": ["a", "b"]}}, "a", "c", "value-not-in-enum"),
    ({"type": "integer", "constraints": {"enum": [1, 2]}}, "2.0", "3", "value-not-in-enum"),
    ({"type": "boolean", "constraints": {"enum": [True]}}, "true", "false", "value-not-in-enum"),
    ({"type": "integer", "constraints": {"minimum": 0}}, "0", "-1", "value-below-minimum"),
    ({"type": "number", "constraints": {"maximum": 1.5}}, "1.5", "1.6", "value-above-maximum"),
    ({"type": "date", "constraints": {"minimum": "2020-01-01"}}, "2020-01-01", "2019-12-31", "value-below-minimum"),
    (
        {"type": "datetime", "constraints": {"maximum": "2020-01-01T12:00:00"}},
        "2020-01-01",
        "2020-01-01 12:01",
        "value-above-maximum",
    ),
    ({"type": "string", "constraints": {"required": True}}, "a", "", "value-missing"),
    ({"type": "string", "understudy:kind": "mrn", "constraints": {"required": True}}, "a", "", "value-missing"),
]


@pytest.mark.parametrize(("entry", "good", "bad", "code"), CONSTRAINED)
def test_a_constraint_that_is_not_kept_is_refused(take_csv, schema_of, refused, entry, good, bad, code):
    schema = schema_of(v=entry, n="integer")
    assert take_csv(csv_of(good, good), schema).num_rows == 2
    error = refused(take_csv, csv_of(good, bad, good, bad), schema)
    assert error.reason == code
    assert [place.line for place in error.where] == [3, 5]


def test_a_missing_value_keeps_every_other_constraint(take_csv, schema_of):
    schema = schema_of(v={"type": "integer", "constraints": {"enum": [1], "minimum": 1, "maximum": 1}}, n="integer")
    assert take_csv(csv_of("1", ""), schema)["v"].to_pylist() == [1, None]


@pytest.mark.parametrize("blank", ["", "NA", "  "])
@pytest.mark.parametrize("missing", [["", "NA"], ["NA"]])
def test_a_row_that_names_no_person_is_refused(take_csv, schema_of, refused, blank, missing):
    schema = schema_of(unit="v", missing=missing, v="string", n="integer")
    error = refused(take_csv, csv_of("p1", blank), schema)
    assert (error.reason, error.where[0].line, error.where[0].column) == ("unit-missing", 3, "v")
