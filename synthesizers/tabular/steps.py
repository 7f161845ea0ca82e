"""How each node of a tree extends rows: the tables that sampling looks things up in. Reads released numbers only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthesizers.tabular.junction import Node
from synthesizers.tabular.levels import Axis
from synthesizers.tabular.propagate import Table

Codes = NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """How a node extends rows. Cells are in the order of their separator group.

    ``keys``: (column, what each of its groups adds to the number of the separator group). ``shares``: running sum of
    each group's probabilities, ``first`` and ``last`` where it begins and ends. ``news``: (column, each cell's group).
    """

    keys: tuple[tuple[int, Codes], ...]
    group: NDArray[np.int64]
    shares: NDArray[np.float64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    news: tuple[tuple[int, Codes], ...]

    def rounded(self, sizes: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
        """Integer counts per cell that add up to ``sizes`` in each group: the floor or the ceiling, unbiased."""
        n_groups = len(sizes)
        offsets = (rng.permutation(n_groups) + rng.random(n_groups)) / n_groups
        marks = np.floor(self.shares * sizes[self.group] + offsets[self.group]).astype(np.int64)
        marks[self.last - 1] = sizes
        marks = np.minimum(marks, sizes[self.group])
        counts = np.diff(marks, prepend=0)
        counts[self.first] = marks[self.first]
        return counts


def steps_of(axes: Sequence[Axis], nodes: Sequence[Node], beliefs: Sequence[Table]) -> list[Step]:
    """One for each node that tells something new."""
    levels: dict[int, int] = {}
    found: list[Step] = []
    for node, belief in zip(nodes, beliefs, strict=True):
        news = [place for place, (column, level) in enumerate(node.axes) if levels.get(column, -1) < level]
        if news:
            found.append(_step(axes, node, belief, levels, news))
        levels.update(node.axes[place] for place in news)
    return found


def _step(axes: Sequence[Axis], node: Node, belief: Table, levels: dict[int, int], news: Sequence[int]) -> Step:
    keys, n_groups = [], 1
    for column, level in reversed(node.separator):
        ranks = axes[column].coarser(levels[column], level) * n_groups
        keys.append((column, ranks.astype(np.int32)))
        n_groups *= axes[column].groups(level)
    group = _separator_of_cells(axes, node, belief.shape)
    by_group = np.argsort(group, kind="stable")
    group = group[by_group]
    last = np.searchsorted(group, np.arange(n_groups), side="right")
    first = np.concatenate([[0], last[:-1]])
    ranks_of_cells = np.unravel_index(by_group, belief.shape)
    return Step(
        keys=tuple(keys),
        group=group,
        shares=_shares(belief.ravel()[by_group], group, first, last),
        first=first,
        last=last,
        news=tuple((node.axes[place][0], ranks_of_cells[place].astype(np.int32)) for place in news),
    )


def _separator_of_cells(axes: Sequence[Axis], node: Node, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """For each cell of the node's table, its group in the separator."""
    wanted = dict(node.separator)
    group = np.zeros((1,) * len(shape), dtype=np.int64)
    for place, (column, level) in enumerate(node.axes):
        if column in wanted:
            to_coarse = axes[column].coarser(level, wanted[column])
            one = [1] * len(shape)
            one[place] = len(to_coarse)
            group = group * axes[column].groups(wanted[column]) + to_coarse.reshape(one)
    return np.broadcast_to(group, shape).ravel()


def _shares(
    mass: NDArray[np.float64], group: NDArray[np.int64], first: NDArray[np.int64], last: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Running sums of each group's probabilities, the last of which is 1.

    A group without mass is even: that happens only where rounding error left nothing.
    """
    weight = np.add.reduceat(mass, first)
    mass = np.where((weight > 0)[group], mass, 1.0)
    weight = np.where(weight > 0, weight, last - first)
    shares = np.clip(np.cumsum(mass / weight[group]) - group, 0, 1)
    shares[last - 1] = 1.0
    return shares
