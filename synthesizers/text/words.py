"""The first release: which words notes use, how long they are, and which public sort of note they resemble.

One vector a person holds all of it, in parts whose norms are fixed beforehand. What comes back is cut off where noise
could have made it, and how much of all text the words that stand out make up is itself released: the better they
cover it, the less is left to public text.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from privacy.vectors import Sparse
from synthesizers.text.grams import F
from synthesizers.text.guesses import Known
from synthesizers.text.meanings import directions, shrunk
from synthesizers.text.prior import Prior

LENGTHS = tuple(int(8 * 1.35**power) for power in range(27))
"""Lower ends of the classes of lengths, in tokens; the first one begins at 0."""
TOTAL = 0.5
"""Weight of a note's number of tokens beside the counts of its words."""
_LENGTH_PART, _REPEAT_PART = 0.25, 0.1
"""Norms of small parts of the vector; the squares of all parts add up to 1."""
Tokens = NDArray[np.int64]
ReadTokens = Callable[[Mapping[str, object]], Tokens | None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Words:
    """What is released of words. ``shares``: of all tokens, 0 for one that does not stand out. ``covered``: their sum,
    as the noisy total has it. ``lengths`` (classes, LENGTHS) and ``votes`` (classes, topics): noisy counts of notes.
    ``again``: the part of a note's content words that it has more than once. ``known``: what is thought of words that
    do not stand out. ``drift``: the mean direction of notes (``meanings``).
    """

    shares: F
    covered: float
    limits: F
    lengths: F
    votes: F
    again: float
    known: Known
    drift: F


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsAsked:
    """The vector of a note and what its noisy sum means. ``class_of``: the class of a row, below ``n_classes``.
    ``topic_part``: norm of a note's vote, and of its direction."""

    prior: Prior
    tokens_of: ReadTokens
    class_of: Callable[[Mapping[str, object]], int]
    n_classes: int
    topic_part: float
    units: int

    @property
    def word_part(self) -> float:
        """What the other parts leave."""
        return math.sqrt(1 - 2 * self.topic_part**2 - _LENGTH_PART**2 - _REPEAT_PART**2)

    @property
    def size(self) -> int:
        """Places: words, their total, lengths and topics by class, direction, words again, content words."""
        n, dim = self.prior.meanings.shape
        return int(n + 1 + self.n_classes * (len(LENGTHS) + len(self.prior.topics)) + dim + 2)

    @property
    def scale(self) -> F:
        """Rare words weigh more: they say more, and the frequent ones stand out anyway."""
        made: F = 1 / np.sqrt(self.prior.tokens + 1e-3)
        return made

    def encoder(self) -> Callable[[Mapping[str, object]], Sparse | None]:
        """From a row to its vector."""
        n, scale, likeness = len(self.prior.tokens), self.scale, np.log(self.prior.topics)
        lengths_from = n + 1
        topics_from = lengths_from + self.n_classes * len(LENGTHS)
        content = self.prior.content
        direction = directions(self.prior.meanings, self.prior.tokens)
        drifts = np.arange(self.size - 2 - self.prior.meanings.shape[1], self.size - 2)

        def vector(row: Mapping[str, object]) -> Sparse | None:
            tokens = self.tokens_of(row)
            if tokens is None:
                return None
            here = self.class_of(row)
            found, counts = np.unique(tokens[1:], return_counts=True)
            values = unit(np.append(counts * scale[found], TOTAL * (len(tokens) - 1)), self.word_part)
            length = lengths_from + here * len(LENGTHS) + length_class(len(tokens) - 2)
            topic = topics_from + here * len(likeness) + topic_of(likeness, tokens)
            said = counts[content[found]]
            repeats = unit(np.array([float((said > 1).sum()), float(said.size)]), _REPEAT_PART)
            return Sparse(
                places=np.concatenate([found, [n, length, topic], drifts, [self.size - 2, self.size - 1]]),
                values=np.concatenate(
                    [values, [_LENGTH_PART, self.topic_part], self.topic_part * direction(tokens), repeats]
                ),
            )

        return vector

    def read(self, told: F, noise: float) -> Words:
        """What a noisy sum says. ``noise``: its stddev."""
        n, scale = len(self.prior.tokens), self.scale
        total = max(float(told[n]), 1.0) / TOTAL
        dim = self.prior.meanings.shape[1]
        shaped = told[n + 1 : -2 - dim]
        cut = self.n_classes * len(LENGTHS)
        lengths = shaped[:cut].reshape(self.n_classes, -1) / _LENGTH_PART
        votes = shaped[cut:].reshape(self.n_classes, -1) / self.topic_part
        drift = shrunk(told[None, -2 - dim : -2], noise)[0] / self.topic_part / max(self.units, 1)
        known = Known.of(self.prior, pooled(votes, noise / self.topic_part), drift)
        least = self._least(known.mixed() * scale * total, known.mixed(), noise)
        shares = np.where(told[:n] > least, told[:n] / scale / total, 0.0)
        again = float(told[-2] / max(told[-1], 1e-9)) if told[-1] > 3 * noise else 0.2
        return Words(
            shares=shares,
            covered=min(max(float(shares.sum()), 0.0), 1.0),
            limits=least / scale / total,
            lengths=standing_out(lengths, noise / _LENGTH_PART, _PLAIN_LENGTHS),
            votes=votes,
            again=min(max(again, 0.0), 1.0),
            known=known.fitted(shares),
            drift=drift,
        )

    def _least(self, expected: F, chances: F, noise: float) -> F:
        """What a word's sum must exceed: less if the word is a likely one."""
        rank = np.empty(len(chances))
        rank[np.argsort(-chances, kind="stable")] = np.arange(len(chances)) + 2.0
        made: F = np.where(expected > 2 * noise, 2.0, 0.8 * np.sqrt(2 * np.log(rank)).clip(2.5)) * noise
        return made


def pooled(votes: F, stddev: float) -> F:
    """Shares of topics among all notes. Shape: (topics,)."""
    together = votes.sum(axis=0)[None]
    found = standing_out(together, stddev * math.sqrt(len(votes)), np.ones(votes.shape[1]))[0]
    made: F = found / max(float(found.sum()), 1e-12)
    return made


def topic_part(units: int, n_classes: int, noise: float, most: float = 1.0) -> float:
    """Norm of a note's vote for a topic, and of its direction: the more, the less of words can be told from noise. From
    public facts."""
    return math.sqrt(0.5 * most * min(0.6, 0.1 + 10 * noise * n_classes / max(units, 1)))


def topic_of(prior_likeness: F, tokens: Tokens) -> int:
    """The public sort of note that a note is likest to."""
    return int(prior_likeness[:, tokens].sum(axis=1).argmax())


def length_class(n_tokens: int) -> int:
    """The class of a length."""
    return max(int(np.searchsorted(LENGTHS, n_tokens, side="right")) - 1, 0)


_PLAIN_LENGTHS = np.where((np.array(LENGTHS) > 30) & (np.array(LENGTHS) < 600), 1.0, 0.0)


def standing_out(counts: F, stddev: float, plain: F) -> F:
    """Counts that do not stand out are none; a class without any gets all classes' together, at last ``plain``."""
    kept = np.where(counts > 2 * stddev, counts, 0.0)
    pooled = counts.sum(axis=0)
    pooled = np.where(pooled > 2 * stddev * math.sqrt(len(counts)), pooled, 0.0)
    return np.where(kept.sum(axis=1, keepdims=True) > 0, kept, pooled[None, :] if pooled.any() else plain[None, :])


def based(words: Words, public: F) -> F:
    """Chances of tokens: as released where they stand out; what they do not cover, the others share by public text."""
    kept = words.shares > 0
    left = min(max(1 - words.covered, 0.002), 0.95) if kept.any() else 1.0
    base = np.where(kept, words.shares * (1 - left) / max(float(words.shares.sum()), 1e-12), 0.0)
    rest = np.where(kept, 0.0, np.minimum(public * left / max(float(public[~kept].sum()), 1e-12), words.limits))
    made: F = np.maximum(base + rest, 1e-12)
    return np.asarray(made / made.sum())


def unit(values: F, norm: float) -> F:
    """The values as a vector of this norm, or zeros."""
    made: F = values * (norm / max(float(np.linalg.norm(values)), 1e-12))
    return made
