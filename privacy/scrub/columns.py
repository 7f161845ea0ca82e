"""What a column holds: from its name (a public fact) and, when asked, from its values.

``kind_from_name`` reads no data. ``propose_kinds`` reads rows, so its answer is a hint to the owner and
never an input to anything released.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from privacy.scrub import checks
from privacy.scrub.column_lists import kind_from_lists
from privacy.scrub.column_names import kind_from_name
from privacy.scrub.numbers import UUID

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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """A kind by the look of its values. ``alone``: convincing without a name that says so."""

    kind: str
    why: str
    fits: Callable[[str], bool]
    alone: bool = True


def _regex(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda value: compiled.fullmatch(value) is not None


_SHAPES: tuple[_Shape, ...] = (
    _Shape(
        kind="email",
        why="values look like e-mail addresses",
        fits=_regex(r"[^@\s]{1,64}@[^@\s]{1,190}\.[A-Za-z]{2,24}"),
    ),
    _Shape(kind="url", why="values look like URLs", fits=_regex(r"(?i)(?:https?://|www\.)\S{3,2000}")),
    _Shape(kind="ssn", why="values look like social security numbers", fits=_regex(r"\d{3}-\d{2}-\d{4}")),
    _Shape(kind="iban", why="values pass the IBAN checksum", fits=checks.iban),
    _Shape(
        kind="credit_card",
        why="values pass the payment-card checksum",
        fits=lambda value: _coded(value) and checks.card(value),
    ),
    _Shape(
        kind="device_id", why="values look like MAC addresses", fits=_regex(r"(?i)(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}")
    ),
    _Shape(
        kind="device_id",
        why="values pass the IMEI checksum",
        fits=checks.imei,
    ),
    _Shape(
        kind="ip_address",
        why="values look like IP addresses",
        fits=_regex(r"(?:\d{1,3}\.){3}\d{1,3}|(?i:[0-9a-f]{0,4}:){3,7}[0-9a-fA-F]{0,4}"),
    ),
    _Shape(kind="vehicle_id", why="values pass the VIN checksum", fits=checks.vin),
    _Shape(kind="npi", why="values pass the NPI checksum", fits=lambda value: value.isdecimal() and checks.npi(value)),
    _Shape(
        kind="nhs_number",
        why="values pass the NHS checksum",
        fits=lambda value: re.fullmatch(r"\d{3}[ -]?\d{3}[ -]?\d{4}", value) is not None and checks.nhs(value),
    ),
    _Shape(
        kind="mbi",
        why="values look like Medicare numbers",
        fits=_regex(
            r"[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y\d]\d-?[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y\d]\d-?[AC-HJKMNP-RT-Y]{2}\d{2}"
        ),
    ),
    _Shape(kind="identifier", why="values are UUIDs", fits=lambda value: UUID.fullmatch(value) is not None),
    _Shape(
        kind="phone",
        why="values look like telephone numbers",
        fits=_regex(
            r"(?:\+?1[ .-]?)?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?: ?(?:x|ext\.?) ?\d{1,6})?|\+\d{1,3}[ "
            r".-]?(?:\(?\d{1,5}\)?[ .-]?){1,5}\d{2,5}"
        ),
    ),
    _Shape(
        kind="address",
        why="values look like street addresses",
        fits=_regex(
            r"(?i)\d{1,6}[a-z]? (?:[\w.'-]{1,30} ){1,5}(?:st|street|ave|avenue|rd|road|dr|drive|ln|lane|blvd"
            r"|boulevard|ct|court|pl|place|way|cir|circle|ter|terrace|pkwy|parkway|hwy|highway)\.?(?:[ ,].{0,80})?"
            r"|p\.?o\.? box \d{1,8}.{0,60}"
        ),
    ),
    _Shape(
        kind="name",
        why="values look like people's names",
        fits=_regex(
            r"(?:(?:Dr|Mr|Mrs|Ms)\.? )?[A-Z][a-z'’-]{1,20}, [A-Z][a-z'’-]{1,20}(?: [A-Z]\.?)?|(?:Dr|Mr|Mrs|Ms)\.? "
            r"[A-Z][\w'’ .-]{1,40}"
        ),
    ),
    _Shape(kind="zip", why="values look like ZIP+4 codes", fits=_regex(r"\d{5}-\d{4}")),
)


_CHECKED = frozenset({"iban", "npi", "mbi", "vehicle_id", "email", "url", "credit_card"})
"""Shapes that no other code has by chance."""
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
    return next((shape.kind for shape in _SHAPES if _rate(shape.fits, sample) >= RATE), None)


def _guess(name: str, values: pa.ChunkedArray) -> Guess | None:
    named = kind_from_name(name)
    n_values = len(values) - values.null_count
    if n_values == 0 or not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        return _numeric_guess(name, named, values)
    distinct = pc.unique(pc.drop_null(values))
    sample = [value.strip() for value in distinct.slice(0, SAMPLE).to_pylist() if value.strip()]
    if len(sample) < MIN_DISTINCT:
        return Guess(column=name, kind=named, why="the name says so") if named and named != "text" else None
    shape = next((shape for shape in _SHAPES if _rate(shape.fits, sample) >= RATE), None)
    if named not in (None, "text", "address") and not _is_prose(sample):
        if shape is not None and shape.kind in _CHECKED and (named in _VAGUE or shape.kind == "credit_card"):
            return Guess(column=name, kind=shape.kind, why=shape.why)
        return Guess(column=name, kind=named, why="the name says so")
    if shape is not None:
        return Guess(column=name, kind=shape.kind, why=shape.why)
    if named == "address":
        return Guess(column=name, kind=named, why="the name says so")
    if _is_prose(sample):
        return Guess(column=name, kind="text", why="values are sentences")
    listed = kind_from_lists(sample)
    if listed is not None:
        return Guess(column=name, kind=listed, why="values stand on public lists of names or towns")
    return _id_guess(name, len(distinct), n_values, sample)


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
    sample = [str(value) for value in pc.unique(pc.drop_null(values)).slice(0, SAMPLE).to_pylist()]
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
    coded = _rate(_coded, sample) >= 0.9
    if idlike and coded and not _CODES.search(name) and n_distinct >= 0.9 * n_values and n_distinct >= 20:
        return Guess(column=name, kind="identifier", why="nearly every value is another code")
    return None


def _rate(fits: Callable[[str], bool], sample: Sequence[str]) -> float:
    return sum(fits(value[:2_100]) for value in sample) / len(sample)


def _coded(value: str) -> bool:
    return (
        len(value) <= 64 and any(character.isdecimal() for character in value) and " " not in value.strip()
    ) or value.replace(" ", "").isdecimal()


def _is_prose(sample: Sequence[str]) -> bool:
    """Long values with many words: free text, which is scrubbed and not modelled."""
    long = sum(len(value) >= _TEXT_CHARACTERS and value.count(" ") >= _TEXT_BLANKS for value in sample)
    many = sum(value.count(" ") >= 8 for value in sample)
    return long >= RATE * len(sample) and many >= 0.3 * len(sample)
