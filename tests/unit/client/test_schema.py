"""Schemas: what is accepted, what is refused and where."""

from __future__ import annotations

import json
from datetime import date

import pytest

from understudy.errors import SchemaError
from understudy.schema import HIERARCHIES, PrivacyUnit, TableSchema, parse_value


def document(**changes: object) -> dict[str, object]:
    base: dict[str, object] = {
        "fields": [
            {"name": "id", "type": "integer", "understudy:kind": "identifier"},
            {"name": "age", "type": "integer", "constraints": {"minimum": 0, "maximum": 120}},
            {"name": "sex", "type": "string", "constraints": {"enum": ["F", "M"]}, "understudy:target": True},
            {"name": "seen", "type": "date", "constraints": {"minimum": "2020-01-01"}},
            {"name": "note", "type": "string", "understudy:kind": "text"},
        ],
        "missingValues": ["", "NA"],
        "understudy:population": "ward",
        "understudy:privacyUnit": {"column": "id", "maxRows": 3},
    }
    return base | changes


def test_a_schema_survives_the_round_trip() -> None:
    schema = TableSchema.parse(document())
    assert TableSchema.parse(schema.as_dict()) == schema
    assert schema.unit == PrivacyUnit(column="id", max_rows=3)
    assert schema["seen"].minimum == date(2020, 1, 1)
    assert [column.name for column in schema.modelled] == ["age", "sex", "seen"]
    assert [column.name for column in schema.targets] == ["sex"]


def test_the_units_column_is_an_identifier_said_or_not() -> None:
    fields = [{"name": "id", "type": "integer"}, {"name": "age", "type": "integer"}]
    schema = TableSchema.parse({"fields": fields, "understudy:privacyUnit": {"column": "id", "maxRows": 1}})
    assert schema["id"].kind == "identifier"
    assert [column.name for column in schema.modelled] == ["age"]
    fields[0]["understudy:target"] = True  # type: ignore[assignment]
    with pytest.raises(SchemaError):
        TableSchema.parse({"fields": fields, "understudy:privacyUnit": {"column": "id", "maxRows": 1}})


@pytest.mark.parametrize("hierarchy", HIERARCHIES)
def test_a_hierarchy_of_codes_is_kept(hierarchy: str) -> None:
    schema = TableSchema.parse({"fields": [{"name": "code", "understudy:hierarchy": hierarchy}, {"name": "plain"}]})
    assert (schema["code"].hierarchy, schema["plain"].hierarchy) == (hierarchy, None)
    assert TableSchema.parse(schema.as_dict()) == schema
    assert "understudy:hierarchy" not in schema.as_dict()["fields"][1]  # type: ignore[index]


def test_json_text_and_bytes_are_read_alike() -> None:
    text = json.dumps(document())
    assert TableSchema.parse(text) == TableSchema.parse(text.encode()) == TableSchema.parse(document())


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"population": "x"}, "/population"),
        ({"fields": []}, "/fields"),
        ({"fields": [{"name": "a", "typ": "integer"}]}, "/fields/0/typ"),
        ({"fields": [{"name": "a", "type": "decimal"}]}, "/fields/0/type"),
        ({"fields": [{"name": "a"}, {"name": "a"}]}, "/fields/1/name"),
        ({"fields": [{"name": "a", "understudy:kind": "shoe size"}]}, "/fields/0/understudy:kind"),
        ({"fields": [{"name": "a", "understudy:hierarchy": "icd9"}]}, "/fields/0/understudy:hierarchy"),
        ({"fields": [{"name": "a", "understudy:hierarchy": ["mcc"]}]}, "/fields/0/understudy:hierarchy"),
        (
            {"fields": [{"name": "a", "type": "integer", "understudy:hierarchy": "mcc"}]},
            "/fields/0/understudy:hierarchy",
        ),
        ({"fields": [{"name": "a", "constraints": {"pattern": ".*"}}]}, "/fields/0/constraints/pattern"),
        (
            {"fields": [{"name": "a", "type": "integer", "constraints": {"minimum": "x"}}]},
            "/fields/0/constraints/minimum",
        ),
        (
            {"fields": [{"name": "a", "type": "integer", "constraints": {"minimum": 3, "maximum": 1}}]},
            "/fields/0/constraints/minimum",
        ),
        ({"fields": [{"name": "a", "constraints": {"enum": ["x", "x"]}}]}, "/fields/0/constraints/enum/1"),
        (
            {"fields": [{"name": "a", "type": "boolean", "constraints": {"minimum": 1}}]},
            "/fields/0/constraints/minimum",
        ),
        ({"understudy:privacyUnit": {"column": "nobody"}}, "/understudy:privacyUnit/column"),
        ({"understudy:privacyUnit": {"column": "id", "maxRows": 0}}, "/understudy:privacyUnit/maxRows"),
        ({"understudy:privacyUnit": {"column": "id", "maxRows": True}}, "/understudy:privacyUnit/maxRows"),
        ({"understudy:population": ""}, "/understudy:population"),
        ({"missingValues": "NA"}, "/missingValues"),
    ],
)
def test_a_fault_is_named_with_its_place(changes: dict[str, object], pointer: str) -> None:
    with pytest.raises(SchemaError) as caught:
        TableSchema.parse(document(**changes))
    assert pointer in [place.pointer for place in caught.value.where]


