"""Operators: what each does to a value, and that none passes on what it cannot read."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest

from privacy.scrub import operators
from privacy.scrub.table import scrub_table
from privacy.scrub.undeclared import refuse_undeclared
from understudy.errors import InputRefused, SchemaError
from understudy.schema import TableSchema

_KEY = b"operators" * 4


def _schema(*fields: dict[str, object], unit: str | None = None) -> TableSchema:
    document: dict[str, object] = {"fields": list(fields)}
    if unit:
        document["understudy:privacyUnit"] = {"column": unit, "maxRows": 5}
    return TableSchema.parse(document)


def _field(name: str, type_: str, kind: str | None = None, operator: str | None = None) -> dict[str, object]:
    field: dict[str, object] = {"name": name, "type": type_}
    if kind:
        field["understudy:kind"] = kind
    if operator:
        field["understudy:operator"] = operator
    return field


@pytest.mark.parametrize(
    ("written", "zip3"),
    [("02139", "021"), ("03601-1234", "000"), ("692011234", "000"), ("SW1A 1AA", None), ("1234", None), ("", None)],
)
def test_zip3_has_the_population_rule(written: str, zip3: str | None) -> None:
    assert operators.zip3(written) == zip3


@pytest.mark.parametrize(
    ("written", "after"),
    [("89", "89"), ("90", "90+"), ("101", "90+"), ("ninety-four", "90+"), ("twenty", "twenty"), ("(93)", "(90+)")],
)
def test_ages_over_89_are_one_class(written: str, after: str) -> None:
    assert operators.age(written) == after


def test_each_operator_of_a_column() -> None:
    schema = _schema(
        _field("id", "integer", "identifier"),
        _field("zip", "string", "zip", "generalise"),
        _field("age", "integer", None, "generalise"),
        _field("born", "date", None, "generalise"),
        _field("seen", "date", None, "shift"),
        _field("phone", "string", "phone", "mask"),
        _field("mail", "string", "email", "drop"),
        _field("town", "string", "city", "keep"),
        _field("left", "date", None, "drop"),
        unit="id",
    )
    table = pa.table(
        {
            "id": [1, 1, 2],
            "zip": ["02139", "x", None],
            "age": [97, 45, None],
            "born": [date(1930, 5, 6), None, date(1999, 1, 1)],
            "seen": [date(2020, 1, 1), date(2020, 3, 1), date(2020, 1, 1)],
            "phone": ["617-555-1234", None, "x"],
            "mail": ["a@b.org", None, None],
            "town": ["Okemos", "Bath", None],
            "left": [date(2020, 1, 1)] * 3,
        }
    )
    after, report = scrub_table(table, schema, key=_KEY)
    rows = after.to_pydict()
    assert rows["zip"] == ["021", None, None]
    assert rows["age"] == [90, 45, None]
    assert rows["born"] == [date(1930, 1, 1), None, date(1999, 1, 1)]
    assert (rows["seen"][1] - rows["seen"][0]).days == 60
    assert rows["seen"][0] != date(2020, 1, 1)
    assert rows["phone"] == ["***-***-****", None, "*"]
    assert rows["mail"] == [None] * 3
    assert rows["left"] == [None] * 3
    assert rows["town"] == table.column("town").to_pylist()
    assert {c.column: c.action for c in report.columns if c.column != "id"} == {
        "zip": "generalise", "age": "generalise", "born": "generalise", "seen": "shift", "phone": "mask",
        "mail": "drop", "left": "drop",
    }  # fmt: skip
    assert [column.name for column in schema.modelled] == ["zip", "age", "born", "seen", "town"]
    assert TableSchema.parse(schema.as_dict()) == schema


@pytest.mark.parametrize(
    "field",
    [
        _field("a", "string", None, "mask"),
        _field("a", "integer", "zip", "mask"),
        _field("a", "string", "zip", "shift"),
        _field("a", "string", "name", "generalise"),
        _field("a", "string", "name", "burn"),
        _field("a", "string", None, "surrogate"),
    ],
)
def test_an_operator_that_would_do_nothing_is_refused(field: dict[str, object]) -> None:
    with pytest.raises(SchemaError) as caught:
        _schema(field)
    assert caught.value.where[0].pointer == "/fields/0/understudy:operator"


def test_an_undeclared_column_that_looks_identifying_is_refused_until_its_owner_says_so() -> None:
    table = pa.table({"code": [f"K{n:04d}" for n in range(60)], "ward": ["ICU", "ER", "OR"] * 20})
    with pytest.raises(InputRefused) as caught:
        refuse_undeclared(table, _schema(_field("code", "string"), _field("ward", "string")))
    assert (caught.value.reason, [place.column for place in caught.value.where]) == (
        "column-looks-identifying",
        ["code"],
    )
    for decided in (_field("code", "string", None, "keep"), _field("code", "string", "identifier")):
        refuse_undeclared(table, _schema(decided, _field("ward", "string")))


def test_values_that_show_what_they_are_are_refused_though_they_repeat() -> None:
    table = pa.table({"contact": [f"user{n % 40}@mail.org" for n in range(400)]})
    with pytest.raises(InputRefused):
        refuse_undeclared(table, _schema(_field("contact", "string")))


def test_measures_written_as_strings_are_not_refused() -> None:
    table = pa.table(
        {
            "dose": [f"{n}.{n % 10}" for n in range(60)],
            "at": [f"2020-01-{n % 28 + 1:02d} {n % 24:02d}:{n:02d}" for n in range(60)],
        }
    )
    refuse_undeclared(table, _schema(_field("dose", "string"), _field("at", "string")))
