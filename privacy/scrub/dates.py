"""Dates as they stand in notes: found by shape, and shifted in the same shape.

``find_dates`` is for detection and ``shift`` for replacement; both read the one list of shapes, so what
is found can be shifted, or is masked.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import cache

MASK = "[DATE]"
_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_MONTH = (
    r"(?P<name>jan(?:uary|\.)?|feb(?:ruary|\.)?|mar(?:ch|\.)?|apr(?:il|\.)?|may|june?\.?|july?\.?|aug(?:ust|\.)?"
    r"|sept?(?:ember|\.)?|oct(?:ober|\.)?|nov(?:ember|\.)?|dec(?:ember|\.)?)"
)
_DAY = r"(?P<d>0?[1-9]|[12]\d|3[01])"
_YEAR4 = r"(?P<y>(?:1[89]|20)\d\d)"
_YEAR = r"(?P<y>(?:1[89]|20)\d\d|'?\d\d)"
_ORDINAL = r"(?P<th>st|nd|rd|th)?"
_M = r"(?P<m>0?[1-9]|1[0-2])"
_LEAD, _TAIL = r"(?<![\w/.-])", r"(?![\w/-]|\.\d)"

_SHAPES: tuple[tuple[str, float], ...] = (
    (rf"(?<![\d/.-]){_YEAR4}(?P<s>[-/.]){_M}(?P=s){_DAY}(?=T\d|(?![\w/-]|\.\d))", 0.9),
    (rf"{_LEAD}(?P<a>\d{{1,2}})(?P<s>[-/.]){{1}}(?P<b>\d{{1,2}})(?P=s){_YEAR}{_TAIL}", 0.85),
    (rf"{_LEAD}{_MONTH}[ -]{{0,2}}{_DAY}{_ORDINAL}(?:,? {{1,2}}|[-/,]){_YEAR4}(?!\w)", 0.95),
    (rf"{_LEAD}{_MONTH}[ -]{{1,2}}{_DAY}{_ORDINAL}(?:, {{0,2}}| (?=')){_YEAR}(?!\w)", 0.9),
    (rf"{_LEAD}{_DAY}{_ORDINAL}(?: of)?[ .-]{{0,2}}{_MONTH}[ ,.-]{{0,2}}{_YEAR}(?![\w:])", 0.9),
    (
        rf"{_LEAD}{_MONTH}[ -]{{1,2}}{_DAY}{_ORDINAL}(?![\w.:/%]\d|\w| ?(?:mg|mcg|ml|cm|mm|tab|cap|puff|dose|unit"
        rf"|time|day|week|hour))",
        0.7,
    ),
    (rf"{_LEAD}{_DAY}{_ORDINAL}(?: of)?[ -]{{1,2}}{_MONTH}(?!\w)", 0.7),
    (rf"{_LEAD}{_MONTH}(?:,? of|,)?[ -/]{{1,2}}{_YEAR4}(?!\w)", 0.8),
    (rf"{_LEAD}{_M}/{_YEAR4}{_TAIL}", 0.7),
    (r"(?<!\d)(?P<y>(?:19|20)\d\d)(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])(?!\d)", 0.5),
    (rf"{_LEAD}{_M}/{_DAY}(?=,? (?:at|@) ?\d| (?:appt|appointment|visit|admission|discharge|clinic|surgery)\b)", 0.6),
    (
        r"(?:\b(?:on|since|from|until|till|by|before|after|of|dated?|admi\w{1,8}|seen|visit|appt|f/u|d/c'?d?|dos|doi"
        r"|dob|drawn|collected|obtained|taken|done|started|ended|due|scheduled for|effective)"
        rf"[:\s]{{1,2}}){_M}[/-]{_DAY}{_TAIL}",
        0.6,
    ),
)


@cache
def _shapes() -> tuple[tuple[re.Pattern[str], float], ...]:
    return tuple((re.compile(shape, re.IGNORECASE), score) for shape, score in _SHAPES)


def find_dates(text: str) -> Iterator[tuple[int, int, float]]:
    """(start, end, score) of everything in ``text`` that reads as a date with more than a year."""
    for shape, score in _shapes():
        for match in shape.finditer(text):
            groups = match.groupdict()
            if groups.get("name") == "may" and "y" not in groups:
                continue  # 'may 2' is a verb and a number: without a year the month needs its capital
            if _parts(match) is None and len(groups.get("y") or "") < 4:
                continue
            yield min(match.start(group) for group in groups if match.start(group) >= 0), match.end(), score


def shift(written: str, days: int) -> str:
    """``written`` moved by ``days``, in its own shape; ``[DATE]`` if it cannot be read as a date.

    A missing day counts as the 15th and a missing year as 2001, so that intervals between full dates
    are kept exactly and those between partial ones to within a month.
    """
    for shape, _ in _shapes():
        match = shape.search(written) if shape.groupindex.get("y") else shape.search(f"on {written}")
        if match is None or match.end() < len(match.string) - 1:
            continue
        parts = _parts(match)
        if parts is not None:
            return _written(match, parts, days)
    return MASK


def _parts(match: re.Match[str]) -> date | None:
    groups = match.groupdict()
    try:
        year = _year(groups.get("y"))
        if groups.get("a"):
            month, day = _month_first(int(groups["a"]), int(groups["b"]))
        else:
            month = _month_number(groups["name"]) if groups.get("name") else int(groups["m"])
            day = int(groups["d"]) if groups.get("d") else 15
        return date(year, month, min(day, calendar.monthrange(year, month)[1]) if not groups.get("y") else day)
    except (ValueError, calendar.IllegalMonthError):
        return None


def _month_first(a: int, b: int) -> tuple[int, int]:
    return (b, a) if a > 12 >= b else (a, b)


def _year(written: str | None) -> int:
    if written is None:
        return 2001
    number = int(written.lstrip("'"))
    if number >= 100:
        return number
    return number + (2000 if number < 50 else 1900)


def _month_number(written: str) -> int:
    return next(place for place, month in enumerate(_MONTHS, 1) if month.startswith(written.lower().rstrip(".")[:3]))


def _written(match: re.Match[str], parts: date, days: int) -> str:
    """The match's own text with each component replaced where it stands."""
    try:
        moved = parts + timedelta(days=days)
    except OverflowError:
        return MASK
    offset = len(match.string) - len(match.string.removeprefix("on "))
    groups = match.groupdict()
    width = 2 if _is_padded(groups) else 1
    swapped = groups.get("a") is not None and int(groups["a"]) > 12
    values: dict[str, Callable[[str], str]] = {
        "y": lambda old: _like_year(old, moved.year),
        "m": lambda _: str(moved.month).zfill(width),
        "d": lambda _: str(moved.day).zfill(width),
        "a": lambda _: str(moved.day if swapped else moved.month).zfill(width),
        "b": lambda _: str(moved.month if swapped else moved.day).zfill(width),
        "name": lambda old: _like_month(old, moved.month),
        "th": lambda old: _ordinal(moved.day, old),
    }
    pieces: list[str] = []
    place = offset
    for group in sorted((g for g in values if groups.get(g) is not None), key=match.start):
        pieces += [match.string[place : match.start(group)], values[group](match[group])]
        place = match.end(group)
    return "".join(pieces) + match.string[place:]


def _is_padded(groups: dict[str, str | None]) -> bool:
    """One digit is written as two: some number says so, or none of a numeric date says otherwise."""
    numbers = [groups[group] or "" for group in ("m", "d", "a", "b") if groups.get(group)]
    return any(number.startswith("0") for number in numbers) or (
        not groups.get("name") and all(len(number) == 2 for number in numbers)
    )


def _like_year(old: str, year: int) -> str:
    if len(old) == 4:
        return str(year)
    return ("'" if old.startswith("'") else "") + f"{year % 100:02d}"


def _like_month(old: str, month: int) -> str:
    name = _MONTHS[month - 1]
    if len(old.rstrip(".")) <= 4 and old.lower() not in ("may", "june", "july"):
        name = name[:3] + ("." if old.endswith(".") else "")
    if old.isupper():
        return name.upper()
    return name if old.islower() else name.capitalize()


def _ordinal(day: int, old: str) -> str:
    suffix = "th" if 11 <= day <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return suffix.upper() if old.isupper() else suffix
