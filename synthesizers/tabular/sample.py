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

    The same arguments give the same rows. Time grows with n_rows, about 30 ns a row and node.
    """
    rng = np.random.default_rng(seed)
    state: dict[int, tuple[int, Codes]] = {}
    for node, belief in zip(nodes, beliefs, strict=True):
        cells = _extend(axes, node, belief, state, n_rows, rng)
        for place, (column, level) in enumerate(node.axes):
            if column not in state or state[column][0] < level:
                shape = [-1 if other == place else 1 for other in range(belief.ndim)]
                groups = np.arange(belief.shape[place], dtype=np.int32).reshape(shape)
                state[column] = (level, np.broadcast_to(groups, belief.shape).ravel().take(cells))
    return [axis.order.astype(np.int32).take(state[column][1]) for column, axis in enumerate(axes)]


def _extend(
    axes: Sequence[Axis],
    node: Node,
    belief: Table,
    state: dict[int, tuple[int, Codes]],
    n_rows: int,
    rng: np.random.Generator,
) -> Codes:
    """Each row's cell in the node's table, given its value of the separator."""
    key = np.zeros(n_rows, dtype=np.int32)
    n_groups = 1
    for column, level in node.separator:
        at, groups = state[column]
        size = axes[column].groups(level)
        key *= np.int32(size)
        key += axes[column].coarser(at, level).astype(np.int32).take(groups)
        n_groups *= size
    group_of_cell = _separator_of_cells(axes, node, belief.shape)
    by_group = np.argsort(group_of_cell, kind="stable").astype(np.int32)
    sizes = np.bincount(key, minlength=n_groups)
    counts = _round(belief.ravel()[by_group], group_of_cell[by_group], sizes, rng)
    cells = np.empty(n_rows, dtype=np.int32)
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


def _grouped_shuffle(key: Codes, n_groups: int, rng: np.random.Generator) -> Codes:
    """Row numbers sorted by key, in random order within each key.

    A shuffle, then a counting sort: turning a compressed column matrix with one entry a column into rows is one.
    """
    order = rng.permutation(np.arange(len(key), dtype=np.int32))
    if n_groups == 1:
        return order
    starts = np.arange(len(key) + 1, dtype=np.int32)
    table = sparse.csc_array((order, key.take(order), starts), shape=(n_groups, len(key)))
    return np.asarray(table.tocsr().data)
