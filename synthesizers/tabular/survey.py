"""All pairs of columns in halves: what a small budget buys in place of scores.

Where little stands above the noise, a score of a pair says less than its four cells do, and is of no further use. Cells
say which pairs depend, their sides sharpen the one-ways, and they are factors of the model. Reads what the session
answers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from synthesizers.base import MarginalSession
from synthesizers.tabular.budget import SURVEY
from synthesizers.tabular.dependence import folded
from synthesizers.tabular.junction import GrowingGraph
from synthesizers.tabular.known import Known, graph_of
from synthesizers.tabular.margins import Measurement
from synthesizers.tabular.measure import independent, measure_pairs
from synthesizers.tabular.select import GIVE_UP, Caps, Picked

Floats = NDArray[np.float64]

HALVES = 1
"""The level of two groups."""
TARGET_SHARE = 12.0
"""Precision of a pair with a target beside that of another."""
_CELLS = 4
_CAPS = Caps(max_clique_cells=1024, max_tree_cells=20_000)
"""Ten columns in halves: more take time and tell no more."""
_PER_COLUMN = 3
_LEAST_KEPT = 0.05


def survey(
    session: MarginalSession, now: Known, precision: float, *, targets: frozenset[int], target_weight: float
) -> tuple[Known, list[Measurement]]:
    """What the survey tells of the one-ways, and the pairs that go into the model, the most dependent ones.

    ``precision`` (sum of 1 / stddev^2) is divided over all pairs of columns. Of the pairs as many stay as the junction
    tree has room for, each with the dependence that its halves can show.
    """
    columns = [column for column, axis in enumerate(now.axes) if axis.finest >= HALVES]
    pairs = list(combinations(columns, 2))
    if not (pairs and precision > 0):
        return now, []
    with_target = np.array([bool(targets & set(pair)) for pair in pairs])
    weights = np.where(with_target, target_weight, 1.0)
    parts = np.where(with_target, TARGET_SHARE, 1.0)
    asked = [
        Picked(variables=((a, HALVES), (b, HALVES)), cells=_CELLS, dependence=0.0, weight=float(weight))
        for (a, b), weight in zip(pairs, weights, strict=True)
    ]
    told = list(measure_pairs(session, now.axes, asked, precision * parts / parts.sum(), purpose=SURVEY))
    now = now.sharper(told)
    found = _dependences(now, told)
    told = [
        (replace(one, dependence=float(d)), counts, stddev)
        for (one, counts, stddev), d in zip(told, found, strict=True)
    ]
    fitting, aside = _fitting(now, told)
    return replace(now, aside=aside), fitting


def _dependences(now: Known, told: Sequence[Measurement]) -> Floats:
    """L1 dependence that each pair's halves show, by empirical Bayes over the dependences of whole pairs."""
    contrasts, stddevs = np.zeros(len(told)), np.zeros(len(told))
    kept = np.array([max(_kept(now, one), _LEAST_KEPT) for one, _, _ in told])
    for place, (one, counts, stddev) in enumerate(told):
        expected = independent(one.variables, now.axes, now.ones, now.total)
        off = counts - expected
        contrasts[place] = off[0, 0] - off[0, 1] - off[1, 0] + off[1, 1]
        by_chance = 16 * expected.sum(axis=0).prod() * expected.sum(axis=1).prod() / now.total**3
        stddevs[place] = math.sqrt(_CELLS * stddev**2 + by_chance)
    return np.asarray(kept * folded(contrasts / now.total / kept, stddevs / now.total / kept))


def _kept(now: Known, one: Picked) -> float:
    """The part of a pair's dependence that its halves show."""
    (a, level_a), (b, level_b) = one.variables
    return float(now.keeps[a][level_a] * now.keeps[b][level_b])


def _fitting(now: Known, told: Sequence[Measurement]) -> tuple[list[Measurement], list[Measurement]]:
    """The most dependent pairs that a small tree has room for beside the schema's rules; and the others."""
    caps = Caps() if now.zeros else _CAPS
    base = graph_of(now.axes, [zero.variables for zero in now.zeros])
    growing = GrowingGraph(base, max_cells=caps.max_clique_cells, max_total=caps.max_tree_cells)
    fitting: list[Measurement] = []
    aside: list[Measurement] = []
    for measured in sorted(told, key=lambda one: -one[0].weight * one[0].dependence):
        is_full = len(aside) >= GIVE_UP or len(fitting) == _PER_COLUMN * len(now.axes)
        (aside if is_full or not growing.take(measured[0].variables) else fitting).append(measured)
    return fitting, aside
