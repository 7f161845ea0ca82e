"""What is bought of private notes: how often words occur and in which class, how long notes are, which runs recur.

Each step is one Gaussian release through the session, of one vector of norm 1 a person, so its price is known before.
What a step asks about is chosen from what the steps before it released and from public text, so the choice is free.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from synthesizers.text.classes import ClassesAsked
from synthesizers.text.grams import LONGEST, Chain, F, Grams
from synthesizers.text.guesses import NEAR, plenty
from synthesizers.text.prior import Prior
from synthesizers.text.rowtext import RowText
from synthesizers.text.runs import RunsAsked
from synthesizers.text.vocabulary import END, NOTE
from synthesizers.text.words import LENGTHS, Tokens, Words, WordsAsked, based, pooled, topic_part

if TYPE_CHECKING:
    from privacy.session import PrivateSession

MAX_TOKENS = 25_000
_DOUBT, _TELLING = 0.05, 0.3
"""What is left to a shorter history; and what more of it, and of all words, where few words stand out."""
_FIRST = 0.6
"""Of the votes for topics, the part that is in the first release, where words need the room."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Learnt:
    """Released numbers only. ``base``: chances of tokens. ``tilts`` (classes, tokens): added to log-odds in a class.

    ``lengths`` (classes, len(LENGTHS)) and ``topics`` (classes, topics): shares. ``own``: counts of single tokens, of
    runs of two tokens, and so on. ``covered``: the part of all text that released words make up. ``again``: the part
    of a note's content words that it has more than once. ``sizes``: the parts of all notes, by class. ``public``:
    chances of tokens in public text of the released topics. ``pull``: factors on tokens' chances, see ``hearing``.
    ``doubt``: the least part of the next token's chances that is left to a shorter history.
    """

    base: F
    tilts: F
    lengths: F
    topics: F
    own: tuple[Grams, ...]
    covered: float
    again: float
    public: F
    pull: F
    sizes: F
    doubt: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Learner:
    """One fit. ``class_of``: the class of a row, 0 to below ``n_classes``; ``units``: a public guess of their number;
    ``purposes``: those of the words' event, of the classes' and of each run's."""

    session: PrivateSession
    prior: Prior
    rows: RowText
    class_of: Callable[[Mapping[str, object]], int]
    n_classes: int
    units: int
    purposes: Sequence[str]

    def learn(self, noise: Sequence[float]) -> Learnt:
        """``noise``: the multiplier of each step."""
        words = self._words(noise[0])
        tilts, topics, sizes, asked = self._tilts(words, noise)
        few = 1 - plenty(self.units, sum(1 / z**2 for z in noise))
        within = sizes @ _shares(topics) @ self.prior.topics
        said = NEAR * within + (1 - NEAR) * self.prior.tokens
        public = replace(words.known, said=said).mixed()
        base = raised(based(words, public), asked[words.shares[asked] == 0], _TELLING * few)
        amount = max(self.units, 1) * mean_length(words.lengths)
        firsts = np.append(np.flatnonzero(words.shares > 0), NOTE)
        # Every note begins with NOTE, so its count is no news.
        own = [Grams.of(firsts, np.append(base[firsts[:-1]] * amount, float(max(self.units, 1))))]
        for order in range(2, LONGEST + 1):
            own.append(self._runs(base, own, order, amount, noise[order], self.purposes[order]))
        return Learnt(
            base=base,
            tilts=tilts,
            lengths=_shares(words.lengths),
            topics=_shares(topics),
            own=tuple(own),
            covered=words.covered,
            again=words.again,
            public=public,
            pull=np.ones(len(base)),
            sizes=sizes,
            doubt=_DOUBT + _TELLING * few,
        )

    def _tokens(self, row: Mapping[str, object]) -> Tokens | None:
        note = self.rows.masked(row)
        if note is None:
            return None
        found = self.prior.vocabulary.encode(note)[:MAX_TOKENS]
        return np.array([NOTE, *found, END], dtype=np.int64)

    def _words(self, noise: float) -> Words:
        asked = WordsAsked(
            prior=self.prior,
            tokens_of=self._tokens,
            class_of=self.class_of,
            n_classes=self.n_classes,
            topic_part=topic_part(self.units, self.n_classes, noise, _FIRST),
            units=self.units,
        )
        return asked.read(self._released(asked.encoder(), asked.size, noise, self.purposes[0]), noise)

    def _tilts(self, words: Words, noise: Sequence[float]) -> tuple[F, F, F, Tokens]:
        first = topic_part(self.units, self.n_classes, noise[0], _FIRST)
        stddev = noise[0] / first
        asked = ClassesAsked.of(
            self.prior,
            words,
            pooled(words.votes, stddev),
            topic_part=topic_part(self.units, self.n_classes, noise[1]),
            n_classes=self.n_classes,
            units=self.units,
            tokens_of=self._tokens,
            class_of=self.class_of,
        )
        told = self._released(asked.encoder(), asked.size, noise[1], self.purposes[1])
        return *asked.read(told, noise[1], words.votes, stddev), asked.asked

    def _runs(self, base: F, own: Sequence[Grams], order: int, amount: float, noise: float, purpose: str) -> Grams:
        asked = RunsAsked.of(self.prior, base, own, order, amount, self._tokens)
        if not asked.keys.size:
            return Grams(keys=np.zeros(0, dtype=np.int64), counts=np.zeros(0))
        return asked.read(self._released(asked.encoder(), len(asked.keys) + 1, noise, purpose), noise)

    def _released(self, encode: object, size: int, noise: float, purpose: str) -> F:
        return self.session.add_up(
            encode,  # type: ignore[arg-type]
            columns=self.rows.wanted, size=size, noise_multiplier=noise, purpose=purpose,
        )  # fmt: skip


def _shares(counts: F) -> F:
    made: F = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-12)
    return made


def raised(base: F, tokens: Tokens, part: float) -> F:
    """The chances with ``part`` of them shared by these tokens: words that tell classes apart must be said to tell."""
    if not tokens.size or part <= 0:
        return base
    made = base.copy()
    made[tokens] = np.maximum(made[tokens], part / len(tokens))
    return np.asarray(made / made.sum())


def mean_length(lengths: F) -> float:
    """Tokens of a note, of released counts by class of length."""
    shares = lengths.sum(axis=0) / max(float(lengths.sum()), 1e-9)
    return float((shares * np.array(LENGTHS) * 1.17).sum())


def chain(prior: Prior, learnt: Learnt, *, doubt: float | None = None) -> Chain:
    """The model of the next token from public and released counts.

    Public runs are bent by how much commoner a token is in the private notes than in public text, the more the better
    those are known (Kneser, Peters, Klakow 1997: unigram adaptation), and are trusted the less.
    """
    power = 0.5 + 0.5 * learnt.covered
    ratio = learnt.public / prior.tokens * np.clip(learnt.base / learnt.public, 1e-4, 30) ** power
    trust = 8.0 * max(1 - learnt.covered, 0.02)
    return Chain(
        base=learnt.base, public=prior.runs, own=learnt.own, bent=ratio, trust=trust, doubt=doubt or learnt.doubt
    )
