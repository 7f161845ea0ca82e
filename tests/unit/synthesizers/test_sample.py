"""Rounded sampling: exact where it can be, independent where the model is, repeatable."""

from __future__ import annotations

import numpy as np
import pytest

from synthesizers.tabular.junction import Graph, Node, junction_tree
from synthesizers.tabular.levels import Axis, Coding, make_axis
from synthesizers.tabular.propagate import Propagation, Table
from synthesizers.tabular.sample import SHARD, Sampler, sample

N = 20_000


def chain(n_middle: int = 4, n_end: int = 6) -> tuple[list[Axis], list, list[Table]]:
    """a - b - c with strong dependence on b."""
    rng = np.random.default_rng(0)
    axes = [make_axis(np.ones(size), Coding(size=size, n_ordered=size)) for size in (n_end, n_middle, n_end)]
    graph = Graph([[axis.groups(level) for level in range(axis.finest + 1)] for axis in axes])
    pairs = [tuple((column, axes[column].finest) for column in pair) for pair in ((0, 1), (1, 2))]
    for pair in pairs:
        graph.add(pair)
    nodes = junction_tree(graph)
    shapes = [tuple(axes[column].groups(level) for column, level in node.axes) for node in nodes]
    _, beliefs = Propagation(axes, nodes).beliefs([rng.normal(size=shape) * 1.5 for shape in shapes])
    return axes, nodes, beliefs


def counts(rows: list[np.ndarray], columns: tuple[int, ...], sizes: tuple[int, ...]) -> np.ndarray:
    flat = np.ravel_multi_index([rows[column] for column in columns], sizes)
    return np.bincount(flat, minlength=int(np.prod(sizes))).reshape(sizes)


def test_tree_marginals_are_met_to_within_rounding() -> None:
    axes, nodes, beliefs = chain()
    rows = sample(axes, nodes, beliefs, N, seed=1)
    for node, belief in zip(nodes, beliefs, strict=True):
        found = counts(rows, tuple(column for column, _ in node.axes), belief.shape)
        assert np.abs(found - N * belief).max() < 3.0


def test_conditionally_independent_columns_stay_independent() -> None:
    """mbi 1.1.0's rounded sampler misses this by a factor of 50. False-alarm rate below 1e-6 (fixed seed)."""
    axes, nodes, beliefs = chain()
    rows = sample(axes, nodes, beliefs, N, seed=1)
    joint = counts(rows, (0, 1, 2), (6, 4, 6)).astype(float)
    for middle in range(4):
        table = joint[:, middle]
        expected = np.outer(table.sum(1), table.sum(0)) / table.sum()
        chi2 = ((table - expected) ** 2 / np.maximum(expected, 1e-9)).sum()
        assert 2 < chi2 < 80  # 25 degrees of freedom
    independent = joint.sum(axis=1)
    implied = sum(
        np.outer(joint[:, middle].sum(1), joint[:, middle].sum(0)) / joint[:, middle].sum() for middle in range(4)
    )
    assert np.abs(independent - implied).sum() / N < 0.05


def test_the_same_seed_gives_the_same_rows_and_another_does_not() -> None:
    axes, nodes, beliefs = chain()
    first, again, other = (sample(axes, nodes, beliefs, 500, seed=seed) for seed in (3, 3, 4))
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert any((a != b).any() for a, b in zip(first, other, strict=True))


@pytest.mark.parametrize("n_rows", [0, 1, 2, 17])
def test_any_number_of_rows(n_rows: int) -> None:
    axes, nodes, beliefs = chain()
    rows = sample(axes, nodes, beliefs, n_rows, seed=0)
    assert all(column.shape == (n_rows,) for column in rows)


