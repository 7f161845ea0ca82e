"""Notes from the chain of words: one token after the other, with numpy alone."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthesizers.text.grams import LONGEST, Chain, F
from synthesizers.text.learn import MAX_TOKENS, Learnt, chain
from synthesizers.text.prior import Prior
from synthesizers.text.vocabulary import CAP, END, MORE, NOTE, PAD, UP
from synthesizers.text.words import LENGTHS

_TRIES, _SHORT, _NEAR = 5, 120, 0.12
"""A note shorter than _SHORT tokens is written anew until it is as long as wanted, give or take a part of _NEAR: a
chain that knows how a note ends does not know when."""
_NEVER = (PAD, NOTE, MORE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How notes are drawn; public settings. ``topic`` and ``within``: how much a topic and a class bend the chances.

    ``floor``: tokens with less than this part of the likeliest one's chance are not drawn. ``again``: factor on the
    chance of a content word that the note has.
    """

    topic: float = 1.0
    within: float = 1.0
    floor: float = 0.01
    again: float = 0.3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Writer:
    """Writes notes of a class. Holds public and released numbers only. ``content``: which tokens are content words."""

    chain: Chain
    learnt: Learnt
    prior: Prior
    content: NDArray[np.bool_]
    manner: Manner = Manner()
    most: int = MAX_TOKENS

    @classmethod
    def of(cls, prior: Prior, learnt: Learnt, **more: Any) -> Writer:
        """The writer of what was learnt."""
        return cls(chain=chain(prior, learnt), learnt=learnt, prior=prior, content=prior.content, **more)

    def write(self, classes: Sequence[int], *, seed: int) -> list[str]:
        """A note with slots for each class. The same arguments give the same notes."""
        return [self.prior.vocabulary.decode(tokens) for tokens in self.tokens(classes, seed=seed)]

    def tokens(self, classes: Sequence[int], *, seed: int) -> Iterator[list[int]]:
        """As ``write``, before it is text."""
        for index, here in enumerate(classes):
            yield self._note(here, np.random.default_rng([seed, index]))

    def _note(self, here: int, rng: np.random.Generator) -> list[int]:
        topic = int(rng.choice(len(self.learnt.topics[here]), p=self.learnt.topics[here]))
        band = int(rng.choice(len(LENGTHS), p=self.learnt.lengths[here]))
        low = LENGTHS[band] if band else 1
        wanted = min(int(rng.integers(low, int(low * 1.35) + 1)), self.most)
        words = replace(self.chain, bent=self.chain.bent * self._of_topic(topic))
        bend, tried = self._of_class(here), []
        for _ in range(_TRIES if wanted < _SHORT else 1):
            tried.append(self._tokens(words, bend, wanted, rng))
            if abs(len(tried[-1]) + 1 - wanted) <= _NEAR * wanted:
                break
        return min(tried, key=lambda tokens: abs(len(tokens) + 1 - wanted))

    def _of_topic(self, topic: int) -> F:
        """Factors on what public text says; what was released of private notes stays as it is."""
        towards = np.log(self.prior.topics[topic] / self.learnt.public)
        return np.asarray(np.exp(self.manner.topic * np.clip(towards, -3, 3)))

    def _of_class(self, here: int) -> F:
        """Factors on the chances of all tokens."""
        made: F = np.exp(self.manner.within * self.learnt.tilts[here]) * self.learnt.pull
        made[list(_NEVER)] = 0.0
        return made

    def _tokens(self, words: Chain, bend: F, wanted: int, rng: np.random.Generator) -> list[int]:
        """A note ends where the chain ends it, sooner if it is longer than wanted and later if it is shorter."""
        tokens = [NOTE]
        most = 2 * wanted + 8
        draws = rng.random(most)
        said: set[int] = set()
        while len(tokens) < most:
            chances = words.next(tokens[-(LONGEST - 1) :]) * bend
            chances[END] *= _haste(len(tokens) / wanted) if tokens[-1] not in (UP, CAP) else 0.0
            if said:
                chances[list(said)] *= self.manner.again
            chances[chances < self.manner.floor * chances.max()] = 0.0
            sums = np.cumsum(chances)
            token = int(np.searchsorted(sums, draws[len(tokens)] * sums[-1], side="right"))
            token = min(token, len(chances) - 1)
            if token == END:
                break
            if self.content[token]:
                said.add(token)
            tokens.append(token)
        return tokens[1:]


def _haste(part: float) -> float:
    """Factor on the chance to end a note of which this part is written."""
    return math.exp(min(max(8 * (part - 1), -5), 5))
