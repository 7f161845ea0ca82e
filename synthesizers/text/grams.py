"""Counts of runs of tokens, and the chance of the next token from public and released counts together.

A run's key packs its tokens into one number, the last token lowest, so that all runs with the same beginning lie side
by side once keys are sorted. Anyone in this package may use it; it holds public or released numbers only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

F = NDArray[np.float64]
Keys = NDArray[np.int64]

BITS = 14
"""Of a token in a key: 16,384 tokens, and runs of at most four."""
MOST_TOKENS = 1 << BITS
LONGEST = 4


def keys_of(tokens: NDArray[np.int64], order: int) -> Keys:
    """The key of each run of ``order`` tokens. Shape: (len(tokens) - order + 1,)."""
    n = len(tokens) - order + 1
    found = np.zeros(max(n, 0), dtype=np.int64)
    for place in range(order):
        found = (found << BITS) | tokens[place : place + max(n, 0)]
    return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grams:
    """Counts of runs of one length: sorted keys, and a count above 0 of each. Shapes: both (n,)."""

    keys: Keys
    counts: F

    @classmethod
    def of(cls, keys: Keys, counts: F) -> Grams:
        """From keys in any order, each once; runs without a count are left out."""
        kept = counts > 0
        order = np.argsort(keys[kept], kind="stable")
        return cls(keys=keys[kept][order], counts=counts[kept][order])

    def after(self, context: int) -> tuple[NDArray[np.int64], F]:
        """(tokens, counts) of what follows a context."""
        low = int(np.searchsorted(self.keys, context << BITS))
        high = int(np.searchsorted(self.keys, (context + 1) << BITS))
        return self.keys[low:high] & (MOST_TOKENS - 1), self.counts[low:high]

    def at(self, keys: Keys) -> F:
        """The counts of some runs, 0 where there is none."""
        if not self.keys.size:
            return np.zeros(len(keys))
        place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[place] == keys, self.counts[place], 0.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chain:
    """The chance of the next token, by the longest context that is known.

    ``base``: chances of single tokens. ``public``: counts of runs of two tokens, of three and so on in public text.
    ``own``: released counts of single tokens, of runs of two, and so on; what was too rare to be released is missing
    there, so a context's count may exceed the sum of what follows it, and the rest is left to the shorter context.
    Public counts, times ``bent`` of the token, speak with the weight of ``trust`` tokens in each context: what was
    released prevails where it is much. ``doubt``: the least part that is left to a shorter context.
    Source: a hierarchy of Dirichlet priors, MacKay, Peto 1995, with Witten-Bell weights in the public part.
    """

    base: F
    public: Sequence[Grams]
    own: Sequence[Grams]
    bent: F
    trust: float = 8.0
    doubt: float = 0.05

    def next(self, history: Sequence[int]) -> F:
        """Chances of every token after a history. Shape: (n_tokens,), sums to 1."""
        chances = self.base
        for order in range(1, min(len(history), len(self.public)) + 1):
            context = 0
            for token in history[-order:]:
                context = (context << BITS) | token
            tokens, counts = self.public[order - 1].after(context)
            own_tokens, own_counts = _NONE if order >= len(self.own) else self.own[order].after(context)
            if not tokens.size and not own_tokens.size:
                break
            seen = float(self.own[order - 1].at(np.array([context]))[0]) if order <= len(self.own) else 0.0
            chances = self._mixed(chances, (tokens, counts), (own_tokens, own_counts), seen)
        return chances

    def _mixed(self, shorter: F, public: tuple[Keys, F], own: tuple[Keys, F], seen: float) -> F:
        """What was not released of what follows a context is as in public text, bent, or as after a shorter one."""
        (tokens, counts), (own_tokens, own_counts) = public, own
        if tokens.size:
            counts = counts * self.bent[tokens]
        said, told = float(counts.sum()), float(own_counts.sum())
        back = self.doubt + (1 - self.doubt) * counts.size / (counts.size + said) if said else 1.0
        guess = self.trust if said else 1.0
        whole = guess + max(seen, told)
        rest = whole - told
        chances = shorter * (rest * back / whole)
        if said:
            chances[tokens] += counts * (rest * (1 - back) / said / whole)
        chances[own_tokens] += own_counts / whole
        return chances


_NONE: tuple[Keys, F] = (np.zeros(0, dtype=np.int64), np.zeros(0))
