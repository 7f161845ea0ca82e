"""Which pairs to measure, at which resolution, so that the junction tree stays small.

Reads released numbers only: noisy dependence scores and cleaned one-ways. Greedy by predicted net gain under caps
on the junction tree.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from synthesizers.tabular.allocate import Choices, Offer, at_price, offer, price_for, worth
from synthesizers.tabular.junction import Graph, GrowingGraph, Variable
from synthesizers.tabular.levels import Axis

Floats = NDArray[np.float64]

Entry = tuple["Candidate", Offer]

TRIES = 3
"""Resolutions at which a pair is offered to the tree."""
NEARLY = 0.98
"""A finer option is taken if its net gain is this part of the best one's."""
PAIRS_PER_COLUMN = 15
"""Of a wide table only this many pairs for each column, the most dependent ones, are looked at."""
PRICE_ROUNDS = 2
GIVE_UP = 100
"""Pairs refused one after the other after which the tree counts as full."""
MOST_GROWTH = 2.0
_NARROW = 14
_ROOMY = 3_000.0
"""Up to this strength the smallest tree has room for all that the budget pays for, on public tables."""
MOST_IMPLIED = 0.9
"""Most of a pair's dependence that other pairs are trusted to imply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A pair of columns, its dependence (L1, 0 to 2, released) and its weight in the workload."""

    columns: tuple[int, int]
    dependence: float
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Picked:
    """A pair (or a triple) to measure: its variables (sorted by column), cells and predicted dependence at that
    resolution.
    """

    variables: tuple[Variable, ...]
    cells: int
    dependence: float
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """Limits on the junction tree, in cells of 8 bytes; a fit holds about five such trees."""

    max_clique_cells: float = 5e4
    max_tree_cells: float = 3e5

    def for_strength(self, strength: float, n_columns: int) -> Caps:
        """Up to ``MOST_GROWTH`` times as large, where the budget pays for more and finer pairs than have room.

        ``strength``: rows in standard deviations of a column's noise, if columns shared all of the budget evenly.
        A narrow table gains little for the time. Memory stays below 5 * 8 bytes * MOST_GROWTH * max_tree_cells: 24 MB.
        """
        growth = max(1.0, min(strength / _ROOMY, n_columns / _NARROW, MOST_GROWTH))
        return Caps(max_clique_cells=growth * self.max_clique_cells, max_tree_cells=growth * self.max_tree_cells)


def pick(
    axes: Sequence[Axis],
    candidates: Sequence[Candidate],
    *,
    total: float,
    budget: float,
    caps: Caps,
    keeps: Sequence[Floats],
    taken: Sequence[tuple[Variable, ...]] = (),
) -> list[Picked]:
    """The pairs to measure with a precision budget (sum of 1 / stddev^2). ``taken``: cliques that the tree holds."""
    groups = [[axis.groups(level) for level in range(axis.finest + 1)] for axis in axes]
    base = Graph(groups)
    for clique in taken:
        base.add(clique)
    best = sorted(candidates, key=lambda one: (-one.weight * one.dependence, one.columns))[
        : PAIRS_PER_COLUMN * len(axes)
    ]
    offers = [offer(groups[a], groups[b], keeps[a], keeps[b]) for a, b in (one.columns for one in best)]
    active = [
        (one, options) for one, options in zip(best, offers, strict=True) if one.dependence > 0 and len(options.cells)
    ]
    price = _price(active, total, budget)
    for _ in range(PRICE_ROUNDS):
        picked, left = _greedy(base.copy(), active, total, price, caps)
        again = _price(left, total, budget)
        if not 0.9 * price > again:
            break
        price = again
    return picked


def _price(active: Sequence[Entry], total: float, budget: float) -> float:
    """The price at which the best options of all pairs together cost the budget."""
    if not active:
        return 1.0
    sizes = [len(options.cells) for _, options in active]
    first = np.cumsum([0, *sizes[:-1]])
    part = np.concatenate([one.dependence * options.kept for one, options in active])
    cells = np.concatenate([options.cells for _, options in active])
    weight = np.repeat([one.weight for one, _ in active], sizes)

    def spend(price: float) -> float:
        w, net = worth(total, part, cells, price, weight)
        best = net >= np.repeat(np.maximum.reduceat(net, first), sizes)
        return float(np.maximum.reduceat(np.where(best, w, 0.0), first).sum())

    return price_for(budget, spend, steps=30)


