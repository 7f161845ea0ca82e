"""A junction tree under evidence: exactly, by one more pass of messages. Reads released numbers only.

A tree of probabilities is the product of its cliques over its separators. Multiplying the codes of a column by weights
in one clique that knows them all, and passing messages again, gives the law that is reweighted so: weights of 0 and 1
condition on codes; weights in proportion to wanted over present shares give a column those shares and leave all else,
given the column, as it is. Several columns are brought to their shares in turn (iterative proportional fitting,
Deming and Stephan 1940), which ends at the law that is nearest to the model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthesizers.tabular.estimate import home
from synthesizers.tabular.junction import Node
from synthesizers.tabular.levels import Axis
from synthesizers.tabular.propagate import Projection, Propagation, Table

Floats = NDArray[np.float64]

_TINY = 1e-300
_ROUNDS = 100
_CLOSE = 1e-9


@dataclass(frozen=True, slots=True)
class Wanted:
    """A column whose groups of codes are to have these shares, which add up to 1."""

    column: int
    groups: tuple[NDArray[np.intp], ...]
    shares: Floats


class Tree:
    """A tree that can be reweighted."""

    def __init__(self, axes: Sequence[Axis], nodes: Sequence[Node], beliefs: Sequence[Table]) -> None:
        self._axes, self._nodes = axes, nodes
        self._propagation = Propagation(axes, nodes)
        self.beliefs = list(beliefs)

    def marginal(self, column: int) -> Floats:
        """Probability of each code of a column."""
        at, project = self._home(column)
        shares = np.empty(len(self._axes[column].order))
        shares[self._axes[column].order] = project.reduce(self.beliefs[at])
        return shares

    def reweight(self, weights: Mapping[int, Floats]) -> float:
        """Multiply the codes of each column by its weights, at least 0. Returns the weights' mean in the law before.

        If that is 0, nothing is changed.
        """
        potentials = self._potentials()
        for column, by_code in weights.items():
            at, project = self._home(column)
            potentials[at] += project.spread(_log(by_code[self._axes[column].order]))
        log_z, beliefs = self._propagation.beliefs(potentials)
        mean = float(np.exp(log_z))
        if mean > _TINY**0.5:
            self.beliefs = beliefs
        return mean

    def rebalance(self, wanted: Sequence[Wanted]) -> bool:
        """Give columns their shares. False, with the shares not met, if the model has none of a wanted group."""
        for _ in range(_ROUNDS):
            off = 0.0
            for one in wanted:
                present = self.marginal(one.column)
                weights = np.zeros_like(present)
                for group, share in zip(one.groups, one.shares, strict=True):
                    now = float(present[group].sum())
                    if share > 0 and now <= _CLOSE**2:
                        return False
                    weights[group] = share / now if share > 0 else 0.0
                    off = max(off, abs(share - now))
                self.reweight({one.column: weights})
            if off < _CLOSE or len(wanted) == 1:
                break
        return True

    def _home(self, column: int) -> tuple[int, Projection]:
        variable = (column, self._axes[column].finest)
        at = home(self._nodes, [variable])
        return at, Projection(self._axes, self._nodes[at].axes, [variable])

    def _potentials(self) -> list[Table]:
        """Logarithms of tables whose product is the law."""
        found = []
        for node, belief in zip(self._nodes, self.beliefs, strict=True):
            table = _log(belief)
            if node.parent >= 0:
                project = Projection(self._axes, node.axes, node.separator)
                table = table - project.spread(_log(project.reduce(belief)))
            found.append(table)
        return found


def _log(table: Table) -> Table:
    return np.asarray(np.log(np.maximum(table, _TINY)))
