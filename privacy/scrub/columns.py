"""What a column holds: from its name (a public fact) and, when asked, from its values.

``kind_from_name`` reads no data. ``propose_kinds`` reads rows, so its answer is a hint to the owner and
never an input to anything released.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from privacy.scrub import checks
from privacy.scrub.column_lists import kind_from_lists
from privacy.scrub.column_names import kind_from_name
from privacy.scrub.column_shapes import SHAPES, coded
from privacy.scrub.national import is_national

__all__ = ["Guess", "guess_from_values", "kind_from_name", "propose_kinds"]

SAMPLE = 1_000
"""Distinct values looked at in each column."""
RATE = 0.6
"""Share of the distinct values that must look right: one hit proves nothing."""
MIN_DISTINCT = 3
_TEXT_CHARACTERS, _TEXT_BLANKS = 30, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """A proposed ``understudy:kind`` for ``column``; ``why`` names the evidence, never a value."""

    column: str
    kind: str
    why: str


_CHECKED = frozenset({"iban", "npi", "mbi", "vehicle_id", "email", "url", "credit_card"})
"""Shapes that no other code has by chance."""
_LEAST_DIGITS = {"phone": 6, "fax": 6, "zip": 3, "ssn": 4, "credit_card": 4, "license_plate": 99, "npi": 9, "imsi": 13,
                 "nhs_number": 9, "ip_address": 9}  # fmt: skip
"""Of whole numbers; leading zeros are lost in them, and plates are never numbers alone."""
_WITH_DIGITS = frozenset(
    {"phone", "fax", "zip", "ssn", "nhs_number", "npi", "mbi", "imsi", "credit_card", "ip_address"}
)
SOME = 0.3
"""Share of texts with a digit, below which a column of numbers is none."""
_VAGUE = frozenset({"identifier", "account_number", "license", "health_plan_id", "username", "device_id"})
"""Kinds by name that such a shape makes more exact."""
_CODES = re.compile(
    r"(?i)(?:^|[_\W])(?:icd\d{0,2}|ndc|loinc|cpt|hcpcs|snomed|rxnorm|atc|drg|dx|diag\w*|proc\w*|drug|currency|country"
    r"|product|branch|mcc|sic|naics|state|region|status|reason|type|category|zip)(?:[_\W]|$)"
)
"""A code with one of these words in its name stands for a thing, not for somebody."""


def propose_kinds(table: pa.Table) -> list[Guess]:
    """One guess at most for each column, in column order. Not private: it looks at values.

    A name that says what it is decides, unless the values are prose. Values decide alone only where
    at least ``RATE`` of the distinct ones fit, and for numeric columns never.
    """
    guesses = (_guess(name, table.column(name)) for name in table.column_names)
    return [guess for guess in guesses if guess is not None]


def guess_from_values(distinct: Sequence[str]) -> str | None:
    """The kind that distinct values show by themselves, without any name; None if they show none."""
    sample = [value.strip() for value in distinct[:SAMPLE] if value.strip()]
    if len(sample) < MIN_DISTINCT:
        return None
    return next((shape.kind for shape in SHAPES if _rate(shape.fits, sample) >= RATE), None)


def _guess(name: str, values: pa.ChunkedArray) -> Guess | None:
    named = kind_from_name(name)
    n_values = len(values) - values.null_count
    if named is not None and n_values and not _plausible(named, values):
        named = None
    if n_values == 0 or not _is_string(values):
        return _numeric_guess(name, named, values)
    distinct = pc.unique(pc.drop_null(values))
    sample = [value.strip() for value in distinct.slice(0, SAMPLE).to_pylist() if value.strip()]
    if len(sample) < MIN_DISTINCT:
        return _few_guess(name, named, sample)
    shape = next((shape for shape in SHAPES if _rate(shape.fits, sample) >= RATE), None)
    if named == "first_name" and _rate(_two_words, sample) >= RATE:
        named = "name"
    if named == "identifier" and shape is None and is_national(sample):
        named = None
    if named not in (None, "text", "address") and not _is_prose(sample):
        if shape is not None and shape.kind in _CHECKED and (named in _VAGUE or shape.kind == "credit_card"):
            return Guess(column=name, kind=shape.kind, why=shape.why)
        return Guess(column=name, kind=named, why="the name says so")
    if shape is None and named is None and is_national(sample):
        return Guess(column=name, kind="ssn", why="values pass the check of a national number")
    if shape is not None:
        return Guess(column=name, kind=shape.kind, why=shape.why)
    if named == "address":
        return Guess(column=name, kind=named, why="the name says so")
    if _is_prose(sample) or (named == "text" and _rate(_worded, sample) >= 0.3):
        return Guess(column=name, kind="text", why="values are sentences")
    listed = kind_from_lists(sample)
    if listed is not None:
        return Guess(column=name, kind=listed, why="values stand on public lists of names or towns")
    return _id_guess(name, len(distinct), n_values, sample)


def _few_guess(name: str, named: str | None, sample: Sequence[str]) -> Guess | None:
    """Of one or two values the name decides, or a shape that both have; a remark is one if it has words at all."""
    written = any(" " in value or len(value) >= _TEXT_CHARACTERS for value in sample)
    if named is not None and (named != "text" or written):
        return Guess(column=name, kind=named, why="the name says so")
    shape = next((shape for shape in SHAPES if sample and all(map(shape.fits, sample))), None)
    if shape is not None:
        return Guess(column=name, kind=shape.kind, why=shape.why)
    prose = sum(len(value) >= _TEXT_CHARACTERS and value.count(" ") >= _TEXT_BLANKS for value in sample)
    return Guess(column=name, kind="text", why="values are sentences") if sample and prose == len(sample) else None


def _plausible(kind: str, values: pa.ChunkedArray) -> bool:
    """Whether values can be what their column's name says: 'ph' of a laboratory is no telephone, 'plt' no plate.

    Numbers of a kind have its least count of digits, and no fraction; texts of a kind of numbers have digits.
    """
    if pa.types.is_floating(values.type):
        if any(not value.is_integer() for value in _some(values)):
            return kind == "text"
    elif not pa.types.is_integer(values.type):
        return kind not in _WITH_DIGITS or not _is_string(values) or _digits_in(values) >= SOME
    least = _LEAST_DIGITS.get(kind, 0)
    if least == 0:
        return True
    sample = [len(str(abs(int(value)))) for value in _some(values)]
    return sum(size >= least for size in sample) >= RATE * len(sample)


def _some(values: pa.ChunkedArray) -> list[Any]:
    """Distinct values, as many as are looked at."""
    return list(pc.unique(pc.drop_null(values)).slice(0, SAMPLE).to_pylist())


def _is_string(values: pa.ChunkedArray) -> bool:
    return bool(pa.types.is_string(values.type) or pa.types.is_large_string(values.type))


def _digits_in(values: pa.ChunkedArray) -> float:
    """Share of the distinct texts that have a digit."""
    sample = [value for value in _some(values) if value.strip()]
    return _rate(lambda value: any(map(str.isdecimal, value)), sample) if sample else 1.0


def _numeric_guess(name: str, named: str | None, values: pa.ChunkedArray) -> Guess | None:
    """Numbers need a name: a glucose value looks like a telephone number."""
    if named is None and pa.types.is_integer(values.type):
        return _checked_integers(name, values)
    if named is None or named in ("text", "name", "first_name", "last_name", "address", "city", "email", "url"):
        return None
    if pa.types.is_integer(values.type) or pa.types.is_floating(values.type) or values.null_count == len(values):
        return Guess(column=name, kind=named, why="the name says so")
    return None


def _checked_integers(name: str, values: pa.ChunkedArray) -> Guess | None:
    """Integers count by their checksum alone, where chance cannot explain it: 0.1 to the power of twenty."""
    sample = [str(value) for value in _some(values)]
    if len(sample) < 20:
        return None
    for kind, fits in (("npi", checks.npi), ("credit_card", checks.card), ("device_id", checks.imei)):
        if all(map(fits, sample)):
            return Guess(column=name, kind=kind, why=f"values pass the checksum of {kind}")
    return None


def _id_guess(name: str, n_distinct: int, n_values: int, sample: Sequence[str]) -> Guess | None:
    """Near-unique codes under a name that ends like an id."""
    idlike = re.search(
        r"(?i)(?:^|[_\W])(?:id|no|num|nr|number|code|key|ref|uuid|guid)$|(?<=[a-z])(?:ID|Id|No|Key)$", name
    )
    codes = _rate(coded, sample) >= 0.9
    if idlike and codes and not _CODES.search(name) and n_distinct >= 0.9 * n_values and n_distinct >= 20:
        return Guess(column=name, kind="identifier", why="nearly every value is another code")
    return None


def _rate(fits: Callable[[str], bool], sample: Sequence[str]) -> float:
    return sum(fits(value[:2_100]) for value in sample) / len(sample)


def _two_words(value: str) -> bool:
    return re.fullmatch(r"[^\W\d_][\w'’.-]{1,30},?(?: [^\W\d_][\w'’.-]{0,30}){1,3}", value) is not None


def _worded(value: str) -> bool:
    return value.count(" ") >= 2 or len(value) >= _TEXT_CHARACTERS


def _is_prose(sample: Sequence[str]) -> bool:
    """Long values with many words: free text, which is scrubbed and not modelled."""
    long = sum(len(value) >= _TEXT_CHARACTERS and value.count(" ") >= _TEXT_BLANKS for value in sample)
    many = sum(value.count(" ") >= 8 for value in sample)
    return long >= RATE * len(sample) and many >= 0.3 * len(sample)
