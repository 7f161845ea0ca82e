"""What detectors found, put together: doubtful names are held against the tagger, pieces of one thing become one.

Pure functions of one text and its spans.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import replace
from itertools import takewhile

from privacy.scrub.base import Span

CERTAIN = 0.9
"""A name that a title announces ('Dr. X') stays, whatever the tagger makes of it."""
_PLACES = frozenset({"STREET_ADDRESS", "LOCATION", "ZIP_CODE"})
_NAMED = frozenset({"PERSON", "ORGANIZATION", "LOCATION"})
_FIELD_GAP = re.compile(r"[\s,;/>|-]{1,5}(?:(?i:nan|n/a|null|none|na)?[\s,;/>|-]{1,3})?")
_CODE_GAP = re.compile(r"\s?[,\n]\s{0,2}[^\W\d_]{2,3}[\s,]{1,4}")
"""A state's code that nobody took for one stands between a town and its postal code or country."""
_CORNER = re.compile(r"(?i)\b(?:corner|intersection|crossing|junction) of(?: the)? $")
_NAME_GAP = re.compile(r"[ ](?:[^\W\d_]\.?[ ])?|")
_HALF = re.compile(r"-[^\W\d_]{1,20}(?![\w-])")
WORD = re.compile(r"[^\W\d_]+")
_LONGEST = 5
"""Pieces that become one address."""


def supported(
    text: str,
    start: int,
    end: int,
    score: float,
    hints: list[tuple[int, int]],
    is_name: Callable[[str], bool],
) -> tuple[int, int] | None:
    """The part of a name that a rule found which the tagger thinks possible too; None if there is none.

    Words at its ends that the tagger does not suspect fall off, but for those that ``is_name``. ``hints``: sorted,
    disjoint places where the tagger sees any chance of an identifier.
    """
    low = max(0, bisect_left(hints, (start, start)) - 1)
    near = [hint for hint in takewhile(lambda hint: hint[0] < end, hints[low:]) if hint[1] > start]
    if not near:
        return (start, end) if score >= CERTAIN else None
    words = [match.span() for match in WORD.finditer(text, start, end)]
    kept = [(a, b) for a, b in words if is_name(text[a:b]) or any(a < stop and b > begin for begin, stop in near)]
    if not kept:
        return start, end
    return (start if score >= CERTAIN else kept[0][0]), (end if kept[-1] == words[-1] else kept[-1][1])


def joined(text: str, spans: list[Span]) -> list[Span]:
    """``spans``, disjoint and in order of place, with the pieces of one address, name or hyphenated word made one.

    Guarantee: every character that was covered still is.
    """
    made: list[Span] = []
    pieces = 1
    for span in spans:
        entity = _together(text, made[-1], span) if made and pieces < _LONGEST else ""
        if entity:
            last = made[-1]
            made[-1] = Span(start=last.start, end=span.end, entity=entity, score=max(last.score, span.score))
        else:
            made.append(span)
        pieces = pieces + 1 if entity else 1
    return _disjoint([_whole(text, span) for span in made])


def _together(text: str, a: Span, b: Span) -> str:
    """The entity of two neighbours that are one thing; empty if they are two."""
    if a.fake is not None or b.fake is not None or b.start - a.end > 8:
        return ""
    gap = text[a.end : b.start]
    if a.entity == "STREET_ADDRESS" and b.entity in _PLACES and (_FIELD_GAP.fullmatch(gap) or _has_code(text, gap, b)):
        return "STREET_ADDRESS"
    if (
        a.entity == b.entity == "STREET_ADDRESS"
        and gap in (" and ", " & ")
        and _CORNER.search(text, max(0, a.start - 25), a.start)
    ):
        return "STREET_ADDRESS"
    if a.entity == b.entity == "PERSON" and _NAME_GAP.fullmatch(gap):
        return "PERSON"
    if a.entity in _NAMED and b.entity in _NAMED and gap in ("-", "'", "’"):
        return a.entity if a.size >= b.size else b.entity
    return ""


def _has_code(text: str, gap: str, after: Span) -> bool:
    """Whether what stands between two places is the code of a state: in capitals, or before a postal code."""
    return _CODE_GAP.fullmatch(gap) is not None and (gap.strip(" ,\n").isupper() or text[after.start].isdecimal())


def _whole(text: str, span: Span) -> Span:
    """A first name of which only the half before the hyphen was found ('Sun' of 'Sun-hee')."""
    if span.entity != "PERSON" or span.fake is not None:
        return span
    half = _HALF.match(text, span.end)
    return replace(span, end=half.end()) if half else span


def _disjoint(spans: list[Span]) -> list[Span]:
    """Without overlaps that growing made: the later span gives way."""
    kept: list[Span] = []
    for span in spans:
        start = max(span.start, kept[-1].end) if kept else span.start
        if start < span.end:
            kept.append(span if start == span.start else replace(span, start=start))
    return kept
