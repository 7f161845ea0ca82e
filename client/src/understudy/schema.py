"""The public facts a data owner declares about a table: Frictionless Table Schema plus our keys.

Anyone may import this. It reads no rows, and nothing in it may ever be filled from rows without a
differential-privacy event. What is not supported is refused with a JSON pointer, never ignored.

Standard keys: ``fields[].{name,type,title,description,constraints.{required,enum,minimum,maximum}}``, those of
spelling.py, ``missingValues``, ``title``, ``description``, ``name``.
Ours: ``understudy:population``, ``understudy:privacyUnit`` and ``understudy:constraints`` (rules.py) on the table,
``understudy:kind``, ``understudy:target`` and ``understudy:hierarchy`` on a field.
Source of the standard: Frictionless Data, Table Schema v1.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal, get_args

from understudy import rules
from understudy.errors import Place, SchemaError
from understudy.rules import Value as Value
from understudy.spelling import KEYS, PLAIN, Spelling, spelling

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

DEFAULT_MISSING: tuple[str, ...] = ("",)
DEFAULT_POPULATION = "default"
MAX_ROWS_PER_UNIT = 10_000
MAX_FIELDS = 2_000


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


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSchema:
    """Everything the owner declares about one table."""

    columns: tuple[ColumnSchema, ...]
    population: str = DEFAULT_POPULATION
    unit: PrivacyUnit = field(default_factory=PrivacyUnit)
    missing_values: tuple[str, ...] = DEFAULT_MISSING
    name: str = ""
    title: str = ""
    description: str = ""
    constraints: tuple[rules.Constraint, ...] = ()

    def __getitem__(self, name: str) -> ColumnSchema:
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in declared order."""
        return tuple(column.name for column in self.columns)

    @property
    def modelled(self) -> tuple[ColumnSchema, ...]:
        """The columns that the marginal engine models."""
        return tuple(column for column in self.columns if column.is_modelled)

    @property
    def targets(self) -> tuple[ColumnSchema, ...]:
        """The modelled columns that downstream models predict."""
        return tuple(column for column in self.modelled if column.target)

    @classmethod
    def parse(cls, document: object) -> TableSchema:
        """Read a Table Schema document: a mapping, JSON text or bytes.

        Raises: SchemaError with a JSON pointer for each fault found.
        """
        return _Parser().table(_load(document))

    def spelled_plainly(self) -> TableSchema:
        """The same table in a format that has types, where nothing is spelled."""
        return replace(self, columns=tuple(replace(column, spelling=PLAIN) for column in self.columns))

    def as_dict(self) -> dict[str, object]:
        """The schema as a Frictionless document; ``parse(as_dict())`` gives it back."""
        document: dict[str, object] = {}
        for key, text in (("name", self.name), ("title", self.title), ("description", self.description)):
            if text:
                document[key] = text
        document["fields"] = [_field_as_dict(column) for column in self.columns]
        document["missingValues"] = list(self.missing_values)
        document["understudy:population"] = self.population
        if self.unit.column is not None:
            document["understudy:privacyUnit"] = {"column": self.unit.column, "maxRows": self.unit.max_rows}
        if self.constraints:
            document["understudy:constraints"] = [one.as_dict() for one in self.constraints]
        return document


def population_name(name: str) -> str:
    """Check the name of a population. Raises SchemaError."""
    if not 0 < len(name.strip()) <= 200 or not name.isprintable():
        raise SchemaError("A population is a name of 1 to 200 printable characters.", code="population-invalid")
    return name.strip()


def _field_as_dict(column: ColumnSchema) -> dict[str, object]:
    entry: dict[str, object] = {"name": column.name, "type": column.type}
    if column.title:
        entry["title"] = column.title
    if column.description:
        entry["description"] = column.description
    entry |= column.spelling.as_dict()
    constraints: dict[str, object] = {}
    if column.required:
        constraints["required"] = True
    if column.enum is not None:
        constraints["enum"] = [_plain(value) for value in column.enum]
    if column.minimum is not None:
        constraints["minimum"] = _plain(column.minimum)
    if column.maximum is not None:
        constraints["maximum"] = _plain(column.maximum)
    if constraints:
        entry["constraints"] = constraints
    if column.kind is not None:
        entry["understudy:kind"] = column.kind
    if column.operator is not None:
        entry["understudy:operator"] = column.operator
    if column.target:
        entry["understudy:target"] = True
    if column.hierarchy is not None:
        entry["understudy:hierarchy"] = column.hierarchy
    return entry


