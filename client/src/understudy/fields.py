"""Reads the fields of a Table Schema document, and collects what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping

from understudy.columns import (
    FIELD_TYPES,
    HIERARCHIES,
    KINDS,
    OPERATORS,
    ColumnSchema,
    parse_value,
)
from understudy.rules import Value
from understudy.spelling import KEYS, spelling

MAX_FIELDS = 2_000
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


class FieldReader:
    """Collects every fault of a document before anything is raised, so that one round mends them all."""

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


def _escape(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
