"""The embedded tagger: a small convolutional network over the words of a note, in numpy alone.

Weights are made by ``benchmarks/scrub_train.py`` from text that the project generates itself; how, and how
good they are, stands in ``weights/CARD.md``. Nothing is downloaded and nothing is learned here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from privacy.scrub.base import Span
from privacy.scrub.labels import found
from privacy.scrub.tokens import TOKEN, WORD_COLUMN, Words, open_words

WINDOW = 2
"""Words on each side that a layer sees; three layers see six."""
CHUNK = 4_000
"""Tokens computed at a time, so that memory does not grow with the note."""
_MARGIN = 3 * WINDOW
WEIGHTS, NAME = Path(__file__).parent / "weights", "tagger.npz"
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
    """Finds spans by the mean of what networks say that were trained apart: where one errs, the other often does not.

    ``thresholds``: least probability of being identifying, by label.
    """

    networks: tuple[Network, ...]
    words: Words
    thresholds: F

    @classmethod
    def load(cls, folder: Path = WEIGHTS) -> Tagger:
        """The shipped weights: those in ``folder`` and those in its ``second``, if they are there; about 0.3 s."""
        files = [path for path in (folder / NAME, folder / "second" / NAME) if path.is_file()]
        with np.load(files[0], allow_pickle=False) as file:
            thresholds = file["thresholds"].astype(np.float32)
        networks = tuple(map(Network.load, files))
        return cls(networks=networks, words=open_words(folder), thresholds=thresholds)

    def find(self, text: str) -> list[Span]:
        """Spans over ``text`` that do not overlap, and hints; time is linear in its length."""
        return found(text, ((tokens, chances) for tokens, _, chances in self.seen(text)), self.thresholds)

    def seen(
        self, text: str, chunk: int = CHUNK, *, twice: bool = False
    ) -> Iterator[tuple[list[tuple[int, int]], NDArray[np.int32], F]]:
        """Tokens of ``text``, ``chunk`` at a time, their rows, and float32 (tokens, labels) that sum to 1.

        With ``twice`` that is the mean of two looks, the second without the words themselves: more is found by what
        stands around it, and it takes twice as long.
        """
        tokens = [match.span() for match in TOKEN.finditer(text)]
        for low in range(0, len(tokens), chunk):
            first, last = max(0, low - _MARGIN), min(len(tokens), low + chunk + _MARGIN)
            rows = self.words.rows(text, tokens[first:last])
            own = slice(low - first, low - first + chunk)
            chances = self.chances(rows)
            if twice:
                chances = np.mean([chances, self.chances(_wordless(rows))], axis=0, dtype=np.float32)
            yield tokens[low : low + chunk], rows[own], chances[own]

    def chances(self, rows: NDArray[np.int32]) -> F:
        """float32 (n, labels) that sum to 1, for the rows of one note's words."""
        total = self.networks[0].probabilities(rows)
        for network in self.networks[1:]:
            total += network.probabilities(rows)
        total /= len(self.networks)
        return total


def _wordless(rows: NDArray[np.int32]) -> NDArray[np.int32]:
    """Rows that tell a word's beginning, end, shape and lists, and not which word it is."""
    rows = rows.copy()
    rows[:, WORD_COLUMN] = 0
    return rows
