"""What rows shall be like, as typed on a command line: ``--where ward=A1 --where age=65.. --rebalance sick:true=0.5``.

Makes the JSON of a job's ``where``, ``rebalance`` and ``impute``; whether a value is one of its column's, the service
says.
"""

from __future__ import annotations

from collections.abc import Sequence

from understudy.errors import UsageError
from understudy.schema import ColumnSchema, TableSchema

_RANGED = ("integer", "number", "date", "datetime")


def where(wishes: Sequence[str], schema: TableSchema) -> dict[str, object]:
    """``column=value``, of which a column may have several, or ``column=low..high`` with either end left out.

    Raises: UsageError (condition-invalid).
    """
    values: dict[str, list[object]] = {}
    ranges: dict[str, object] = {}
    for wish in wishes:
        name, found, text = wish.partition("=")
        column = _column(name, schema)
        if not found or not text:
            raise UsageError("Say --where column=value or --where column=low..high.", code="condition-invalid")
        if column.type in _RANGED and ".." in text:
            low, _, high = text.partition("..")
            ends = {"minimum": low, "maximum": high}
            ranges[name] = {end: _value(given, column) for end, given in ends.items() if given}
        else:
            values.setdefault(name, []).append(_value(text, column))
    if set(values) & set(ranges):
        raise UsageError("A column has either values or a range.", code="condition-invalid")
    return {**values, **ranges}


def rebalance(wishes: Sequence[str], schema: TableSchema) -> dict[str, object]:
    """``column:value=share``, of which a column may have several. Raises: UsageError (condition-invalid)."""
    shares: dict[str, dict[str, float]] = {}
    for wish in wishes:
        head, found, share = wish.rpartition("=")
        name, colon, value = head.partition(":")
        _column(name, schema)
        try:
            number = float(share)
        except ValueError:
            found = ""
        if not found or not colon or not value:
            raise UsageError("Say --rebalance column:value=share, a share from 0 to 1.", code="condition-invalid")
        shares.setdefault(name, {})[value] = number
    return dict(shares)


def impute(wishes: Sequence[str], schema: TableSchema) -> list[str]:
    """``column,column``, which may be given several times; a name may hold a comma if it is given alone.

    Raises: UsageError (condition-invalid).
    """
    names: list[str] = []
    for wish in wishes:
        names += [wish] if wish in schema.names else wish.split(",")
    for name in names:
        _column(name, schema)
    return list(dict.fromkeys(names))


def _column(name: str, schema: TableSchema) -> ColumnSchema:
    if name not in schema.names:
        raise UsageError("A condition names a column of the schema.", code="condition-invalid")
    return schema[name]


def _value(text: str, column: ColumnSchema) -> object:
    """The JSON value that the text stands for; the text itself if there is none, for the service to refuse."""
    if column.type == "boolean":
        return {"true": True, "false": False}.get(text.lower(), text)
    if column.type in ("integer", "number"):
        for kind in (int, float):
            try:
                return kind(text)
            except ValueError:
                continue
    return text
