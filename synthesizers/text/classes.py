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
from synthesizers.text.meanings import apart, directions, shrunk
from synthesizers.text.prior import Prior
from synthesizers.text.words import LENGTHS, ReadTokens, Words, standing_out, topic_of, unit

_SIZE_PART = 0.25
"""Norm of the part that says how many notes a class has."""
_MOST = 4.0
"""Largest change of a word's log-odds in a class."""
_LEAST = 2000
"""Words that are asked about, if fewer were released."""
_SHARP = 10.0
"""How much likelier a word is in a class whose notes lie in its direction."""
_TOPIC_TILT = 0.7
"""How much the topics of a class say of words that nothing else is known of."""
_MIDDLES = np.array(LENGTHS) * 1.17


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassesAsked:
    """``asked``: token numbers. ``weights``: of each in a person's vector. ``often``: the part of notes that have each,
    as far as it is known. ``topic_part``: norm of a note's vote, and of its direction. ``usual``: the mean direction.

    The vector: for each class, its words, a one, its votes for topics, and its notes' directions beside the usual one.
    """

    prior: Prior
    asked: NDArray[np.int64]
    weights: F
    often: F
    usual: F
    topic_part: float
    n_classes: int
    units: int
    tokens_of: ReadTokens
    class_of: Callable[[Mapping[str, object]], int]

    @classmethod
    def of(cls, prior: Prior, words: Words, topics: F, **given: Any) -> ClassesAsked:
        """From public facts and released numbers; ``topics``: shares of all notes."""
        chances = np.maximum(words.shares, words.known.mixed())
        found = np.flatnonzero((words.shares > 0) & prior.wordlike)
        if len(found) < _LEAST:
            likely = np.argsort(-np.where(prior.content, chances, 0.0), kind="stable")[: _LEAST - len(found)]
            found = np.union1d(found, np.union1d(likely, telling_words(prior, topics, _LEAST // 4)))
        mean = max(float((words.lengths.sum(axis=0) * _MIDDLES).sum() / max(words.lengths.sum(), 1e-9)), 5.0)
        often = 1 - np.exp(-chances[found] * mean)
        weights = (1.02 - often) / np.sqrt(often + 0.05)
        return cls(prior=prior, asked=found.astype(np.int64), weights=weights, often=often, usual=words.drift, **given)

    @property
    def size(self) -> int:
        """Places of the vector."""
        return self.n_classes * (len(self.asked) + 1 + len(self.prior.topics) + int(self.prior.meanings.shape[1]))

    def encoder(self) -> Callable[[Mapping[str, object]], Sparse | None]:
        """From a row to its vector."""
        place_of = np.full(len(self.prior.tokens), -1, dtype=np.int64)
        n = len(self.asked)
        place_of[self.asked] = np.arange(n)
        block, likeness = self.size // self.n_classes, np.log(self.prior.topics)
        room = math.sqrt(1 - _SIZE_PART**2 - 2 * self.topic_part**2)
        direction = directions(self.prior.meanings, self.prior.tokens)
        drifts = np.arange(block - self.prior.meanings.shape[1], block)

        def vector(row: Mapping[str, object]) -> Sparse | None:
            tokens = self.tokens_of(row)
            if tokens is None:
                return None
            places = place_of[tokens]
            found = np.unique(places[places >= 0])
            return Sparse(
                places=self.class_of(row) * block
                + np.concatenate([found, [n, n + 1 + topic_of(likeness, tokens)], drifts]),
                values=np.concatenate(
                    [
                        unit(self.weights[found], room),
                        [_SIZE_PART, self.topic_part],
                        self.topic_part * apart(direction(tokens), self.usual),
                    ]
                ),
            )

        return vector

    def read(self, told: F, noise: float, votes: F, votes_noise: float) -> tuple[F, F, F]:
        """(tilts (classes, tokens): added to log-odds within a class; topics (classes, topics): counts of notes; sizes
        (classes,): the parts of all notes).

        ``votes``: those of the first release, of which ``votes_noise`` is the stddev.
        """
        n, dim = len(self.asked), self.prior.meanings.shape[1]
        by_class = told.reshape(self.n_classes, -1)
        sizes = self._sizes(by_class[:, n] / _SIZE_PART, noise / _SIZE_PART)[:, None]
        again, spread = by_class[:, n + 1 : -dim] / self.topic_part, noise / self.topic_part
        weight = votes_noise**2 / (votes_noise**2 + spread**2)
        both = weight * again + (1 - weight) * votes
        topics = standing_out(both, math.sqrt(weight) * spread, np.ones(again.shape[1]))
        parts = sizes / sizes.sum()
        tilts = _TOPIC_TILT * _of_topics(topics, parts, self.prior)
        drifts = by_class[:, -dim:].copy()
        named = slice(max(self.n_classes - 1, 1))  # the last class is of others: mostly of nobody
        drifts[named] = shrunk(drifts[named], noise)
        drifts[named.stop :] = shrunk(drifts[named.stop :], noise)
        tilts += self._of_meanings(drifts / self.topic_part / sizes, parts)
        tilts = np.clip(tilts, -_MOST, _MOST)
        known = Tilting(often=self.often * self.weights, guess=tilts[:, self.asked], parts=parts)
        tilts[:, self.asked] = known.updated(by_class[:, :n], noise)
        return np.clip(tilts, -_MOST, _MOST), topics, parts[:, 0]

    def _sizes(self, told: F, stddev: float) -> F:
        """Notes of each class: noisy counts, drawn to what a class has if all are alike; the last is of others."""
        usual = np.full(self.n_classes, max(self.units, 1) / max(self.n_classes - 1, 1))
        usual[-1] *= 1.0 if self.n_classes == 1 else 0.05
        trust = usual**2 / (usual**2 + stddev**2)
        return np.asarray(np.maximum(usual + trust * (told - usual), 0.02 * usual + 1e-6))

    def _of_meanings(self, directions: F, parts: F) -> F:
        """What the directions of a class's notes say of all words. Shape: (classes, tokens)."""
        long = np.linalg.norm(directions, axis=1, keepdims=True)
        kept = directions * np.minimum(1.0, 0.8 / np.maximum(long, 1e-9))
        tilts = _SHARP * (kept @ self.prior.meanings.T)
        made: F = tilts - np.log((parts * np.exp(tilts)).sum(axis=0))
        return made


def _of_topics(topics: F, parts: F, prior: Prior) -> F:
    """What the topics of a class alone say of its words: log-odds against all classes. Shape: (classes, tokens)."""
    within = (topics / topics.sum(axis=1, keepdims=True)) @ prior.topics
    made: F = np.clip(np.log(within / (parts * within).sum(axis=0)), -3, 3)
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Tilting:
    """What is thought of words by class before they are counted. ``often``: a word's sums over all classes, up to a
    factor. ``guess`` (classes, words): log-odds in a class. ``parts`` (classes, 1): of the notes, by class."""

    often: F
    guess: F
    parts: F

    def updated(self, told: F, noise: float) -> F:
        """log(weight within a class / weight over all) after noisy sums. Shape: (classes, words).

        Sums and guesses weigh by how sure they are, and nothing is cut off: a thousand words of which none stands out
        of the noise tell classes apart together.
        """
        total = self._total(told.sum(axis=0), math.sqrt(len(told)) * noise)
        share = self.parts * np.exp(self.guess)
        expected, even = total * share / share.sum(axis=0), total * self.parts
        doubt = _DOUBT * (expected + even)
        found = expected + doubt**2 / (doubt**2 + noise**2) * (told - expected)
        return np.asarray(np.log(np.maximum(found, 0.03 * even + 1e-9) / (even + 1e-9)))

    def _total(self, told: F, stddev: float) -> F:
        factor = max(float(told @ self.often) / max(float(self.often @ self.often), 1e-12), 1e-6)
        likely = factor * self.often
        doubt = _DOUBT * likely
        made: F = np.maximum(likely + doubt**2 / (doubt**2 + stddev**2) * (told - likely), 0.05 * likely)
        return made


_DOUBT = 1.5
"""How far off a guess may be, as a part of itself."""


def telling_words(prior: Prior, topics: F, n: int) -> NDArray[np.int64]:
    """The words that tell those public sorts of notes apart best that ``topics`` are shares of."""
    ratio = prior.topics / (topics @ prior.topics)
    told = (topics[:, None] * prior.topics * np.log(ratio)).sum(axis=0)
    return np.sort(np.argsort(-np.where(prior.content, told, -np.inf), kind="stable")[: max(n, 0)])
