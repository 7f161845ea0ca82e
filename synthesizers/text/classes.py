"""The second release: which of the words that stand out are whose.

Only released words are asked about, and public words that tell public sorts of notes apart, so a person's vector is
short and each word in it weighs much. Each word counts once a note. What comes back bends the words' chances in a
class by as much as stands out of the noise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from privacy.vectors import Sparse
from synthesizers.text.grams import F
from synthesizers.text.prior import Prior
from synthesizers.text.words import LENGTHS, ReadTokens, Words, standing_out, topic_of, unit

_SIZE_PART = 0.25
"""Norm of the part that says how many notes a class has."""
_MOST = 4.0
"""Largest change of a word's log-odds in a class."""
_LEAST = 200
"""Words that are asked about, if fewer were released."""
_TOPIC_TILT = 0.7
"""How much the topics of a class say of words that nothing else is known of."""
_MIDDLES = np.array(LENGTHS) * 1.17


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassesAsked:
    """``asked``: token numbers. ``weights``: of each in a person's vector. ``topic_part``: norm of a note's vote.

    The vector: for each class, its words, a one and its votes for topics.
    """

    prior: Prior
    asked: NDArray[np.int64]
    weights: F
    topic_part: float
    n_classes: int
    tokens_of: ReadTokens
    class_of: Callable[[Mapping[str, object]], int]

    @classmethod
    def of(cls, prior: Prior, words: Words, topics: F, **given: Any) -> ClassesAsked:
        """From public facts and released numbers; ``topics``: shares of all notes."""
        found = np.flatnonzero((words.shares > 0) & prior.wordlike)
        if len(found) < _LEAST:
            found = np.union1d(found, telling_words(prior, topics, _LEAST - len(found)))
        mean = max(float((words.lengths.sum(axis=0) * _MIDDLES).sum() / max(words.lengths.sum(), 1e-9)), 5.0)
        often = 1 - np.exp(-np.maximum(words.shares[found], (topics @ prior.topics)[found]) * mean)
        weights = (1.02 - often) / np.sqrt(often + 0.05)
        return cls(prior=prior, asked=found.astype(np.int64), weights=weights, **given)

    @property
    def size(self) -> int:
        """Places of the vector."""
        return self.n_classes * (len(self.asked) + 1 + len(self.prior.topics))

    def encoder(self) -> Callable[[Mapping[str, object]], Sparse | None]:
        """From a row to its vector."""
        place_of = np.full(len(self.prior.tokens), -1, dtype=np.int64)
        n = len(self.asked)
        place_of[self.asked] = np.arange(n)
        block, likeness = self.size // self.n_classes, np.log(self.prior.topics)
        room = math.sqrt(1 - _SIZE_PART**2 - self.topic_part**2)

        def vector(row: Mapping[str, object]) -> Sparse | None:
            tokens = self.tokens_of(row)
            if tokens is None:
                return None
            places = place_of[tokens]
            found = np.unique(places[places >= 0])
            return Sparse(
                places=self.class_of(row) * block + np.append(found, [n, n + 1 + topic_of(likeness, tokens)]),
                values=np.append(unit(self.weights[found], room), [_SIZE_PART, self.topic_part]),
            )

        return vector

    def read(self, told: F, noise: float, votes: F, votes_noise: float) -> tuple[F, F]:
        """(tilts (classes, tokens): added to log-odds within a class; topics (classes, topics): counts of notes).

        ``votes``: those of the first release, of which ``votes_noise`` is the stddev.
        """
        n = len(self.asked)
        by_class = told.reshape(self.n_classes, -1)
        sizes = np.maximum(by_class[:, n : n + 1] / _SIZE_PART, noise)
        again, spread = by_class[:, n + 1 :] / self.topic_part, noise / self.topic_part
        weight = votes_noise**2 / (votes_noise**2 + spread**2)
        both = weight * again + (1 - weight) * votes
        topics = standing_out(both, math.sqrt(weight) * spread, np.ones(again.shape[1]))
        parts = sizes / sizes.sum()
        tilts = _TOPIC_TILT * _of_topics(topics, parts, self.prior)
        tilts[:, self.asked] = _tilts(by_class[:, :n], parts, noise, tilts[:, self.asked])
        return np.clip(tilts, -_MOST, _MOST), topics


def _of_topics(topics: F, parts: F, prior: Prior) -> F:
    """What the topics of a class alone say of its words: log-odds against all classes. Shape: (classes, tokens)."""
    within = (topics / topics.sum(axis=1, keepdims=True)) @ prior.topics
    made: F = np.clip(np.log(within / (parts * within).sum(axis=0)), -3, 3)
    return made


def _tilts(told: F, parts: F, noise: float, guess: F) -> F:
    """log(weight within a class / weight over all), shrunk towards ``guess`` by how little is known.

    ``parts``: of the notes, by class. Source of the shrinking: the positive part of James and Stein's estimator, one
    token at a time.
    """
    expected = np.maximum(told.sum(axis=0, keepdims=True), 0.0) * parts
    spread = noise * np.sqrt(1 - 2 * parts + len(told) * parts**2)
    known = np.maximum(np.abs(told - expected), expected)
    trust = np.maximum(0.0, 1 - (1.3 * spread) ** 2 / np.maximum(known**2, 1e-30))
    floor = 0.03 * expected + 0.4 * noise + 1e-6
    found = np.log(np.maximum(told, floor) / np.maximum(expected, floor))
    return np.asarray(guess + trust * (found - guess))


def telling_words(prior: Prior, topics: F, n: int) -> NDArray[np.int64]:
    """The words that tell those public sorts of notes apart best that ``topics`` are shares of."""
    ratio = prior.topics / (topics @ prior.topics)
    told = (topics[:, None] * prior.topics * np.log(ratio)).sum(axis=0)
    return np.sort(np.argsort(-np.where(prior.content, told, -np.inf), kind="stable")[: max(n, 0)])
