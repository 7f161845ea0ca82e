"""What is bought of private notes: how often words occur in each class, how long notes are, which runs of words recur.

Each step is one Gaussian release through the session, of one vector of norm 1 a person, so its price is known before.
The runs that a step asks about are chosen from what the steps before it released and from public text, so the choice
is free. Counts come back as shares of all tokens; what does not stand out of the noise is left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from synthesizers.text.grams import BITS, LONGEST, Chain, F, Grams, Keys, keys_of
from synthesizers.text.prior import Prior
from synthesizers.text.rowtext import RowText
from synthesizers.text.vocabulary import END, NOTE

if TYPE_CHECKING:
    from privacy.session import PrivateSession

LENGTHS = tuple(int(8 * 1.6**power) for power in range(18))
"""Lower ends of the classes of lengths, in tokens; the first one begins at 0."""
MAX_TOKENS = 25_000
_TOTAL = 0.5
_POOLED_PART, _CLASS_PART, _LENGTH_PART, _TOPIC_PART = 0.55, 0.65, 0.2, math.sqrt(1 - 0.55**2 - 0.65**2 - 0.2**2)
"""Norms of the parts of the words' vector; their squares add up to 1."""
_MANY = 300_000
"""Most runs that are asked about at once."""
_TOP = 600
Tokens = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Learnt:
    """Released numbers only. ``base``: chances of tokens. ``tilts`` (classes, tokens): added to log-odds in a class.

    ``lengths`` (classes, len(LENGTHS)) and ``topics`` (classes, topics): shares. ``own``: counts of single tokens, of
    runs of two tokens, and so on.
    """

    base: F
    tilts: F
    lengths: F
    topics: F
    own: tuple[Grams, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Words:
    """What the first step tells: shares of tokens that stand out, tilts by class, persons by class and length, and
    by class and topic: the public sort of note that each of theirs is likest to."""

    shares: F
    tilts: F
    lengths: F
    topics: F


@dataclass(frozen=True, slots=True, kw_only=True)
class Learner:
    """One fit. ``class_of``: the class of a row, 0 to below ``n_classes``; ``units``: a public guess of their number;
    ``purposes``: those of the words' event and of each run's."""

    session: PrivateSession
    prior: Prior
    rows: RowText
    class_of: Callable[[Mapping[str, object]], int]
    n_classes: int
    units: int
    purposes: Sequence[str]

    def learn(self, noise: Sequence[float]) -> Learnt:
        """``noise``: the multiplier of the words, and of the runs of two tokens, of three and of four."""
        words = self._words(noise[0])
        base = _based(words.shares, self.prior.tokens)
        amount = max(self.units, 1) * _mean_length(words.lengths)
        singles = np.flatnonzero(words.shares > 0)
        # Every note begins with NOTE, so its count is no news.
        firsts = np.append(singles, NOTE)
        own = [Grams.of(firsts, np.append(base[singles] * amount, float(max(self.units, 1))))]
        for order in range(2, LONGEST + 1):
            asked = self._candidates(own, order)
            found = self._runs(asked, noise[order - 1], base, own, order, amount) if asked.size else _nothing()
            own.append(found)
        return Learnt(
            base=base, tilts=words.tilts, lengths=_shares(words.lengths), topics=_shares(words.topics), own=tuple(own)
        )

    def _tokens(self, row: Mapping[str, object]) -> Tokens | None:
        note = self.rows.masked(row)
        if note is None:
            return None
        found = self.prior.vocabulary.encode(note)[:MAX_TOKENS]
        return np.array([NOTE, *found, END], dtype=np.int64)

    def _words(self, noise: float) -> _Words:
        """One vector holds the words of a note twice, for all notes and for those of its class, and its length."""
        from privacy.vectors import Sparse

        asked = asked_words(self.prior.tokens, self.units, noise)
        telling = telling_words(self.prior, self.units, noise)
        place_in = np.full(len(self.prior.tokens), -1, dtype=np.int64)
        place_in[telling] = np.arange(len(telling))
        place_of = np.full(len(self.prior.tokens), -1, dtype=np.int64)
        place_of[asked] = np.arange(len(asked))
        scale = 1 / np.sqrt(self.prior.tokens[asked] + 1e-3)
        block = len(asked) + 1
        per_class = len(telling)
        lengths_from = block + per_class * self.n_classes
        topics_from = lengths_from + self.n_classes * len(LENGTHS)
        topics = np.log(self.prior.topics)

        def vector(row: Mapping[str, object]) -> Sparse | None:
            tokens = self._tokens(row)
            if tokens is None:
                return None
            here = self.class_of(row)
            known = place_of[tokens[1:]]
            found, counts = np.unique(known[known >= 0], return_counts=True)
            all_notes = np.append(counts * scale[found], _TOTAL * (len(tokens) - 1))
            inside = place_in[tokens[1:]]
            told_by = np.unique(inside[inside >= 0])
            length = lengths_from + here * len(LENGTHS) + _length_class(len(tokens) - 2)
            topic = topics_from + here * len(topics) + int((topics[:, tokens].sum(axis=1)).argmax())
            return Sparse(
                places=np.concatenate([found, [block - 1], block + here * per_class + told_by, [length, topic]]),
                values=np.concatenate(
                    [
                        _unit(all_notes, _POOLED_PART),
                        _unit(np.ones(len(told_by)), _CLASS_PART),
                        [_LENGTH_PART, _TOPIC_PART],
                    ]
                ),
            )

        size = topics_from + self.n_classes * len(topics)
        told = self.session.add_up(
            vector, columns=self.rows.wanted, size=size, noise_multiplier=noise, purpose=self.purposes[0]
        )
        total = max(float(told[block - 1]), 1.0) / _TOTAL
        stands = told[: block - 1] > 2.5 * noise
        shares = np.zeros(len(self.prior.tokens))
        shares[asked] = np.where(stands, told[: block - 1] / scale / total, 0.0)
        classes = told[block:lengths_from].reshape(self.n_classes, per_class)
        tilts = np.zeros((self.n_classes, len(self.prior.tokens)))
        tilts[:, telling] = _tilts(classes, noise)
        lengths = told[lengths_from:topics_from].reshape(self.n_classes, len(LENGTHS)) / _LENGTH_PART
        votes = told[topics_from:].reshape(self.n_classes, len(topics)) / _TOPIC_PART
        return _Words(
            shares=shares,
            tilts=tilts,
            lengths=_denoised(lengths, noise / _LENGTH_PART, _PLAIN_LENGTHS),
            topics=_denoised(votes, noise / _TOPIC_PART, np.ones(len(topics))),
        )

    def _candidates(self, own: Sequence[Grams], order: int) -> Keys:
        """Runs that may recur: pairs of frequent words, public pairs; longer ones of which both ends were released."""
        if order == 2:
            known = np.append(own[0].keys[np.argsort(-own[0].counts)][:_TOP], NOTE)
            known = np.unique(known)
            pairs = ((known[:, None] << BITS) | known[None, :]).ravel()
            public = self.prior.runs[0].keys
            both = np.isin(public >> BITS, own[0].keys) & np.isin(public & ((1 << BITS) - 1), own[0].keys)
            return np.unique(np.concatenate([pairs, public[both]]))
        shorter = own[order - 2].keys
        if not shorter.size:
            return np.zeros(0, dtype=np.int64)
        inner = (1 << (BITS * (order - 2))) - 1
        tails = shorter & inner
        firsts = shorter >> BITS
        by_first = np.argsort(firsts, kind="stable")
        low = np.searchsorted(firsts[by_first], tails, side="left")
        high = np.searchsorted(firsts[by_first], tails, side="right")
        sizes = high - low
        if sizes.sum() > 50 * _MANY:
            return np.zeros(0, dtype=np.int64)
        left = np.repeat(np.arange(len(shorter)), sizes)
        right = by_first[
            np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes) + np.repeat(low, sizes)
        ]
        keys = (shorter[left] << BITS) | (shorter[right] & ((1 << BITS) - 1))
        middle = own[order - 3].at(tails[left]) if order > 2 else np.ones(len(left))
        guess = own[order - 2].counts[left] * own[order - 2].counts[right] / np.maximum(middle, 1.0)
        best = np.argsort(-guess)[:_MANY]
        return np.unique(keys[best])

    def _runs(self, asked: Keys, noise: float, base: F, own: Sequence[Grams], order: int, amount: float) -> Grams:
        """Counts of those of the asked runs that stand out of the noise."""
        from privacy.vectors import Sparse

        guess = self._guess(asked, base, own, order, amount) + 20.0 / amount
        scale = 1 / np.sqrt(guess)

        def vector(row: Mapping[str, object]) -> Sparse | None:
            tokens = self._tokens(row)
            if tokens is None or len(tokens) < order:
                return None
            keys, counts = np.unique(keys_of(tokens, order), return_counts=True)
            place = np.minimum(np.searchsorted(asked, keys), len(asked) - 1)
            hit = asked[place] == keys
            places = place[hit]
            values = np.append(counts[hit] * scale[places], _TOTAL * len(tokens))
            return Sparse(places=np.append(places, len(asked)), values=values / np.linalg.norm(values))

        told = self.session.add_up(
            vector,
            columns=self.rows.wanted,
            size=len(asked) + 1,
            noise_multiplier=noise,
            purpose=self.purposes[order - 1],
        )
        total = max(float(told[-1]), 1.0) / _TOTAL
        least = math.sqrt(2 * math.log(max(len(asked), 2))) * 0.8
        counts = np.where(told[:-1] > least * noise, told[:-1] / scale / total * amount, 0.0)
        return Grams.of(asked, counts)

    def _guess(self, asked: Keys, base: F, own: Sequence[Grams], order: int, amount: float) -> F:
        """The share of all tokens that a run would have if its ends did not know of each other."""
        mask = (1 << BITS) - 1
        if order == 2:
            return np.asarray(np.maximum(own[0].at(asked >> BITS) / amount, base[asked >> BITS]) * base[asked & mask])
        left = own[order - 2].at(asked >> BITS) / amount
        return np.asarray(left * base[asked & mask])


