"""A row's unknown codes drawn from a junction tree, given those that are known: exactly, for any pattern of holes.

Rows with the same holes are done together. Fixing the known codes turns each clique's table into one over its holes
alone, small enough to have for many rows at once; messages over these go up the tree, and codes are drawn on the way
down, column by column at finer and finer resolution (forward filtering, backward sampling). Reads released numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthesizers.tabular.junction import Node, Variable
from synthesizers.tabular.levels import Axis
from synthesizers.tabular.propagate import Projection, Table

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

_CELLS = 2**20
"""Cells of the largest clique, over its holes, that rows of one turn may have together."""
_LEAST = 1e-12
"""A chance below this counts as this, so that a row that the model calls impossible can be completed too."""


@dataclass(frozen=True, slots=True)
class _Part:
    """One clique under a pattern: its table as (known cells, *holes), and what its holes are."""

    index: int
    table: Table
    known: tuple[Variable, ...]
    holes: tuple[Variable, ...]
    above: tuple[Variable, ...]
    """The separator's holes, as it sees them."""
    parent: int


class Completion:
    """A tree that completes rows. ``banned``: for some columns the code that no hole may get."""

    def __init__(
        self, axes: Sequence[Axis], nodes: Sequence[Node], beliefs: Sequence[Table], banned: Sequence[int | None]
    ) -> None:
        self._axes, self._nodes = axes, nodes
        self._tables = [
            _given_separator(axes, node, belief, banned) for node, belief in zip(nodes, beliefs, strict=True)
        ]

    def completed(self, codes: Sequence[Ints], holes: Mask, rng: np.random.Generator) -> list[Ints]:
        """Shapes: codes by column (rows,), holes (rows, columns). The codes with every hole drawn."""
        made = [np.array(one, dtype=np.int64) for one in codes]
        patterns, which = np.unique(holes, axis=0, return_inverse=True)
        for number, pattern in enumerate(patterns):
            columns = [int(column) for column in np.flatnonzero(pattern)]
            if not columns:
                continue
            parts = self._parts(set(columns))
            cells = max(math.prod(part.table.shape[1:]) for part in parts)
            rows = np.flatnonzero(which.reshape(-1) == number)
            step = max(1, _CELLS // cells)
            for low in range(0, rows.size, step):
                own = rows[low : low + step]
                drawn = self._drawn(parts, [one[own] for one in codes], own.size, rng)
                for column in columns:
                    made[column][own] = drawn[column]
        return made

    def _parts(self, columns: set[int]) -> list[_Part]:
        """The cliques that have a hole, parents first."""
        found = []
        for index, node in enumerate(self._nodes):
            open_ = [place for place, (column, _) in enumerate(node.axes) if column in columns]
            if not open_:
                continue
            shut = [place for place in range(len(node.axes)) if place not in open_]
            table = self._tables[index].transpose([*shut, *open_])
            sizes = [self._tables[index].shape[place] for place in open_]
            found.append(
                _Part(
                    index,
                    np.ascontiguousarray(table.reshape(-1, *sizes)),
                    tuple(node.axes[place] for place in shut),
                    tuple(node.axes[place] for place in open_),
                    tuple(one for one in node.separator if one[0] in columns),
                    node.parent,
                )
            )
        return found

    def _drawn(
        self, parts: Sequence[_Part], codes: Sequence[Ints], n_rows: int, rng: np.random.Generator
    ) -> dict[int, Ints]:
        axes = (*self._axes, _row_axis(n_rows))
        rows = (len(self._axes), 0)
        tables = {part.index: part.table[self._cells(part.known, codes, n_rows)] for part in parts}
        for part in reversed(parts):
            if part.above:  # then its parent has these holes too
                message = Projection(axes, (rows, *part.holes), (rows, *part.above)).reduce(tables[part.index])
                message = message / message.reshape(n_rows, -1).max(axis=1).reshape(-1, *[1] * len(part.above))
                above = next(one for one in parts if one.index == part.parent)
                spread = Projection(axes, (rows, *above.holes), (rows, *part.above)).spread(message)
                tables[part.parent] = tables[part.parent] * spread
        groups: dict[int, tuple[int, Ints]] = {}
        for part in parts:
            table = tables[part.index]
            for place, (column, level) in enumerate(part.holes):
                if column in groups:
                    table = table * self._agrees(groups[column], column, level, place, len(part.holes))
            cells = np.unravel_index(_draw(table.reshape(n_rows, -1), rng), table.shape[1:])
            for (column, level), cell in zip(part.holes, cells, strict=True):
                if column not in groups or groups[column][0] < level:
                    groups[column] = (level, cell.astype(np.int64))
        return {column: self._axes[column].order[group] for column, (_, group) in groups.items()}

    def _cells(self, known: Sequence[Variable], codes: Sequence[Ints], n_rows: int) -> Ints:
        """Each row's cell among the known axes of a clique, flat."""
        flat = np.zeros(n_rows, dtype=np.int64)
        for column, level in known:
            axis = self._axes[column]
            flat = flat * axis.groups(level) + axis.code_map(level)[codes[column]]
        return flat

    def _agrees(self, drawn: tuple[int, Ints], column: int, level: int, place: int, n_axes: int) -> Table:
        """1 where an axis of a clique is in the group that was drawn for its column already, else 0."""
        axis, (at, group) = self._axes[column], drawn
        coarse = min(at, level)
        mine = axis.coarser(level, coarse)
        agrees: Table = (mine[None, :] == axis.coarser(at, coarse)[group][:, None]).astype(np.float64)
        shape = [1] * n_axes
        shape[place] = mine.size
        return agrees.reshape(-1, *shape)


def _given_separator(axes: Sequence[Axis], node: Node, belief: Table, banned: Sequence[int | None]) -> Table:
    """The chance of a clique's cells given its separator, 0 where a column is at a banned code."""
    table = np.asarray(belief, dtype=np.float64)
    if node.parent >= 0:
        project = Projection(axes, node.axes, node.separator)
        table = table / np.maximum(project.spread(project.reduce(table)), 1e-300)
    table = np.maximum(table, _LEAST)
    for place, (column, level) in enumerate(node.axes):
        code = banned[column]
        if code is not None and level == axes[column].finest:
            allowed = (axes[column].order != code).astype(np.float64)
            table = table * allowed.reshape([-1 if at == place else 1 for at in range(len(node.axes))])
    return table


def _row_axis(n_rows: int) -> Axis:
    """Rows as one more column, so that tables of many rows are summed like any others."""
    every = np.arange(n_rows, dtype=np.intp)
    return Axis(every, (every,))


def _draw(table: Table, rng: np.random.Generator) -> Ints:
    """A cell for each row, by its weights."""
    sums = np.cumsum(table, axis=1)
    marks = rng.random(len(sums)) * sums[:, -1]
    return np.asarray(np.minimum((sums <= marks[:, None]).sum(axis=1), sums.shape[1] - 1), dtype=np.int64)
