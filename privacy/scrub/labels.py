"""What a network's opinion of words becomes: spans of entities, held against what such words usually are.

Pure functions of one text, its tokens and float32 (tokens, labels) that sum to 1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from privacy.scrub.base import HINT, Span
from privacy.scrub.lexicon import TITLES

LABELS = ("O", "PERSON", "LOCATION", "ADDRESS", "ORGANIZATION", "DATE", "AGE", "PHONE", "ID", "NRP", "TITLE", "NET")
ENTITY = {
    "PERSON": "PERSON",
    "LOCATION": "LOCATION",
    "ADDRESS": "STREET_ADDRESS",
    "ORGANIZATION": "ORGANIZATION",
    "DATE": "DATE_TIME",
    "AGE": "AGE",
    "PHONE": "PHONE_NUMBER",
    "ID": "ID",
    "NRP": "NRP",
    "TITLE": "TITLE",
    "NET": "USERNAME",
}
"""Label of the network -> entity of a span."""
SUSPECT = 0.1
"""From this probability on a word is hinted at: a rule that calls it a name is believed."""
SURE = 0.93
LOWER = 0.8
"""Of a lone word in lower case: most of them are no names."""
VAGUE = 0.5
"""Score of what is some code or handle: a rule that says which one is heard first."""
_CAPITALISED = frozenset({"ORGANIZATION", "ID", "PHONE", "TITLE", "AGE"})
_NUMERIC = frozenset(LABELS.index(label) for label in ("DATE", "AGE", "PHONE", "ID", "NET", "ADDRESS"))
_BEFORE_AMOUNT = re.compile(r"(?:[$€£¥]|\b(?:USD|EUR|GBP|CHF|Rs))[ ]?(?:\d{1,3},)*$|\d[.,:]$")
_POSTAL = re.compile(r"\d{4,6}|\d{5}-\d{4}|\d{3} ?\d{2,3}|\d{2}-\d{3}|\d{1,4}[-/]\d{1,3}")
"""Digits that can be an address without a word beside them; a house's number stands beside a street."""
_VERBS = frozenset({"may", "march", "mar", "sun", "sat", "wed"})
"""In lower case these are words and no days or months."""
_AFTER_AMOUNT = re.compile(r"[.,:]\d|[ ]?(?:%|percent\b|[$€£]|USD\b|EUR\b|GBP\b|dollars\b|euros\b|pounds\b)")
_DECADE = re.compile(r"['’]?s(?!\w)")
"""After a number this makes it years of a century, or a decade of a life: 'in the 60s'."""
F = NDArray[np.float32]


def found(text: str, heard: Iterable[tuple[list[tuple[int, int]], F]], thresholds: F) -> list[Span]:
    """Spans and hints from (tokens, float32 (tokens, labels)) of one stretch of ``text`` after another."""
    spans: list[Span] = []
    for tokens, chances in heard:
        spans += spans_of(text, tokens, chances, thresholds)
        spans += hints_of(tokens, chances)
    return spans


def spans_of(text: str, tokens: list[tuple[int, int]], chances: F, thresholds: F) -> Iterator[Span]:
    """Neighbouring tokens of one label become one span; its score is that of its surest token."""
    best = chances[:, 1:].argmax(axis=1) + 1
    sure = 1 - chances[:, 0]
    picked = np.where(sure >= thresholds[best], best, 0).tolist()
    place = 0
    while place < len(picked):
        label = picked[place]
        stop = place + 1
        while stop < len(picked) and picked[stop] == label:
            stop += 1
        if label:
            first = place
            while LABELS[label] == "PHONE" and first < stop - 1 and text[slice(*tokens[first])].isalpha():
                first += 1  # 'tel' and 'mrn' are no part of a number
            last = stop - 1
            if LABELS[label] == "DATE":
                first, last = _without_verbs(text, tokens, first, last)
            start, end = _trimmed(text, tokens[first][0], tokens[last][1])
            if LABELS[label] in ("ORGANIZATION", "LOCATION") and text[start : start + 4].lower() == "the ":
                start = min(end, start + 4)
            score = float(sure[place:stop].max())
            amount = label in _NUMERIC and _is_amount(text, start, end)
            amount = amount or (LABELS[label] == "AGE" and _DECADE.match(text, end) is not None)
            if end > start and not amount and score >= _least(text[start:end], LABELS[label]):
                if LABELS[label] in ("ID", "NET", "PHONE"):
                    score = min(score, VAGUE)  # what a word announces is surer
                yield Span(start=start, end=end, entity=ENTITY[LABELS[label]], score=min(1.0, round(score, 3)))
        place = stop