def _nothing() -> Grams:
    return Grams(keys=np.zeros(0, dtype=np.int64), counts=np.zeros(0))


def _length_class(n_tokens: int) -> int:
    return max(int(np.searchsorted(LENGTHS, n_tokens, side="right")) - 1, 0)


_PLAIN_LENGTHS = np.where((np.array(LENGTHS) > 30) & (np.array(LENGTHS) < 600), 1.0, 0.0)


def _denoised(counts: F, stddev: float, plain: F) -> F:
    """Counts that do not stand out are none; a class without any gets all classes' together, at last ``plain``."""
    kept = np.where(counts > 2 * stddev, counts, 0.0)
    pooled = counts.sum(axis=0)
    pooled = np.where(pooled > 2 * stddev * math.sqrt(len(counts)), pooled, 0.0)
    return np.where(kept.sum(axis=1, keepdims=True) > 0, kept, pooled[None, :] if pooled.any() else plain[None, :])


def _shares(counts: F) -> F:
    made: F = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-12)
    return made


def _mean_length(lengths: F) -> float:
    shares = lengths.sum(axis=0) / max(float(lengths.sum()), 1e-9)
    return float((shares * np.array(LENGTHS) * 1.25).sum())


def _based(counts: F, public: F) -> F:
    """Chances of tokens: as released where they stand out; the others share by public text what those have there."""
    kept = counts > 0
    left = float(public[~kept].sum())
    left = min(max(left, 0.01), 0.9) if kept.any() else 1.0
    base = np.where(kept, counts * (1 - left) / max(float(counts.sum()), 1e-12), 0.0)
    base += np.where(kept, 0.0, public * left / max(float(public[~kept].sum()), 1e-12))
    made: F = base / base.sum()
    return made


