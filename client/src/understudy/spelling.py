"""How a field's values are spelled in a CSV or TSV file, by the Table Schema's own keys.

``format`` (a strptime pattern of dates), ``decimalChar`` and ``groupChar`` (numbers), ``trueValues`` and
``falseValues`` (booleans). Formats that have types of their own (Parquet, Excel, JSON lines) are not spelled, so the
keys say nothing of them; nor of the schema's own enums and bounds, which are JSON. Synthetic tables are written in
the default spelling. Source: Frictionless Data, Table Schema v1, "Types and Formats".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

Fault = Callable[[str, str], None]
"""Notes a fault: a JSON pointer and a sentence."""

KEYS = ("format", "decimalChar", "groupChar", "trueValues", "falseValues")
TRUE = ("true", "True", "TRUE", "1")
FALSE = ("false", "False", "FALSE", "0")
_DEFAULT_FORMATS = ("", "default", "any")
_DAY, _CLOCK = "YymdbBj", "HIMSfp"
_PROBE = datetime(2003, 4, 5, 16, 7, 8)  # noqa: DTZ001  moments of a table have no zone


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """The spelling of one field; what is not said is the default.

    ``format``: a strptime pattern, empty for ISO 8601. Two-digit years (%y) from 69 on are of the 1900s, as POSIX says.
    """

    format: str = ""
    decimal_char: str = "."
    group_char: str = ""
    true_values: tuple[str, ...] = TRUE
    false_values: tuple[str, ...] = FALSE

    def as_dict(self) -> dict[str, object]:
        """The keys that differ from the default."""
        values = (self.format, self.decimal_char, self.group_char, list(self.true_values), list(self.false_values))
        defaults = ("", ".", "", list(TRUE), list(FALSE))
        found = zip(KEYS, values, defaults, strict=True)
        return {key: value for key, value, default in found if value != default}


PLAIN = Spelling()


def spelling(entry: Mapping[str, object], type_: str, pointer: str, fault: Fault) -> Spelling:
    """The spelling that a field of a schema document asks for. Faults are noted by their JSON pointer."""

    def wrong(key: str, message: str) -> None:
        fault(f"{pointer}/{key}", message)

    for key, types in (
        ("decimalChar", _NUMBERS),
        ("groupChar", _NUMBERS),
        ("trueValues", _FLAGS),
        ("falseValues", _FLAGS),
    ):
        if key in entry and type_ not in types:
            wrong(key, f"Only a field of type {' or '.join(types)} has this key.")
            return PLAIN
    decimal, group = _mark(entry, "decimalChar", ".", wrong), _mark(entry, "groupChar", "", wrong)
    if decimal == group:
        wrong("groupChar", "This is not the mark of decimals.")
    true, false = _words(entry, "trueValues", TRUE, wrong), _words(entry, "falseValues", FALSE, wrong)
    if set(true) & set(false):
        wrong("falseValues", "A word is either true or false.")
    return Spelling(
        format=_format(entry.get("format", ""), type_, wrong),
        decimal_char=decimal,
        group_char=group,
        true_values=true,
        false_values=false,
    )


_NUMBERS = ("integer", "number")
_FLAGS = ("boolean",)


def _mark(entry: Mapping[str, object], key: str, default: str, wrong: Fault) -> str:
    value = entry.get(key, default)
    if isinstance(value, str) and (value == default or (len(value) == 1 and not re.match(r"[\w+\-\x00-\x1f]", value))):
        return value
    wrong(key, "This is one character, no digit, letter or sign.")
    return default


def _words(entry: Mapping[str, object], key: str, default: tuple[str, ...], wrong: Fault) -> tuple[str, ...]:
    value = entry.get(key, list(default))
    if isinstance(value, list) and value and all(isinstance(word, str) and word.strip() for word in value):
        return tuple(word.strip() for word in value)
    wrong(key, "This is a list of at least one word.")
    return default


def _format(value: object, type_: str, wrong: Fault) -> str:
    if value in _DEFAULT_FORMATS:
        return ""
    if type_ not in ("date", "datetime") or not isinstance(value, str) or not _reads(value, type_):
        wrong("format", f"This is 'default', or for dates a pattern of {_directives(_DAY)} and {_directives(_CLOCK)}.")
        return ""
    return value


def _reads(pattern: str, type_: str) -> bool:
    """Whether what is written by the pattern is read back as the same day."""
    allowed = _DAY + (_CLOCK if type_ == "datetime" else "")
    if not set(re.findall(r"%(.)", pattern.replace("%%", ""))) <= set(allowed) or len(pattern) > 100:
        return False
    try:
        read = datetime.strptime(_PROBE.strftime(pattern), pattern)  # noqa: DTZ007  see above
        return read.date() == _PROBE.date()
    except ValueError:
        return False


def _directives(letters: str) -> str:
    return ", ".join(f"%{letter}" for letter in letters)