def _without_verbs(text: str, tokens: list[tuple[int, int]], first: int, last: int) -> tuple[int, int]:
    """A date without the verbs at its ends: 'May may march' is one month and two verbs."""
    while first < last and text[slice(*tokens[first])] in _VERBS:
        first += 1
    while first < last and text[slice(*tokens[last])] in _VERBS:
        last -= 1
    return first, last


def hints_of(tokens: list[tuple[int, int]], chances: F) -> Iterator[Span]:
    """One hint for each run of words that might identify somebody."""
    suspect = (1 - chances[:, 0] >= SUSPECT).tolist()
    place = 0
    while place < len(suspect):
        stop = place + 1
        if suspect[place]:
            while stop < len(suspect) and suspect[stop]:
                stop += 1
            yield Span(start=tokens[place][0], end=tokens[stop - 1][1], entity=HINT, score=1.0)
        place = stop


def _least(written: str, label: str) -> float:
    """How sure the network must be of a span that would be wrong if it were as common as it looks.

    Doses, pressures and list numbers are short numbers; lower-case words and short abbreviations are rarely
    names of companies or people.
    """
    digits = sum(character.isdecimal() for character in written)
    letters = sum(character.isalpha() for character in written)
    if not letters:
        if label == "ADDRESS" and not (_POSTAL.fullmatch(written) and not written.startswith("0" * 4)):
            return 1.1
        if label == "AGE":
            return 0.0 if digits <= 2 or (digits == 3 and written.isdecimal() and int(written) <= 120) else 1.1
        if label == "PHONE" and digits < 4:
            return 1.1
        return SURE if digits < 4 and not (label == "DATE" and any(mark in written for mark in "/-.")) else 0.0
    if label == "DATE" and written in _VERBS:
        return 1.1
    if label == "TITLE" and written.islower() and written not in TITLES:
        return 1.1
    if label in ("LOCATION", "PERSON") and written.islower() and " " not in written:
        return LOWER
    if label == "NET" and not digits and not any(character in "@._/" for character in written):
        return SURE
    if len(written) <= 2 and written.islower() and label != "TITLE":
        return 1.1
    if not digits and (len(written) == 1 or (written.isupper() and letters <= 3 and label != "TITLE")):
        return SURE
    return SURE if not digits and written.islower() and label in _CAPITALISED else 0.0


def _is_amount(text: str, start: int, end: int) -> bool:
    """Whether a bare number is money, a share, or a part of a decimal or a time: '26' of '£26,176', '17' of '17.47'."""
    if not text[start:end].isdecimal() or end - start > 4:
        return False
    return bool(_BEFORE_AMOUNT.search(text, max(0, start - 16), start) or _AFTER_AMOUNT.match(text, end))


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Without punctuation at either end; a full stop after one letter stays out too."""
    while start < end and not (text[start].isalnum() or text[start] in "@+(#"):
        start += 1
    while end > start and not (text[end - 1].isalnum() or (text[end - 1] == ")" and "(" in text[start:end])):
        end -= 1
    if text[max(start, end - 2) : end].lower() in ("'s", "’s"):
        end -= 2
    return start, end
