"""The writer hears itself: where its notes use a released word too often or too rarely, the word's chance is mended.

Only released numbers and what was made from them go in, so nothing more is paid. A chain of words that is right at
each step need not be right in sum: phrases crowd out others, classes bend them, and notes end where they can.
Source of the idea: iterative scaling, Darroch, Ratcliff 1972.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from synthesizers.text.learn import Learnt
from synthesizers.text.prior import Prior
from synthesizers.text.words import LENGTHS
from synthesizers.text.writer import Writer

ROUNDS = 3
_TOKENS, _WORTH = 100, 10_000
"""Most tokens of a note, and about as many in a round's notes together."""
_STEP = 0.7
_MOST = 8.0
"""Most that a word's chance is changed by."""


def heard(prior: Prior, learnt: Learnt, *, rounds: int = ROUNDS) -> Learnt:
    """The same with ``pull`` set. Costs ``rounds`` times some hundred notes; deterministic."""
    mean = float((learnt.sizes @ learnt.lengths) @ np.minimum(LENGTHS, _TOKENS))
    n_notes = int(min(max(_WORTH / max(mean, 1.0), 80), 300))
    classes = np.random.default_rng(0).choice(len(learnt.sizes), size=n_notes, p=learnt.sizes)
    for turn in range(rounds):
        writer = Writer.of(prior, learnt, most=_TOKENS)
        notes = writer.tokens(classes.tolist(), seed=turn)
        said = np.concatenate([*(np.array(note, dtype=np.int64) for note in notes), [0]])
        made = np.bincount(said, minlength=len(prior.tokens)) / len(said)
        least = 3.0 / len(said)
        mended = learnt.pull * np.clip((learnt.base + least) / (made + least), 0.4, 2.5) ** _STEP
        learnt = replace(learnt, pull=np.clip(mended, 1 / _MOST, _MOST))
    return learnt
