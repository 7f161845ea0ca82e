"""Which pairs to measure, at which resolution, so that the junction tree stays small.

Reads released numbers only: noisy dependence scores and cleaned one-ways. Greedy by predicted net gain under caps
on the junction tree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthesizers.tabular.allocate import Choices, Offer, at_price, offer, price_for
from synthesizers.tabular.junction import Graph, Variable, fits
from synthesizers.tabular.levels import Axis

Floats = NDArray[np.float64]

TRIES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A pair of columns, its dependence (L1, 0 to 2, released) and its weight in the workload."""

    columns: tuple[int, int]
    dependence: float
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Picked:
    """A pair to measure: its variables (sorted by column), cells and predicted dependence at that resolution."""

    variables: tuple[Variable, Variable]
    cells: int
    dependence: float
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """Limits that depend on public facts only."""

    max_clique_cells: float = 1e5
    max_tree_cells: float = 1e6
    max_levels: int = 3


def pick(
    axes: Sequence[Axis],
    candidates: Sequence[Candidate],
    base: Graph,
    *,
    total: float,
    budget: float,
    caps: Caps,
    keeps: Sequence[Floats],
) -> list[Picked]:
    """The pairs to measure with a precision budget (sum of 1 / stddev^2), on top of what ``base`` has already."""
    groups = [[axis.groups(level) for level in range(axis.finest + 1)] for axis in axes]
    offers = [offer(groups[a], groups[b], keeps[a], keeps[b]) for a, b in (one.columns for one in candidates)]
    active = [
        (one, options)
        for one, options in zip(candidates, offers, strict=True)
        if one.dependence > 0 and len(options.cells)
    ]
    price = _price(active, total, budget)
    picked = _greedy(base, active, total, price, caps)
    for _ in range(2):
        chosen = {_columns(one) for one in picked}
        again = _price([entry for entry in active if entry[0].columns in chosen], total, budget)
        if again >= price * 0.9:
            break
        price = again
        picked = _greedy(base, active, total, price, caps)
    return picked


def _columns(picked: Picked) -> tuple[int, int]:
    return picked.variables[0][0], picked.variables[1][0]


def _price(active: Sequence[tuple[Candidate, Offer]], total: float, budget: float) -> float:
    def spend(price: float) -> float:
        choices = (at_price(total, one.dependence, options, price, one.weight) for one, options in active)
        return sum(float(each.precision[each.best]) for each in choices)

    return price_for(budget, spend, steps=30) if active else 1.0


def _greedy(
    graph: Graph,
    active: Sequence[tuple[Candidate, Offer]],
    total: float,
    price: float,
    caps: Caps,
) -> list[Picked]:
    """Pairs by net gain, each at the best resolution that still fits the tree."""
    ranked = [(at_price(total, one.dependence, options, price, one.weight), one, options) for one, options in active]
    ranked.sort(key=lambda entry: (-entry[0].net[entry[0].best], entry[1].columns))
    picked: list[Picked] = []
    for choices, one, options in ranked:
        for option in _attempts(choices, options):
            (a, b), (level_a, level_b) = one.columns, options.levels[option]
            variables = ((a, int(level_a)), (b, int(level_b)))
            trial = graph.copy()
            trial.add(variables)
            if fits(trial, max_cells=caps.max_clique_cells, max_total=caps.max_tree_cells):
                graph = trial
                dependence = one.dependence * float(options.kept[option])
                picked.append(
                    Picked(variables=variables, cells=int(options.cells[option]), dependence=dependence, weight=one.weight)
                )
                break
    return picked


def _attempts(choices: Choices, options: Offer) -> list[int]:
    """The best option, then the best of those with at most half as many cells, and so on, while worth buying."""
    attempts: list[int] = []
    allowed = choices.precision > 0
    while allowed.any() and len(attempts) < TRIES:
        best = int(np.argmax(np.where(allowed, choices.net, -np.inf)))
        attempts.append(best)
        allowed &= options.cells <= options.cells[best] / 2
    return attempts
