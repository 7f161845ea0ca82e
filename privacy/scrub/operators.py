"""What is done with an identifying value: dropped, masked, replaced, made coarser, shifted, or kept.

Each operator is a map of one value (and, for dates, of whose it is), so scrubbing stays a map of one
person's rows. What an operator cannot read it drops: it never passes a value on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from privacy.scrub.numbers import digits_of

MASK = "*"
OLD = 90
"""45 CFR 164.514(b)(2)(i)(C): ages over 89 become one category."""
OLD_AGE = f"{OLD}+"
RESTRICTED_ZIP3 = frozenset(
    [
        "036",
        "059",
        "063",
        "102",
        "203",
        "556",
        "692",
        "790",
        "821",
        "823",
        "830",
        "831",
        "878",
        "879",
        "884",
        "890",
        "893",
    ]
)
"""Three-digit ZIP areas of 20,000 people or fewer. Source: HHS, Guidance on De-identification (Census 2000)."""

TEXT_DEFAULTS: Mapping[str, str] = {
    "date": "shift",
    "age": "generalise",
    "people": "keep",
    "title": "keep",
    "pii": "mask",
}
"""In notes, by kind: what is done unless the caller says otherwise. Every other kind: surrogate.

``people`` (nationality, religion, party) and titles are no identifiers under Safe Harbor; they are found
and reported, and replaced on request. So are ages under 90, bare years and weekdays.
"""


def mask(written: str) -> str:
    """Letters and digits become asterisks; separators stay."""
    return "".join(MASK if character.isalnum() else character for character in written)


def zip3(written: str) -> str | None:
    """The first three digits of a US ZIP code, 000 where so few people live; None for what is none."""
    digits = digits_of(written)
    if len(digits) not in (5, 9) or not re.fullmatch(r"\s*\d{5}(?:[- ]?\d{4})?\s*", written):
        return None
    return "000" if digits[:3] in RESTRICTED_ZIP3 else digits[:3]


def age(written: str) -> str:
    """An age in a note: over 89 it becomes '90+', in words or figures; others stay."""
    figures = re.search(r"\d{1,3}", written)
    if figures is None:
        return OLD_AGE if re.search(r"(?i)ninet|hundred", written) else written
    return written if int(figures[0]) < OLD else written.replace(figures[0], OLD_AGE, 1)


def whole_age(years: int) -> int | None:
    """An age in a table, top-coded at 90; None below zero."""
    return None if years < 0 else min(years, OLD)


def year(moment: date | datetime) -> date | datetime:
    """The first moment of its year."""
    if isinstance(moment, datetime):
        return datetime(moment.year, 1, 1)  # noqa: DTZ001  # tables hold naive moments
    return date(moment.year, 1, 1)


def shifted(moment: date | datetime, days: int) -> date | datetime | None:
    """The moment so many days later; None beyond the calendar."""
    try:
        return moment + timedelta(days=days)
    except OverflowError:
        return None


def tells_no_day(written: str) -> bool:
    """A year or a weekday and nothing else: it may stay under Safe Harbor."""
    return _NO_DAY.fullmatch(written.strip()) is not None


_NO_DAY = re.compile(r"(?i)\(?(?:1[89]|20)\d\d\)?|(?:1[89]|20)?\d0'?s|(?:mon|tues|wednes|thurs|fri|satur|sun)days?")
