"""A tree under evidence is the joint law under evidence, computed by brute force."""

from __future__ import annotations

import numpy as np
import pytest

from synthesizers.tabular.condition import Tree, Wanted
from synthesizers.tabular.junction import Graph, Node, junction_tree
from synthesizers.tabular.levels import Axis, Coding, make_axis
from synthesizers.tabular.propagate import Propagation, Table

SIZES = (3, 4, 2, 5)
LINKS = ((0, 1), (1, 2), (1, 3))


def tree() -> tuple[list[Axis], list[Node], list[Table], np.ndarray]:
    """Four columns around the second one, and their joint law by code."""
    rng = np.random.default_rng(0)
    axes = [make_axis(rng.random(size), Coding(size=size, n_ordered=0)) for size in SIZES]
    graph = Graph([[axis.groups(level) for level in range(axis.finest + 1)] for axis in axes])
    for link in LINKS:
        graph.add([(column, axes[column].finest) for column in link])
    nodes = junction_tree(graph)
    shapes = [tuple(axes[column].groups(level) for column, level in node.axes) for node in nodes]
    potentials = [rng.normal(size=shape) * 1.5 for shape in shapes]
    joint = np.ones(SIZES)
    for node, table in zip(nodes, potentials, strict=True):
        columns = [column for column, _ in node.axes]
        by_code = table[np.ix_(*[np.argsort(axes[column].order) for column in columns])]
        shape = [SIZES[column] if column in columns else 1 for column in range(4)]
        joint = joint * np.exp(by_code.reshape(shape))
    _, beliefs = Propagation(axes, nodes).beliefs([table.copy() for table in potentials])
    return axes, nodes, beliefs, joint / joint.sum()


def margin(joint: np.ndarray, column: int) -> np.ndarray:
    return joint.sum(axis=tuple(other for other in range(4) if other != column))


def test_evidence_on_several_columns() -> None:
    axes, nodes, beliefs, joint = tree()
    own = Tree(axes, nodes, beliefs)
    weights = {0: np.array([1.0, 0.0, 1.0]), 3: np.array([0.0, 1.0, 2.0, 0.0, 0.5])}
    under = joint * weights[0][:, None, None, None] * weights[3]
    assert own.reweight(weights) == pytest.approx(under.sum())
    for column in range(4):
        assert own.marginal(column) == pytest.approx(margin(under / under.sum(), column), abs=1e-12)


def test_what_cannot_be_changes_nothing() -> None:
    axes, nodes, beliefs, joint = tree()
    own = Tree(axes, nodes, beliefs)
    assert own.reweight({0: np.zeros(3)}) < 1e-100
    assert own.marginal(1) == pytest.approx(margin(joint, 1))


def test_shares_of_one_column_leave_the_rest_as_it_is_given_that_column() -> None:
    axes, nodes, beliefs, joint = tree()
    own = Tree(axes, nodes, beliefs)
    assert own.rebalance([Wanted(2, (np.array([1]), np.array([0])), np.array([0.9, 0.1]))])
    given = joint / margin(joint, 2)[:, None]
    assert own.marginal(2) == pytest.approx([0.1, 0.9])
    assert own.marginal(0) == pytest.approx(margin(given * np.array([0.1, 0.9])[:, None], 0))


def test_shares_of_two_columns_at_once() -> None:
    axes, nodes, beliefs, _ = tree()
    own = Tree(axes, nodes, beliefs)
    rest = np.array([0, 2, 3, 4])
    assert own.rebalance(
        [
            Wanted(0, tuple(np.array([code]) for code in range(3)), np.array([0.2, 0.3, 0.5])),
            Wanted(3, (np.array([1]), rest), np.array([0.6, 0.4])),
        ]
    )
    assert own.marginal(0) == pytest.approx([0.2, 0.3, 0.5], abs=1e-8)
    assert own.marginal(3)[1] == pytest.approx(0.6, abs=1e-8)


def test_a_share_of_what_the_model_does_not_have_is_refused() -> None:
    axes, nodes, beliefs, _ = tree()
    own = Tree(axes, nodes, beliefs)
    own.reweight({0: np.array([1.0, 1.0, 0.0])})
    assert not own.rebalance([Wanted(0, (np.array([2]), np.array([0, 1])), np.array([0.5, 0.5]))])
