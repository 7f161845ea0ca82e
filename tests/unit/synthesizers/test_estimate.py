"""Maximum-entropy least squares: meets what it should meet, and knows its own gradient."""

from __future__ import annotations

import numpy as np
from scipy.optimize import approx_fprime

from synthesizers.tabular.estimate import Factor, _Dual, solve
from synthesizers.tabular.junction import Graph, Node, junction_tree
from synthesizers.tabular.levels import Axis, Coding, make_axis
from synthesizers.tabular.propagate import Projection

TOTAL = 1000.0


def chain(kappa: float) -> tuple[list[Axis], list[Node], list[Factor], np.ndarray]:
    """Three columns a - b - c where a and c are independent given b, measured without noise."""
    rng = np.random.default_rng(0)
    a_b, c_given_b = rng.dirichlet(np.ones(12)).reshape(3, 4), rng.dirichlet(np.ones(5), size=4)
    joint = TOTAL * np.einsum("ab,bc->abc", a_b, c_given_b)
    axes = [
        make_axis(joint.sum(axis=tuple({0, 1, 2} - {column})), Coding(size=size, n_ordered=0))
        for column, size in enumerate(joint.shape)
    ]
    graph = Graph([[axis.groups(level) for level in range(axis.finest + 1)] for axis in axes])
    factors = []
    for columns in ((0,), (1,), (2,), (0, 1), (1, 2)):
        variables = tuple((column, axes[column].finest) for column in columns)
        counts = joint.sum(axis=tuple({0, 1, 2} - set(columns)))
        counts = counts[np.ix_(*(axes[column].order for column in columns))]
        margins = tuple(
            counts.sum(axis=tuple(set(range(len(columns))) - {place})) / TOTAL for place in range(len(columns))
        )
        graph.add(variables)
        factors.append(
            Factor(variables=variables, counts=counts, kappa=kappa, margins=margins, start=np.zeros_like(counts))
        )
    return axes, junction_tree(graph), factors, joint[np.ix_(*(axis.order for axis in axes))]


def test_exact_marginals_of_a_chain_give_the_chain() -> None:
    axes, nodes, factors, joint = chain(kappa=1e-3)
    beliefs = solve(axes, nodes, factors, total=TOTAL, max_iterations=500).beliefs
    finest = [(column, axis.finest) for column, axis in enumerate(axes)]
    for node, belief in zip(nodes, beliefs, strict=True):
        assert np.allclose(TOTAL * belief, Projection(axes, finest, node.axes).reduce(joint), atol=0.5)


def test_a_strong_ridge_leaves_independent_columns() -> None:
    axes, nodes, factors, _ = chain(kappa=1e-3)
    weak = [
        Factor(
            variables=one.variables,
            counts=one.counts,
            kappa=1e9 if len(one.variables) > 1 else one.kappa,
            margins=one.margins,
            start=one.start,
        )
        for one in factors
    ]
    beliefs = solve(axes, nodes, weak, total=TOTAL, max_iterations=500).beliefs
    for belief in beliefs:
        margins = [belief.sum(axis=tuple(set(range(belief.ndim)) - {axis})) for axis in range(belief.ndim)]
        product = margins[0]
        for margin in margins[1:]:
            product = np.multiply.outer(product, margin)
        assert np.allclose(belief, product, atol=1e-4)


def test_the_gradient_is_the_derivative() -> None:
    axes, nodes, factors, _ = chain(kappa=3.0)
    dual = _Dual(axes, nodes, factors, TOTAL)
    x = np.random.default_rng(1).normal(size=len(dual.start())) * 10
    assert np.allclose(dual(x)[1], approx_fprime(x, lambda at: dual(at)[0], 1e-5), atol=1e-5)
