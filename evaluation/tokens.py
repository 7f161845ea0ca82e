"""Words of free text as numbers, and hashed runs of words and of characters.

Pure; hashes are the same on every machine. Runs never cross from one note to the next.
"""

from __future__ import annotations

import hashlib
import re
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Ints = NDArray[np.int64]

_WORD = re.compile(r"\w+|[^\w\s]")
_BLANKS = re.compile(r"\s+")
_BASE = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """The notes of one table, and whose each is. Shapes: person int64 (n,), equal within a person."""

    text: tuple[str, ...]
    person: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """Hashed symbols of many notes: `symbol` uint64 (n,), `note` int64 (n,), which note each is of."""

    symbol: Hashes
    note: Ints

    def of(self, length: int) -> Runs:
        """Every run of this many symbols within one note, hashed. Two differ by chance with 2^-64."""
        hashed, width = self.symbol, 1
        result: Hashes | None = None
        done, left = 0, length
        while left:
            if left & 1:
                result = hashed if result is None else _join(result, hashed, done, width)
                done += width
            left >>= 1
            if left:
                hashed, width = _join(hashed, hashed, width, width), 2 * width
        assert result is not None
        n = max(0, len(self.symbol) - length + 1)
        whole = self.note[:n] == self.note[length - 1 :] if n else np.zeros(0, dtype=np.bool_)
        return Runs(symbol=_mixed(result[:n][whole]), note=self.note[:n][whole])


def words(text: str) -> list[str]:
    """Words and signs of a note in lower case."""
    return _WORD.findall(text.lower())


def word_runs(notes: Sequence[str]) -> Runs:
    """The words of every note, hashed."""
    known: dict[str, int] = {}
    symbols = array("Q")
    lengths = []
    for note in notes:
        found = words(note)
        lengths.append(len(found))
        for word in found:
            code = known.get(word)
            if code is None:
                code = known[word] = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "big")
            symbols.append(code)
    return Runs(symbol=np.array(symbols, dtype=np.uint64), note=np.repeat(np.arange(len(notes)), lengths))


def character_runs(notes: Sequence[str]) -> Runs:
    """The characters of every note in lower case with single blanks."""
    plain = [np.frombuffer(_BLANKS.sub(" ", note.lower()).encode("utf-32-le"), dtype=np.uint32) for note in notes]
    symbols = np.concatenate(plain).astype(np.uint64) if plain else np.zeros(0, dtype=np.uint64)
    return Runs(symbol=_mixed(symbols), note=np.repeat(np.arange(len(notes)), [len(part) for part in plain]))


def _join(left: Hashes, right: Hashes, left_width: int, right_width: int) -> Hashes:
    """Hash of a run of left_width symbols followed at once by one of right_width symbols; ends are cut off."""
    n = max(0, min(len(left), len(right) - left_width))
    power = np.uint64(pow(int(_BASE), right_width, 2**64))
    return left[:n] * power + right[left_width : left_width + n]


def _mixed(values: Hashes) -> Hashes:
    values = values + _BASE
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
