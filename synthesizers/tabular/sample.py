"""Rows from a fitted junction tree, with counts rounded rather than drawn row by row.

Each node gives every group of rows that share a separator value its expected counts, rounded so that they add
up (systematic rounding: each count is the floor or the ceiling of its expectation, and unbiased), dealt out to the
group's rows in random order. Columns that the model holds conditionally independent are so in the rows. A node that
tells nothing new (all its columns are known as finely already) is passed over.

Rows are made in shards that fit a core's cache, each by its own (seed, shard), so a count of many rows is within
one row for each shard of its expectation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from synthesizers.tabular.junction import Node
from synthesizers.tabular.levels import Axis
from synthesizers.tabular.propagate import Table

Codes = NDArray[np.int32]

SHARD = 2**17
"""Rows of a shard."""
_BLOCK = 2**15
"""Rows that are looked up at a time, so that what stands between two look-ups stays in the nearest cache."""


def sample(
    axes: Sequence[Axis], nodes: Sequence[Node], beliefs: Sequence[Table], n_rows: int, *, seed: int
) -> list[Codes]:
    """``n_rows`` rows as codes by column. Every column must be at its finest level in some node.

    The same arguments give the same rows. Time grows with n_rows, about 20 ns a row and node that tells something.
    """
    steps = _steps(axes, nodes, beliefs)
    found = [np.empty(n_rows, dtype=np.int32) for _ in axes]
    for shard, low in enumerate(range(0, n_rows, SHARD)):
        rows = _Rows([column[low : low + SHARD] for column in found], np.random.default_rng([seed, shard]))
        for step in steps:
            rows.extend(step)
        rows.look_up([(axis.order.astype(np.int32), column, column) for column, axis in enumerate(axes)])
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
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


def _steps(axes: Sequence[Axis], nodes: Sequence[Node], beliefs: Sequence[Table]) -> list[_Step]:
    """One for each node that tells something new."""
    levels: dict[int, int] = {}
    steps: list[_Step] = []
    for node, belief in zip(nodes, beliefs, strict=True):
        news = [place for place, (column, level) in enumerate(node.axes) if levels.get(column, -1) < level]
        if news:
            steps.append(_step(axes, node, belief, levels, news))
        levels.update(node.axes[place] for place in news)
    return steps


def _step(axes: Sequence[Axis], node: Node, belief: Table, levels: dict[int, int], news: Sequence[int]) -> _Step:
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
    return _Step(
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


def _round(step: _Step, sizes: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Integer counts per cell that add up to ``sizes`` in each group."""
    n_groups = len(sizes)
    offsets = (rng.permutation(n_groups) + rng.random(n_groups)) / n_groups
    marks = np.floor(step.shares * sizes[step.group] + offsets[step.group]).astype(np.int64)
    marks[step.last - 1] = sizes
    marks = np.minimum(marks, sizes[step.group])
    counts = np.diff(marks, prepend=0)
    counts[step.first] = marks[step.first]
    return counts


class _Rows:
    """One shard: what is known of its rows so far, each column's groups at some level."""

    def __init__(self, groups: Sequence[Codes], rng: np.random.Generator) -> None:
        """``groups``: a place for each column, which is written to."""
        self._groups, self._rng, self._n_rows = groups, rng, len(groups[0]) if groups else 0
        self._key, self._places, self._cells = (np.empty(self._n_rows, dtype=np.int32) for _ in range(3))
        self._ends = np.arange(self._n_rows + 1, dtype=np.int32)
        self._blocks = [slice(low, min(low + _BLOCK, self._n_rows)) for low in range(0, self._n_rows, _BLOCK)]

    def extend(self, step: _Step) -> None:
        """Draw the columns of a node that are not known as finely yet, given its separator."""
        sizes = self._find_groups(step)
        counts = _round(step, sizes, self._rng)
        order = self._shuffled(sizes)
        self._cells[order] = np.repeat(np.arange(counts.size, dtype=np.int32), counts)
        self.look_up([(ranks, column, None) for column, ranks in step.news])

    def look_up(self, tables: Sequence[tuple[Codes, int, int | None]]) -> None:
        """For each (table, column, source): the column becomes the table at the source column, or at the cells."""
        for block in self._blocks:
            for table, column, source in tables:
                ranks = self._cells if source is None else self._groups[source]
                self._groups[column][block] = table.take(ranks[block])

    def _find_groups(self, step: _Step) -> NDArray[np.int64]:
        """Set each row's key to its separator group. Returns the groups' sizes."""
        sizes = np.zeros(step.first.size, dtype=np.int64)
        for block in self._blocks:
            key = self._key[block]
            key[:] = 0
            for column, ranks in step.keys:
                key += ranks.take(self._groups[column][block])
            sizes += np.bincount(key, minlength=sizes.size)
        return sizes

    def _shuffled(self, sizes: NDArray[np.int64]) -> Codes:
        """Row numbers sorted by key, in random order within each key. ``sizes``: rows of each key.

        Each key owns as many places as it has rows; each of its rows goes to a random one, and a counting sort by
        place puts the rows in order: turning a compressed column matrix with one entry a column into rows is one.
        Rows that meet in a place stay in the order of their numbers. That order is random itself, from the first
        node on, and matters only where the place is cut by the end of a cell's run. A permutation of all rows first
        would take three times as long.
        """
        first, wide = (np.cumsum(sizes) - sizes).astype(np.int32), sizes.astype(np.float32)
        for block in self._blocks:
            key = self._key[block]
            # A float of 24 bits below 1, times a whole number of fewer bits, stays below that number.
            share = self._rng.random(key.size, dtype=np.float32)
            share *= wide.take(key)
            np.add(share.astype(np.int32), first.take(key), out=self._places[block])
        flags = np.empty(self._n_rows, dtype=np.int8)
        table = sparse.csc_array((flags, self._places, self._ends), shape=(self._n_rows, self._n_rows))
        return np.asarray(table.tocsr().indices)
