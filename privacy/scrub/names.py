"""People's names in notes without a model: by title, by the words that announce them, by public lists.

Pure rules over one text. What no rule knows is left to the row's own columns (``known``) and to models
that are plugged in as further recognizers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from privacy.scrub.base import Span
from privacy.scrub.folding import fold
from privacy.scrub.lexicon import NO_NAMES, PARTICLES, SUFFIXES, TITLES, Gazetteer
from privacy.scrub.name_cues import (
    ARTICLE,
    CLAUSE_END,
    DISEASES,
    EPONYM,
    OFTEN_PEOPLE,
    RELATIVE,
    TITLED,
    TOKEN,
    rules,
)

ENTITY = "PERSON"
_MISTAKEN = frozenset({"PERSON", "ORGANIZATION", "LOCATION"})
"""What a model takes the name of a disease for."""


@dataclass(frozen=True, slots=True)
class NameFinder:
    """Finds names with the help of a gazetteer."""

    gazetteer: Gazetteer

    def find(self, text: str) -> list[Span]:
        """Spans of names in ``text``; time is linear in its length."""
        spans = [*self._announced(text), *self._listed(text)]
        return [_own(text, span) for span in spans if not is_eponym(text, span)]

    def _announced(self, text: str) -> Iterator[Span]:
        for announcement, pattern, score in rules():
            for match in pattern.finditer(text):
                if announcement == "pair" and not self._is_pair(match["v"]):
                    continue  # the other announcements say of it what they can
                kept = self._trim(text, match.start("v"), match.end("v"), announcement)
                if kept is not None:
                    yield Span(start=kept[0], end=kept[1], entity=ENTITY, score=score)

    def _is_pair(self, written: str) -> bool:
        """Two words that the lists bear out where a name is due: one of them, or both if one is in small letters."""
        words = [token[0] for token in TOKEN.finditer(written)]
        folded = [fold(word).removesuffix("'s") for word in words]
        if len(words) != 2 or any(word in NO_NAMES for word in folded):
            return False
        listed = sum(word in self.gazetteer.first or word in self.gazetteer.last for word in folded)
        return listed >= (2 if any(word.islower() for word in words) else 1)

    def _trim(self, text: str, start: int, end: int, announcement: str) -> tuple[int, int] | None:
        """The part of a candidate up to the first word that is no name; None if nothing is left."""
        stop = start
        for token in TOKEN.finditer(text, start, end):
            if stop == start and fold(token[0]) in TITLES:
                start = stop = min(token.end() + 1, end)
                continue
            if not self._may_be_name(token[0], announcement, first=stop == start):
                break
            start, stop = (token.start() if stop == start else start), token.end()
        return (start, stop) if stop - start > 1 else None

    def _may_be_name(self, word: str, announcement: str, *, first: bool) -> bool:
        folded = fold(word).removesuffix("'s")
        if folded in TITLES or folded in PARTICLES or (folded in SUFFIXES and not first) or len(word) == 1:
            return not (first and announcement == "plain")
        listed = folded in self.gazetteer.first or folded in self.gazetteer.last
        if folded in NO_NAMES:
            return False
        if announcement == "pair" or (announcement in ("title", "degree") and first):
            return True
        if announcement == "kin":
            return listed and folded not in self.gazetteer.ordinary
        if announcement == "field" and not word.islower():
            return first or folded not in self.gazetteer.ordinary
        if folded in self.gazetteer.ordinary and not (announcement == "title" and listed and word[0].isupper()):
            return False
        if announcement == "field":
            return first or listed
        if announcement == "plain":
            return listed or first
        return listed or not (word.isupper() and len(word) > 1)

    def _listed(self, text: str) -> Iterator[Span]:
        """Runs of words of which the public lists say that they are a name."""
        words = [(m.start(), m.end(), m[0]) for m in TOKEN.finditer(text)]
        place = 0
        while place < len(words):
            size = self._run(text, words, place)
            if size:
                start, end = self._grown(text, words, place, place + size - 1)
                yield Span(start=start, end=end, entity=ENTITY, score=0.65 if size > 1 else 0.5)
            place += size or 1

    def _grown(self, text: str, words: list[tuple[int, int, str]], low: int, high: int) -> tuple[int, int]:
        """Take in up to two capitalised, not ordinary neighbours on each side: half a name is listed, half is not."""
        if words[low][2][0].isupper() and not words[low][2].isupper():
            for _ in range(2):
                if low > 0 and self._joins(text, words[low - 1], words[low]):
                    low -= 1
                if high + 1 < len(words) and self._joins(text, words[high + 1], words[high]):
                    high += 1
        return words[low][0], words[high][1]

    def _joins(self, text: str, neighbour: tuple[int, int, str], word: tuple[int, int, str]) -> bool:
        gap = text[min(neighbour[1], word[1]) : max(neighbour[0], word[0])]
        folded = fold(neighbour[2]).removesuffix("'s")
        plain = folded not in self.gazetteer.ordinary and folded not in NO_NAMES and folded not in TITLES
        plain = plain and not (neighbour[0] < word[0] and folded.endswith(("ed", "ing", "ly")))  # 'Visited Anna'
        return (
            gap in (" ", "-", ". ") and neighbour[2][0].isupper() and plain and (gap != ". " or len(neighbour[2]) == 1)
        )

    def _run(self, text: str, words: list[tuple[int, int, str]], place: int) -> int:
        """How many words from ``place`` on are one name; 0 if none."""
        word = words[place][2]
        if len(word) < 3:
            return 0
        folded = fold(word).removesuffix("'s").replace("'", "")
        lists, ordinary = self.gazetteer, self.gazetteer.ordinary
        is_first, is_last = folded in lists.first, folded in lists.last
        if not (is_first or is_last):
            return 0
        following = self._next(text, words, place)
        if following:
            other = words[place + following][2]
            folded_other = fold(other).replace("'", "")
            comma = "," in text[words[place][1] : words[place + following][0]]
            strong = _strength(folded, is_first if not comma else is_last, ordinary) + _strength(
                folded_other, folded_other in (lists.last if not comma else lists.first), ordinary
            )
            cased = word[0].isupper() and other[0].isupper()
            shouting = word.isupper() or other.isupper()
            needed = 2 if (cased and not shouting and not comma) else 3
            if (
                is_first
                and cased
                and not shouting
                and not comma
                and folded not in ordinary
                and folded_other not in ordinary
            ):
                needed = 0
            if not word[0].isupper() and not other[0].isupper():
                needed = 4
            if strong >= needed and not (not cased and min(len(word), len(other)) < 4):
                return following + 1
        if word[0].isupper() and not word.isupper() and folded not in ordinary and len(word) > 3:
            return 0 if ARTICLE.search(text, max(0, words[place][0] - 12), words[place][0]) else 1
        return 0

    def _next(self, text: str, words: list[tuple[int, int, str]], place: int) -> int:
        """Offset of the word that could be the other half of the name, over an initial; 0 if there is none."""
        for ahead in (1, 2):
            if place + ahead >= len(words):
                return 0
            gap = text[words[place + ahead - 1][1] : words[place + ahead][0]]
            if gap.strip() not in ("", ".", ",", "-") or len(gap) > 3 or "\n" in gap:
                return 0
            if gap.strip() == "." and words[place + ahead - 1][1] - words[place + ahead - 1][0] > 1:
                return 0
            if len(words[place + ahead][2]) > 2:
                return ahead
            if len(words[place + ahead][2]) > 1:
                return 0
        return 0


def is_eponym(text: str, span: Span) -> bool:
    """Whether a name is that of a disease, a sign or an instrument, by the word that follows or ends it."""
    if span.entity not in _MISTAKEN:
        return False
    first = TOKEN.match(text, span.start)
    within = EPONYM.match(text, first.end()) if first else None
    if EPONYM.match(text, span.end) is not None or (within is not None and within.end() >= span.end):
        return True
    return first is not None and first.end() >= span.end and _is_disease(text, first)


def _is_disease(text: str, word: re.Match[str]) -> bool:
    """A lone word that nearly always names a disease, or a common surname whose genitive ends a clause."""
    if TITLED.search(text, max(0, word.start() - 10), word.start()):
        return False
    folded = fold(word[0]).replace("’", "'")
    end, genitive = word.end(), folded.endswith("'s")
    if not genitive and text[end : end + 2] in ("'s", "’s"):
        end, genitive = end + 2, True
    stem = folded.removesuffix("'s")
    if stem in OFTEN_PEOPLE:
        return genitive and CLAUSE_END.match(text, end) is not None
    return stem in DISEASES and not (genitive and RELATIVE.match(text, end))


def _strength(folded: str, listed: bool, ordinary: frozenset[str]) -> int:
    if not listed:
        return 0
    return 1 if folded in ordinary else 2


def propagate(text: str, spans: list[Span], ordinary: frozenset[str]) -> list[Span]:
    """Further mentions in the same text of the parts of names that are surely names."""
    sure = [span for span in spans if span.entity == ENTITY and span.score >= 0.6]
    tokens = [token[0] for span in sure for token in TOKEN.finditer(text, span.start, span.end) if len(token[0]) >= 3]
    parts = {fold(token) for token in tokens}
    quiet = {fold(token) for token in tokens if token.islower()} - ordinary
    parts -= TITLES | SUFFIXES | PARTICLES | NO_NAMES
    if not parts:
        return []
    found: list[Span] = []
    for token in TOKEN.finditer(text):
        folded = fold(token[0]).removesuffix("'s")
        if folded in parts and (token[0][0].isupper() or folded in quiet):
            span = Span(start=token.start(), end=token.end(), entity=ENTITY, score=0.6)
            if folded in ordinary and is_eponym(text, span):
                continue
            found.append(_own(text, span))
    return found


def _own(text: str, span: Span) -> Span:
    """The name without a genitive ending, so that Anna and Anna's are one."""
    if text[span.end - 2 : span.end].lower() in ("'s", "’s"):
        return replace(span, end=span.end - 2)
    return span
