"""Kinds of columns by the look of their values: patterns and checksums, as data. Imports no library."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from privacy.scrub import checks
from privacy.scrub.numbers import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A kind by the look of its values. ``alone``: convincing without a name that says so."""

    kind: str
    why: str
    fits: Callable[[str], bool]
    alone: bool = True


def coded(value: str) -> bool:
    return (
        len(value) <= 64 and any(character.isdecimal() for character in value) and " " not in value.strip()
    ) or value.replace(" ", "").isdecimal()


def _regex(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda value: compiled.fullmatch(value) is not None


SHAPES: tuple[Shape, ...] = (
    Shape(
        kind="email",
        why="values look like e-mail addresses",
        fits=_regex(r"[^@\s]{1,64}@[^@\s]{1,190}\.[A-Za-z]{2,24}"),
    ),
    Shape(kind="url", why="values look like URLs", fits=_regex(r"(?i)(?:https?://|www\.)\S{3,2000}")),
    Shape(kind="ssn", why="values look like social security numbers", fits=_regex(r"\d{3}-\d{2}-\d{4}")),
    Shape(kind="iban", why="values pass the IBAN checksum", fits=checks.iban),
    Shape(
        kind="credit_card",
        why="values pass the payment-card checksum",
        fits=lambda value: coded(value) and checks.card(value),
    ),
    Shape(
        kind="device_id", why="values look like MAC addresses", fits=_regex(r"(?i)(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}")
    ),
    Shape(
        kind="device_id",
        why="values pass the IMEI checksum",
        fits=checks.imei,
    ),
    Shape(
        kind="ip_address",
        why="values look like IP addresses",
        fits=_regex(r"(?:\d{1,3}\.){3}\d{1,3}|(?i:[0-9a-f]{0,4}:){3,7}[0-9a-fA-F]{0,4}"),
    ),
    Shape(kind="vehicle_id", why="values pass the VIN checksum", fits=checks.vin),
    Shape(kind="npi", why="values pass the NPI checksum", fits=lambda value: value.isdecimal() and checks.npi(value)),
    Shape(
        kind="nhs_number",
        why="values pass the NHS checksum",
        fits=lambda value: re.fullmatch(r"\d{3}[ -]?\d{3}[ -]?\d{4}", value) is not None and checks.nhs(value),
    ),
    Shape(
        kind="mbi",
        why="values look like Medicare numbers",
        fits=_regex(
            r"[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y\d]\d-?[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y\d]\d-?[AC-HJKMNP-RT-Y]{2}\d{2}"
        ),
    ),
    Shape(kind="identifier", why="values are UUIDs", fits=lambda value: UUID.fullmatch(value) is not None),
    Shape(
        kind="phone",
        why="values look like telephone numbers",
        fits=_regex(
            r"(?:\+?1[ .-]?)?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?: ?(?:x|ext\.?) ?\d{1,6})?|\+\d{1,3}[ "
            r".-]?(?:\(?\d{1,5}\)?[ .-]?){1,5}\d{2,5}|0\d{2,4}[ -]\d{3,4}[ -]?\d{3,5}"
        ),
    ),
    Shape(
        kind="address",
        why="values look like street addresses",
        fits=_regex(
            r"(?i)\d{1,6}[a-z]? (?:[\w.'-]{1,30} ){1,5}(?:st|street|ave|avenue|rd|road|dr|drive|ln|lane|blvd"
            r"|boulevard|ct|court|pl|place|way|cir|circle|ter|terrace|pkwy|parkway|hwy|highway|square|sq|trail|trl|close"
            r"|crescent|grove|row|walk|alley|loop|plaza)\.?(?:[ ,].{0,80})?"
            r"|\d{1,6} [^\n]{3,80}[\n,] ?[^\n\d]{2,40}, [a-z]{2} \d{5}(?:-\d{4})?"
            r"|p\.?o\.? box \d{1,8}.{0,60}"
        ),
    ),
    Shape(
        kind="name",
        why="values look like people's names",
        fits=_regex(
            r"(?:(?:Dr|Mr|Mrs|Ms)\.? )?[A-Z][a-z'’-]{1,20}, [A-Z][a-z'’-]{1,20}(?: [A-Z]\.?)?|(?:Dr|Mr|Mrs|Ms)\.? "
            r"[A-Z][\w'’ .-]{1,40}"
        ),
    ),
    Shape(
        kind="zip",
        why="values look like ZIP+4 or UK postal codes",
        fits=_regex(r"\d{5}-\d{4}|[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}"),
    ),
)
