"""Messages, .proto and OpenAPI say the same: every message, field, type, option, enum, error and method.

``differences`` does the comparing; further down it is broken on purpose in every way it is meant to notice.
"""

from __future__ import annotations

import copy
import inspect
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum, StrEnum
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message_factory import GetMessageClass

from service.faults import FAULTS, fault_of
from service.rest.app import create_app
from service.rpc.convert import from_proto, member_name
from service.rpc.generated import understudy_pb2 as pb
from understudy import errors, messages
from understudy.errors import ERRORS, UnderstudyError, UsageError
from understudy.messages import Message

FILE = pb.DESCRIPTOR
OPENAPI: dict[str, Any] = create_app(None).openapi()  # type: ignore[arg-type]


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


# --- the three sources ------------------------------------------------------------------------------------------


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


# --- comparing --------------------------------------------------------------------------------------------------


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


# --- what holds -------------------------------------------------------------------------------------------------


def test_messages_proto_and_openapi_say_the_same() -> None:
    assert differences(MESSAGES, ENUMS, OPENAPI) == []


def test_every_member_of_an_enum_is_its_name_in_small_letters() -> None:
    # The conversion rests on it.
    assert [str(member) for enum in ENUMS.values() for member in enum if member.value != member.name.lower()] == []


@pytest.mark.parametrize("name", sorted(sent_by_callers()))
def test_what_http_requires_grpc_requires(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        from_proto(GetMessageClass(FILE.message_types_by_name[name])(), MESSAGES[name])
    required = OPENAPI["components"]["schemas"][name]["required"]
    assert caught.value.facts == {f"/{field}": "missing" for field in required}


@pytest.mark.parametrize("kind", [*ERRORS.values()], ids=lambda kind: kind.__name__)
def test_every_error_that_is_raised_has_a_row_of_its_own_tree(kind: type[UnderstudyError]) -> None:
    is_group = any(issubclass(other, kind) and other is not kind for other in ERRORS.values())
    is_ours = kind is errors.Failed
    assert is_group or is_ours or fault_of(kind("m")).kind is not UnderstudyError


def test_every_class_of_error_is_in_the_tree() -> None:
    classes = {kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, UnderstudyError)}
    assert classes - {UnderstudyError} == set(ERRORS.values())


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.kind.__name__)
def test_every_row_has_codes_that_exist(fault: Any) -> None:
    assert fault.grpc in grpc.StatusCode.__members__
    assert fault.grpc != "OK"
    assert 400 <= fault.http < 600


TWINS = {
    "health": {"Service.GetHealth"},
    "create_tenant": {"Service.CreateTenant"},
    "list_engines": {"Service.ListEngines"},
    "create_dataset": {"Datasets.Create"},
    "list_datasets": {"Datasets.List"},
    "get_dataset": {"Datasets.Get"},
    "delete_dataset": {"Datasets.Delete"},
    "put_content": {"Datasets.Upload"},
    "propose_schema": {"Datasets.ProposeSchema"},
    "create_job": {"Jobs.Create"},
    "list_jobs": {"Jobs.List"},
    "get_job": {"Jobs.Get", "Jobs.Watch"},
    "get_bundle": {"Jobs.DownloadBundle"},
    "list_budgets": {"Budgets.List"},
    "get_budget": {"Budgets.Get"},
    "grant_budget": {"Budgets.Grant"},
}
"""Each HTTP operation and the gRPC methods that do the same."""


def test_every_operation_is_offered_by_both() -> None:
    operations = {
        operation["operationId"]: operation for path in OPENAPI["paths"].values() for operation in path.values()
    }
    assert set(TWINS) == set(operations)
    assert set.union(*TWINS.values()) == set(METHODS)
    for name, methods in TWINS.items():
        assert {_answer_of(operations[name])} <= {METHODS[method].output_type.name for method in methods} | {""}


def _answer_of(operation: Mapping[str, Any]) -> str:
    """The message that an operation answers with; empty if it is none."""
    answers = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
    schema = answers[0].get("content", {}).get("application/json", {}).get("schema", {})
    return str(schema.get("$ref", "")).rsplit("/", 1)[-1]


# --- broken on purpose ------------------------------------------------------------------------------------------


def with_step(**fields: Any) -> dict[str, type[Message]]:
    """The messages, with other fields in StepView."""
    body = {"__annotations__": fields, "__module__": __name__}
    return MESSAGES | {"StepView": type("StepView", (Message,), body)}


@pytest.mark.parametrize(
    ("kinds", "found"),
    [
        (with_step(name=str, seconds=float, extra=str), ["StepView: extra is missing"]),
        (with_step(name=str), ["StepView: seconds is too much"]),
        (with_step(name=str, seconds=int), ["StepView: seconds is "]),
        (with_step(name=list[str], seconds=float), ["StepView: name is "]),
        (with_step(name=dict[str, str], seconds=float), ["StepView: name is "]),
        (MESSAGES | {"Extra": Message}, ["Extra is missing"]),
        ({name: kind for name, kind in MESSAGES.items() if name != "Guess"}, ["Guess is too much"]),
    ],
    ids=["extra", "lost", "type", "list", "map", "message", "lost-message"],
)
def test_a_difference_is_found_in_both(kinds: dict[str, type[Message]], found: list[str]) -> None:
    reported = differences(kinds, ENUMS, OPENAPI)
    assert len(reported) == 2
    assert {report.split()[0].strip(":") for report in reported} == {".proto", "OpenAPI"}
    assert all(found[0] in report for report in reported)


def test_a_field_that_became_optional_is_found_in_both() -> None:
    class StepView(Message):
        name: str
        seconds: float | None = None

    assert len(differences(MESSAGES | {"StepView": StepView}, ENUMS, OPENAPI)) == 2


def test_a_field_that_became_required_is_found() -> None:
    class PlaceView(Message):
        line: int
        column: str | None = None
        pointer: str | None = None

    assert len(differences(MESSAGES | {"PlaceView": PlaceView}, ENUMS, OPENAPI)) == 2


def test_another_member_of_an_enum_is_found_in_both() -> None:
    TableFormat = StrEnum("TableFormat", ["CSV", "PARQUET", "EXCEL"])
    assert differences(MESSAGES, ENUMS | {"TableFormat": TableFormat}, OPENAPI) == [
        ".proto TableFormat: TABLE_FORMAT_EXCEL is missing",
        "OpenAPI TableFormat: excel is missing",
    ]


def test_an_openapi_document_of_another_mind_is_found() -> None:
    other = copy.deepcopy(OPENAPI)
    other["components"]["schemas"]["JobView"]["required"].remove("stage")
    del other["components"]["schemas"]["Health"]
    assert len(differences(MESSAGES, ENUMS, other)) == 2


def test_an_error_without_a_row_would_be_found() -> None:
    class Unheard(UnderstudyError):
        code = "unheard"

    assert fault_of(Unheard("m")).kind is UnderstudyError
