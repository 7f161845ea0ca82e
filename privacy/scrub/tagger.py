"""The embedded tagger: a small convolutional network over the words of a note, in numpy alone.

Weights are made by ``benchmarks/scrub_train.py`` from text that the project generates itself; how, and how
good they are, stands in ``weights/CARD.md``. Nothing is downloaded and nothing is learned here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from privacy.scrub.base import HINT, Span
from privacy.scrub.lexicon import TITLES
from privacy.scrub.tokens import TOKEN, Words, open_words

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
WINDOW = 2
"""Words on each side that a layer sees; three layers see six."""
CHUNK = 4_000
"""Tokens computed at a time, so that memory does not grow with the note."""
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
_AFTER_AMOUNT = re.compile(r"[.,:]\d|[ ]?(?:%|percent\b|[$€£]|USD\b|EUR\b|GBP\b|dollars\b|euros\b|pounds\b)")
_MARGIN = 3 * WINDOW
WEIGHTS = Path(__file__).parent / "weights"
F = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """float32 weights: ``table`` (ROWS, d), layers of (5 * width in, width), ``out`` (width, labels)."""

    table: F
    layers: tuple[tuple[F, F], ...]
    out: tuple[F, F]

    @classmethod
    def load(cls, path: Path) -> Network:
        """From the npz that the training script wrote: tables as int8 with one scale per row, no pickle."""
        with np.load(path, allow_pickle=False) as file:
            table = file["table"].astype(np.float32) * file["scale"].astype(np.float32)[:, None]
            layers = tuple(
                (file[f"w{n}"].astype(np.float32), file[f"b{n}"].astype(np.float32)) for n in range(int(file["depth"]))
            )
            out = file["wo"].astype(np.float32), file["bo"].astype(np.float32)
        return cls(table=table, layers=layers, out=out)

    def probabilities(self, rows: NDArray[np.int32]) -> F:
        """float32 (n, labels) that sum to 1 for each token of one note."""
        hidden: F = self.table[rows].sum(axis=1)
        for n, (weight, bias) in enumerate(self.layers):
            after: F = np.maximum(windows(hidden) @ weight + bias, 0)
            hidden = after if n == 0 else hidden + after
        return softmax(hidden @ self.out[0] + self.out[1])


def softmax(scores: F) -> F:
    """Rows that sum to 1; ``scores`` is overwritten."""
    scores -= scores.max(axis=1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=1, keepdims=True)
    return scores


def windows(values: F) -> F:
    """(n, d) -> (n, 5 d): each row with two before it and two after it; zeros beyond the ends."""
    n, width = values.shape
    made = np.zeros((n, 2 * WINDOW + 1, width), dtype=np.float32)
    for place, shift in enumerate(range(-WINDOW, WINDOW + 1)):
        low, high = max(0, -shift), min(n, n - shift)
        if low < high:
            made[low:high, place] = values[low + shift : high + shift]
    return made.reshape(n, -1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagger:
    """Finds spans with a network. ``thresholds``: least probability of being identifying, by label."""

    network: Network
    words: Words
    thresholds: F

    @classmethod
    def load(cls, folder: Path = WEIGHTS) -> Tagger:
        """The shipped weights; about 0.2 s."""
        network = Network.load(folder / "tagger.npz")
        with np.load(folder / "tagger.npz", allow_pickle=False) as file:
            thresholds = file["thresholds"].astype(np.float32)
        return cls(network=network, words=open_words(folder), thresholds=thresholds)

    def find(self, text: str) -> list[Span]:
        """Spans over ``text`` that do not overlap, and hints; time is linear in its length."""
        spans: list[Span] = []
        for tokens, _, chances in self.seen(text):
            spans += spans_of(text, tokens, chances, self.thresholds)
            spans += hints_of(tokens, chances)
        return spans

    def seen(self, text: str, chunk: int = CHUNK) -> Iterator[tuple[list[tuple[int, int]], NDArray[np.int32], F]]:
        """Tokens of ``text``, ``chunk`` at a time, their rows, and float32 (tokens, labels) that sum to 1."""
        tokens = [match.span() for match in TOKEN.finditer(text)]
        for low in range(0, len(tokens), chunk):
            first, last = max(0, low - _MARGIN), min(len(tokens), low + chunk + _MARGIN)
            rows = self.words.rows(text, tokens[first:last])
            own = slice(low - first, low - first + chunk)
            yield tokens[low : low + chunk], rows[own], self.network.probabilities(rows)[own]


@dataclass(frozen=True, slots=True, kw_only=True)
class Committee:
    """Taggers that were trained apart, and the mean of what they say: where one errs, the other often does not."""

    members: tuple[Tagger, ...]

    @classmethod
    def load(cls, folder: Path = WEIGHTS) -> Committee:
        """The shipped weights: those in ``folder`` and those in its ``second``, if it is there; about 0.4 s."""
        folders = [folder, *(path for path in [folder / "second"] if path.is_dir())]
        return cls(members=tuple(Tagger.load(path) for path in folders))

    @property
    def thresholds(self) -> F:
        """Those of the last member."""
        return self.members[-1].thresholds

    def find(self, text: str) -> list[Span]:
        """As ``Tagger.find``."""
        spans: list[Span] = []
        for tokens, _, chances in self.seen(text):
            spans += spans_of(text, tokens, chances, self.thresholds)
            spans += hints_of(tokens, chances)
        return spans

    def seen(self, text: str, chunk: int = CHUNK) -> Iterator[tuple[list[tuple[int, int]], NDArray[np.int32], F]]:
        """As ``Tagger.seen``; the rows are those of the first member."""
        for said in zip(*(member.seen(text, chunk) for member in self.members), strict=True):
            chances: F = np.mean([chances for _, _, chances in said], axis=0, dtype=np.float32)
            yield said[0][0], said[0][1], chances


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
            start, end = _trimmed(text, tokens[first][0], tokens[stop - 1][1])
            if LABELS[label] in ("ORGANIZATION", "LOCATION") and text[start : start + 4].lower() == "the ":
                start = min(end, start + 4)
            score = float(sure[place:stop].max())
            amount = label in _NUMERIC and _is_amount(text, start, end)
            if end > start and not amount and score >= _least(text[start:end], LABELS[label]):
                if LABELS[label] in ("ID", "NET", "PHONE"):
                    score = min(score, VAGUE)  # what a word announces is surer
                yield Span(start=start, end=end, entity=ENTITY[LABELS[label]], score=min(1.0, round(score, 3)))
        place = stop


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
        if label == "AGE":
            return 0.0 if digits <= 2 or (digits == 3 and written.isdecimal() and int(written) <= 120) else 1.1
        if label == "PHONE" and digits < 4:
            return 1.1
        return SURE if digits < 4 and not (label == "DATE" and any(mark in written for mark in "/-.")) else 0.0
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
