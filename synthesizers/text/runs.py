"""The further releases: which runs of two, three and four tokens recur.

The runs that are asked about are put together from what was released before and from public text, so the choice is
free; their counts are one Gaussian release each.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from privacy.vectors import Sparse
from synthesizers.text.grams import BITS, F, Grams, Keys, keys_of
from synthesizers.text.prior import Prior
from synthesizers.text.vocabulary import NOTE
from synthesizers.text.words import TOTAL, ReadTokens

_MANY = 300_000
"""Most runs that are asked about at once."""
_TOP = 600
_MASK = (1 << BITS) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsAsked:
    """``keys``: sorted runs of ``order`` tokens. ``guess``: their shares of all tokens, were the ends strangers to each
    other; ``hoped``: their counts, if what was released of their parts is all there is to say."""

    keys: Keys
    order: int
    guess: F
    hoped: F
    amount: float
    tokens_of: ReadTokens

    @classmethod
    def of(cls, prior: Prior, base: F, own: Sequence[Grams], order: int, amount: float, read: ReadTokens) -> RunsAsked:
        """Pairs of frequent words and public pairs; longer runs of which both ends were released."""
        keys = _pairs(prior, own[0]) if order == 2 else _joined(own, order)
        left = own[order - 2].at(keys >> BITS)
        if order == 2:
            left = np.maximum(left, base[keys >> BITS] * amount)
            hoped = np.zeros(len(keys))
        else:
            inner = keys & ((1 << (BITS * (order - 1))) - 1)
            middle = own[order - 3].at(inner >> BITS)
            hoped = left * own[order - 2].at(inner) / np.maximum(middle, 1.0)
        guess = left / amount * base[keys & _MASK]
        return cls(keys=keys, order=order, guess=guess, hoped=hoped, amount=amount, tokens_of=read)

    @property
    def scale(self) -> F:
        """What a chance meeting would give is told by less than what is a phrase."""
        made: F = 1 / np.sqrt(self.guess + 20.0 / self.amount)
        return made

    def encoder(self) -> Callable[[Mapping[str, object]], Sparse | None]:
        """From a row to its vector: the counts of asked runs, and the number of tokens."""
        keys, scale, order = self.keys, self.scale, self.order

        def vector(row: Mapping[str, object]) -> Sparse | None:
            tokens = self.tokens_of(row)
            if tokens is None or len(tokens) < order:
                return None
            found, counts = np.unique(keys_of(tokens, order), return_counts=True)
            place = np.minimum(np.searchsorted(keys, found), len(keys) - 1)
            hit = keys[place] == found
            places = place[hit]
            values = np.append(counts[hit] * scale[places], TOTAL * len(tokens))
            return Sparse(places=np.append(places, len(keys)), values=values / np.linalg.norm(values))

        return vector

    def read(self, told: F, noise: float) -> Grams:
        """Counts of those runs that stand out; one that is expected to be there needs to stand out less."""
        total = max(float(told[-1]), 1.0) / TOTAL
        strict = 0.8 * math.sqrt(2 * math.log(max(len(self.keys), 2)))
        likely = self.hoped * self.scale * total / self.amount > 1.5 * noise
        least = np.where(likely, min(1.5, strict), strict) * noise
        counts = np.where(told[:-1] > least, told[:-1] / self.scale / total * self.amount, 0.0)
        return Grams.of(self.keys, counts)


def _pairs(prior: Prior, singles: Grams) -> Keys:
    known = np.unique(np.append(singles.keys[np.argsort(-singles.counts)][:_TOP], NOTE))
    pairs = ((known[:, None] << BITS) | known[None, :]).ravel()
    public = prior.runs[0].keys
    both = np.isin(public >> BITS, singles.keys) & np.isin(public & _MASK, singles.keys)
    return np.unique(np.concatenate([pairs, public[both]]))


def _joined(own: Sequence[Grams], order: int) -> Keys:
    """Runs whose first and whose last ``order - 1`` tokens were both released; the likeliest of very many."""
    shorter = own[order - 2]
    inner = (1 << (BITS * (order - 2))) - 1
    tails, firsts = shorter.keys & inner, shorter.keys >> BITS
    low, high = (np.searchsorted(firsts, tails, side=side) for side in ("left", "right"))
    sizes = high - low
    if not sizes.sum() or sizes.sum() > 50 * _MANY:
        return np.zeros(0, dtype=np.int64)
    left = np.repeat(np.arange(len(tails)), sizes)
    right = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes) + np.repeat(low, sizes)
    keys = (shorter.keys[left] << BITS) | (shorter.keys[right] & _MASK)
    middle = own[order - 3].at(tails[left])
    guess = shorter.counts[left] * shorter.counts[right] / np.maximum(middle, 1.0)
    return np.unique(keys[np.argsort(-guess, kind="stable")[:_MANY]])