def _greedy(
    graph: Graph, active: Sequence[Entry], total: float, price: float, caps: Caps
) -> tuple[list[Picked], list[Entry]]:
    """Pairs by net gain, each at the best resolution that still fits the tree, and what they add.

    A pair's gain counts only the dependence that the pairs picked so far do not imply along a path.
    """
    implied = _Implied(max((max(one.columns) for one, _ in active), default=0) + 1)

    def value(entry: Entry) -> tuple[float, Candidate, Choices]:
        one = replace(entry[0], dependence=implied.residual(entry[0]))
        choices = at_price(total, one.dependence, entry[1], price, one.weight)
        return float(choices.net[choices.best]), one, choices

    growing = GrowingGraph(graph, max_cells=caps.max_clique_cells, max_total=caps.max_tree_cells)
    heap = [(-value(entry)[0], index) for index, entry in enumerate(active)]
    heapq.heapify(heap)
    picked: list[Picked] = []
    left: list[Entry] = []
    refused = 0
    while heap and refused < GIVE_UP and not growing.is_exhausted:
        _, index = heapq.heappop(heap)
        full, options = active[index]
        net, one, choices = value(active[index])
        if heap and net < -heap[0][0]:
            if net > 0:
                heapq.heappush(heap, (-net, index))
            continue
        for option in _attempts(choices, options):
            (a, b), (level_a, level_b) = one.columns, options.levels[option]
            variables = ((a, int(level_a)), (b, int(level_b)))
            if growing.take(variables):
                part = float(options.kept[option])
                picked.append(
                    Picked(
                        variables=variables,
                        cells=int(options.cells[option]),
                        dependence=one.dependence * part,
                        weight=one.weight,
                    )
                )
                left.append((one, options))
                implied.add(full, part)
                refused = 0
                break
        else:
            refused += 1
    return picked, left


class _Implied:
    """Dependence that a set of pairs implies for the others, as if along paths of Gaussian correlations."""

    def __init__(self, n_columns: int) -> None:
        self._path = np.eye(n_columns)

    def add(self, one: Candidate, part: float) -> None:
        """Take a pair into the set, of whose dependence the measurement keeps a part."""
        (a, b), strength = one.columns, correlation(one.dependence * part)
        through = strength * np.maximum(
            np.outer(self._path[:, a], self._path[b]), np.outer(self._path[:, b], self._path[a])
        )
        self._path = np.maximum(self._path, through)

    def residual(self, one: Candidate) -> float:
        """The part of a pair's dependence that is not implied; some is always left."""
        implied = min(dependence_of(float(self._path[one.columns])), MOST_IMPLIED * one.dependence)
        return float(np.sqrt(one.dependence**2 - implied**2))


def correlation(dependence: float) -> float:
    """About the correlation of a Gaussian pair with this L1 dependence: slope pi/2 at 0, 1 at 2."""
    return float(1 - (1 - min(dependence, 2.0) / 2) ** np.pi)


def dependence_of(strength: float) -> float:
    """The inverse of ``correlation``."""
    return float(2 * (1 - (1 - strength) ** (1 / np.pi)))


def _attempts(choices: Choices, options: Offer) -> list[int]:
    """The finest of the nearly best options, then of those with at most half its cells, and so on, while worth it.

    Finer than predicted best, because shrinkage makes noise in fine cells cheaper than the prediction says.
    """
    attempts: list[int] = []
    allowed = choices.precision > 0
    while allowed.any() and len(attempts) < TRIES:
        nearly = allowed & (choices.net >= NEARLY * float(choices.net[allowed].max()))
        best = int(np.argmax(np.where(nearly, options.cells, 0)))
        attempts.append(best)
        allowed &= options.cells <= options.cells[best] / 2
    return attempts
