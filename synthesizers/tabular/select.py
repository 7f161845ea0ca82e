"""Which pairs to measure, at which resolution, so that the junction tree stays small.

Reads released numbers only: noisy dependence scores and cleaned one-ways. Greedy by predicted net gain under caps
on the junction tree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthesizers.tabular.allocate import Choice, Offer, best_at, offer, price_for
from synthesizers.tabular.junction import Graph, Variable, fits
from synthesizers.tabular.levels import Axis

Floats = NDArray[np.float64]


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
    *,
    total: float,
    budget: float,
    caps: Caps,
    keeps: Sequence[Floats],
) -> list[Picked]:
    """The pairs to measure with a precision budget (sum of 1 / stddev^2)."""
    groups = [[axis.groups(level) for level in range(axis.finest + 1)] for axis in axes]
    offers = [offer(groups[a], groups[b], keeps[a], keeps[b]) for a, b in (one.columns for one in candidates)]
    active = [
        (one, options)
        for one, options in zip(candidates, offers, strict=True)
        if one.dependence > 0 and len(options.cells)
    ]
    price = _price(active, total, budget)
    picked = _greedy(groups, active, total, price, caps)
    for _ in range(2):
        again = _price([pair for pair in active if pair[0].columns in {_columns(one) for one in picked}], total, budget)
        if again >= price * 0.9:
            break
        price = again
        picked = _greedy(groups, active, total, price, caps)
    return picked


def _columns(picked: Picked) -> tuple[int, int]:
    return picked.variables[0][0], picked.variables[1][0]


def _price(active: Sequence[tuple[Candidate, Offer]], total: float, budget: float) -> float:
    def spend(price: float) -> float:
        return sum(best_at(total, one.dependence, options, price, one.weight).precision for one, options in active)

    return price_for(budget, spend, steps=30) if active else 1.0


def _greedy(
    groups: Sequence[Sequence[int]],
    active: Sequence[tuple[Candidate, Offer]],
    total: float,
    price: float,
    caps: Caps,
) -> list[Picked]:
    ranked: list[tuple[float, Candidate, Offer, Choice]] = []
    for one, options in active:
        choice = best_at(total, one.dependence, options, price, one.weight)
        if choice.precision > 0:
            ranked.append((choice.net, one, options, choice))
    ranked.sort(key=lambda entry: (-entry[0], entry[1].columns))
    graph = Graph(groups)
    picked: list[Picked] = []
    for _, one, options, choice in ranked:
        (a, b), (level_a, level_b) = one.columns, options.levels[choice.option]
        variables = ((a, int(level_a)), (b, int(level_b)))
        trial = graph.copy()
        trial.add(variables)
        if fits(trial, max_cells=caps.max_clique_cells, max_total=caps.max_tree_cells):
            graph = trial
            kept = one.dependence * float(options.kept[choice.option])
            picked.append(
                Picked(variables=variables, cells=int(options.cells[choice.option]), dependence=kept, weight=one.weight)
            )
    return picked
