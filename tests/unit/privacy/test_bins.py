"""The tree finds spikes, merging gives bins of equal mass."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from privacy.bins import Nodes, Ticks, grow, merge, nodes_of


class Shop:
    """Sells exact counts, or normal noise, and keeps the shares."""

    def __init__(self, stddev: float = 0.5, noisy: bool = False) -> None:
        self.shares: list[float] = []
        self.totals: list[int] = []
        self._stddev = stddev
        self._rng = np.random.default_rng(3) if noisy else None

    def stddev(self, share: float) -> float:
        return float(self._stddev / share**0.5)

    def __call__(self, exact: Callable[[], NDArray[np.int64]], share: float) -> NDArray[np.int64]:
        self.shares.append(share)
        counts = exact()
        self.totals.append(int(counts.sum()))
        if self._rng is None:
            return counts
        return counts + np.rint(self._rng.normal(0, self.stddev(share), counts.shape)).astype(np.int64)


def roots(ticks: Ticks, n_ticks: int, shop: Shop, n_roots: int = 8) -> Nodes:
    starts, lasts = nodes_of(
        np.array(sorted({i * n_ticks // n_roots for i in range(n_roots)}), dtype=np.uint64), n_ticks
    )
    cells = np.searchsorted(starts, ticks, side="right") - 1
    noisy = shop(lambda: np.bincount(cells, minlength=starts.size), 0.5)
    return Nodes(
        starts=starts,
        lasts=lasts,
        counts=noisy.astype(np.float64),
        variances=np.full(starts.size, shop.stddev(0.5) ** 2),
    )


def grown(ticks: NDArray[np.int64], n_ticks: int, shop: Shop) -> tuple[Nodes, float]:
    offsets = ticks.astype(np.uint64)
    return grow(roots(offsets, n_ticks, shop), offsets, shop, max_bins=32, share=0.5)


def nodes(counts: list[float], stddev: float, empty: int = 0) -> Nodes:
    ticks = np.arange(len(counts), dtype=np.uint64)
    values, variances = np.array(counts, dtype=np.float64), np.full(len(counts), stddev**2)
    values[:empty] = variances[:empty] = 0.0
    return Nodes(starts=ticks, lasts=ticks, counts=values, variances=variances)


@given(st.integers(1, 2**63), st.integers(0, 2**32))
@settings(max_examples=30, deadline=None)
def test_leaves_partition_the_ticks_and_their_counts_are_right(n_ticks: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    ticks = (min(n_ticks, 2**62) * rng.beta(0.3, 2, 2000)).astype(np.int64)
    ticks[: rng.integers(1, 1500)] = rng.integers(min(n_ticks, 2**62))
    shop = Shop()
    leaves, left = grown(ticks, n_ticks, shop)
    assert leaves.starts[0] == 0
    assert leaves.lasts[-1] == n_ticks - 1
    assert (leaves.starts[1:] == leaves.lasts[:-1] + np.uint64(1)).all()
    exact = np.bincount(np.searchsorted(leaves.starts, ticks.astype(np.uint64), side="right") - 1)
    assert leaves.counts[: exact.size] == pytest.approx(exact, abs=1e-6)
    assert sum(shop.shares) + left == pytest.approx(1)
    assert max(shop.totals) <= ticks.size  # a row is in at most one node of a level


def test_counts_of_parts_and_parents_are_brought_together() -> None:
    """The same table again and again: least squares has less spread than the last histogram alone."""
    ticks = np.repeat(np.arange(64), 200)
    sums, alone = [], Shop(20.0).stddev(0.5 * 0.6)
    for seed in range(200):
        shop = Shop(20.0, noisy=True)
        shop._rng = np.random.default_rng(seed)
        leaves, _ = grown(ticks, 64, shop)
        sums.append(leaves.counts[leaves.starts < 8].sum())
    n_parts = int((leaves.starts < 8).sum())
    assert abs(np.mean(sums) - 1600) < 4 * np.std(sums) / len(sums) ** 0.5
    assert np.std(sums) < 0.9 * alone * n_parts**0.5


def test_a_spike_ends_up_alone() -> None:
    rng = np.random.default_rng(1)
    ticks = np.concatenate([np.full(5000, 40_321), rng.integers(0, 100_000, 5000)])
    leaves, _ = grown(ticks, 100_000, Shop(20.0, noisy=True))
    bins = merge(leaves, max_bins=32, zero=None)
    edges = np.append(leaves.starts, 100_000)[bins.first]
    b = int(np.searchsorted(edges, 40_321, side="right")) - 1
    low, high = bins.first[b], bins.first[b + 1]
    inside = leaves.starts[low:high] == 40_321
    assert bins.weights[low:high][inside] > 0.85
    assert 10 < bins.first.size - 1 < 40


def test_a_full_zero_stands_apart_and_its_leaf_gets_nothing_else() -> None:
    bins = merge(nodes([900.0, 60, 50, 40, 80, 20, 30, 90], 0.5), max_bins=32, zero=0)
    assert bins.zero_apart
    assert bins.weights[0] == 0
    assert not merge(nodes([0.2, 60, 50, 40, 80, 20, 30, 90], 0.5), max_bins=32, zero=0).zero_apart
    assert not merge(nodes([900.0, 60, 50], 0.5), max_bins=32, zero=None).zero_apart


def test_bins_have_about_equal_mass() -> None:
    leaves, _ = grown(np.random.default_rng(1).integers(0, 1000, 32_000), 1000, Shop())
    bins = merge(leaves, max_bins=32, zero=None)
    masses = np.add.reduceat(leaves.counts, bins.first[:-1])
    assert 16 <= masses.size <= 32
    assert masses.max() < 3 * np.median(masses)


def test_empty_leaves_beyond_the_range_get_nothing() -> None:
    bins = merge(nodes([0.0, 0, 0, 40, 50, 60, 50], 20.0, empty=3), max_bins=32, zero=None)
    assert (bins.weights[:3] == 0).all()


@given(st.lists(st.floats(-1000, 1000), min_size=1, max_size=60), st.floats(0.1, 500), st.integers(0, 60))
def test_whatever_the_noise_bins_are_runs_of_leaves_with_weights(
    counts: list[float], stddev: float, empty: int
) -> None:
    bins = merge(nodes(counts, stddev, empty), max_bins=32, zero=len(counts) // 2)
    assert bins.first[0] == 0
    assert bins.first[-1] == len(counts)
    assert (np.diff(bins.first) > 0).all()
    assert np.add.reduceat(bins.weights, bins.first[:-1]) == pytest.approx(1.0)
    assert (bins.weights >= 0).all()


def test_no_rows_are_no_trouble() -> None:
    empty = np.zeros(0, dtype=np.int64)
    for n_ticks in (1, 2**20, 2**64):
        bins = merge(grown(empty, n_ticks, Shop(50, noisy=True))[0], max_bins=32, zero=None)
        assert bins.weights.sum() == pytest.approx(bins.first.size - 1)
