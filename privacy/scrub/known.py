"""The known-value pass: what the row's own columns say about a person is searched in the row's notes.

It finds the names that no list knows, and makes the notes agree with the columns. A map of one row.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from privacy.scrub.base import ENTITY_OF_KIND, Span
from privacy.scrub.folding import fold
from privacy.scrub.lexicon import PARTICLES, SUFFIXES, TITLES
from privacy.scrub.numbers import digits_of
from privacy.scrub.persons import Persons
from privacy.scrub.surrogates import REDACTED

_NAME_KINDS = frozenset({"name", "first_name", "last_name"})
_NUMERIC_KINDS = frozenset(
    {"phone", "fax", "ssn", "credit_card", "mrn", "account_number", "health_plan_id", "identifier"}
    | {"npi", "mbi", "nhs_number", "imsi"}
)
_DIGIT = re.compile(r"[0-9]")
_MIN_CODE = 4
"""Shorter codes stand in every note by chance: '12' is a dose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One identifying value of the row and the fake that its column got (None: it was dropped)."""

    kind: str
    value: str
    fake: str | None


def find_known(text: str, known: Iterable[Known], persons: Persons, ordinary: frozenset[str]) -> list[Span]:
    """Mentions of ``known`` in ``text``, with their fakes; score 1. Linear in the text for each value.

    Names count from three letters on; those that are ordinary words count only with a capital.
    """
    folded, numerals = fold(text), _Digits.of(text)
    spans: list[Span] = []
    for item in known:
        if item.kind in _NAME_KINDS:
            spans += _names(text, folded, item, persons, ordinary)
        else:
            spans += _codes(text, folded, numerals, item)
    return spans


def _names(text: str, folded: str, item: Known, persons: Persons, ordinary: frozenset[str]) -> Iterator[Span]:
    words = re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)*", item.value[:500])
    plain = [fold(word) for word in words]
    comma = "," in item.value
    for place, word in enumerate(plain):
        if len(word) < 3 or word in TITLES or word in SUFFIXES or (word in PARTICLES and len(words) > 1):
            continue
        part = _part(item.kind, place, len(plain), comma=comma)
        for start, end in _whole(folded, word):
            if word in ordinary and not text[start].isupper():
                continue
            fake = persons.part(text[start:end], "first" if part == "first" else "last")
            yield Span(start=start, end=end, entity="PERSON", score=1.0, fake=fake)


def _part(kind: str, place: int, size: int, *, comma: bool) -> str:
    if kind != "name":
        return "first" if kind == "first_name" else "last"
    if comma:
        return "last" if place == 0 else "first"
    return "last" if place == size - 1 else "first"


def _codes(text: str, folded: str, numerals: _Digits, item: Known) -> Iterator[Span]:
    entity = ENTITY_OF_KIND.get(item.kind, "ID")
    value = fold(item.value.strip())
    if len(value) >= _MIN_CODE and any(character.isalnum() for character in value):
        for start, end in _whole(folded, value):
            yield Span(
                start=start, end=end, entity=entity, score=1.0, fake=REDACTED if item.fake is None else item.fake
            )
    digits = digits_of(item.value)
    if item.kind in _NUMERIC_KINDS and len(digits) >= 5 and digits != value:
        for start, end in numerals.find(text, digits):
            yield Span(start=start, end=end, entity=entity, score=1.0)
    if item.kind == "address":
        line = re.split(r"[,\n]", value, maxsplit=1)[0].strip()
        if len(line) >= 6 and line != value:
            for start, end in _whole(folded, line):
                yield Span(start=start, end=end, entity=entity, score=1.0)


@dataclass(frozen=True, slots=True)
class _Digits:
    """The digits of a text run together, and where each stands."""

    run: str
    places: tuple[int, ...]

    @classmethod
    def of(cls, text: str) -> _Digits:
        places = tuple(match.start() for match in _DIGIT.finditer(text))
        return cls("".join(text[place] for place in places), places)

    def find(self, text: str, digits: str) -> Iterator[tuple[int, int]]:
        """Where ``digits`` stand as one number, whatever separators it is written with."""
        at = self.run.find(digits)
        while at >= 0:
            places = self.places[at : at + len(digits)]
            start, end = places[0], places[-1] + 1
            alone = not text[start - 1 : start].isdecimal() and not text[end : end + 1].isdecimal()
            gaps = (text[low + 1 : high] for low, high in pairwise(places))
            if alone and all(len(gap) <= 3 and not gap.strip(" ().-/") for gap in gaps):
                yield start, end
            at = self.run.find(digits, at + 1)


def _whole(folded: str, value: str) -> Iterator[tuple[int, int]]:
    """Occurrences of ``value`` that are not inside a longer word or number."""
    place = folded.find(value)
    while place >= 0:
        end = place + len(value)
        before = folded[place - 1] if place else " "
        after = folded[end] if end < len(folded) else " "
        if not (before.isalnum() and value[0].isalnum()) and not (after.isalnum() and value[-1].isalnum()):
            yield place, end
        place = folded.find(value, end)
