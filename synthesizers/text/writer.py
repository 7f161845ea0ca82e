"""Notes from the chain of words: one token after the other, with numpy alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthesizers.text.grams import LONGEST, Chain, F, Keys
from synthesizers.text.learn import MAX_TOKENS, Learnt, chain
from synthesizers.text.prior import Prior
from synthesizers.text.vocabulary import CAP, END, MORE, NOTE, PAD, UP
from synthesizers.text.words import LENGTHS

_TRIES, _SHORT, _NEAR = 5, 120, 0.12
"""A note shorter than _SHORT tokens is written anew until it is as long as wanted, give or take a part of _NEAR: a
chain that knows how a note ends does not know when."""
_NEGLIGIBLE, _MOST_KNOWN = 1e-5, 2000
_NEVER = (PAD, NOTE, MORE)
After = Callable[[tuple[int, ...]], tuple[Keys, F]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How notes are drawn; public settings. ``topic`` and ``within``: how much a topic and a class bend the chances.

    ``floor``: tokens with less than this part of the likeliest one's chance are not drawn. ``again``: factor on the
    chance of a content word that the note has.
    """

    topic: float = 1.0
    within: float = 2.0
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
        memory = Memory(self)
        for index, here in enumerate(classes):
            yield self._note(here, memory, np.random.default_rng([seed, index]))

    def _note(self, here: int, memory: Memory, rng: np.random.Generator) -> list[int]:
        topic = int(rng.choice(len(self.learnt.topics[here]), p=self.learnt.topics[here]))
        band = int(rng.choice(len(LENGTHS), p=self.learnt.lengths[here]))
        low = LENGTHS[band] if band else 1
        wanted = min(int(rng.integers(low, int(low * 1.35) + 1)), self.most)
        bend, tried = self.of_class(here), []
        for _ in range(_TRIES if wanted < _SHORT else 1):
            tried.append(self._tokens(partial(memory.next, topic), bend, wanted, rng))
            if abs(len(tried[-1]) + 1 - wanted) <= _NEAR * wanted:
                break
        return min(tried, key=lambda tokens: abs(len(tokens) + 1 - wanted))

    def about(self, topic: int) -> Chain:
        """The chain of words for notes of a topic."""
        return replace(self.chain, bent=self.chain.bent * self._of_topic(topic))

    def _of_topic(self, topic: int) -> F:
        """Factors on what public text says; what was released of private notes stays as it is."""
        towards = np.log(self.prior.topics[topic] / self.learnt.public)
        return np.asarray(np.exp(self.manner.topic * np.clip(towards, -3, 3)))

    def of_class(self, here: int) -> F:
        """Factors on the chances of all tokens."""
        made: F = np.exp(self.manner.within * self.learnt.tilts[here]) * self.learnt.pull
        made[list(_NEVER)] = 0.0
        return made

    def _tokens(self, after: After, bend: F, wanted: int, rng: np.random.Generator) -> list[int]:
        """A note ends where the chain ends it, sooner if it is longer than wanted and later if it is shorter."""
        tokens = [NOTE]
        most = 2 * wanted + 8
        draws = rng.random(most)
        factors = bend.copy()
        while len(tokens) < most:
            known, chances = after(tuple(tokens[-(LONGEST - 1) :]))
            factors[END] = bend[END] * _haste(len(tokens) / wanted) if tokens[-1] not in (UP, CAP) else 0.0
            chances = chances * factors[known]
            chances[chances < self.manner.floor * chances.max()] = 0.0
            sums = np.cumsum(chances)
            place = int(np.searchsorted(sums, draws[len(tokens)] * sums[-1], side="right"))
            token = int(known[min(place, len(known) - 1)])
            if token == END:
                break
            if self.content[token]:
                factors[token] = bend[token] * self.manner.again
            tokens.append(token)
        return tokens[1:]


@dataclass(slots=True)
class Memory:
    """What may follow a history in notes of a topic, kept for the next time: notes of a ward are much alike."""

    writer: Writer
    _chains: dict[int, Chain] = field(default_factory=dict)
    _known: dict[tuple[int, ...], tuple[Keys, F]] = field(default_factory=dict)

    def next(self, topic: int, history: tuple[int, ...]) -> tuple[Keys, F]:
        """(tokens, chances) of all but the very unlikely ones."""
        key = (topic, *history)
        found = self._known.get(key)
        if found is None:
            if topic not in self._chains:
                self._chains[topic] = self.writer.about(topic)
            chances = self._chains[topic].next(history)
            tokens = np.flatnonzero(chances > _NEGLIGIBLE * chances.max())
            found = (tokens, chances[tokens])
            if len(self._known) < _MOST_KNOWN:
                self._known[key] = found
        return found


def _haste(part: float) -> float:
    """Factor on the chance to end a note of which this part is written."""
    return math.exp(min(max(8 * (part - 1), -5), 5))
