"""Junction trees over columns at several resolutions.

A *variable* is (column, level): a column seen through one of its nested groupings. The finer level of a column
fixes the coarser one, so a clique that holds both needs only the finer axis. Two levels of one column that are
neighbours among those in use are joined by an edge, so that every chain of refinements lies in the tree.

Source: Koller & Friedman 2009, chapter 9 (elimination) and 10 (clique trees); min-weight elimination order.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

Variable = tuple[int, int]
"""(column index, level)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One clique of the tree. ``parent`` is -1 at a root, otherwise the index of an earlier node.

    ``axes`` and ``separator`` are sorted by column and hold each column once, at its finest level there;
    ``members`` holds all variables of the clique.
    """

    members: frozenset[Variable]
    axes: tuple[Variable, ...]
    separator: tuple[Variable, ...]
    parent: int


def finest(variables: Iterable[Variable]) -> tuple[Variable, ...]:
    """Each column once, at its finest level, sorted by column."""
    best: dict[int, int] = {}
    for column, level in variables:
        best[column] = max(level, best.get(column, -1))
    return tuple(sorted(best.items()))


class Graph:
    """An undirected graph over variables, with its elimination cost. Mutable while a tree is being chosen."""

    def __init__(self, groups: Sequence[Sequence[int]]) -> None:
        """``groups[column][level]`` is the number of groups there."""
        self._log = [[math.log(max(count, 1)) for count in levels] for levels in groups]
        self._near: dict[Variable, set[Variable]] = {}

    def copy(self) -> Graph:
        """An independent copy."""
        other = Graph([])
        other._log = self._log
        other._near = {variable: set(near) for variable, near in self._near.items()}
        return other

    def add(self, clique: Sequence[Variable]) -> None:
        """Join all variables of the clique."""
        for variable in clique:
            if variable not in self._near:
                self._insert(variable)
        for variable in clique:
            self._near[variable].update(other for other in clique if other != variable)

    def _insert(self, variable: Variable) -> None:
        self._near[variable] = set()
        levels = sorted(level for column, level in self._near if column == variable[0])
        here = levels.index(variable[1])
        for level in levels[max(here - 1, 0) : here] + levels[here + 1 : here + 2]:
            self._near[variable].add((variable[0], level))
            self._near[variable[0], level].add(variable)

    def log_cells(self, variables: Iterable[Variable]) -> float:
        """Natural log of the number of cells of a clique."""
        best: dict[int, float] = {}
        for column, level in variables:
            size = self._log[column][level]
            if size > best.get(column, -1.0):
                best[column] = size
        return math.fsum(best.values())

    def eliminate(
        self, log_cap: float = math.inf, max_total: float = math.inf
    ) -> list[tuple[Variable, frozenset[Variable]]] | None:
        """Eliminate every variable, smallest clique first: (variable, its clique), or None above a cap.

        ``log_cap`` is on the log of one clique's cells, ``max_total`` on the sum of all cells.
        """
        near = {variable: set(others) for variable, others in self._near.items()}
        heap = [(self.log_cells({variable, *others}), variable) for variable, others in near.items()]
        cost = {variable: weight for weight, variable in heap}
        heapq.heapify(heap)
        steps: list[tuple[Variable, frozenset[Variable]]] = []
        total = 0.0
        while near:
            weight, variable = heapq.heappop(heap)
            if variable not in near or weight != cost[variable]:
                continue
            total += math.exp(min(weight, 700.0))
            if weight > log_cap or total > max_total:
                return None
            others = near.pop(variable)
            steps.append((variable, frozenset((variable, *others))))
            for other in others:
                there = near[other]
                there.remove(variable)
                if len(others) > 1:
                    there |= others
                    there.remove(other)
                cost[other] = self.log_cells({other, *there})
                heapq.heappush(heap, (cost[other], other))
        return steps


class GrowingGraph:
    """A graph that takes a clique only if the junction tree stays within the caps on one clique and on all.

    ``max_work`` bounds the time: the sum over all trials of squared clique sizes in the tree so far. When it is
    used up, only cliques that the tree holds already are taken.
    """

    def __init__(self, base: Graph, *, max_cells: float, max_total: float, max_work: int = 5_000_000) -> None:
        self._graph = base
        self._log_cap = math.log(max_cells) + 1e-9
        self._max_total = max_total
        self._work = max_work
        self._cliques = [clique for _, clique in base.eliminate() or []]

    def take(self, clique: Sequence[Variable]) -> bool:
        """Add the clique and say so, or leave all as it was."""
        wanted = frozenset(clique)
        if any(wanted <= known for known in self._cliques):
            self._graph.add(clique)
            return True
        if self.is_exhausted or self._graph.log_cells(clique) > self._log_cap:
            return False
        trial = self._graph.copy()
        trial.add(clique)
        self._work -= sum(len(known) ** 2 for known in self._cliques) + 1
        steps = trial.eliminate(self._log_cap, self._max_total)
        if steps is None:
            return False
        self._graph, self._cliques = trial, [known for _, known in steps]
        return True

    @property
    def is_exhausted(self) -> bool:
        """Whether the work is used up."""
        return self._work <= 0


def junction_tree(graph: Graph) -> list[Node]:
    """The clique tree, parents before children; each connected component has its own root."""
    steps = graph.eliminate()
    assert steps is not None
    position = {variable: index for index, (variable, _) in enumerate(steps)}
    parents = {
        index: min((position[other] for other in clique if other != variable), default=-1)
        for index, (variable, clique) in enumerate(steps)
    }
    cliques = {index: clique for index, (_, clique) in enumerate(steps)}
    _absorb(cliques, parents)
    return _in_order(cliques, parents)


def _absorb(cliques: dict[int, frozenset[Variable]], parents: dict[int, int]) -> None:
    """Drop each clique that a neighbour in the tree contains."""
    for index in sorted(cliques):
        parent = parents[index]
        if parent < 0 or not cliques[parent] <= cliques[index]:
            continue
        cliques[parent] = cliques.pop(index)
        for child in [child for child in parents if child in cliques and parents[child] == index]:
            parents[child] = parent
        del parents[index]


def _in_order(cliques: Mapping[int, frozenset[Variable]], parents: Mapping[int, int]) -> list[Node]:
    """Nodes from the roots down (a parent has a larger elimination index than its children)."""
    nodes: list[Node] = []
    place: dict[int, int] = {}
    for index in sorted(cliques, reverse=True):
        parent = parents[index]
        shared = cliques[index] & cliques[parent] if parent >= 0 else frozenset()
        place[index] = len(nodes)
        nodes.append(
            Node(
                members=cliques[index],
                axes=finest(cliques[index]),
                separator=finest(shared),
                parent=place[parent] if parent >= 0 else -1,
            )
        )
    return nodes
