"""The public facts that a data owner declares about one column, and about whose rows a table holds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, get_args

from understudy.rules import Value
from understudy.spelling import PLAIN, Spelling

FieldType = Literal["integer", "number", "string", "boolean", "date", "datetime", "text"]
FIELD_TYPES: tuple[str, ...] = get_args(FieldType)

PII_KINDS: tuple[str, ...] = (
    "name",
    "first_name",
    "last_name",
    "address",
    "city",
    "zip",
    "phone",
    "fax",
    "email",
    "ssn",
    "mrn",
    "health_plan_id",
    "account_number",
    "iban",
    "credit_card",
    "license",
    "vehicle_id",
    "device_id",
    "url",
    "ip_address",
    "username",
    "npi",
    "mbi",
    "nhs_number",
    "imsi",
    "license_plate",
    "pii",
)
"""Kinds of directly identifying columns. ``pii`` is any other one: it is dropped."""

KINDS: tuple[str, ...] = ("text", "identifier", *PII_KINDS)

Operator = Literal["drop", "mask", "surrogate", "generalise", "shift", "keep"]
OPERATORS: tuple[str, ...] = get_args(Operator)
"""What is done with a field before anything else: see docs/scrub.md."""

HIERARCHIES: tuple[str, ...] = ("icd10", "mcc", "prefix")
"""How codes are nested: I21.4 in I21 in I, 5411 in 54, or any code in its first three, two and one characters."""

MAX_ROWS_PER_UNIT = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyUnit:
    """Who is protected: all rows that share ``column``; at most ``max_rows`` of them are used.

    ``column`` None means that every row is a person of its own.
    """

    column: str | None = None
    max_rows: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnSchema:
    """One declared column."""

    name: str
    type: FieldType
    kind: str | None = None
    operator: str | None = None
    target: bool = False
    hierarchy: str | None = None
    required: bool = False
    enum: tuple[Value, ...] | None = None
    minimum: Value | None = None
    maximum: Value | None = None
    spelling: Spelling = PLAIN
    title: str = ""
    description: str = ""

    @property
    def is_text(self) -> bool:
        """Free text: scrubbed in place, kept out of the marginal engine."""
        return self.kind == "text" or (self.type == "text" and self.kind is None)

    @property
    def is_identifying(self) -> bool:
        """An identifier or a PII kind: kept out of the engine, replaced or dropped on the way out.

        Not so if its owner decides to keep it as it is, or made coarser: the engine models it then.
        """
        if self.operator == "drop":
            return not self.is_text
        return self.kind is not None and self.kind != "text" and self.operator not in ("keep", "generalise", "shift")

    @property
    def is_modelled(self) -> bool:
        """The marginal engine models this column."""
        return not (self.is_text or self.is_identifying)

    def value(self, document: object) -> Value | None:
        """A JSON value as one of this column, or None if it is not one: of its type, and in its enum if it has one."""
        value = parse_value(document, self.type)
        return None if self.enum is not None and value not in self.enum else value

    def as_dict(self) -> dict[str, object]:
        """The field as a Frictionless document."""
        entry: dict[str, object] = {"name": self.name, "type": self.type}
        if self.title:
            entry["title"] = self.title
        if self.description:
            entry["description"] = self.description
        entry |= self.spelling.as_dict()
        constraints: dict[str, object] = {}
        if self.required:
            constraints["required"] = True
        if self.enum is not None:
            constraints["enum"] = [_plain(value) for value in self.enum]
        if self.minimum is not None:
            constraints["minimum"] = _plain(self.minimum)
        if self.maximum is not None:
            constraints["maximum"] = _plain(self.maximum)
        if constraints:
            entry["constraints"] = constraints
        if self.kind is not None:
            entry["understudy:kind"] = self.kind
        if self.operator is not None:
            entry["understudy:operator"] = self.operator
        if self.target:
            entry["understudy:target"] = True
        if self.hierarchy is not None:
            entry["understudy:hierarchy"] = self.hierarchy
        return entry


def parse_value(value: object, type_: str) -> Value | None:
    """A JSON value as a value of ``type_``, or None if it is not one."""
    if type_ == "boolean":
        return value if isinstance(value, bool) else None
    if isinstance(value, bool):
        return None
    if type_ == "integer":
        return _integer(value)
    if type_ == "number":
        return _number(value)
    if type_ == "string":
        return value if isinstance(value, str) else None
    if not isinstance(value, str):
        return None
    try:
        if type_ == "date":
            return date.fromisoformat(value)
        if type_ == "datetime":
            moment = datetime.fromisoformat(value)
            return moment if moment.tzinfo is None else None
    except ValueError:
        return None
    return None


def _integer(value: object) -> int | None:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and -(2**63) <= value < 2**63:
        return value
    return None


def _number(value: object) -> float | None:
    if not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number + 0.0 if math.isfinite(number) else None  # + 0.0: there is one zero


def _plain(value: Value) -> object:
    return value.isoformat() if isinstance(value, date) else value
