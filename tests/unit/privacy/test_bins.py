"""The tree finds spikes, merging gives bins of equal mass."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from privacy.bins import Tree, grow, levels_of, merge


class Shop:
    """Sells exact counts, or normal noise, and keeps the shares."""

    def __init__(self, stddev: float = 0.5, noisy: bool = False) -> None:
        self.shares: list[float] = []
        self.totals: list[int] = []
        self._stddev = stddev
        self._rng = np.random.default_rng(3) if noisy else None

    def __call__(self, exact: Callable[[], NDArray[np.int64]], share: float) -> tuple[NDArray[np.int64], float]:
        self.shares.append(share)
        counts = exact()
        self.totals.append(int(counts.sum()))
        stddev = self._stddev / share**0.5
        if self._rng is None:
            return counts, stddev
        return counts + np.rint(self._rng.normal(0, stddev, counts.shape)).astype(np.int64), stddev


def leaf_counts(tree: Tree, cells: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.histogram(cells, np.append(tree.starts, tree.n_cells))[0]


@given(st.integers(1, 2**20), st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_leaves_partition_the_cells_and_their_counts_are_right(n_cells: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    cells = (n_cells * rng.beta(0.3, 2, 3000)).astype(np.int64)
    cells[: rng.integers(1, 2000)] = rng.integers(n_cells)
    shop = Shop()
    tree = grow(cells, None, n_cells, shop, 32)
    assert tree.starts[0] == 0
    assert (np.diff(np.append(tree.starts, n_cells)) > 0).all()
    assert np.array_equal(tree.counts, leaf_counts(tree, cells))
    assert tree.total == 3000
    assert sum(shop.shares) <= 1 + 1e-12
    assert max(shop.totals) <= cells.size  # a row is in at most one cell of a level


@pytest.mark.parametrize(("n_cells", "levels"), [(1, 1), (32, 1), (33, 2), (1024, 2), (1025, 3), (2**20, 4)])
def test_depth_follows_from_the_public_size(n_cells: int, levels: int) -> None:
    assert levels_of(n_cells) == levels


def test_a_spike_ends_up_alone() -> None:
    rng = np.random.default_rng(1)
    cells = np.concatenate([np.full(5000, 40_321), rng.integers(0, 100_000, 5000)])
    tree = grow(cells, None, 100_000, Shop(20.0, noisy=True), 32)
    bins = merge(tree, 32)
    edges = np.append(tree.starts, tree.n_cells)[bins.first]
    b = int(np.searchsorted(edges, 40_321, side="right")) - 1
    low, high = bins.first[b], bins.first[b + 1]
    weight = bins.weights[low:high][tree.starts[low:high] == 40_321]
    assert weight > 0.9
    assert 10 < bins.first.size - 1 < 40


def test_zero_is_counted_apart() -> None:
    cells = np.array([0] * 900 + list(range(100)))
    zeros = np.array([True] * 900 + [False] * 100)
    tree = grow(cells, zeros, 100, Shop(), 32)
    assert tree.zeros == 900
    assert tree.counts.sum() == 100
    assert merge(tree, 32).zero_apart
    assert not merge(grow(cells, np.zeros(1000, bool), 100, Shop(), 32), 32).zero_apart


def test_bins_have_about_equal_mass() -> None:
    cells = np.random.default_rng(1).integers(0, 1000, 32_000)
    tree = grow(cells, None, 1000, Shop(), 32)
    bins = merge(tree, 32)
    masses = np.add.reduceat(tree.counts, bins.first[:-1])
    assert 16 <= masses.size <= 32
    assert masses.max() < 3 * np.median(masses)


@given(st.lists(st.floats(-1000, 1000), min_size=1, max_size=60), st.floats(0.1, 500))
def test_whatever_the_noise_bins_are_runs_of_leaves_with_weights(counts: list[float], stddev: float) -> None:
    n = len(counts)
    tree = Tree(starts=np.arange(n), counts=np.array(counts), stddevs=np.full(n, stddev), n_cells=n, zeros=counts[0])
    bins = merge(tree, 32)
    assert bins.first[0] == 0
    assert bins.first[-1] == n
    assert (np.diff(bins.first) > 0).all()
    assert np.add.reduceat(bins.weights, bins.first[:-1]) == pytest.approx(1.0)
    assert (bins.weights >= 0).all()


def test_no_rows_are_no_trouble() -> None:
    empty = np.zeros(0, dtype=np.int64)
    assert merge(grow(empty, empty.astype(bool), 1, Shop(), 32), 32).first.tolist() == [0, 1]
    bins = merge(grow(empty, None, 2**20, Shop(50, noisy=True), 32), 32)
    assert bins.weights.sum() == pytest.approx(bins.first.size - 1)
