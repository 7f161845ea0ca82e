"""From a session over codes to a fitted model of them: measure, select, measure, estimate.

Only what the session answers is read, so everything here is post-processing of paid-for numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from privacy.measured import Measured
from synthesizers.base import MarginalSession
from synthesizers.tabular.allocate import divide, kept
from synthesizers.tabular.balance import one_ways_are_better
from synthesizers.tabular.budget import ONE_WAYS, PAIRS, Budget
from synthesizers.tabular.dependence import dependence
from synthesizers.tabular.estimate import fit as estimate
from synthesizers.tabular.junction import Graph, Node, junction_tree
from synthesizers.tabular.levels import Axis, Coding, make_axis
from synthesizers.tabular.measure import measure_again, measure_one_ways, measure_pairs, one_way_factor, pair_factor
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

    def codes(self, n_rows: int | None, *, seed: int) -> list[NDArray[np.int32]]:
        """Rows as codes by column; ``n_rows`` None means the noisy number of rows."""
        count = max(0, round(self.total)) if n_rows is None else n_rows
        return draw(self.axes, self.nodes, self.beliefs, count, seed=seed)


def fit_model(
    session: MarginalSession,
    budget: Budget,
    codings: Sequence[Coding],
    *,
    max_rows: int,
    targets: Sequence[str] = (),
    known: Sequence[Measured] = (),
    settings: Settings | None = None,
) -> Model:
    """Fit a model of the session's columns. ``codings`` are by column; ``budget`` is what the plan holds.

    ``known``: what finding the domain has told of one-way marginals.
    Deterministic in what the session answers.
    """
    settings = settings or Settings()
    if not session.domain.names:
        return Model((), (), (), 0.0)
    told = {one.name: one for one in known}
    noisy = measure_one_ways(session, codings, budget.one_ways / max_rows**2, purpose=ONE_WAYS, known=told)
    codings = [code.settled(counts) for code, counts in zip(codings, noisy.counts, strict=True)]
    total, ones = noisy.cleaned(codings)
    axes = _axes(ones, codings)
    candidates, picked = _pick(session, axes, ones, codings, total, budget, max_rows, targets, settings)
    precision = budget.pairs / max_rows**2
    if precision > 0 and one_ways_are_better(noisy, ones, total, candidates, picked, precision):
        picked = []
        noisy = measure_again(session, codings, noisy, precision, purpose=PAIRS)
        total, ones = noisy.cleaned(codings)
        axes = _axes(ones, codings)
    factors = [one_way_factor(column, axes[column], counts, total) for column, counts in enumerate(ones)]
    for one, counts, stddev in measure_pairs(session, axes, picked, divide(total, picked, precision)):
        factors.append(pair_factor(one, axes, ones, total, counts, stddev))
    graph = Graph([[axis.groups(level) for level in range(axis.finest + 1)] for axis in axes])
    for factor in factors:
        graph.add(factor.variables)
    nodes = tuple(junction_tree(graph))
    beliefs = estimate(axes, nodes, factors, total=total, max_iterations=settings.max_iterations)
    return Model(axes, nodes, tuple(beliefs), total)


def _axes(ones: Sequence[Floats], codings: Sequence[Coding]) -> tuple[Axis, ...]:
    return tuple(make_axis(counts, code) for counts, code in zip(ones, codings, strict=True))


def _pick(
    session: MarginalSession,
    axes: Sequence[Axis],
    ones: Sequence[Floats],
    codings: Sequence[Coding],
    total: float,
    budget: Budget,
    max_rows: int,
    targets: Sequence[str],
    settings: Settings,
) -> tuple[list[Candidate], list[Picked]]:
    """All pairs that may depend, and those to measure; none without a budget for them."""
    if not (budget.scores > 0 and budget.pairs > 0):
        return [], []
    wanted = {session.domain.names.index(name) for name in targets}
    candidates = [
        Candidate(columns=pair, dependence=score, weight=settings.target_weight if wanted & set(pair) else 1.0)
        for pair, score in dependence(session, axes, ones, total, budget.scores / max_rows**2)
    ]
    keeps = [kept(axis, counts, code) for axis, counts, code in zip(axes, ones, codings, strict=True)]
    return candidates, pick(
        axes, candidates, total=total, budget=budget.pairs / max_rows**2, caps=settings.caps, keeps=keeps
    )
