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


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """One noisy marginal to fit: counts over the groups of its variables (one per column, sorted by column).

    ``kappa`` (rows) is the ridge, ``guess`` the counts expected before the fit (they
    scale the steps), ``start`` the log-weights to start from.
    """

    variables: tuple[Variable, ...]
    counts: Table
    kappa: float
    guess: Table
    start: Table


@dataclass(frozen=True, slots=True)
class Fit:
    """The estimated model: each node's probabilities, and how the optimisation went."""

    beliefs: list[Table]
    iterations: int


def home(nodes: Sequence[Node], variables: Sequence[Variable]) -> int:
    """The smallest-membered node that holds all the variables.

    Raises: ValueError if there is none.
    """
    wanted = frozenset(variables)
    homes = [index for index, node in enumerate(nodes) if wanted <= node.members]
    if not homes:
        raise ValueError("no node holds the factor")
    return min(homes, key=lambda index: len(nodes[index].members))


def fit(
    axes: Sequence[Axis],
    nodes: Sequence[Node],
    factors: Sequence[Factor],
    *,
    total: float,
    max_iterations: int = 300,
    tolerance: float = 1e-5,
) -> Fit:
    """Fit the log-linear model. ``total`` is the (noisy, positive) number of rows N."""
    propagation = Propagation(axes, nodes)
    homes = [home(nodes, factor.variables) for factor in factors]
    maps = [Projection(axes, nodes[at].axes, factor.variables) for at, factor in zip(homes, factors, strict=True)]
    bounds = np.concatenate([[0], np.cumsum([factor.counts.size for factor in factors])])
    slices = [slice(low, high) for low, high in zip(bounds[:-1], bounds[1:], strict=True)]
    y = np.concatenate([factor.counts.ravel() for factor in factors])
    kappa = np.concatenate([np.full(factor.counts.size, factor.kappa) for factor in factors])
    start = np.concatenate([factor.start.ravel() for factor in factors])
    scale = 1 / np.sqrt(kappa + np.concatenate([np.maximum(factor.guess, 0).ravel() for factor in factors]))

    def beliefs(weights: NDArray[np.float64]) -> tuple[float, list[Table]]:
        potentials = [np.zeros(shape) for shape in propagation.shapes]
        for at, factor, project, part in zip(homes, factors, maps, slices, strict=True):
            potentials[at] += project.spread(weights[part].reshape(factor.counts.shape))
        return propagation.beliefs(potentials)

    def objective(x: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights = x * scale
        log_z, tables = beliefs(weights)
        gradient = kappa * weights - y
        for at, project, part in zip(homes, maps, slices, strict=True):
            gradient[part] += total * project.reduce(tables[at]).ravel()
        value = total * log_z - float(weights @ y) + 0.5 * float(kappa @ (weights * weights))
        return value / total, gradient * scale / total

    result = minimize(
        objective,
        start / scale,
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": max_iterations, "maxcor": 10, "ftol": 1e-10, "gtol": tolerance},
    )
    return Fit(beliefs(result.x * scale)[1], int(result.nit))