def _plain(value: Value) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _load(document: object) -> Mapping[str, object]:
    if isinstance(document, bytes | bytearray):
        try:
            document = bytes(document).decode("utf-8-sig")
        except UnicodeDecodeError:
            raise SchemaError("The schema is not UTF-8 text.", code="schema-not-utf8") from None
    if isinstance(document, str):
        try:
            document = json.loads(document, object_pairs_hook=_no_twice)
        except (ValueError, RecursionError) as error:  # a ValueError also for a number of thousands of digits
            line = error.lineno if isinstance(error, json.JSONDecodeError) else None
            raise SchemaError("The schema is not JSON.", code="schema-not-json", where=(Place(line=line),)) from None
    if not isinstance(document, Mapping):
        raise SchemaError("A schema is a JSON object.", where=(Place(pointer="/"),))
    try:  # JSON can write half of a surrogate pair, which no file and no database can hold
        json.dumps(document, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError:
        raise SchemaError("A text of the schema is not Unicode.", code="schema-not-utf8") from None
    return document


def _no_twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result: dict[str, object] = {}
    for key, value in pairs:
        if key in result:
            raise SchemaError("A key stands twice in one object of the schema.", code="schema-key-twice")
        result[key] = value
    return result


_TABLE_KEYS = {
    "fields",
    "missingValues",
    "name",
    "title",
    "description",
    "$schema",
    "understudy:population",
    "understudy:privacyUnit",
    "understudy:constraints",
}
_FIELD_KEYS = {
    "name",
    "type",
    "title",
    "description",
    *KEYS,
    "constraints",
    "understudy:kind",
    "understudy:operator",
    "understudy:target",
    "understudy:hierarchy",
}
_CONSTRAINT_KEYS = {"required", "enum", "minimum", "maximum"}
_BOUNDED = {"integer", "number", "date", "datetime"}


class _Parser:
    """Collects every fault of a document before it raises, so that one round mends them all."""

    def __init__(self) -> None:
        self.faults: list[tuple[str, str]] = []

    def fault(self, pointer: str, message: str) -> None:
        self.faults.append((pointer, message))

    def keys(self, entry: Mapping[str, object], allowed: set[str], pointer: str) -> None:
        for key in entry:
            if key not in allowed:
                self.fault(f"{pointer}/{_escape(key)}", "This key is not known.")

    def text(self, entry: Mapping[str, object], key: str, pointer: str) -> str:
        value = entry.get(key, "")
        if isinstance(value, str):
            return value
        self.fault(f"{pointer}/{_escape(key)}", "This is a string.")
        return ""

    def flag(self, entry: Mapping[str, object], key: str, pointer: str) -> bool:
        value = entry.get(key, False)
        if isinstance(value, bool):
            return value
        self.fault(f"{pointer}/{_escape(key)}", "This is true or false.")
        return False

    def table(self, document: Mapping[str, object]) -> TableSchema:
        self.keys(document, _TABLE_KEYS, "")
        columns = self.fields(document.get("fields"))
        unit = self.unit(document.get("understudy:privacyUnit"), columns)
        columns = self.identified(columns, unit)
        population = document.get("understudy:population", DEFAULT_POPULATION)
        try:
            population = population_name(population if isinstance(population, str) else "")
        except SchemaError as error:
            self.fault("/understudy:population", error.message)
            population = DEFAULT_POPULATION
        missing = document.get("missingValues", list(DEFAULT_MISSING))
        if not isinstance(missing, list) or not all(isinstance(text, str) for text in missing):
            self.fault("/missingValues", "This is a list of strings.")
            missing = list(DEFAULT_MISSING)
        texts = {key: self.text(document, key, "") for key in ("name", "title", "description")}
        constraints = self.constraints(document.get("understudy:constraints"), columns)
        if self.faults:
            message = self.faults[0][1]
            if len(self.faults) > 1:
                message = f"{message} ({len(self.faults)} faults in all)"
            places = tuple(Place(pointer=pointer) for pointer, _ in self.faults[:20])
            raise SchemaError(
                message,
                where=places,
                facts=dict(self.faults[:20]),
            )
        return TableSchema(
            columns=columns,
            population=population,
            unit=unit,
            missing_values=tuple(missing),
            constraints=constraints,
            **texts,
        )

    def constraints(self, document: object, columns: tuple[ColumnSchema, ...]) -> tuple[rules.Constraint, ...]:
        known = {column.name: column for column in columns if column.is_modelled}
        fields = {name: column.type for name, column in known.items()}
        return rules.constraints(document, fields, lambda name, value: known[name].value(value), self.fault)

    def identified(self, columns: tuple[ColumnSchema, ...], unit: PrivacyUnit) -> tuple[ColumnSchema, ...]:
        """The column that tells persons apart is an identifier, said or not; a label or a note it cannot be."""
        named = tuple(
            replace(column, kind="identifier") if column.name == unit.column and column.kind is None else column
            for column in columns
        )
        for index, column in enumerate(named):
            if column.name == unit.column and (column.is_text or column.target):
                self.fault(f"/fields/{index}", "The privacy unit's column is neither text nor a target.")
            if column.name == unit.column and column.operator not in (None, "surrogate"):
                self.fault(f"/fields/{index}/understudy:operator", "The privacy unit's column gets surrogates.")
        return named

    def fields(self, entries: object) -> tuple[ColumnSchema, ...]:
        if not isinstance(entries, list) or not 0 < len(entries) <= MAX_FIELDS:
            self.fault("/fields", f"A schema has 1 to {MAX_FIELDS} fields.")
            return ()
        columns: list[ColumnSchema] = []
        for index, entry in enumerate(entries):
            if not isinstance(entry, Mapping):
                self.fault(f"/fields/{index}", "A field is an object.")
                continue
            column = self.column(entry, f"/fields/{index}")
            if any(column.name == other.name for other in columns):
                self.fault(f"/fields/{index}/name", "This name stands twice.")
            columns.append(column)
        return tuple(columns)

    def column(self, entry: Mapping[str, object], pointer: str) -> ColumnSchema:
        self.keys(entry, _FIELD_KEYS, pointer)
        name = entry.get("name")
        if not isinstance(name, str) or not name:
            self.fault(f"{pointer}/name", "A field has a name.")
            name = ""
        kind = entry.get("understudy:kind")
        if kind is not None and kind not in KINDS:
            self.fault(f"{pointer}/understudy:kind", f"A kind is one of: {', '.join(KINDS)}.")
            kind = None
        type_ = entry.get("type", "string")
        if type_ not in FIELD_TYPES:
            self.fault(f"{pointer}/type", f"A type is one of: {', '.join(FIELD_TYPES)}.")
            type_ = "string"
        constraints = entry.get("constraints", {})
        if not isinstance(constraints, Mapping):
            self.fault(f"{pointer}/constraints", "This is an object.")
            constraints = {}
        self.keys(constraints, _CONSTRAINT_KEYS, f"{pointer}/constraints")
        here = f"{pointer}/constraints"
        enum = self.enum(constraints.get("enum"), type_, f"{here}/enum")
        low = self.bound(constraints.get("minimum"), type_, f"{here}/minimum")
        high = self.bound(constraints.get("maximum"), type_, f"{here}/maximum")
        if low is not None and high is not None and low > high:  # type: ignore[operator]
            self.fault(f"{here}/minimum", "The minimum is above the maximum.")
        column = ColumnSchema(
            name=name,
            type=type_,  # type: ignore[arg-type]
            kind=kind if isinstance(kind, str) else None,
            operator=self.operator(entry.get("understudy:operator"), kind, str(type_), constraints, pointer),
            target=self.flag(entry, "understudy:target", pointer),
            hierarchy=self.hierarchy(entry.get("understudy:hierarchy"), type_, f"{pointer}/understudy:hierarchy"),
            required=self.flag(constraints, "required", here),
            enum=enum,
            minimum=low,
            maximum=high,
            spelling=spelling(entry, str(type_), pointer, self.fault),
            title=self.text(entry, "title", pointer),
            description=self.text(entry, "description", pointer),
        )
        if column.target and not column.is_modelled:
            self.fault(f"{pointer}/understudy:target", "Text and identifying fields are no targets.")
        return column

    def hierarchy(self, name: object, type_: object, pointer: str) -> str | None:
        if name is None:
            return None
        if name not in HIERARCHIES or not isinstance(name, str):
            self.fault(pointer, f"A hierarchy is one of: {', '.join(HIERARCHIES)}.")
            return None
        if type_ != "string":
            self.fault(pointer, "Only strings have a hierarchy.")
            return None
        return name

    def operator(
        self, operator: object, kind: object, type_: str, constraints: Mapping[str, object], pointer: str
    ) -> str | None:
        """What the owner decides for a field; refused where it would do nothing or something else."""
        if operator is None:
            return None
        here = f"{pointer}/understudy:operator"
        if operator not in OPERATORS:
            self.fault(here, f"An operator is one of: {', '.join(OPERATORS)}.")
            return None
        identifies = kind is not None and kind != "text"
        if operator in ("mask", "surrogate") and not identifies:
            self.fault(here, "Only a field with an identifying kind is masked or replaced.")
        elif operator == "mask" and type_ != "string":
            self.fault(here, "Only a string is masked.")
        elif operator == "shift" and type_ not in ("date", "datetime"):
            self.fault(here, "Only a date is shifted.")
        elif operator == "generalise" and not (
            type_ in ("date", "datetime") or (kind, type_) in (("zip", "string"), (None, "integer"))
        ):
            self.fault(here, "Dates, ZIP codes that are strings, and ages (integers) can be generalised.")
        elif operator == "generalise" and "enum" in constraints:
            self.fault(here, "A generalised field has other values than its enum: leave the enum out.")
        return str(operator)

    def enum(self, values: object, type_: str, pointer: str) -> tuple[Value, ...] | None:
        if values is None:
            return None
        if not isinstance(values, list) or not values:
            self.fault(pointer, "This is a list of at least one value.")
            return None
        if type_ == "text":
            self.fault(pointer, "Free text has no enum.")
            return None
        members: list[Value] = []
        for index, value in enumerate(values):
            member = parse_value(value, type_)
            if member is None:
                self.fault(f"{pointer}/{index}", f"This value is no {type_}.")
            elif member in members:
                self.fault(f"{pointer}/{index}", "This value stands twice.")
            else:
                members.append(member)
        return tuple(members)

    def bound(self, value: object, type_: str, pointer: str) -> Value | None:
        if value is None:
            return None
        if type_ not in _BOUNDED:
            self.fault(pointer, f"A {type_} field has no bounds.")
            return None
        parsed = parse_value(value, type_)
        if parsed is None:
            self.fault(pointer, f"This value is no {type_}.")
        return parsed

    def unit(self, entry: object, columns: tuple[ColumnSchema, ...]) -> PrivacyUnit:
        here = "/understudy:privacyUnit"
        if entry is None:
            return PrivacyUnit()
        if not isinstance(entry, Mapping):
            self.fault(here, "This is an object with column and maxRows.")
            return PrivacyUnit()
        self.keys(entry, {"column", "maxRows"}, here)
        column, max_rows = entry.get("column"), entry.get("maxRows", 1)
        if column is not None and column not in {known.name for known in columns}:
            self.fault(f"{here}/column", "The privacy unit's column is not among the fields.")
        if isinstance(max_rows, bool) or not isinstance(max_rows, int) or not 1 <= max_rows <= MAX_ROWS_PER_UNIT:
            self.fault(f"{here}/maxRows", f"This is a whole number from 1 to {MAX_ROWS_PER_UNIT}.")
            max_rows = 1
        if column is None and max_rows != 1:
            self.fault(f"{here}/maxRows", "Without a column every row is a unit, so maxRows is 1.")
        return PrivacyUnit(column=column if isinstance(column, str) else None, max_rows=max_rows)


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


def _escape(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
