"""pydantic <-> protobuf, one function each way, driven by the field names.

Nothing here names a field, so none can be forgotten: a field that the .proto lacks is an error at the first
answer, and tests/wire/test_parity.py finds it before.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeVar, get_origin

from google.protobuf.descriptor import Descriptor, EnumDescriptor
from google.protobuf.message import Message as Proto
from google.protobuf.unknown_fields import UnknownFieldSet
from pydantic import ValidationError

from service.rpc.generated import understudy_pb2 as pb
from understudy import messages
from understudy.errors import Place, UsageError
from understudy.messages import Message

M = TypeVar("M", bound=Message)
E = TypeVar("E", bound=Enum)
D = TypeVar("D")

Field = Any
"""A field's descriptor, which is of another class in each of protobuf's implementations."""

_MAX_PLACES = 20


def to_proto(message: Message) -> Any:
    """The protobuf message of the same name. A field that is None is left out."""
    return getattr(pb, type(message).__name__)(**_encoded(message, descriptor_of(type(message))))


def from_proto(proto: Proto, kind: type[M]) -> M:
    """The pydantic message of the same name. A single value left out takes its default.

    Raises: UsageError (request-invalid) with JSON pointers for a value that is required and was left out, or that
    is not of its kind. No value is repeated in it.
    """
    try:
        return kind.model_validate(_decoded(proto, kind, ""))
    except ValidationError as error:
        faults = error.errors(include_input=False, include_context=False, include_url=False)
        kinds = {"/" + "/".join(str(part) for part in fault["loc"]): fault["type"] for fault in faults}
    raise _invalid(kinds)


def descriptor_of(kind: type[Message]) -> Descriptor:
    """The protobuf descriptor of a message. Raises KeyError if the .proto has none."""
    descriptor: Descriptor = pb.DESCRIPTOR.message_types_by_name[kind.__name__]
    return descriptor


def member_name(enum: EnumDescriptor, name: str) -> str:
    """How the .proto calls a member of an enum: JobState.DONE is JOB_STATE_DONE."""
    words = "".join(f"_{letter}" if letter.isupper() else letter for letter in enum.name)
    return f"{words.lstrip('_')}_{name}".upper()


def member_of(kind: type[E], number: int, *, default: D) -> E | D:
    """The member that a number of the .proto's enum stands for; the default if it is unspecified.

    Raises: UsageError (request-invalid) for a number that is not known here.
    """
    value = _member_value(number, pb.DESCRIPTOR.enum_types_by_name[kind.__name__])
    if value is None:
        return default
    if isinstance(value, int):
        raise _invalid({f"/{kind.__name__}": "enum"})
    return kind(value)


def clean(text: str) -> str:
    """The text as protobuf can carry it: half of a surrogate pair, which JSON may hold, becomes an escape."""
    return text.encode("utf-8", "backslashreplace").decode()


def refuse_unknown(proto: Proto) -> None:
    """Raises: UsageError (request-invalid) if the message, or one inside it, has a field that is not known here."""
    if len(UnknownFieldSet(proto)):
        raise _invalid({"/": "extra_forbidden"})
    for field, value in proto.ListFields():
        if field.message_type is not None and not _is_map(field):
            for item in value if field.is_repeated else (value,):
                refuse_unknown(item)


def _encoded(message: Message, descriptor: Descriptor) -> dict[str, Any]:
    present = ((name, getattr(message, name)) for name in type(message).model_fields)
    # A name that the .proto lacks goes to the constructor, which refuses it.
    fields = descriptor.fields_by_name
    return {name: _encode(value, fields.get(name)) for name, value in present if value is not None}


def _encode(value: Any, field: Field | None) -> Any:
    if field is None:
        return value
    if isinstance(value, Message):
        return _encoded(value, field.message_type)
    if isinstance(value, Enum):
        return member_name(field.enum_type, value.name)
    if isinstance(value, list):
        return [_encode(item, field) for item in value]
    if isinstance(value, Mapping):
        if not _is_map(field):
            return json.dumps(value)
        return {clean(key): clean(item) for key, item in value.items()}
    return clean(value) if isinstance(value, str) else value


def _decoded(proto: Proto, kind: type[Message], pointer: str) -> dict[str, Any]:
    sent = [field for field in proto.DESCRIPTOR.fields if not field.has_presence or proto.HasField(field.name)]
    values = {field.name: _decode(getattr(proto, field.name), field, kind, pointer) for field in sent}
    return {name: value for name, value in values.items() if value is not None}


def _decode(value: Any, field: Field, kind: type[Message], pointer: str) -> Any:
    pointer = f"{pointer}/{field.name}"
    if _is_map(field):
        return dict(value)
    if field.message_type is not None:
        inner = getattr(messages, field.message_type.name)
        if field.is_repeated:
            return [_decoded(item, inner, f"{pointer}/{index}") for index, item in enumerate(value)]
        return _decoded(value, inner, pointer)
    if field.enum_type is not None:
        each = [_member_value(item, field.enum_type) for item in value] if field.is_repeated else None
        return _member_value(value, field.enum_type) if each is None else each
    return _from_json(value, pointer) if _is_json(kind, field) else value


def _is_json(kind: type[Message], field: Field) -> bool:
    known = kind.model_fields.get(field.name)
    return known is not None and get_origin(known.annotation) is dict


def _from_json(text: str, pointer: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        # Not chained: the decoder's own error holds the text.
        pass
    raise _invalid({pointer: "json_invalid"})


def _member_value(number: int, enum: EnumDescriptor) -> str | int | None:
    """The value of the enum's member: None if unspecified, the number itself, to be refused, if not known."""
    if number == 0:
        return None
    member = enum.values_by_number.get(number)
    return number if member is None else member.name.removeprefix(member_name(enum, "")).lower()


def _is_map(field: Field) -> bool:
    return field.message_type is not None and bool(field.message_type.GetOptions().map_entry)


def _invalid(kinds: dict[str, str]) -> UsageError:
    first = dict(list(kinds.items())[:_MAX_PLACES])
    places = tuple(Place(pointer=pointer) for pointer in first)
    return UsageError("The request does not have the right form.", code="request-invalid", where=places, facts=first)
