"""Rows from a fitted junction tree, with counts rounded rather than drawn row by row.

Each node gives every group of rows that share a separator value its expected counts, rounded so that they add
up (systematic rounding: each count is the floor or the ceiling of its expectation, and unbiased), dealt out to the
group's rows in random order. Columns that the model holds conditionally independent are so in the rows.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from synthesizers.tabular.junction import Node
from synthesizers.tabular.levels import Axis
from synthesizers.tabular.propagate import Table

Codes = NDArray[np.int32]


def sample(
    axes: Sequence[Axis], nodes: Sequence[Node], beliefs: Sequence[Table], n_rows: int, *, seed: int
) -> list[Codes]:
    """``n_rows`` rows as codes by column. Every column must be at its finest level in some node.

    The same arguments give the same rows.
    """
    rng = np.random.default_rng(seed)
    state: dict[int, tuple[int, NDArray[np.int32]]] = {}
    for node, belief in zip(nodes, beliefs, strict=True):
        cells = _extend(axes, node, belief, state, n_rows, rng)
        shape = belief.shape
        for place, (column, level) in enumerate(node.axes):
            if column not in state or state[column][0] < level:
                step = int(np.prod(shape[place + 1 :], dtype=np.int64))
                state[column] = (level, (cells // step % shape[place]).astype(np.int32))
    return [axis.order[state[column][1]].astype(np.int32) for column, axis in enumerate(axes)]


def _extend(
    axes: Sequence[Axis],
    node: Node,
    belief: Table,
    state: dict[int, tuple[int, NDArray[np.int32]]],
    n_rows: int,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Each row's cell in the node's table, given its value of the separator."""
    shape = [axes[column].groups(level) for column, level in node.separator]
    key = np.zeros(n_rows, dtype=np.int32)
    for size, (column, level) in zip(shape, node.separator, strict=True):
        at, groups = state[column]
        key = key * np.int32(size) + axes[column].coarser(at, level).astype(np.int32)[groups]
    n_groups = int(np.prod(shape, dtype=np.int64))
    group_of_cell = _separator_of_cells(axes, node, belief.shape)
    by_group = np.argsort(group_of_cell, kind="stable")
    sizes = np.bincount(key, minlength=n_groups)
    counts = _round(belief.ravel()[by_group], group_of_cell[by_group], sizes, rng)
    cells = np.empty(n_rows, dtype=np.int64)
    cells[_grouped_shuffle(key, n_groups, rng)] = np.repeat(by_group, counts)
    return cells


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


def _round(
    mass: NDArray[np.float64], group: NDArray[np.int64], sizes: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Integer counts per cell (cells sorted by group) that add up to ``sizes`` in each group.

    A group without mass deals its rows evenly: that happens only where rounding error left nothing.
    """
    n_groups = len(sizes)
    last = np.searchsorted(group, np.arange(n_groups), side="right")
    first = np.concatenate([[0], last[:-1]])
    weight = np.add.reduceat(mass, first)
    mass = np.where((weight > 0)[group], mass, 1.0)
    weight = np.where(weight > 0, weight, last - first)
    share = np.cumsum(mass / weight[group]) - group
    share[last - 1] = 1.0
    offsets = (rng.permutation(n_groups) + rng.random(n_groups)) / n_groups
    steps = np.floor(np.clip(share, 0, 1) * sizes[group] + offsets[group]).astype(np.int64)
    steps[last - 1] = sizes
    steps = np.minimum(steps, sizes[group])
    counts = np.diff(steps, prepend=0)
    counts[first] = steps[first]
    return counts


def _grouped_shuffle(key: NDArray[np.int32], n_groups: int, rng: np.random.Generator) -> NDArray[np.int32]:
    """Row numbers sorted by key, in random order within each key (a counting sort after a shuffle)."""
    order = rng.permutation(len(key)).astype(np.int32)
    if n_groups == 1:
        return order
    table = sparse.csc_array((order, key[order], np.arange(len(key) + 1, dtype=np.int32)), shape=(n_groups, len(key)))
    return np.asarray(table.tocsr().data)
