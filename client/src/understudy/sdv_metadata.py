"""SDV's metadata JSON (``METADATA_SPEC_VERSION`` "V1" and the single tables of "MULTI_TABLE_V1") and our schemas.

What each has and the other has not is left out, and said: SDV's metadata knows no bounds, enums, population or
privacy unit. The primary key becomes the privacy unit, which is a
guess that its reader must check: a person may have several keys.
Source: SDV's documentation of its metadata, docs.sdv.dev/sdv (Metadata JSON).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from understudy.client import read_schema
from understudy.errors import Place, SchemaError
from understudy.options import say
from understudy.schema import ColumnSchema, TableSchema

_KINDS = {
    "name": "pii",
    "first_name": "pii",
    "last_name": "pii",
    "email": "pii",
    "phone_number": "pii",
    "address": "pii",
    "ssn": "pii",
    "credit_card_number": "pii",
    "ipv4_address": "pii",
    "unknown": "pii",
}
_TYPES = {"categorical": "string", "boolean": "boolean", "id": "string", "datetime": "datetime", "numerical": "number"}
_SDTYPES = {
    "integer": "numerical",
    "number": "numerical",
    "string": "categorical",
    "boolean": "boolean",
    "date": "datetime",
    "datetime": "datetime",
    "text": "unknown",
}

_ISO_DAY = "%Y-%m-%d"
_ISO_MOMENTS = ("", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M")


def from_sdv(document: object, *, table: str = "") -> dict[str, Any]:
    """Our schema, as JSON, of a table that SDV's metadata describes; facts that it lacks are not made up.

    ``table``: its name, where the metadata has several. Raises: SchemaError with a JSON pointer.
    """
    where, found = _table_of(document, table)
    columns = found.get("columns")
    if not isinstance(columns, Mapping) or not columns:
        raise _fault("A table has columns.", f"{where}/columns")
    fields = [_field(str(name), facts, f"{where}/columns/{name}") for name, facts in columns.items()]
    key = found.get("primary_key")
    made: dict[str, Any] = {"fields": fields}
    if isinstance(key, str) and key in columns:
        for one in fields:
            if one["name"] == key:
                one["understudy:kind"] = "identifier"
        made["understudy:privacyUnit"] = {"column": key, "maxRows": 1}
    return TableSchema.parse(made).as_dict()


def to_sdv(schema: TableSchema, *, table: str = "table") -> dict[str, Any]:
    """SDV's metadata of a schema. Bounds, enums, population and rows per person have no place in it."""
    found: dict[str, Any] = {"columns": {column.name: _facts(column) for column in schema.columns}}
    unit = schema.unit
    if unit.column is not None and unit.max_rows == 1:
        found["primary_key"] = unit.column
        found["columns"][unit.column] = {"sdtype": "id"}
    return {"METADATA_SPEC_VERSION": "V1", "tables": {schema.name or table: found}, "relationships": []}


def _table_of(document: object, table: str) -> tuple[str, Mapping[str, Any]]:
    if not isinstance(document, Mapping):
        raise _fault("SDV's metadata is an object.", "")
    tables = document.get("tables")
    if not isinstance(tables, Mapping):
        return "", document
    if table or len(tables) != 1:
        if table not in tables:
            raise _fault("Say which of the tables: --table.", "/tables")
        return f"/tables/{table}", _mapping(tables[table], f"/tables/{table}")
    (name,) = tables
    return f"/tables/{name}", _mapping(tables[name], f"/tables/{name}")


def _mapping(value: object, pointer: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _fault("This is an object.", pointer)
    return value


def _field(name: str, facts: object, pointer: str) -> dict[str, Any]:
    facts = _mapping(facts, pointer)
    kind = str(facts.get("sdtype", ""))
    if kind == "id":
        return {"name": name, "type": "string", "understudy:kind": "identifier"}
    if kind in _KINDS or facts.get("pii") is True:
        return {"name": name, "type": "string", "understudy:kind": "pii"}
    if kind not in _TYPES:
        raise _fault("This is no sdtype that is known here.", f"{pointer}/sdtype")
    representation = str(facts.get("computer_representation", ""))
    if kind == "numerical" and representation.startswith(("Int", "UInt")):
        return {"name": name, "type": "integer"}
    if kind == "datetime":
        return {"name": name, **_moment(str(facts.get("datetime_format", "")))}
    return {"name": name, "type": _TYPES[kind]}


def _moment(pattern: str) -> dict[str, Any]:
    """The type of what ``datetime_format`` writes, and the format, unless it is ISO 8601 anyway."""
    pattern = pattern.replace("%T", "%H:%M:%S").replace("%D", "%m/%d/%y").replace("%F", "%Y-%m-%d")
    if not pattern or any(clock in pattern for clock in ("%H", "%I")):
        return {"type": "datetime", "format": pattern if pattern not in _ISO_MOMENTS else "default"}
    return {"type": "date", "format": pattern if pattern != _ISO_DAY else "default"}


def _facts(column: ColumnSchema) -> dict[str, Any]:
    if column.is_identifying:
        return {"sdtype": "id"} if column.kind == "identifier" else {"sdtype": "unknown", "pii": True}
    facts: dict[str, Any] = {"sdtype": _SDTYPES[column.type]}
    if column.type == "integer":
        facts["computer_representation"] = "Int64"
    elif column.type in ("date", "datetime"):
        facts["datetime_format"] = column.spelling.format or (_ISO_DAY if column.type == "date" else _ISO_MOMENTS[1])
    return facts


def _fault(message: str, pointer: str) -> SchemaError:
    return SchemaError(message, where=(Place(pointer=pointer),))


def schema_from_sdv(
    metadata: Annotated[Path, typer.Argument(help="SDV's metadata, JSON.")],
    table: Annotated[str, typer.Option("--table", help="Which of its tables.")] = "",
) -> None:
    """A schema from SDV's metadata: types and keys. Bounds and lists of values are yours to declare."""
    try:
        document = json.loads(metadata.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise SchemaError("The metadata cannot be read as JSON.", code="metadata-unreadable") from None
    found = from_sdv(document, table=table)
    typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
    if "understudy:privacyUnit" in found:
        say("The primary key is taken for the person. If a person may have several keys, say so in the schema.")


def schema_to_sdv(schema: Annotated[Path, typer.Argument(help="A Table Schema, JSON.")]) -> None:
    """SDV's metadata of a schema."""
    typer.echo(json.dumps(to_sdv(read_schema(schema)), indent=2, ensure_ascii=False))
