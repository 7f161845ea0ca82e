"""Words of a note as numbers: what the tagger sees of each of them. Used alike in training and in use.

A word is its folded form, its first and last letters, its shape and the public lists that hold it. All
are hashed into one table of rows, so that nothing has to be known beforehand.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from privacy.scrub.folding import fold

TOKEN = re.compile(r"[^\W\d_]{1,40}(?:['’][^\W\d_]{1,40})?|\d{1,40}|\n|[^\w\s]|_")
WIDTH = 10
"""Rows of the table that a word adds up; unused ones are row 0, which is zero."""
KNOWN_COLUMN = 8
"""The column of a word of the vocabulary: what public text says about it, see ``weights/CARD.md``."""
FLAGS = ("first", "last", "town", "town-part", "country", "people", "state", "word", "common-word")
"""Bits of the lists that a word stands on."""
_WORD, _HEAD, _TAIL, _SHAPE, _LISTS, _GAPS = 24_000, 4_000, 8_000, 1_500, 512, 4
ROWS = 1 + _WORD + _HEAD + _TAIL + _SHAPE + _LISTS + _GAPS
WORD_COLUMN, LISTS_COLUMN, SHAPE_COLUMN = 0, 4, 5
_MAX_CACHE = 200_000


def read_lexicon(path: Path) -> dict[str, int]:
    """The packed lists: one line for each word, 'flags word' with the flags in hexadecimal."""
    lexicon: dict[str, int] = {}
    for line in gzip.decompress(path.read_bytes()).decode("utf-8").splitlines():
        flags, _, listed = line.partition(" ")
        lexicon.update(dict.fromkeys(listed.split(" "), int(flags, 16)))
    return lexicon


def read_vocabulary(path: Path) -> tuple[str, ...]:
    """The packed vocabulary, one word a line, in the order of its rows."""
    return tuple(gzip.decompress(path.read_bytes()).decode("utf-8").splitlines())


LOOKS = _SHAPE // 2 + _GAPS
"""Different looks of a word: its shape, and what stands before it."""


def looks_of(rows: NDArray[np.int32]) -> NDArray[np.int64]:
    """(n, WIDTH) rows of words -> (n, 2), both below ``LOOKS``."""
    shapes = rows[:, SHAPE_COLUMN] - (1 + _WORD + _HEAD + _TAIL)
    gaps = rows[:, -1] - (ROWS - _GAPS) + _SHAPE // 2
    return np.stack([shapes, gaps], axis=1).astype(np.int64)


class Words:
    """Feature rows of words, kept once made. ``lexicon``: folded word -> bits of ``FLAGS``.

    ``vocabulary``: folded words that have a row of their own, after the ``ROWS`` that words are hashed into.
    """

    def __init__(self, lexicon: Mapping[str, int], vocabulary: Iterable[str] = ()) -> None:
        self._lexicon = lexicon
        self._places = {word: ROWS + place for place, word in enumerate(vocabulary)}
        self._known: dict[str, tuple[int, ...]] = {}

    def rows(self, text: str, spans: list[tuple[int, int]]) -> NDArray[np.int32]:
        """int32 of shape (len(spans), WIDTH); the last column tells what stands before the token."""
        known, end, made = self._known, 0, []
        for start, stop in spans:
            word = text[start:stop]
            row = known.get(word)
            if row is None:
                row = self._remember(word)
            gap = 0 if start == end else 1 if start - end == 1 else 2
            if not end:
                gap = 3
            made.append((*row, ROWS - _GAPS + gap))
            end = stop
        return np.array(made, dtype=np.int32).reshape(len(made), WIDTH)

    def _remember(self, word: str) -> tuple[int, ...]:
        if len(self._known) > _MAX_CACHE:
            self._known.clear()
        row = self._known[word] = self._row(word)
        return row

    def _row(self, word: str) -> tuple[int, ...]:
        folded = fold(word).replace("’", "'")
        plain = folded.removesuffix("'s")
        flags = self._lexicon.get(plain, 0)
        if word.isdecimal():
            folded = plain = _number(word)
        at = 1
        rows = [at + _hash(plain, _WORD)]
        at += _WORD
        rows.append(at + _hash(plain[:3], _HEAD))
        at += _HEAD
        rows.append(at + _hash(folded[-3:], _TAIL // 2))
        rows.append(at + _TAIL // 2 + _hash(plain[-2:], _TAIL // 2))
        at += _TAIL
        shape = _shape(word)
        rows += [
            at + _SHAPE + flags,
            at + _hash(shape, _SHAPE // 2),
            at + _SHAPE // 2 + _hash(f"{shape[:2]}{flags}", _SHAPE // 2),
        ]
        assert len(rows) <= KNOWN_COLUMN
        rows += [0] * (KNOWN_COLUMN - len(rows))
        return (*rows, self._places.get(plain, 0))


def _hash(text: str, size: int) -> int:
    return zlib.crc32(text.encode("utf-8", "surrogatepass")) % size


def _number(word: str) -> str:
    """Numbers count by length, years and ages by themselves too."""
    size = min(len(word), 12)
    if size == 4 and word.isascii() and 1890 <= int(word) <= 2035:
        return "#year"
    return f"#{size}{'0' if word[0] == '0' else ''}"


def _shape(word: str) -> str:
    kinds: list[str] = []
    for character in word[:14]:
        kind = (
            "d" if character.isdecimal() else "X" if character.isupper() else "x" if character.isalpha() else character
        )
        if kinds[-2:] != [kind, kind]:
            kinds.append(kind)
    return "".join(kinds) + ("+" if len(word) > 7 else "")


def open_words(folder: Path) -> Words:
    """With the lists that lie beside the weights."""
    vocabulary = folder / "vocabulary.txt.gz"
    listed = read_vocabulary(vocabulary) if vocabulary.exists() else ()
    return Words(read_lexicon(folder / "lexicon.txt.gz"), listed)
