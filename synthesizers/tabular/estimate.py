"""Maximum-entropy least squares: the joint distribution that explains noisy marginals and assumes no more.

Minimises over tables p on a junction tree
    sum_c sum_i (N M_c p - y_c)_i^2 / (2 s_c^2) / tau_c  +  N * (negative entropy of p),
whose convex dual is a log-linear model with a ridge,
    f(lambda) = N log Z(lambda) - sum_c lambda_c . y_c + 1/2 sum_c kappa_c |lambda_c|^2,   kappa_c = tau_c s_c^2,
minimised by L-BFGS. At the optimum y_c - N p_c = kappa_c lambda_c: kappa_c (in rows) says how far a
marginal may stay from its noisy counts, so a weak signal is drawn towards what the other marginals imply.
Only noisy counts go in. Deterministic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from synthesizers.tabular.junction import Node, Variable
from synthesizers.tabular.levels import Axis
from synthesizers.tabular.propagate import Projection, Propagation, Table

LOW = 1.0
_NEVER = -250.0
"""Logarithm of the weight of a cell that cannot occur: no factor's weights come near to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """One marginal to fit: counts over the groups of its variables (one per column, sorted by column).

    ``kappa`` (rows) is the ridge; ``margins`` are the columns' probabilities over the groups; ``start`` the
    log-weights to start from. A factor of one column has free weights. One of more columns has weights whose mean
    under any column's margin is zero, so that it says nothing about single columns: near independence all factors
    then pull in orthogonal directions, and the optimisation is quick.
    """

    variables: tuple[Variable, ...]
    counts: Table
    kappa: float
    margins: tuple[NDArray[np.float64], ...]
    start: Table

    def centred(self, weights: Table) -> Table:
        """Subtract the mean under each column's margin."""
        if len(self.margins) > 1:
            for axis, margin in enumerate(self.margins):
                weights = weights - np.expand_dims(np.tensordot(margin, weights, axes=(0, axis)), axis)
        return weights

    def centred_adjoint(self, gradient: Table) -> Table:
        """The adjoint of ``centred``."""
        if len(self.margins) > 1:
            for axis, margin in enumerate(self.margins):
                shape = [1] * gradient.ndim
                shape[axis] = -1
                gradient = gradient - margin.reshape(shape) * gradient.sum(axis=axis, keepdims=True)
        return gradient

    def scale(self, total: float) -> Table:
        """Step sizes: the inverse root of the Hessian's diagonal where the fit is likely to end."""
        expected = np.array(total)
        for margin in self.margins:
            expected = np.multiply.outer(expected, margin)
        likely = expected + (self.counts - expected) * expected / (expected + self.kappa)
        return np.asarray(1 / np.sqrt(self.kappa + np.maximum(likely, LOW * expected)))


@dataclass(frozen=True, slots=True)
class Zero:
    """Cells over the groups of some variables (one per column, sorted by column) that cannot occur."""

    variables: tuple[Variable, ...]
    cells: NDArray[np.bool_]


def home(nodes: Sequence[Node], variables: Sequence[Variable]) -> int:
    """The smallest-membered node that holds all the variables, at these levels or finer ones.

    Raises: ValueError if there is none.
    """
    held = [dict(node.axes) for node in nodes]
    homes = [index for index, of in enumerate(held) if all(of.get(column, -1) >= level for column, level in variables)]
    if not homes:
        raise ValueError("no node holds the factor")
    return min(homes, key=lambda index: len(nodes[index].members))


class _Dual:
    """The dual objective and its gradient, in scaled and centred weights."""

    def __init__(
        self,
        axes: Sequence[Axis],
        nodes: Sequence[Node],
        factors: Sequence[Factor],
        total: float,
        zeros: Sequence[Zero] = (),
    ) -> None:
        self._propagation = Propagation(axes, nodes)
        self._never = [
            (at, Projection(axes, nodes[at].axes, one.variables).spread(np.where(one.cells, _NEVER, 0.0)))
            for one in zeros
            for at in (home(nodes, one.variables),)
        ]
        self._factors, self._total = factors, total
        self._homes = [home(nodes, factor.variables) for factor in factors]
        self._maps = [
            Projection(axes, nodes[at].axes, factor.variables) for at, factor in zip(self._homes, factors, strict=True)
        ]
        self._scales = [factor.scale(total) for factor in factors]
        self._ends = np.cumsum([factor.counts.size for factor in factors])

    def start(self) -> NDArray[np.float64]:
        """The point to start from."""
        parts = [factor.start / scale for factor, scale in zip(self._factors, self._scales, strict=True)]
        return np.concatenate([part.ravel() for part in parts])

    def weights(self, x: NDArray[np.float64]) -> list[Table]:
        """Each factor's log-weights."""
        parts = np.split(x, self._ends[:-1])
        return [
            factor.centred(part.reshape(scale.shape) * scale)
            for part, factor, scale in zip(parts, self._factors, self._scales, strict=True)
        ]

    def beliefs(self, weights: Sequence[Table]) -> tuple[float, list[Table]]:
        """Log normaliser and the probabilities of each node."""
        potentials = [np.zeros(shape) for shape in self._propagation.shapes]
        for at, project, part in zip(self._homes, self._maps, weights, strict=True):
            potentials[at] += project.spread(part)
        for at, never in self._never:
            potentials[at] += never
        return self._propagation.beliefs(potentials)

    def __call__(self, x: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights = self.weights(x)
        log_z, tables = self.beliefs(weights)
        value, gradients = self._total * log_z, []
        for at, project, factor, scale, part in zip(
            self._homes, self._maps, self._factors, self._scales, weights, strict=True
        ):
            pull = factor.kappa * part
            value += float(np.vdot(part, 0.5 * pull - factor.counts))
            residual = self._total * project.reduce(tables[at]) - factor.counts + pull
            gradients.append((factor.centred_adjoint(residual) * scale).ravel())
        return value / self._total, np.concatenate(gradients) / self._total


@dataclass(frozen=True, slots=True)
class Solution:
    """Each node's probabilities, and each factor's log-weights, from which another fit may start."""

    beliefs: list[Table]
    weights: list[Table]


def solve(
    axes: Sequence[Axis],
    nodes: Sequence[Node],
    factors: Sequence[Factor],
    *,
    total: float,
    zeros: Sequence[Zero] = (),
    max_iterations: int = 300,
    tolerance: float = 1e-6,
) -> Solution:
    """Fit the model. ``total`` is the (noisy, positive) number of rows N.

    ``zeros``: cells that the model gives no mass. Each must fit a node, as each factor must.
    """
    dual = _Dual(axes, nodes, factors, total, zeros)
    result = minimize(
        dual,
        dual.start(),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": max_iterations, "maxcor": 20, "ftol": 1e-11, "gtol": tolerance},
    )
    weights = dual.weights(result.x)
    return Solution(dual.beliefs(weights)[1], weights)
