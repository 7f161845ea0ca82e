"""Belief propagation over a junction tree of tables whose axes may be seen at several resolutions.

Exact sum-product in two passes. Tables are float64 arrays with one axis per (column, level) of the node.
Memory: about four arrays of the tree's total number of cells.
Source: Koller & Friedman 2009, algorithm 10.2, in the form belief = potential * separator / message.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from synthesizers.tabular.junction import Node, Variable
from synthesizers.tabular.levels import Axis

Table = NDArray[np.float64]

_TINY = 1e-300


class Projection:
    """Sums a table over ``source`` axes to ``target`` axes, and spreads it back."""

    def __init__(self, axes: Sequence[Axis], source: Sequence[Variable], target: Sequence[Variable]) -> None:
        wanted = dict(target)
        self._summed = tuple(place for place, (column, _) in enumerate(source) if column not in wanted)
        kept = [(column, level) for column, level in source if column in wanted]
        self._coarse: list[tuple[int, NDArray[np.intp], NDArray[np.intp]]] = []
        for place, (column, level) in enumerate(kept):
            if wanted[column] != level:
                axis = axes[column]
                self._coarse.append((place, axis.offsets(level, wanted[column]), axis.coarser(level, wanted[column])))
        groups = [axes[column].groups(wanted[column]) for column, _ in kept]
        for place, _, to_coarse in self._coarse:
            groups[place] = len(to_coarse)
        sizes = iter(groups)
        self._spread_shape = tuple(next(sizes) if column in wanted else 1 for column, _ in source)

    def reduce(self, table: Table) -> Table:
        """Sum to the target's axes."""
        if self._summed:
            table = table.sum(axis=self._summed)
        for place, offsets, _ in self._coarse:
            table = np.add.reduceat(table, offsets, axis=place)
        return table

    def spread(self, table: Table) -> Table:
        """Repeat along the source's axes (broadcastable, not copied in full)."""
        for place, _, to_coarse in self._coarse:
            table = np.take(table, to_coarse, axis=place)
        return table.reshape(self._spread_shape)


class Propagation:
    """The two passes over one tree."""

    def __init__(self, axes: Sequence[Axis], nodes: Sequence[Node]) -> None:
        self.nodes = tuple(nodes)
        self.shapes = [tuple(axes[column].groups(level) for column, level in node.axes) for node in nodes]
        self._up = [
            Projection(axes, nodes[node.parent].axes, node.separator) if node.parent >= 0 else None for node in nodes
        ]
        self._down = [Projection(axes, node.axes, node.separator) if node.parent >= 0 else None for node in nodes]

    def beliefs(self, potentials: Sequence[Table]) -> tuple[float, list[Table]]:
        """Log of the normaliser, and each node's probabilities.

        ``potentials`` are log-tables by node; they are overwritten.
        """
        log_z = 0.0
        scaled: list[Table] = [np.empty(0)] * len(self.nodes)
        messages: list[Table] = [np.empty(0)] * len(self.nodes)
        for index in range(len(self.nodes) - 1, -1, -1):
            table, up, down = potentials[index], self._up[index], self._down[index]
            peak = float(table.max())
            table -= peak
            np.exp(table, out=table)
            log_z += peak
            scaled[index] = table
            if up is None or down is None:
                total = float(table.sum())
                log_z += float(np.log(total))
                table /= total
            else:
                messages[index] = np.maximum(down.reduce(table), _TINY)
                parent = potentials[self.nodes[index].parent]
                parent += up.spread(np.log(messages[index]))
        for index, node in enumerate(self.nodes):
            up, down = self._up[index], self._down[index]
            if up is not None and down is not None:
                share = up.reduce(scaled[node.parent]) / messages[index]
                scaled[index] *= down.spread(share)
        return log_z, scaled
