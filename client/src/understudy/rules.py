"""What an owner may say of several columns at once: public facts of the table, and wishes for the rows to be made.

Anyone may import this. Like all of a schema, nothing in it may be filled from rows without a differential-privacy
event. A row in which one of a rule's columns is missing is not judged by that rule.

Under ``understudy:constraints`` of a schema, a list of objects:

- ``{"kind": "order", "columns": ["admitted", "discharged"], "strict": false}``: each column is at most the next one;
- ``{"kind": "combinations", "columns": ["ward", "site"], "rows": [["A1", "north"], ...]}``: no others occur;
- ``{"kind": "forbidden", "where": {"sex": ["male"], "pregnant": [true]}}``: no row is like this in all its columns;
- ``{"kind": "determines", "columns": ["ward", "site"]}``: the last column is the same wherever the others are;
- ``{"kind": "sum", "columns": ["admitted", "days", "discharged"]}``: the last column is the sum of the others, all of
  them numbers, or first a date or moment and then whole numbers of days.

A selection of values is a list, or an object with ``minimum`` and/or ``maximum``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

Value = int | float | str | bool | date | datetime

KINDS = ("order", "combinations", "forbidden", "determines", "sum")
MAX_CONSTRAINTS = 200
MAX_COMBINATIONS = 10_000

Typed = Callable[[str, object], Value | None]
"""(column, JSON value) to a value of the column's type, or None if it is not one."""
Fault = Callable[[str, str], None]
"""(JSON pointer, message)."""
Fields = Mapping[str, str]
"""The type of each modelled column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Values of one column: those listed, or, if none are, all from ``minimum`` to ``maximum``, both included."""

    values: tuple[Value, ...] = ()
    minimum: Value | None = None
    maximum: Value | None = None

    def as_json(self) -> object:
        """What ``selection`` reads."""
        if self.values:
            return [_plain(value) for value in self.values]
        ends = (("minimum", self.minimum), ("maximum", self.maximum))
        return {name: _plain(value) for name, value in ends if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Each column is at most the next one; below it if ``strict``."""

    columns: tuple[str, ...]
    strict: bool = False

    def as_dict(self) -> dict[str, object]:
        """As in a schema."""
        return {"kind": "order", "columns": list(self.columns), "strict": self.strict}


@dataclass(frozen=True, slots=True, kw_only=True)
class Combinations:
    """Only these rows of values occur together."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]

    def as_dict(self) -> dict[str, object]:
        """As in a schema."""
        rows = [[_plain(value) for value in row] for row in self.rows]
        return {"kind": "combinations", "columns": list(self.columns), "rows": rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class Forbidden:
    """No row is in all of these selections, by column name: a structural zero."""

    where: tuple[tuple[str, Selection], ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Those that it reads."""
        return tuple(column for column, _ in self.where)

    def as_dict(self) -> dict[str, object]:
        """As in a schema."""
        return {"kind": "forbidden", "where": {column: wanted.as_json() for column, wanted in self.where}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Determines:
    """The last column is a function of the others; which one is not declared."""

    columns: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        """As in a schema."""
        return {"kind": "determines", "columns": list(self.columns)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """The last column is the sum of the others: numbers, or a date or moment and whole numbers of days."""

    columns: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        """As in a schema."""
        return {"kind": "sum", "columns": list(self.columns)}


Constraint = Order | Combinations | Forbidden | Determines | Sum


def constraints(document: object, fields: Fields, typed: Typed, fault: Fault) -> tuple[Constraint, ...]:
    """The constraints of a schema. Each fault is told to ``fault``; what is at fault is left out."""
    here = "/understudy:constraints"
    if document is None:
        return ()
    if not isinstance(document, list) or len(document) > MAX_CONSTRAINTS:
        fault(here, f"This is a list of at most {MAX_CONSTRAINTS} constraints.")
        return ()
    reader = _Reader(fields, typed, fault)
    found = (reader.constraint(entry, f"{here}/{index}") for index, entry in enumerate(document))
    return tuple(one for one in found if one is not None)


def selection(document: object, column: str, typed: Typed, fault: Fault, pointer: str) -> Selection | None:
    """A list of values, or an object with minimum and/or maximum. None if it is at fault."""
    if isinstance(document, list) and document:
        values = [typed(column, value) for value in document]
        if any(value is None for value in values):
            fault(pointer, "These are not values of the column's type.")
            return None
        return Selection(values=tuple(value for value in values if value is not None))
    if isinstance(document, Mapping) and document and set(document) <= {"minimum", "maximum"}:
        ends = {name: typed(column, value) for name, value in document.items()}
        if any(isinstance(value, str | bool) or value is None for value in ends.values()):
            fault(pointer, "A range has ends of the column's type, which is a number or a date.")
            return None
        return Selection(minimum=ends.get("minimum"), maximum=ends.get("maximum"))
    fault(pointer, "This is a list of values, or an object with minimum and maximum.")
    return None


class _Reader:
    """Reads one constraint at a time."""

    def __init__(self, fields: Fields, typed: Typed, fault: Fault) -> None:
        self._fields, self._typed, self._fault = fields, typed, fault

    def constraint(self, entry: object, pointer: str) -> Constraint | None:
        kind = entry.get("kind") if isinstance(entry, Mapping) else None
        if not isinstance(entry, Mapping) or kind not in KINDS:
            self._fault(pointer, f"A constraint is an object whose kind is one of: {', '.join(KINDS)}.")
            return None
        allowed = {"order": {"columns", "strict"}, "combinations": {"columns", "rows"}, "forbidden": {"where"}}
        for key in set(entry) - {"kind"} - allowed.get(str(kind), {"columns"}):
            self._fault(f"{pointer}/{key}", "This key is not known.")
        if kind == "forbidden":
            return self._forbidden(entry.get("where"), f"{pointer}/where")
        columns = self._columns(entry.get("columns"), f"{pointer}/columns")
        if columns is None:
            return None
        if kind == "order":
            return self._order(columns, entry.get("strict", False), pointer)
        if kind == "combinations":
            return self._combinations(columns, entry.get("rows"), f"{pointer}/rows")
        return Determines(columns=columns) if kind == "determines" else self._sum(columns, pointer)

    def _sum(self, columns: tuple[str, ...], pointer: str) -> Sum | None:
        first, *middle, last = (self._fields[name] for name in columns)
        if first in ("date", "datetime"):
            fits = set(middle) <= {"integer"} and last in (first, "date")
        else:
            fits = {first, *middle} <= ({"integer"} if last == "integer" else {"integer", "number"})
            fits = fits and last in ("integer", "number")
        if not fits:
            self._fault(f"{pointer}/columns", "A sum is of numbers, or of a date and whole numbers of days.")
            return None
        return Sum(columns=columns)

    def _columns(self, names: object, pointer: str) -> tuple[str, ...] | None:
        if not isinstance(names, list) or len(names) < 2 or len({str(name) for name in names}) < len(names):
            self._fault(pointer, "This is a list of at least two different columns.")
            return None
        if any(name not in self._fields for name in names):
            self._fault(pointer, "These are fields that are modelled: neither text nor identifying.")
            return None
        return tuple(names)

    def _order(self, columns: tuple[str, ...], strict: object, pointer: str) -> Order | None:
        types = {self._fields[name] for name in columns}
        if types not in ({"date"}, {"datetime"}) and not types <= {"integer", "number"}:
            self._fault(f"{pointer}/columns", "Only numbers, dates, or moments have an order, each among themselves.")
            return None
        if not isinstance(strict, bool):
            self._fault(f"{pointer}/strict", "This is true or false.")
            return None
        return Order(columns=columns, strict=strict)

    def _combinations(self, columns: tuple[str, ...], rows: object, pointer: str) -> Combinations | None:
        if not isinstance(rows, list) or not 0 < len(rows) <= MAX_COMBINATIONS:
            self._fault(pointer, f"This is a list of 1 to {MAX_COMBINATIONS} rows.")
            return None
        found: list[tuple[Value, ...]] = []
        for index, row in enumerate(rows):
            cells = [] if not isinstance(row, list) or len(row) != len(columns) else row
            values = tuple(self._typed(name, cell) for name, cell in zip(columns, cells, strict=False))
            if not values or any(value is None for value in values):
                self._fault(f"{pointer}/{index}", "A row has one value of each column, of its type.")
                return None
            found.append(tuple(value for value in values if value is not None))
        return Combinations(columns=columns, rows=tuple(found))

    def _forbidden(self, where: object, pointer: str) -> Forbidden | None:
        if not isinstance(where, Mapping) or not where:
            self._fault(pointer, "This is an object of columns and their values.")
            return None
        found: list[tuple[str, Selection]] = []
        for column, wanted in where.items():
            if column not in self._fields:
                self._fault(pointer, "These are fields that are modelled: neither text nor identifying.")
                return None
            one = selection(wanted, column, self._typed, self._fault, f"{pointer}/{_escape(column)}")
            if one is None:
                return None
            found.append((column, one))
        return Forbidden(where=tuple(sorted(found, key=lambda one: one[0])))


def _plain(value: Value) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _escape(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
