"""Junction trees of columns at several resolutions: valid, and within their caps."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from synthesizers.tabular.junction import Graph, GrowingGraph, Variable, junction_tree

GROUPS = [[1, 2, 4, 8, 16]] * 6
VARIABLES = st.tuples(st.integers(0, 5), st.integers(1, 4))
PAIRS = st.lists(st.tuples(VARIABLES, VARIABLES).filter(lambda pair: pair[0][0] != pair[1][0]), max_size=14)


def graph_of(pairs: list[tuple[Variable, Variable]]) -> Graph:
    graph = Graph(GROUPS)
    for column in range(6):
        graph.add([(column, 4)])
    for pair in pairs:
        graph.add(pair)
    return graph


@given(PAIRS)
def test_tree_holds_every_pair_and_each_variable_is_connected(pairs: list[tuple[Variable, Variable]]) -> None:
    nodes = junction_tree(graph_of(pairs))
    for pair in pairs:
        assert any(set(pair) <= node.members for node in nodes)
    for variable in {variable for node in nodes for variable in node.members}:
        tops = [
            node
            for node in nodes
            if variable in node.members and (node.parent < 0 or variable not in nodes[node.parent].members)
        ]
        assert len(tops) == 1
    assert all(node.parent < index for index, node in enumerate(nodes))


@given(PAIRS)
def test_neighbouring_levels_of_a_column_meet_in_a_node(pairs: list[tuple[Variable, Variable]]) -> None:
    nodes = junction_tree(graph_of(pairs))
    for column in range(6):
        levels = sorted({level for node in nodes for other, level in node.members if other == column})
        for low, high in pairwise(levels):
            assert any({(column, low), (column, high)} <= node.members for node in nodes)


@given(PAIRS)
def test_a_growing_graph_keeps_its_caps(pairs: list[tuple[Variable, Variable]]) -> None:
    growing = GrowingGraph(graph_of([]), max_cells=100, max_total=500)
    taken = [pair for pair in pairs if growing.take(pair)]
    nodes = junction_tree(graph_of(taken))
    for node in nodes:
        cells = 1
        for column, level in node.axes:
            cells *= GROUPS[column][level]
        assert cells <= 100


def test_a_pair_above_the_cap_is_refused() -> None:
    growing = GrowingGraph(graph_of([]), max_cells=100, max_total=500)
    assert not growing.take([(0, 4), (1, 4)])
    assert growing.take([(0, 2), (1, 2)])
