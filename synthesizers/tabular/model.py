"""From a session over codes to a fitted model of them: measure, select, measure, estimate.

Only what the session answers is read, so everything here is post-processing of paid-for numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from privacy.measured import Measured
from synthesizers.base import MarginalSession
from synthesizers.tabular.allocate import divide, kept
from synthesizers.tabular.balance import FEW_SHARE, one_ways_are_better, stand_out
from synthesizers.tabular.budget import ONE_WAYS, PAIRS, Budget
from synthesizers.tabular.dependence import dependence
from synthesizers.tabular.estimate import Zero
from synthesizers.tabular.estimate import fit as estimate
from synthesizers.tabular.evidence import Impossible, at_levels
from synthesizers.tabular.junction import Graph, GrowingGraph, Node, Variable, junction_tree
from synthesizers.tabular.levels import Axis, Coding, make_axis
from synthesizers.tabular.measure import (
    OneWays,
    measure_again,
    measure_one_ways,
    measure_pairs,
    one_way_factor,
    pair_factor,
)
from synthesizers.tabular.sample import Sampler
from synthesizers.tabular.sample import sample as draw
from synthesizers.tabular.select import Candidate, Caps, Picked, pick

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Constants of the method, the same for every table; chosen on public tables."""

    caps: Caps = field(default_factory=Caps)
    target_weight: float = 4.0
    max_iterations: int = 200


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


@dataclass(frozen=True, slots=True)
class _Known:
    """What the one-ways tell: cleaned counts that add up to ``total``, groupings, and rules over these."""

    total: float
    ones: list[Floats]
    axes: tuple[Axis, ...]
    zeros: list[Zero]
    keeps: list[Floats]

    @classmethod
    def of(cls, noisy: OneWays, codings: Sequence[Coding], impossible: Sequence[Impossible], caps: Caps) -> _Known:
        total, ones = noisy.cleaned(codings)
        axes = tuple(make_axis(counts, code) for counts, code in zip(ones, codings, strict=True))
        keeps = [kept(axis, counts, code) for axis, counts, code in zip(axes, ones, codings, strict=True)]
        return cls(total, ones, axes, _zeros(axes, impossible, caps), keeps)

    def pick(self, candidates: Sequence[Candidate], budget: float, caps: Caps) -> list[Picked]:
        """The pairs to measure for a precision budget; none without one."""
        if not (candidates and budget > 0):
            return []
        taken = [zero.variables for zero in self.zeros]
        return pick(self.axes, candidates, total=self.total, budget=budget, caps=caps, keeps=self.keeps, taken=taken)


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
    now = _Known.of(noisy, codings, impossible, caps)
    candidates = _candidates(session, now, noisy, budget, max_rows, targets, settings)
    precision = budget.pairs / max_rows**2
    picked = now.pick(candidates, precision, caps)
    if precision > 0 and one_ways_are_better(noisy, now.ones, now.total, candidates, picked, precision):
        few, share = _few(candidates, session, targets)
        picked = now.pick(few, share * precision, caps)
        share = share if stand_out(now.total, picked, share * precision) else 0.0
        noisy = measure_again(session, codings, noisy, (1 - share) * precision, purpose=PAIRS)
        now = _Known.of(noisy, codings, impossible, caps)
        precision *= share
        picked = now.pick(few, precision, caps)
    factors = [one_way_factor(column, now.axes[column], counts, now.total) for column, counts in enumerate(now.ones)]
    for one, counts, stddev in measure_pairs(session, now.axes, picked, divide(now.total, picked, precision)):
        factors.append(pair_factor(one, now.axes, now.ones, now.total, counts, stddev))
    graph = _graph(now.axes, [*(one.variables for one in factors), *(one.variables for one in now.zeros)])
    nodes = tuple(junction_tree(graph))
    beliefs = estimate(
        now.axes, nodes, factors, total=now.total, zeros=now.zeros, max_iterations=settings.max_iterations
    )
    return Model(now.axes, nodes, tuple(beliefs), now.total)


def _strength(total: float, n_columns: int, budget: Budget, max_rows: int) -> float:
    """Rows in standard deviations of a one-way's noise, if all columns shared all of the budget evenly."""
    return total * math.sqrt((budget.one_ways + budget.scores + budget.pairs) / n_columns) / max_rows


def _few(
    candidates: Sequence[Candidate], session: MarginalSession, targets: Sequence[str]
) -> tuple[list[Candidate], float]:
    """Where one-ways need the budget more than pairs do: the pairs to keep, and their share of what was theirs.

    Those with a target, if one is declared, at the price of the one-ways: predicting it is what the table is for.
    """
    wanted = {session.domain.names.index(name) for name in targets}
    with_target = [one for one in candidates if wanted & set(one.columns)]
    return (with_target, 1.0) if with_target else (list(candidates), FEW_SHARE)


def _graph(axes: Sequence[Axis], cliques: Iterable[tuple[Variable, ...]]) -> Graph:
    graph = Graph([[axis.groups(level) for level in range(axis.finest + 1)] for axis in axes])
    for clique in cliques:
        graph.add(clique)
    return graph


def _zeros(axes: Sequence[Axis], impossible: Sequence[Impossible], caps: Caps) -> list[Zero]:
    """The rules that the tree has room for, each as fine as it may be; rejection does the rest (conditions.py)."""
    growing = GrowingGraph(_graph(axes, []), max_cells=caps.max_clique_cells, max_total=caps.max_tree_cells / 2)
    zeros: list[Zero] = []
    for one in impossible:
        found = at_levels(axes, one, caps.max_clique_cells / 4)
        if found is not None and growing.take(found[0]):
            zeros.append(Zero(*found))
    return zeros


def _candidates(
    session: MarginalSession,
    now: _Known,
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
