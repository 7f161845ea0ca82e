"""From a session over codes to a fitted model of them: measure, select, measure, estimate.

Only what the session answers is read, so everything here is post-processing of paid-for numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from privacy.measured import Measured
from synthesizers.base import MarginalSession
from synthesizers.tabular.balance import FEW_SHARE, one_ways_are_better, stand_out
from synthesizers.tabular.budget import ONE_WAYS, PAIRS, Budget
from synthesizers.tabular.dependence import dependence
from synthesizers.tabular.evidence import Impossible
from synthesizers.tabular.junction import Node
from synthesizers.tabular.known import Known, Settings
from synthesizers.tabular.levels import Axis, Coding
from synthesizers.tabular.measure import OneWays, measure_again, measure_one_ways
from synthesizers.tabular.rounds import fit_picked
from synthesizers.tabular.sample import Sampler
from synthesizers.tabular.sample import sample as draw
from synthesizers.tabular.select import Candidate
from synthesizers.tabular.survey import survey

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Model:
    """A junction tree of probabilities: released numbers only."""

    axes: tuple[Axis, ...]
    nodes: tuple[Node, ...]
    beliefs: tuple[Floats, ...]
    total: float

    def n_rows(self, wanted: int | None) -> int:
        """The wanted number of rows, or the noisy one."""
        return max(0, round(self.total)) if wanted is None else wanted

    def sampler(self) -> Sampler:
        """Shards of rows as codes."""
        return Sampler(self.axes, self.nodes, self.beliefs)

    def codes(self, n_rows: int | None, *, seed: int) -> list[NDArray[np.int32]]:
        """Rows as codes by column; ``n_rows`` None means the noisy number of rows."""
        return draw(self.axes, self.nodes, self.beliefs, self.n_rows(n_rows), seed=seed)


def fit_model(
    session: MarginalSession,
    budget: Budget,
    codings: Sequence[Coding],
    *,
    max_rows: int,
    targets: Sequence[str] = (),
    known: Sequence[Measured] = (),
    impossible: Sequence[Impossible] = (),
    settings: Settings | None = None,
) -> Model:
    """Fit a model of the session's columns. ``codings`` are by column; ``budget`` is what the plan holds.

    ``known``: what finding the domain has told of one-way marginals. ``impossible``: cells that no row is in.
    Deterministic in what the session answers.
    """
    settings = settings or Settings()
    if not session.domain.names:
        return Model((), (), (), 0.0)
    told = {one.name: one for one in known}
    noisy = measure_one_ways(session, codings, budget.one_ways / max_rows**2, purpose=ONE_WAYS, known=told)
    codings = [
        code.settled(counts, float(stddev))
        for code, counts, stddev in zip(codings, noisy.counts, noisy.stddevs, strict=True)
    ]
    caps = settings.caps.for_strength(
        _strength(noisy.cleaned(codings)[0], len(codings), budget, max_rows), len(codings)
    )
    wanted = frozenset(session.domain.names.index(name) for name in targets)
    now, seen = survey(
        session,
        Known.of(noisy, codings, impossible, caps),
        budget.survey / max_rows**2,
        targets=wanted,
        target_weight=settings.target_weight,
    )
    candidates = _candidates(session, now, noisy, budget, max_rows, targets, settings)
    precision = budget.pairs / max_rows**2
    picked = now.pick(candidates, precision, caps)
    if precision > 0 and one_ways_are_better(noisy, now.ones, now.total, candidates, picked, precision):
        few, share = _few(candidates, session, targets)
        picked = now.pick(few, share * precision, caps)
        share = share if stand_out(now.total, picked, share * precision) else 0.0
        noisy = measure_again(session, codings, noisy, (1 - share) * precision, purpose=PAIRS)
        now = Known.of(noisy, codings, impossible, caps)
        precision *= share
        picked = now.pick(few, precision, caps)
    nodes, beliefs = fit_picked(
        session,
        now,
        picked,
        precision,
        candidates=candidates,
        targets=wanted,
        told=seen,
        settings=settings,
    )
    return Model(now.axes, tuple(nodes), tuple(beliefs), now.total)


def _strength(total: float, n_columns: int, budget: Budget, max_rows: int) -> float:
    """Rows in standard deviations of a one-way's noise, if all columns shared all of the budget evenly."""
    return total * math.sqrt((budget.one_ways + budget.scores + budget.survey + budget.pairs) / n_columns) / max_rows


def _few(
    candidates: Sequence[Candidate], session: MarginalSession, targets: Sequence[str]
) -> tuple[list[Candidate], float]:
    """Where one-ways need the budget more than pairs do: the pairs to keep, and their share of what was theirs.

    Those with a target, if one is declared, at the price of the one-ways: predicting it is what the table is for.
    """
    wanted = {session.domain.names.index(name) for name in targets}
    with_target = [one for one in candidates if wanted & set(one.columns)]
    return (with_target, 1.0) if with_target else (list(candidates), FEW_SHARE)


def _candidates(
    session: MarginalSession,
    now: Known,
    noisy: OneWays,
    budget: Budget,
    max_rows: int,
    targets: Sequence[str],
    settings: Settings,
) -> list[Candidate]:
    """All pairs that may depend; none without a budget for scores and pairs."""
    if not (budget.scores > 0 and budget.pairs > 0):
        return []
    wanted = {session.domain.names.index(name) for name in targets}
    scored = dependence(session, now.axes, now.ones, noisy.stddevs, now.total, budget.scores / max_rows**2)
    return [
        Candidate(columns=pair, dependence=score, weight=settings.target_weight if wanted & set(pair) else 1.0)
        for pair, score in scored
    ]
