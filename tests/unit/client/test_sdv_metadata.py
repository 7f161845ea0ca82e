"""SDV's metadata and our schemas: what both know survives the way there and back."""

from __future__ import annotations

import pytest

from understudy.errors import SchemaError
from understudy.schema import TableSchema
from understudy.sdv_metadata import from_sdv, to_sdv

COLUMNS = {
    "guest": {"sdtype": "id", "regex_format": "G[0-9]{4}"},
    "age": {"sdtype": "numerical", "computer_representation": "Int64"},
    "rate": {"sdtype": "numerical"},
    "arrived": {"sdtype": "datetime", "datetime_format": "%d %b %Y"},
    "seen": {"sdtype": "datetime", "datetime_format": "%Y-%m-%d %H:%M"},
    "mail": {"sdtype": "email", "pii": True},
    "room": {"sdtype": "categorical"},
    "member": {"sdtype": "boolean"},
}
METADATA = {"METADATA_SPEC_VERSION": "V1", "tables": {"guests": {"primary_key": "guest", "columns": COLUMNS}}}


def test_types_and_keys_are_read() -> None:
    schema = TableSchema.parse(from_sdv(METADATA))
    types = [column.type for column in schema.columns]
    assert types == ["string", "integer", "number", "date", "datetime", "string", "string", "boolean"]
    assert (schema["arrived"].spelling.format, schema["seen"].spelling.format) == ("%d %b %Y", "")
    assert to_sdv(schema)["tables"]["table"]["columns"]["arrived"] == COLUMNS["arrived"]
    assert (schema.unit.column, schema.unit.max_rows) == ("guest", 1)
    assert [column.name for column in schema.modelled] == ["age", "rate", "arrived", "seen", "room", "member"]


def test_the_older_form_of_one_table_is_read() -> None:
    assert from_sdv({"columns": COLUMNS, "primary_key": "guest"}) == from_sdv(METADATA)


def test_there_and_back_is_the_same_schema() -> None:
    ours = from_sdv(METADATA)
    assert from_sdv(to_sdv(TableSchema.parse(ours))) == ours


def test_one_of_several_tables_is_named() -> None:
    several = {"tables": {"a": {"columns": COLUMNS}, "b": {"columns": {"x": {"sdtype": "boolean"}}}}}
    assert len(from_sdv(several, table="b")["fields"]) == 1
    with pytest.raises(SchemaError):
        from_sdv(several)


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ([], ""),
        ({}, "/columns"),
        ({"columns": {"x": {"sdtype": "magic"}}}, "/columns/x/sdtype"),
        ({"columns": {"x": 3}}, "/columns/x"),
        ({"tables": {"t": 1}}, "/tables/t"),
    ],
)
def test_a_fault_is_told_by_its_place(document: object, pointer: str) -> None:
    with pytest.raises(SchemaError) as caught:
        from_sdv(document)
    assert caught.value.where[0].pointer == pointer