def test_small_samples_are_unbiased() -> None:
    """Mean of 400 samples of 7 rows; a bound of 5 standard errors, so a false-alarm rate below 1e-4 (fixed seeds)."""
    axes, nodes, beliefs = chain()
    found = np.mean([counts(sample(axes, nodes, beliefs, 7, seed=seed), (0,), (6,)) for seed in range(400)], axis=0)
    node = next(index for index, node in enumerate(nodes) if node.axes[0][0] == 0)
    margin = 7 * beliefs[node].sum(axis=1)
    assert np.abs(found - margin).max() < 5 * np.sqrt(7 / 4 / 400)


def test_cells_without_mass_get_no_rows() -> None:
    axes, nodes, beliefs = chain()
    beliefs[0] = beliefs[0].copy()
    beliefs[0][0] = 0.0
    beliefs[0] /= beliefs[0].sum()
    rows = sample(axes, nodes[:1], beliefs[:1], 1, seed=0) if len(nodes) == 1 else None
    column, size = nodes[0].axes[0][0], beliefs[0].shape
    full = sample(axes, nodes, beliefs, 5000, seed=0)
    assert rows is None
    found = counts(full, tuple(column for column, _ in nodes[0].axes), size)
    assert found[0].sum() == 0
    assert column in (0, 1, 2)


def test_shards_follow_their_seed_and_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """A longer table begins with the full shards of a shorter one; counts stay within a row a shard and node."""
    axes, nodes, beliefs = chain()
    monkeypatch.setattr("synthesizers.tabular.sample.SHARD", 3000)
    short, long = (sample(axes, nodes, beliefs, n_rows, seed=2) for n_rows in (7000, N))
    assert all((a[:6000] == b[:6000]).all() for a, b in zip(short, long, strict=True))
    for node, belief in zip(nodes, beliefs, strict=True):
        found = counts(long, tuple(column for column, _ in node.axes), belief.shape)
        assert found.sum() == N
        assert np.abs(found - N * belief).max() < 3.0 * 7


def test_siblings_are_dealt_independently() -> None:
    """Two leaves of one group of 18,000 rows: chi-square of 20 x 20 cells within 5 standard deviations, both ways.

    Rows that meet in one random place keep their order, which must not tie one deal to the next. Fixed seeds.
    """
    rng, size = np.random.default_rng(3), 20
    axes = [make_axis(np.ones(n), Coding(size=n, n_ordered=n)) for n in (2, size, size)]
    root, left, right = ((column, axes[column].finest) for column in range(3))
    nodes = [
        Node(members=frozenset({root}), axes=(root,), separator=(), parent=-1),
        Node(members=frozenset({root, left}), axes=(root, left), separator=(root,), parent=0),
        Node(members=frozenset({root, right}), axes=(root, right), separator=(root,), parent=0),
    ]
    shares = np.array([0.9, 0.1])
    beliefs = [shares, *(shares[:, None] * rng.dirichlet(np.full(size, 5.0), 2) for _ in range(2))]
    for seed in range(5):
        rows = sample(axes, nodes, beliefs, N, seed=seed)
        joint = counts(rows, (0, 1, 2), (2, size, size))[0].astype(float)
        expected = np.outer(joint.sum(1), joint.sum(0)) / joint.sum()
        freedom = (size - 1) ** 2
        chi2 = ((joint - expected) ** 2 / np.maximum(expected, 1e-9)).sum()
        assert abs(chi2 - freedom) < 5 * np.sqrt(2 * freedom)


def test_compiled_loops_give_the_same_rows() -> None:
    axes, nodes, beliefs = chain()
    sampler = Sampler(axes, nodes, beliefs)
    for n_rows in (0, 1, 5000):
        plain, quick = (sampler.shard(n_rows, seed=3, shard=2, compiled=compiled) for compiled in (False, True))
        assert all((a == b).all() for a, b in zip(plain, quick, strict=True))


def test_a_shard_is_made_again_without_the_others() -> None:
    axes, nodes, beliefs = chain()
    whole = sample(axes, nodes, beliefs, SHARD + 100, seed=9)
    last = Sampler(axes, nodes, beliefs).shard(100, seed=9, shard=1)
    assert all((column[SHARD:] == part).all() for column, part in zip(whole, last, strict=True))
