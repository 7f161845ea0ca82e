"""One note: find what identifies somebody, and put surrogates in its place.

Fail closed: whatever goes wrong, the note is dropped and counted, never passed on.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from privacy.scrub.base import KIND_OF_ENTITY, Detector, Span, resolve
from privacy.scrub.dates import shift
from privacy.scrub.folding import fold
from privacy.scrub.keyed import Keyed
from privacy.scrub.known import Known, find_known
from privacy.scrub.lexicon import Gazetteer
from privacy.scrub.surrogates import REDACTED, Surrogates

MAX_CHARACTERS = 20_000_000
OLD_AGE = "90+"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrubbedText:
    """A note without its identifiers. ``spans`` lie over the original; ``text`` None means dropped."""

    text: str | None
    spans: tuple[Span, ...]

    @property
    def counts(self) -> Counter[str]:
        """How many spans of each entity."""
        return Counter(span.entity for span in self.spans)


@dataclass(frozen=True, slots=True)
class TextScrubber:
    """Scrubs notes with one detector and one key. Pure: a note's result depends on its own row alone."""

    detector: Detector
    gazetteer: Gazetteer
    surrogates: Surrogates
    keyed: Keyed

    def scrub(self, text: str, *, person: str | None = None, known: Sequence[Known] = ()) -> ScrubbedText:
        """``text`` with every span replaced, from the row's ``known`` values or by rule.

        Dates move by a whole number of weeks that is constant for a ``person``; without one, for the
        text. Guarantees: no character of a found span is kept; an error drops the note.
        """
        try:
            return self._scrub(text, person, known)
        except Exception:  # whatever a recognizer raises, the note must not get through
            return ScrubbedText(text=None, spans=())

    def _scrub(self, text: str, person: str | None, known: Sequence[Known]) -> ScrubbedText:
        if len(text) > MAX_CHARACTERS:
            return ScrubbedText(text=None, spans=())
        mentions = find_known(text, known, self.surrogates.persons, self.gazetteer.ordinary)
        found = _cut(text, self.detector.detect(text), mentions)
        spans = resolve([*found, *mentions])
        days = self.shift_days(person if person is not None else text)
        pieces: list[str] = []
        place = 0
        for span in spans:
            pieces += [text[place : span.start], self._replacement(text, span, days)]
            place = span.end
        return ScrubbedText(text="".join([*pieces, text[place:]]), spans=tuple(spans))

    def shift_days(self, person: str) -> int:
        """Plus or minus 1 to 52 weeks, so that days of the week stay true."""
        weeks = self.keyed.number("date shift", person, 104) - 52
        return 7 * (weeks if weeks < 0 else weeks + 1)

    def _replacement(self, text: str, span: Span, days: int) -> str:
        written = text[span.start : span.end]
        if span.fake is not None:
            return span.fake
        kind = KIND_OF_ENTITY[span.entity]
        if kind == "date":
            return shift(written, days)
        if kind == "age":
            return OLD_AGE
        if kind == "name":
            return self._name(text, span)
        fake = self.surrogates.fake(kind, written)
        return REDACTED if fake is None else fake

    def _name(self, text: str, span: Span) -> str:
        """A lone word is a first name if only the lists of those hold it and no title goes before."""
        written = text[span.start : span.end]
        word = fold(written).removesuffix("'s")
        titled = re.search(
            r"(?i)\b(?:dr|mr|mrs|ms|prof|doctor|nurse)\.?\s{1,2}$", text[max(0, span.start - 10) : span.start]
        )
        given = word in self.gazetteer.first and not titled
        return self.surrogates.persons.full(written, alone="first" if given else "last")


def _cut(text: str, found: list[Span], mentions: list[Span]) -> list[Span]:
    """Detected names without the parts that the row knows: those have their own fakes, the rest is a span."""
    names = sorted((span for span in mentions if span.entity == "PERSON"), key=lambda span: span.start)
    if not names:
        return found
    starts = [span.start for span in names]
    kept: list[Span] = []
    for span in found:
        if span.entity != "PERSON":
            kept.append(span)
            continue
        place = span.start
        for name in names[bisect_left(starts, span.start) :]:
            if name.start >= span.end:
                break
            kept += _stripped(text, span, place, name.start)
            place = max(place, name.end)
        kept += _stripped(text, span, place, span.end)
    return kept


def _stripped(text: str, span: Span, start: int, end: int) -> list[Span]:
    """The part of ``span`` from its first to its last letter or digit; none if it has none."""
    while start < end and not text[start].isalnum():
        start += 1
    while end > start and not text[end - 1].isalnum():
        end -= 1
    return [replace(span, start=start, end=end)] if end > start else []
