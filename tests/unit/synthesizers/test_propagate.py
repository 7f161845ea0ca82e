"""Belief propagation against brute force, with columns at several resolutions."""

from __future__ import annotations

import numpy as np

from synthesizers.tabular.junction import Graph, junction_tree
from synthesizers.tabular.levels import Axis, Coding, make_axis
from synthesizers.tabular.propagate import Projection, Propagation

SIZES = (4, 3, 6)
PAIRS = (((0, 2), (1, 1)), ((0, 1), (2, 2)), ((1, 1), (2, 3)))


def axes() -> list[Axis]:
    rng = np.random.default_rng(0)
    return [make_axis(rng.random(size) + 0.1, Coding(size=size, n_ordered=size)) for size in SIZES]


def test_beliefs_are_the_marginals_of_the_product_of_all_potentials() -> None:
    columns, rng = axes(), np.random.default_rng(1)
    graph = Graph([[axis.groups(level) for level in range(axis.finest + 1)] for axis in columns])
    variables = [*(((column, axis.finest),) for column, axis in enumerate(columns)), *PAIRS]
    for clique in variables:
        graph.add(clique)
    nodes = junction_tree(graph)
    finest = [(column, axis.finest) for column, axis in enumerate(columns)]
    joint = np.zeros(SIZES)
    potentials = [np.zeros(tuple(columns[column].groups(level) for column, level in node.axes)) for node in nodes]
    for clique in variables:
        weights = rng.normal(size=tuple(columns[column].groups(level) for column, level in clique))
        joint = joint + Projection(columns, finest, clique).spread(weights)
        at = next(index for index, node in enumerate(nodes) if set(clique) <= node.members)
        potentials[at] += Projection(columns, nodes[at].axes, clique).spread(weights)
    log_z, beliefs = Propagation(columns, nodes).beliefs(potentials)
    exact = np.exp(joint)
    assert np.isclose(log_z, np.log(exact.sum()))
    for node, belief in zip(nodes, beliefs, strict=True):
        assert np.allclose(belief, Projection(columns, finest, node.axes).reduce(exact / exact.sum()))


def test_far_apart_weights_give_no_nan() -> None:
    columns = axes()
    graph = Graph([[axis.groups(level) for level in range(axis.finest + 1)] for axis in columns])
    for pair in PAIRS:
        graph.add(pair)
    nodes = junction_tree(graph)
    rng = np.random.default_rng(2)
    shapes = [tuple(columns[column].groups(level) for column, level in node.axes) for node in nodes]
    _, beliefs = Propagation(columns, nodes).beliefs([rng.normal(size=shape) * 800 for shape in shapes])
    assert all(np.isfinite(belief).all() for belief in beliefs)
