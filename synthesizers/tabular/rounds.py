"""Measures what was picked and fits the model: in one round, or in two where triples of columns may pay.

The second round's scores are of the first round's model, so what it measures depends on what was released before; the
plan's meter holds the sum of mu^2 of all of it, which is a filter for adaptive Gaussian mechanisms (privacy.meter).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from synthesizers.base import MarginalSession
from synthesizers.tabular.allocate import divide
from synthesizers.tabular.estimate import Factor, Solution, solve
from synthesizers.tabular.interactions import (
    SCORE_SHARE,
    WEIGHT,
    Second,
    Triple,
    expectation,
    held_back,
    interactions,
    second,
    triples_of,
)
from synthesizers.tabular.junction import Node, junction_tree
from synthesizers.tabular.known import Known, Settings, graph_of
from synthesizers.tabular.margins import Measurement
from synthesizers.tabular.measure import independent, joint_factor, measure_pairs, one_way_factor
from synthesizers.tabular.select import Candidate, Picked

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _First:
    """What the first round has left: the tree, noisy pairs and the model of them."""

    nodes: list[Node]
    pairs: list[Measurement]
    model: Solution


def fit_picked(
    session: MarginalSession,
    now: Known,
    picked: Sequence[Picked],
    precision: float,
    *,
    candidates: Sequence[Candidate],
    targets: frozenset[int],
    settings: Settings,
    told: Sequence[Measurement] = (),
) -> tuple[list[Node], list[Floats]]:
    """The junction tree and its nodes' probabilities.

    ``targets``: columns whose triples weigh more. ``told``: measured already.
    """
    held_by = [*picked, *(one for one, _, _ in told)]
    cliques = [*(((column, axis.finest),) for column, axis in enumerate(now.axes)), *(one.variables for one in held_by)]
    nodes = junction_tree(graph_of(now.axes, [*cliques, *(one.variables for one in now.zeros)]))
    triples = triples_of(now.axes, nodes, {one.columns: one.dependence for one in candidates}) if picked else []
    held = held_back(now.axes, now.ones, now.total, triples, precision)
    pairs = list(measure_pairs(session, now.axes, picked, divide(now.total, picked, (1 - held) * precision)))
    pairs = [*pairs, *told]
    most = settings.first_iterations if held else settings.max_iterations
    model = _solved(now, nodes, _factors(now.sharper(pairs), pairs), settings, most)
    if held:
        first = _First(nodes, pairs, model)
        plan = _planned(session, now, first, triples, held * precision, targets, settings)
        model = _solved(now, nodes, _measured(session, now, first, plan), settings, settings.second_iterations)
    return nodes, model.beliefs


def _solved(now: Known, nodes: Sequence[Node], factors: Sequence[Factor], settings: Settings, most: int) -> Solution:
    cells = sum(math.prod(now.axes[column].groups(level) for column, level in node.axes) for node in nodes)
    most = round(most * settings.growth(cells))
    return solve(now.axes, nodes, factors, total=now.total, zeros=now.zeros, max_iterations=most)


def _planned(
    session: MarginalSession,
    now: Known,
    first: _First,
    triples: Sequence[Triple],
    precision: float,
    targets: frozenset[int],
    settings: Settings,
) -> Second:
    """Score the triples and say what the rest of the held precision buys."""
    found = interactions(
        session, now.axes, first.nodes, first.model.beliefs, triples, now.total, SCORE_SHARE * precision
    )
    weight = WEIGHT / (len(now.axes) - 2)
    return second(
        now.axes,
        now.keeps,
        triples,
        found,
        np.array([weight * (settings.target_weight if targets & set(one.columns) else 1.0) for one in triples]),
        [one for one, _, _ in first.pairs],
        np.array([stddev**-2 for _, _, stddev in first.pairs]),
        now.total,
        (1 - SCORE_SHARE) * precision,
    )


def _factors(now: Known, pairs: Sequence[Measurement]) -> list[Factor]:
    ones = [one_way_factor(column, now.axes[column], counts, now.total) for column, counts in enumerate(now.ones)]
    for one, told, stddev in pairs:
        expected = independent(one.variables, now.axes, now.ones, now.total)
        ones.append(joint_factor(one, now.axes, now.ones, now.total, told, stddev, expected))
    return ones


def _measured(session: MarginalSession, now: Known, first: _First, plan: Second) -> list[Factor]:
    """All factors of the second round, each with the weights of the first to start from."""
    pairs = _sharper(session, now, first.pairs, plan.pairs)
    nodes = [node for _, node in plan.triples]
    triples = list(measure_pairs(session, now.axes, [one for one, _ in plan.triples], plan.precisions))
    now = now.sharper([*pairs, *triples])
    factors = [
        replace(factor, start=start) for factor, start in zip(_factors(now, pairs), first.model.weights, strict=True)
    ]
    for (one, counts, stddev), node in zip(triples, nodes, strict=True):
        expected = expectation(now.axes, first.nodes, first.model.beliefs, node, one.variables, now.total)
        factors.append(joint_factor(one, now.axes, now.ones, now.total, counts, stddev, expected))
    return factors


def _sharper(session: MarginalSession, now: Known, pairs: Sequence[Measurement], more: Floats) -> list[Measurement]:
    """Pairs with what more precision tells of them: both measurements in one, weighted by precision."""
    wanted = np.flatnonzero(more > 0)
    fresh = dict(
        zip(
            wanted.tolist(),
            measure_pairs(session, now.axes, [pairs[int(at)][0] for at in wanted], more[wanted]),
            strict=True,
        )
    )
    told: list[Measurement] = []
    for at, (one, counts, stddev) in enumerate(pairs):
        if at not in fresh:
            told.append((one, counts, stddev))
            continue
        _, again, its = fresh[at]
        own, new = stddev**-2, its**-2
        told.append((one, (own * counts + new * again) / (own + new), (own + new) ** -0.5))
    return told
