"""Notes from the chain of words: one token after the other, with numpy alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from synthesizers.text.grams import LONGEST, Chain, F
from synthesizers.text.learn import LENGTHS, MAX_TOKENS, Learnt
from synthesizers.text.prior import Prior
from synthesizers.text.vocabulary import CAP, END, MORE, NOTE, PAD, UP

_NEVER = (PAD, NOTE, MORE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How notes are drawn; public settings. ``topic`` and ``within``: how much a topic and a class bend the chances.

    ``floor``: tokens with less than this part of the likeliest one's chance are not drawn.
    """

    topic: float = 1.0
    within: float = 1.0
    floor: float = 0.01


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Writer:
    """Writes notes of a class. Holds public and released numbers only."""

    chain: Chain
    learnt: Learnt
    prior: Prior
    manner: Manner = Manner()
    most: int = MAX_TOKENS

    def write(self, classes: Sequence[int], *, seed: int) -> list[str]:
        """A note with slots for each class. The same arguments give the same notes."""
        return [self._note(here, np.random.default_rng([seed, index])) for index, here in enumerate(classes)]

    def _note(self, here: int, rng: np.random.Generator) -> str:
        topic = int(rng.choice(len(self.learnt.topics[here]), p=self.learnt.topics[here]))
        band = int(rng.choice(len(LENGTHS), p=self.learnt.lengths[here]))
        low = LENGTHS[band] if band else 1
        wanted = min(int(rng.integers(low, int(low * 1.6) + 1)), self.most)
        words = replace(self.chain, bent=self.chain.bent * self._of_topic(topic))
        return self.prior.vocabulary.decode(self._tokens(words, self._of_class(here), wanted, rng))

    def _of_topic(self, topic: int) -> F:
        """Factors on what public text says; what was released of private notes stays as it is."""
        towards = np.log(self.prior.topics[topic] / self.prior.tokens)
        return np.asarray(np.exp(self.manner.topic * np.clip(towards, -3, 3)))

    def _of_class(self, here: int) -> F:
        """Factors on the chances of all tokens."""
        made: F = np.exp(self.manner.within * self.learnt.tilts[here])
        made[list(_NEVER)] = 0.0
        return made

    def _tokens(self, words: Chain, bend: F, wanted: int, rng: np.random.Generator) -> list[int]:
        """A note may end from 0.7 of its length on, and ends with its sentence from there, at 1.3 at the latest."""
        tokens = [NOTE]
        draws = rng.random(int(1.3 * wanted) + 8)
        while len(tokens) < 1.3 * wanted:
            chances = words.next(tokens[-(LONGEST - 1) :]) * bend
            if len(tokens) < 0.7 * wanted:
                chances[END] = 0.0
            if tokens[-1] in (UP, CAP):
                chances[END] = 0.0
            chances[chances < self.manner.floor * chances.max()] = 0.0
            sums = np.cumsum(chances)
            token = int(np.searchsorted(sums, draws[len(tokens)] * sums[-1], side="right"))
            token = min(token, len(chances) - 1)
            if token == END:
                break
            tokens.append(token)
        return tokens[1:]
