"""What is asked of rows, read from JSON against a schema: public facts, judged before anything is paid."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from understudy.rules import Selection, Value, selection
from understudy.schema import TableSchema


class Reader:
    """Reads wishes, and collects their faults: (JSON pointer, message)."""

    def __init__(self, schema: TableSchema) -> None:
        self._columns = {column.name: column for column in schema.modelled}
        self.faults: list[tuple[str, str]] = []

    def _fault(self, pointer: str, message: str) -> None:
        self.faults.append((pointer, message))

    def _value(self, column: str, document: object) -> Value | None:
        return self._columns[column].value(document)

    def selection(self, column: str, wanted: object) -> Selection | None:
        """Values of a column; None for a fault."""
        pointer = f"/where/{_escape(column)}"
        if column not in self._columns:
            self._fault(pointer, "This is no column that is modelled.")
            return None
        return selection(wanted, column, self._value, self._fault, pointer)

    def imputed(self, wanted: Sequence[str], rebalance: Mapping[str, object]) -> tuple[str, ...]:
        """Columns to fill, each once."""
        for place, name in enumerate(wanted):
            column, pointer = self._columns.get(name), f"/impute/{place}"
            if column is None:
                self._fault(pointer, "This is no column that is modelled.")
            elif column.required:
                self._fault(pointer, "This column is never missing: there is nothing to fill.")
            elif name in rebalance:
                self._fault(pointer, "A column is either filled or rebalanced, for filling would move its shares.")
        return tuple(dict.fromkeys(wanted))

    def shares(self, column: str, wanted: object) -> dict[Value, float]:
        """Shares of a column's values."""
        pointer = f"/rebalance/{_escape(column)}"
        known = self._columns.get(column)
        if known is None or not (known.enum is not None or known.type in ("boolean", "string")):
            self._fault(pointer, "Only the values of a modelled column that are words, true and false, or listed.")
            return {}
        if not isinstance(wanted, Mapping) or not wanted:
            self._fault(pointer, "This is an object of values and their shares.")
            return {}
        found: dict[Value, float] = {}
        for text, share in wanted.items():
            value = self._value(column, _untexted(text, known.type))
            if value is None:
                self._fault(f"{pointer}/{_escape(text)}", "This is no value of the column.")
            elif isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
                self._fault(f"{pointer}/{_escape(text)}", "A share is from 0 to 1.")
            else:
                found[value] = float(share)
        if math.fsum(found.values()) > 1 + 1e-9:
            self._fault(pointer, "The shares add up to more than 1.")
        return found


def _untexted(text: str, type_: str) -> object:
    """The JSON value that a key of an object, which is always text, stands for."""
    if type_ == "boolean":
        return {"true": True, "false": False}.get(text.lower())
    if type_ in ("integer", "number"):
        try:
            return float(text)
        except ValueError:
            return None
    return text


def _escape(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