def _tilts(told: F, noise: float) -> F:
    """log(weight within a class / weight over all), shrunk towards 0 by how little it stands out; at most 3 either way.

    Source of the shrinking: the positive part of James and Stein's estimator, one token at a time.
    """
    sizes = np.maximum(told.sum(axis=1, keepdims=True), 1e-9)
    expected = np.maximum(told.sum(axis=0, keepdims=True), 0.0) * sizes / sizes.sum()
    apart = told - expected
    trust = np.maximum(0.0, 1 - (1.5 * noise) ** 2 / np.maximum(apart**2, 1e-30))
    floor = 0.05 * expected + 0.5 * noise + 1e-6
    made: F = np.clip(trust * np.log(np.maximum(told, floor) / np.maximum(expected, floor)), -3, 3)
    return made


def asked_words(public: F, units: int, noise: float) -> NDArray[np.int64]:
    """The tokens worth asking about: the more persons and the less noise, the more of those frequent in public text."""
    n = int(min(len(public), max(300, 40 * (units / noise) ** 0.75)))
    return np.sort(np.argsort(-public, kind="stable")[:n])


def telling_words(prior: Prior, units: int, noise: float) -> NDArray[np.int64]:
    """The words that tell public sorts of notes apart best: what a class is asked about. More of them for more persons.

    By the information about the topic that a word's presence gives in public text.
    """
    is_word = np.array([len(word) > 3 and word[1:].isalpha() for word in _texts(prior)])
    ratio = prior.topics / prior.tokens
    told = prior.tokens * (ratio * np.log(ratio)).mean(axis=0)
    n = int(min(is_word.sum(), max(150, 15 * (units / noise) ** 0.75)))
    return np.sort(np.argsort(-np.where(is_word, told, -np.inf), kind="stable")[:n])


def _texts(prior: Prior) -> list[str]:
    first = prior.vocabulary.first_word
    return [""] * first + list(prior.vocabulary.words)


def _unit(values: F, norm: float) -> F:
    made: F = values * (norm / max(float(np.linalg.norm(values)), 1e-12))
    return made


def chain(prior: Prior, learnt: Learnt, *, doubt: float = 0.05) -> Chain:
    """The model of the next token from public and released counts.

    Public runs are bent by how much commoner a token is in the private notes than in public text, to the power of a
    half (Kneser, Peters, Klakow 1997: unigram adaptation).
    """
    ratio = np.sqrt(np.clip(learnt.base / prior.tokens, 1 / 30, 30))
    return Chain(base=learnt.base, public=prior.runs, own=learnt.own, bent=ratio, doubt=doubt)
