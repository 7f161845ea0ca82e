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
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from understudy import rules
from understudy.columns import (
    FIELD_TYPES,
    HIERARCHIES,
    KINDS,
    MAX_ROWS_PER_UNIT,
    OPERATORS,
    PII_KINDS,
    ColumnSchema,
    FieldType,
    Operator,
    PrivacyUnit,
    parse_value,
)
from understudy.errors import Place, SchemaError
from understudy.fields import FieldReader
from understudy.rules import Value
from understudy.spelling import PLAIN

__all__ = (
    "FIELD_TYPES",
    "HIERARCHIES",
    "KINDS",
    "OPERATORS",
    "PII_KINDS",
    "ColumnSchema",
    "FieldType",
    "Operator",
    "PrivacyUnit",
    "TableSchema",
    "Value",
    "parse_value",
    "population_name",
)

DEFAULT_MISSING: tuple[str, ...] = ("",)
DEFAULT_POPULATION = "default"
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
        document["fields"] = [column.as_dict() for column in self.columns]
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


class _Parser(FieldReader):
    """Reads a whole document."""

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
