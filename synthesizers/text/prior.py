"""The public part of the embedded text model: a vocabulary and counts of runs of tokens in the project's own text.

Made by ``benchmarks/text_prior.py``; how, and what it is good for, stands in ``assets/CARD.md``. Loaded on demand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from synthesizers.text import meanings
from synthesizers.text.grams import LONGEST, F, Grams, keys_of
from synthesizers.text.vocabulary import END, NOTE, Vocabulary
from understudy.errors import Failed

ASSETS = Path(__file__).parent / "assets"
VERSION = 2
_FREQUENT = 3e-3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prior:
    """Public counts. ``tokens``: chances of single tokens, all above 0. ``runs``: of two tokens, three and four.

    ``topics`` (topics, tokens): chances of tokens within a sort of note, all above 0. ``meanings`` (tokens, dim): see
    ``synthesizers.text.meanings``.
    """

    vocabulary: Vocabulary
    tokens: F
    runs: tuple[Grams, ...]
    topics: F
    meanings: F

    @classmethod
    def load(cls, folder: Path = ASSETS) -> Prior:
        """The shipped asset, or another one. Raises: Failed (text-asset-unreadable)."""
        try:
            vocabulary = Vocabulary.load(folder / "vocabulary.gz")
            with np.load(folder / "runs.npz", allow_pickle=False) as file:
                if int(file["version"]) != VERSION:
                    raise ValueError
                tokens = file["tokens"].astype(np.float64)
                tokens /= tokens.sum()
                topics = within(file["topics"].astype(np.float64), tokens)
                runs = tuple(
                    Grams(
                        keys=np.cumsum(file[f"keys{n}"].astype(np.int64)), counts=file[f"counts{n}"].astype(np.float64)
                    )
                    for n in range(2, LONGEST + 1)
                )
        except (OSError, ValueError, KeyError):
            raise Failed("The embedded text model cannot be read.", code="text-asset-unreadable") from None
        return cls(
            vocabulary=vocabulary,
            tokens=tokens,
            runs=runs,
            topics=topics,
            meanings=meanings.load(folder, len(tokens)),
        )

    @property
    def wordlike(self) -> NDArray[np.bool_]:
        """True for tokens of letters alone: words and their parts."""
        return np.array([word.strip().isalpha() for word in self.shown])

    @property
    def content(self) -> NDArray[np.bool_]:
        """True for whole words of four letters and more that are no very frequent ones."""
        long = np.array([len(word) > 4 and word[0] == " " and word[1:].isalpha() for word in self.shown])
        return np.asarray(long & (self.tokens < _FREQUENT))

    @property
    def shown(self) -> list[str]:
        """What each token is; nothing for specials, slots and bytes."""
        return [""] * self.vocabulary.first_word + list(self.vocabulary.words)

    def says(
        self, stretch: str, released: Grams | None = None, likely: Callable[[int, int], bool] | None = None
    ) -> bool:
        """True if each two neighbouring tokens of a stretch's whole words stand in public text, or in ``released``,
        counts of runs of two, or follow each other as a matter of course by ``likely``: then chance may put it
        together, without having it from anybody."""
        tokens = self.vocabulary.encode(" ".join(stretch.split(" ")[1:-1]))
        keys = keys_of(np.array(tokens, dtype=np.int64), 2)
        known = self.runs[0].at(keys) > 0
        if released is not None:
            known |= released.at(keys) > 0
        if likely is not None:
            known |= [found or likely(*pair) for found, pair in zip(known, pairwise(tokens), strict=True)]
        return bool(keys.size) and bool(known.all())

    @classmethod
    def count(cls, vocabulary: Vocabulary, notes: Sequence[tuple[str, str]], *, least: int = 2) -> Prior:
        """From public (topic, note with slots). Runs of three and four tokens seen less than ``least`` times go."""
        parts = [np.array([NOTE, *vocabulary.encode(note), END], dtype=np.int64) for _, note in notes]
        names = sorted({topic for topic, _ in notes})
        topics = np.zeros((len(names), len(vocabulary)))
        for (topic, _), part in zip(notes, parts, strict=True):
            topics[names.index(topic)] += np.bincount(part, minlength=len(vocabulary))
        tokens = topics.sum(axis=0)
        runs = []
        for order in range(2, LONGEST + 1):
            keys, counts = np.unique(np.concatenate([keys_of(part, order) for part in parts]), return_counts=True)
            kept = counts >= (least if order > 2 else 1)
            runs.append(Grams(keys=keys[kept], counts=counts[kept].astype(np.float64)))
        chances = smoothed(tokens)
        return cls(
            vocabulary=vocabulary,
            tokens=chances,
            runs=tuple(runs),
            topics=within(topics, chances),
            meanings=np.zeros((len(vocabulary), meanings.DIM)),
        )

    def save(self, folder: Path) -> None:
        """What ``load`` reads."""
        folder.mkdir(parents=True, exist_ok=True)
        self.vocabulary.save(folder / "vocabulary.gz")
        arrays = {"version": np.array(VERSION), "tokens": self.tokens.astype(np.float32)}
        arrays["topics"] = np.maximum((self.topics - 0.1 * self.tokens) / 0.9, 0.0).astype(np.float32)
        for order, runs in enumerate(self.runs, start=2):
            arrays[f"keys{order}"] = np.diff(runs.keys, prepend=0)
            arrays[f"counts{order}"] = np.minimum(runs.counts, 60_000).astype(np.uint16)
        np.savez_compressed(folder / "runs.npz", **arrays)  # type: ignore[arg-type]


def within(topics: F, tokens: F) -> F:
    """Chances within each topic, drawn a little towards all topics' so that none is 0."""
    shares = topics / np.maximum(topics.sum(axis=1, keepdims=True), 1e-12)
    made: F = 0.9 * shares + 0.1 * tokens
    return made


def smoothed(counts: F) -> F:
    """Chances of tokens, none of them 0: an unseen one has about a tenth of one that was seen once."""
    raised = counts + 0.1 * max(float(counts[counts > 0].min(initial=1.0)), 1e-12)
    made: F = raised / raised.sum()
    return made
