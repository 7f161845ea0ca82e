"""One note: find what identifies somebody, and put surrogates in its place.

Fail closed: whatever goes wrong, the note is dropped and counted, never passed on.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from privacy.scrub.base import KIND_OF_ENTITY, Detector, Span, resolve
from privacy.scrub.dates import MASK as DATE
from privacy.scrub.dates import shift
from privacy.scrub.folding import fold
from privacy.scrub.keyed import Keyed
from privacy.scrub.known import Known, find_known
from privacy.scrub.lexicon import Gazetteer
from privacy.scrub.nationalities import STATES
from privacy.scrub.operators import OLD_AGE, TEXT_DEFAULTS, age, mask, tells_no_day
from privacy.scrub.surrogates import REDACTED, Surrogates

MAX_CHARACTERS = 20_000_000
MIN_WEEKS = 5
_STATES = frozenset(name for state in STATES for name in state)
"""A state may stay under Safe Harbor; what is smaller may not."""
_TITLE = re.compile(r"(?i)\b(?:dr|mr|mrs|ms|prof|doctor|nurse)\.?\s{1,2}$")


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
    """Scrubs notes with one detector and one key. Pure: a note's result depends on its own row alone.

    ``operators``: by kind, what is done with what is found, where that is not the default.
    """

    detector: Detector
    gazetteer: Gazetteer
    surrogates: Surrogates
    keyed: Keyed
    operators: Mapping[str, str] = field(default_factory=dict)

    def scrub(self, text: str, *, person: str | None = None, known: Sequence[Known] = ()) -> ScrubbedText:
        """``text`` with every span replaced, from the row's ``known`` values or by rule.

        Dates move by a whole number of weeks that is constant for a ``person``; without one, for the
        text. Guarantees: no character of a found span is kept, but for what ``operators`` keep (by default
        titles, nationalities, ages under 90, bare years, weekdays, states of the USA); an error drops the note.
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
        surnames = _surnames(text, spans)
        pieces: list[str] = []
        place = 0
        for span in spans:
            pieces += [text[place : span.start], self._replacement(text, span, days, surnames)]
            place = span.end
        return ScrubbedText(text="".join([*pieces, text[place:]]), spans=tuple(spans))

    def shift_days(self, person: str) -> int:
        """See ``shift_days``."""
        return shift_days(self.keyed, person)

    def _replacement(self, text: str, span: Span, days: int, surnames: frozenset[str]) -> str:
        written = text[span.start : span.end]
        if span.fake is not None:
            return span.fake
        kind = KIND_OF_ENTITY[span.entity]
        operator = self.operators.get(kind) or TEXT_DEFAULTS.get(kind, "surrogate")
        if operator == "keep":
            return written
        if operator == "mask":
            return mask(written)
        if operator == "drop" or kind in ("people", "title"):
            return f"[{span.entity}]"
        if kind == "age":
            return age(written) if operator == "generalise" else OLD_AGE
        if kind == "city" and written in _STATES:
            return written
        if kind == "date":
            return self._date(written, operator, days)
        if kind == "name":
            return self._name(text, span, surnames)
        fake = self.surrogates.fake(kind, written)
        return REDACTED if fake is None else fake

    def _date(self, written: str, operator: str, days: int) -> str:
        """Moved by ``days``; or only its year, if it says one in full. A bare year or weekday stays."""
        if tells_no_day(written):
            return written
        if operator == "generalise":
            years = re.findall(r"(?<!\d)(?:19|20)\d\d(?!\d)", written)
            return years[0] if len(years) == 1 else DATE
        return shift(written, days)

    def _name(self, text: str, span: Span, surnames: frozenset[str]) -> str:
        """A lone word is a last name if the note uses it as one, else what the public lists say."""
        written = text[span.start : span.end]
        word = fold(written)
        given = word in self.gazetteer.first and word not in surnames and not _titled(text, span)
        return self.surrogates.persons.full(written, alone="first" if given else "last")


def shift_days(keyed: Keyed, person: str) -> int:
    """Plus or minus 5 to 52 weeks: days of the week stay true, and a month never stays itself."""
    number = keyed.number("date shift", person, 96)
    weeks = MIN_WEEKS + number // 2
    return 7 * (weeks if number % 2 else -weeks)


def _titled(text: str, span: Span) -> bool:
    return _TITLE.search(text[max(0, span.start - 10) : span.start]) is not None


def _surnames(text: str, spans: list[Span]) -> frozenset[str]:
    """Words that stand last in a full name of this text, or after a title."""
    names = (span for span in spans if span.entity == "PERSON")
    written = ((text[span.start : span.end], _titled(text, span)) for span in names)
    return frozenset(fold(name.split()[-1]) for name, titled in written if titled or (" " in name and "," not in name))


_CUT = frozenset({"PERSON", "LOCATION", "STREET_ADDRESS", "ORGANIZATION", "NRP", "TITLE"})
"""What a known name, town or address is cut out of; a number or an e-mail address is one thing."""
_POSTAL = re.compile(r"\d{4,6}(?:-\d{3,4})?")
_CUTTING = frozenset({"PERSON", "LOCATION", "STREET_ADDRESS", "ZIP_CODE"})


def _cut(text: str, found: list[Span], mentions: list[Span]) -> list[Span]:
    """What was detected without the parts that the row knows: those have their own fakes, the rest is a span."""
    names = sorted((span for span in mentions if span.entity in _CUTTING), key=lambda span: span.start)
    if not names:
        return found
    starts = [span.start for span in names]
    kept: list[Span] = []
    for span in found:
        if not (span.entity in _CUT or (span.entity == "DATE_TIME" and not _has_digit(text, span))):
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


def _has_digit(text: str, span: Span) -> bool:
    return any(character.isdecimal() for character in text[span.start : span.end])


def _stripped(text: str, span: Span, start: int, end: int) -> list[Span]:
    """The part of ``span`` from its first to its last letter or digit; none if it has none.

    What is left of an address may be its postal code alone.
    """
    while start < end and not text[start].isalnum():
        start += 1
    while end > start and not text[end - 1].isalnum():
        end -= 1
    if end <= start:
        return []
    cut = (start, end) != (span.start, span.end)
    postal = cut and span.entity == "STREET_ADDRESS" and _POSTAL.fullmatch(text, start, end)
    return [replace(span, start=start, end=end, entity="ZIP_CODE" if postal else span.entity)]
