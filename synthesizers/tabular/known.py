"""What the one-ways tell, and the constants of the method. Released numbers only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from synthesizers.tabular.allocate import kept
from synthesizers.tabular.estimate import Zero
from synthesizers.tabular.evidence import Impossible, at_levels
from synthesizers.tabular.junction import Graph, GrowingGraph, Variable
from synthesizers.tabular.levels import Axis, Coding, make_axis
from synthesizers.tabular.margins import Column, Measurement, sharpened
from synthesizers.tabular.measure import OneWays
from synthesizers.tabular.select import Candidate, Caps, Picked, pick

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Constants of the method, the same for every table; chosen on public tables.

    ``max_iterations``: of a fit in one round; ``first_iterations`` and ``second_iterations``: of one in two rounds, the
    second of which starts where the first ended. A tree of fewer than ``usual_cells`` gets more, for about the same
    time: near-deterministic columns need them.
    """

    caps: Caps = field(default_factory=Caps)
    target_weight: float = 4.0
    max_iterations: int = 200
    first_iterations: int = 50
    second_iterations: int = 120
    usual_cells: float = 2e5
    most_growth: float = 2.5

    def growth(self, n_cells: float) -> float:
        """By how much a tree of so many cells may exceed its iterations."""
        return min(self.most_growth, max(1.0, self.usual_cells / max(n_cells, 1.0)))


@dataclass(frozen=True, slots=True)
class Known:
    """Cleaned one-ways that add up to ``total``, groupings, rules over these, and what was measured of each column.

    ``aside``: joint measurements that are no part of the model, but tell of single columns.
    """

    total: float
    ones: list[Floats]
    axes: tuple[Axis, ...]
    zeros: list[Zero]
    keeps: list[Floats]
    columns: list[Column]
    aside: Sequence[Measurement] = ()

    @classmethod
    def of(cls, noisy: OneWays, codings: Sequence[Coding], impossible: Sequence[Impossible], caps: Caps) -> Known:
        """From noisy one-ways, what the codes are, and the cells that no row is in."""
        total, ones = noisy.cleaned(codings)
        axes = tuple(make_axis(counts, code) for counts, code in zip(ones, codings, strict=True))
        keeps = [kept(axis, counts, code) for axis, counts, code in zip(axes, ones, codings, strict=True)]
        measured = zip(noisy.counts, noisy.stddevs, codings, strict=True)
        columns = [Column(counts, float(stddev), code) for counts, stddev, code in measured]
        return cls(total, ones, axes, _zeros(axes, impossible, caps), keeps, columns)

    def sharper(self, told: Sequence[Measurement]) -> Known:
        """The same with what joint measurements tell of single columns."""
        return replace(self, ones=sharpened(self.axes, self.ones, self.columns, [*self.aside, *told], self.total))

    def pick(self, candidates: Sequence[Candidate], budget: float, caps: Caps) -> list[Picked]:
        """The pairs to measure for a precision budget; none without one."""
        if not (candidates and budget > 0):
            return []
        taken = [zero.variables for zero in self.zeros]
        return pick(self.axes, candidates, total=self.total, budget=budget, caps=caps, keeps=self.keeps, taken=taken)


def graph_of(axes: Sequence[Axis], cliques: Iterable[tuple[Variable, ...]]) -> Graph:
    """The graph in which each clique's variables are joined."""
    graph = Graph([[axis.groups(level) for level in range(axis.finest + 1)] for axis in axes])
    for clique in cliques:
        graph.add(clique)
    return graph


def _zeros(axes: Sequence[Axis], impossible: Sequence[Impossible], caps: Caps) -> list[Zero]:
    """The rules that the tree has room for, each as fine as it may be; rejection does the rest (conditions.py)."""
    growing = GrowingGraph(graph_of(axes, []), max_cells=caps.max_clique_cells, max_total=caps.max_tree_cells / 2)
    zeros: list[Zero] = []
    for one in impossible:
        found = at_levels(axes, one, caps.max_clique_cells / 4)
        if found is not None and growing.take(found[0]):
            zeros.append(Zero(*found))
    return zeros