def test_every_fault_is_named_at_once() -> None:
    with pytest.raises(SchemaError) as caught:
        TableSchema.parse({"fields": [{"name": "a", "x": 1, "y": 2}], "z": 3})
    assert {place.pointer for place in caught.value.where} == {"/fields/0/x", "/fields/0/y", "/z"}


@pytest.mark.parametrize("text", ["{", "[]", "null", '{"fields": 1, "fields": 2}', b"\xff\xfe", "[" * 100_000])
def test_what_is_no_schema_is_refused(text: str | bytes) -> None:
    with pytest.raises(SchemaError):
        TableSchema.parse(text)


def test_a_value_never_stands_in_a_message() -> None:
    with pytest.raises(SchemaError) as caught:
        TableSchema.parse(document(fields=[{"name": "a", "type": "integer", "constraints": {"enum": ["secret-7"]}}]))
    assert "secret-7" not in str(caught.value) + str(caught.value.facts)


@pytest.mark.parametrize(
    ("value", "type_", "parsed"),
    [
        (1.0, "integer", 1),
        (1.5, "integer", None),
        (True, "integer", None),
        (2**63, "integer", None),
        (1, "number", 1.0),
        (float("nan"), "number", None),
        pytest.param(10**400, "number", None, id="too-large-number"),
        ("2024-02-30", "date", None),
        ("2024-02-29T10:00:00", "datetime", None),
        ("2024-02-29T10:00:00+01:00", "datetime", None),
        (1, "string", None),
    ],
)
def test_declared_values_have_the_declared_type(value: object, type_: str, parsed: object) -> None:
    if type_ == "datetime" and value == "2024-02-29T10:00:00":
        assert parse_value(value, type_) is not None
    else:
        assert parse_value(value, type_) == parsed


@pytest.mark.parametrize("field", [{"name": "\ud800"}, {"name": "a", "title": "\ud800"}])
def test_half_a_surrogate_pair_is_no_text(field: dict[str, object]) -> None:
    for document in ({"fields": [field]}, json.dumps({"fields": [field]})):
        with pytest.raises(SchemaError) as caught:
            TableSchema.parse(document)
        assert caught.value.reason == "schema-not-utf8"


def test_a_number_of_thousands_of_digits_is_no_json_of_ours() -> None:
    with pytest.raises(SchemaError) as caught:
        TableSchema.parse('{"fields": %s}' % ("1" * 5000))
    assert caught.value.reason == "schema-not-json"


@pytest.mark.parametrize(
    ("field", "pointer"),
    [
        ({"type": "string", "format": "email"}, "/fields/0/format"),
        ({"type": "date", "format": "%d.%m"}, "/fields/0/format"),
        ({"type": "date", "format": "%c"}, "/fields/0/format"),
        ({"type": "date", "format": "%Y-%m-%d %H"}, "/fields/0/format"),
        ({"type": "date", "format": "%"}, "/fields/0/format"),
        ({"type": "number", "decimalChar": ",,"}, "/fields/0/decimalChar"),
        ({"type": "number", "decimalChar": "5"}, "/fields/0/decimalChar"),
        ({"type": "number", "groupChar": "."}, "/fields/0/groupChar"),
        ({"type": "string", "decimalChar": ","}, "/fields/0/decimalChar"),
        ({"type": "boolean", "trueValues": []}, "/fields/0/trueValues"),
        ({"type": "boolean", "trueValues": ["0"]}, "/fields/0/falseValues"),
    ],
)
def test_a_spelling_that_cannot_be_is_refused_with_its_place(field: dict[str, object], pointer: str) -> None:
    with pytest.raises(SchemaError) as caught:
        TableSchema.parse({"fields": [{"name": "x", **field}]})
    assert [place.pointer for place in caught.value.where] == [pointer]
