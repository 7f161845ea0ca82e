"""What is thought of words before they are counted: public text of the sorts voted for, and words of like meaning.

Public and released numbers only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from synthesizers.text.grams import F
from synthesizers.text.prior import Prior

NEAR = 0.7
"""Of the public text that stands in for what was not released, the part that is of the topics voted for."""
SHARP = 12.0
"""How much likelier a word is that lies in the direction of all notes."""
_USUAL = 0.3
"""The part of words by meaning, where nothing tells."""
_ENOUGH = 30.0
_FEW, _MANY = 250.0, 1500.0
"""Persons times mu: how far what all of them share stands out of the noise."""


def plenty(units: int, mu_squared: float) -> float:
    """From 0, where hardly a word stands out, to 1, where runs of words do: from public facts."""
    reach = max(max(units, 1) * math.sqrt(mu_squared), 1e-9)
    return min(max(math.log(reach / _FEW) / math.log(_MANY / _FEW), 0.0), 1.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Known:
    """Chances of tokens: ``said`` in public text like the notes, ``meant`` by meaning alone; ``part`` of the latter."""

    said: F
    meant: F
    part: float = _USUAL

    @classmethod
    def of(cls, prior: Prior, topics: F, drift: F) -> Known:
        """``topics``: shares of all notes. ``drift``: the mean direction of all notes, shorter than 1."""
        said = NEAR * (topics @ prior.topics) + (1 - NEAR) * prior.tokens
        words = np.abs(prior.meanings).sum(axis=1) > 0
        if not words.any():
            return cls(said=said, meant=said, part=0.0)
        near = np.where(words, np.exp(SHARP * (prior.meanings @ drift)), 0.0)
        return cls(said=said, meant=near / near.sum())

    def mixed(self) -> F:
        """Both together."""
        made: F = (1 - self.part) * self.said + self.part * self.meant
        return made

    def fitted(self, shares: F) -> Known:
        """With the part that explains best which words were released, each once; drawn to the usual one if few were.

        Source: expectation maximisation for the weight of a mixture, Dempster, Laird, Rubin 1977.
        """
        kept = (shares > 0) & (self.meant > 0)
        if not kept.any() or self.part == 0:
            return self
        part = self.part
        for _ in range(30):
            meant = part * self.meant[kept]
            part = float((meant / (meant + (1 - part) * self.said[kept])).mean())
        trust = float(kept.sum()) / (float(kept.sum()) + _ENOUGH)
        return replace(self, part=min(max(trust * part + (1 - trust) * _USUAL, 0.02), 0.8))
