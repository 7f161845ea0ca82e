"""The strong mode: a sentence encoder names words, and its opinion is pooled with the embedded tagger's.

Weights are made by ``benchmarks/scrub_train_strong.py``; how, and how good they are, stands in ``weights/CARD.md``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from privacy.scrub.base import Span
from privacy.scrub.labels import found
from privacy.scrub.neural.encoder import SIZE, WINDOW, encoder, encoder_folder, package_weights
from privacy.scrub.neural.pieces import CLS, SEP, Pieces
from privacy.scrub.tagger import WEIGHTS, Tagger, softmax, windows
from privacy.scrub.tokens import looks_of
from understudy.errors import UsageError

F = NDArray[np.float32]
FILE = "strong.npz"
MARGIN = 24
"""Pieces of context on each side of a window that are seen and not answered for."""
CHUNK = 2_000
"""Words computed at a time."""
SHARE = 0.4
"""Weight of the encoder's opinion; the tagger has the rest. Set by hand, on sets that were looked at."""
LEAST = np.float32(1e-6)
"""Nothing is less likely: two that are sure of different things must not leave nothing at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StrongTagger:
    """Finds spans as ``Tagger`` does, by what encoder and tagger say together."""

    tagger: Tagger
    session: onnxruntime.InferenceSession
    pieces: Pieces
    head: Mapping[str, F]
    share: float = SHARE

    @classmethod
    def load(cls, folder: Path = WEIGHTS, *, tagger: Tagger | None = None, int8: bool = True) -> StrongTagger:
        """The shipped changes over the installed encoder; about a second. Raises: UsageError (model-not-installed)."""
        source = encoder_folder()
        if not (folder / FILE).is_file():
            raise UsageError("The strong mode's weights are not there: make scrub-strong.", code="model-not-installed")
        with np.load(folder / FILE, allow_pickle=False) as file:
            arrays = {name: file[name].astype(np.float32) for name in file.files}
        low = {name.removeprefix("low/"): value for name, value in arrays.items() if name.startswith("low/")}
        return cls(
            tagger=tagger or Tagger.load(folder),
            session=encoder(package_weights(), low, int8=int8),
            pieces=Pieces.open(source),
            head={name: value for name, value in arrays.items() if not name.startswith("low/")},
        )

    def find(self, text: str) -> list[Span]:
        """Spans over ``text`` that do not overlap, and hints; time is linear in its length."""
        return found(text, self._heard(text), self.tagger.thresholds)

    def _heard(self, text: str) -> Iterator[tuple[list[tuple[int, int]], F]]:
        for tokens, rows, chances in self.tagger.seen(text, CHUNK, twice=True):
            words = [text[start:end] for start, end in tokens]
            yield tokens, pooled(self._chances(words, rows), chances, self.share)

    def _chances(self, words: list[str], rows: NDArray[np.int32]) -> F:
        """float32 (words, labels) that sum to 1."""
        cut = [self.pieces.of(word) for word in words]
        starts = np.array([0, *accumulate(map(len, cut))])
        looks: F = self.head["looks"][looks_of(rows)].sum(axis=1)
        owner = np.repeat(np.arange(len(cut)), np.diff(starts))
        states = self._states(np.array([piece for word in cut for piece in word]), (looks @ self.head["lift"])[owner])
        pooled = np.add.reduceat(states, starts[:-1]) / np.diff(starts)[:, None].astype(np.float32)
        x: F = np.maximum(np.concatenate([pooled, looks], axis=1) @ self.head["first/w"] + self.head["first/b"], 0)
        x = x + np.maximum(windows(x) @ self.head["second/w"] + self.head["second/b"], 0)
        return softmax(x @ self.head["out/w"] + self.head["out/b"])

    def _states(self, flat: NDArray[np.int64], extra: F) -> F:
        """(pieces, 384): each piece as the encoder sees it in a window around it."""
        if len(flat) <= WINDOW:
            return self._window(flat, extra)
        states = np.zeros((len(flat), SIZE), np.float32)
        step = WINDOW - 2 * MARGIN
        for low in range(0, len(flat), step):
            first, last, high = max(0, low - MARGIN), min(len(flat), low + step + MARGIN), min(len(flat), low + step)
            states[low:high] = self._window(flat[first:last], extra[first:last])[low - first : high - first]
        return states

    def _window(self, flat: NDArray[np.int64], extra: F) -> F:
        ids = np.concatenate([[CLS], flat, [SEP]])[None].astype(np.int64)
        padded = np.zeros((1, ids.shape[1], SIZE), np.float32)
        padded[0, 1:-1] = extra
        barred = np.zeros(ids.shape, np.float32)
        seen: F = self.session.run(None, {"ids": ids, "barred": barred, "extra": padded})[0]
        return seen[0, 1:-1]


def pooled(mine: F, theirs: F, share: float) -> F:
    """float32 (words, labels) that sum to 1: the weighted geometric mean of two opinions.

    What one of them thinks impossible is not found because the other is sure; their sum would find it.
    Source: logarithmic opinion pool, Genest and Zidek 1986, doi:10.1214/ss/1177013825.
    """
    both: F = np.exp(share * np.log(np.maximum(mine, LEAST)) + (1 - share) * np.log(np.maximum(theirs, LEAST)))
    both /= both.sum(axis=1, keepdims=True)
    return both
