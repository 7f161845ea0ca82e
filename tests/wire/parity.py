"""How messages, .proto and OpenAPI are laid side by side: each field of each as a ``Shape``, and what differs."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from service.rpc.convert import member_name
from service.rpc.generated import understudy_pb2 as pb
from understudy import messages
from understudy.messages import Message

FILE = pb.DESCRIPTOR


def declared(kind: type[Any]) -> dict[str, type[Any]]:
    """The subclasses of ``kind`` that understudy.messages declares, by name."""
    members = dict(inspect.getmembers(messages, inspect.isclass))
    return {
        name: member
        for name, member in members.items()
        if issubclass(member, kind) and member is not kind and member.__module__ == messages.__name__
    }


MESSAGES: dict[str, type[Message]] = declared(Message)
ENUMS: dict[str, type[Enum]] = declared(Enum)

METHODS = {
    f"{service.name}.{method.name}": method for service in FILE.services_by_name.values() for method in service.methods
}


@dataclass(frozen=True, slots=True)
class Shape:
    """What a field is. ``kind`` is a scalar's name, ``json``, ``map``, or the name of a message or an enum."""

    kind: str
    is_list: bool = False
    is_required: bool = True
    is_nullable: bool = False


_SCALARS = {str: "string", int: "integer", float: "number", bool: "boolean"}


def in_messages(kind: type[Message]) -> dict[str, Shape]:
    return {
        name: replace(_of_annotation(info.annotation), is_required=info.is_required())
        for name, info in kind.model_fields.items()
    }


def _of_annotation(annotation: Any) -> Shape:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (types.UnionType, typing.Union):
        (inner,) = (argument for argument in arguments if argument is not type(None))
        return replace(_of_annotation(inner), is_nullable=True)
    if origin is list:
        return replace(_of_annotation(arguments[0]), is_list=True)
    if origin is dict:
        return Shape("map" if arguments == (str, str) else "json")
    return Shape(_SCALARS.get(annotation) or annotation.__name__)


def in_openapi(schema: Mapping[str, Any]) -> dict[str, Shape]:
    required = schema.get("required", [])
    return {
        name: replace(_of_schema(entry), is_required=name in required)
        for name, entry in schema.get("properties", {}).items()
    }


def _of_schema(entry: Mapping[str, Any]) -> Shape:
    if "anyOf" in entry:
        (inner,) = (choice for choice in entry["anyOf"] if choice != {"type": "null"})
        return replace(_of_schema(inner), is_nullable=True)
    if "$ref" in entry:
        return Shape(entry["$ref"].rsplit("/", 1)[-1])
    if entry["type"] == "array":
        return replace(_of_schema(entry["items"]), is_list=True)
    if entry["type"] == "object":
        return Shape("map" if entry["additionalProperties"] == {"type": "string"} else "json")
    return Shape(entry["type"])


_TYPES = {
    FieldDescriptor.TYPE_STRING: "string",
    FieldDescriptor.TYPE_INT64: "integer",
    FieldDescriptor.TYPE_DOUBLE: "number",
    FieldDescriptor.TYPE_BOOL: "boolean",
}


def in_proto(descriptor: Descriptor) -> dict[str, tuple[str, bool, bool]]:
    """(kind, is it a list, is its absence seen) by field."""
    return {field.name: _of_field(field) for field in descriptor.fields}


def _of_field(field: Any) -> tuple[str, bool, bool]:
    if field.message_type is not None:
        if field.message_type.GetOptions().map_entry:
            return "map", False, False
        return field.message_type.name, field.is_repeated, field.has_presence
    kind = field.enum_type.name if field.enum_type is not None else _TYPES.get(field.type, "unexpected")
    return kind, field.is_repeated, field.has_presence


def as_proto(shape: Shape, *, sent: bool) -> tuple[str, bool, bool]:
    """How the .proto must declare a field: a single value that is optional, or that a caller sends, is `optional`."""
    single = not shape.is_list and shape.kind != "map"
    absence_seen = single and (sent or not shape.is_required or shape.kind in MESSAGES)
    return ("string" if shape.kind == "json" else shape.kind), shape.is_list, absence_seen


def sent_by_callers() -> set[str]:
    """Names of the messages that are, or are in, what a method takes."""
    found: set[str] = set()
    open_types = [method.input_type for method in METHODS.values()]
    while open_types:
        descriptor = open_types.pop()
        if descriptor.name not in found:
            found.add(descriptor.name)
            open_types += [field.message_type for field in descriptor.fields if field.message_type is not None]
    return found & set(MESSAGES)


def differences(
    kinds: Mapping[str, type[Message]], enums: Mapping[str, type[Enum]], openapi: Mapping[str, Any]
) -> list[str]:
    """Every point in which .proto or OpenAPI are not as the messages, in words; empty if there is none."""
    schemas = openapi["components"]["schemas"]
    sent = sent_by_callers()
    found = _names(".proto", {*kinds, *enums}, {*FILE.message_types_by_name, *FILE.enum_types_by_name} - own_messages())
    found += _names("OpenAPI", {*kinds, *enums}, schemas)
    for name, kind in kinds.items():
        shapes = in_messages(kind)
        if name in FILE.message_types_by_name:
            wanted = {field: as_proto(shape, sent=name in sent) for field, shape in shapes.items()}
            found += _fields(f".proto {name}", wanted, in_proto(FILE.message_types_by_name[name]))
        if name in schemas:
            found += _fields(f"OpenAPI {name}", shapes, in_openapi(schemas[name]))
    for name, enum in enums.items():
        if name in FILE.enum_types_by_name:
            descriptor = FILE.enum_types_by_name[name]
            members = {member_name(descriptor, member) for member in ("UNSPECIFIED", *enum.__members__)}
            found += _names(f".proto {name}", members, descriptor.values_by_name)
        if name in schemas:
            found += _names(f"OpenAPI {name}", {member.value for member in enum}, schemas[name]["enum"])
    return found


def own_messages() -> set[str]:
    """What the .proto needs beside the messages: requests and responses of methods, and parts of streams."""
    kinds = [kind for method in METHODS.values() for kind in (method.input_type, method.output_type)]
    around = [kind for kind in kinds if kind.name.endswith(("Request", "Response"))]
    fields = [field for kind in around for oneof in kind.oneofs for field in oneof.fields]
    return {kind.name for kind in around} | {field.message_type.name for field in fields if field.message_type}


def _names(place: str, wanted: Iterable[str], present: Iterable[str]) -> list[str]:
    return [f"{place}: {name} is missing" for name in sorted(set(wanted) - set(present))] + [
        f"{place}: {name} is too much" for name in sorted(set(present) - set(wanted))
    ]


def _fields(place: str, wanted: Mapping[str, object], present: Mapping[str, object]) -> list[str]:
    both = sorted(set(wanted) & set(present))
    return _names(place, wanted, present) + [
        f"{place}: {name} is {present[name]}, not {wanted[name]}" for name in both if present[name] != wanted[name]
    ]
