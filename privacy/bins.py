"""Bins of an ordered column from noisy counts: a tree that splits where the rows are, then equal-mass merging.

Only ``privacy`` may use this. Level by level, every cell with enough noisy mass is split further, down to a
single value, so that a spike ends up alone. The idea is PrivTree's (Zhang, Xiao, Xie 2016, arXiv:1601.03229),
but with Gaussian counts: each level is one histogram of the rows, of L2 sensitivity max_rows, and which cells
are split depends on released counts only. So the price is a sum of mu**2, known beforehand.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

MAX_CELLS = 2**20
_FANOUT = 32
_SPLIT_SIGMAS = 4.0
_BIN_SIGMAS = 5.0
_MIN_BINS = 6
_LEAF_SIGMAS = 2.0
_FIRST_LEVEL_SHARE = 0.5

Buy = Callable[[Callable[[], NDArray[np.int64]], float], tuple[NDArray[np.int64], float]]
"""(exact counts, share of mu**2) -> (noisy counts, their stddev)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """Leaves in order. Leaf i covers cells starts[i] to starts[i + 1] - 1; the last ends at ``n_cells``.

    ``zeros`` is the noisy number of rows that are exactly zero, counted apart; None if zero is not special.
    """

    starts: NDArray[np.int64]
    counts: NDArray[np.float64]
    stddevs: NDArray[np.float64]
    n_cells: int
    zeros: float | None

    @property
    def total(self) -> float:
        """Noisy number of rows."""
        return float(self.counts.sum()) + (self.zeros or 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bins:
    """Bins are runs of leaves: bin b holds leaves first[b] to first[b + 1] - 1.

    ``weights`` spread a bin's rows over its leaves. ``zero_apart``: zero has a code of its own.
    """

    starts: NDArray[np.int64]
    n_cells: int
    weights: NDArray[np.float64]
    first: NDArray[np.int64]
    zero_apart: bool


def levels_of(n_cells: int) -> int:
    """Depth of the tree over that many cells."""
    return max(1, math.ceil(math.log(n_cells) / math.log(_FANOUT) - 1e-9))


def grow(cells: NDArray[np.int64], zeros: NDArray[np.bool_] | None, n_cells: int, buy: Buy, max_bins: int) -> Tree:
    """Buy the tree, level by level.

    ``cells``: the cell of every row with a value. ``zeros``: which rows are exactly zero; these are counted
    apart, in the first level's histogram, and are no part of the tree.
    Guarantees: each row is in at most one cell of each level, and the shares of mu**2 add up to at most 1.
    """
    n_levels = levels_of(n_cells)
    fanout = max(2, math.ceil(n_cells ** (1 / n_levels) - 1e-9))
    width = fanout ** (n_levels - 1)
    n_first = -(-n_cells // width)
    noisy, stddev = buy(
        lambda: _first_level(cells // width, zeros, n_first), 1.0 if n_levels == 1 else _FIRST_LEVEL_SHARE
    )
    zero_count = None if zeros is None else float(noisy[n_first])
    inner = cells if zeros is None else cells[~zeros]
    level = _Level(np.arange(n_first, dtype=np.int64) * width, noisy[:n_first].astype(np.float64), stddev)
    total = float(level.counts.sum()) + (zero_count or 0.0)
    done: list[_Level] = []
    for _ in range(n_levels - 1):
        heavy = level.counts > max(total / max_bins, _SPLIT_SIGMAS * level.stddev)
        if not heavy.any():
            break
        done.append(level.where(~heavy))
        parents, width = level.starts[heavy], width // fanout
        noisy, stddev = buy(_child_counter(inner, parents, width, fanout), (1 - _FIRST_LEVEL_SHARE) / (n_levels - 1))
        children = (parents[:, None] + np.arange(fanout) * width).ravel()
        level = _Level(children, noisy.astype(np.float64), stddev).where(children < n_cells)
    return _tree([*done, level], n_cells, zero_count)


@dataclass(frozen=True, slots=True)
class _Level:
    starts: NDArray[np.int64]
    counts: NDArray[np.float64]
    stddev: float

    def where(self, keep: NDArray[np.bool_]) -> _Level:
        return _Level(self.starts[keep], self.counts[keep], self.stddev)


def _first_level(nodes: NDArray[np.int64], zeros: NDArray[np.bool_] | None, n_first: int) -> NDArray[np.int64]:
    if zeros is None:
        return np.bincount(nodes, minlength=n_first).astype(np.int64)
    return np.bincount(np.where(zeros, n_first, nodes), minlength=n_first + 1).astype(np.int64)


def _child_counter(
    cells: NDArray[np.int64], parents: NDArray[np.int64], width: int, fanout: int
) -> Callable[[], NDArray[np.int64]]:
    """Counts of the children, parent by parent. ``parents`` are sorted first cells."""

    def count() -> NDArray[np.int64]:
        parent = cells - cells % (width * fanout)
        position = np.minimum(np.searchsorted(parents, parent), parents.size - 1)
        inside = parents[position] == parent
        child = (cells[inside] - parent[inside]) // width
        return np.bincount(position[inside] * fanout + child, minlength=parents.size * fanout).astype(np.int64)

    return count


def _tree(levels: list[_Level], n_cells: int, zeros: float | None) -> Tree:
    starts = np.concatenate([level.starts for level in levels])
    order = np.argsort(starts)
    return Tree(
        starts=starts[order],
        counts=np.concatenate([level.counts for level in levels])[order],
        stddevs=np.concatenate([np.full(level.starts.size, level.stddev) for level in levels])[order],
        n_cells=n_cells,
        zeros=zeros,
    )


def merge(tree: Tree, max_bins: int) -> Bins:
    """At most about max_bins bins of roughly equal noisy mass; a leaf as heavy as a bin stays alone.

    Post-processing of released counts.
    """
    target = _bin_mass(tree, max_bins)
    first = np.array(_cut(tree.counts, target), dtype=np.int64)
    return Bins(
        starts=tree.starts,
        n_cells=tree.n_cells,
        weights=_leaf_weights(tree, first),
        first=first,
        zero_apart=tree.zeros is not None and tree.zeros >= target,
    )


def _bin_mass(tree: Tree, max_bins: int) -> float:
    """The noisy mass of a bin: an equal share of what is in no spike, but enough to stand out of the noise."""
    stddev, total = float(tree.stddevs.max()), max(tree.total, 0.0)
    masses = tree.counts if tree.zeros is None else np.append(tree.counts, tree.zeros)
    spikes = masses[masses > max(total / max_bins, _SPLIT_SIGMAS * stddev)]
    share = (total - float(spikes.sum())) / max(max_bins - spikes.size, _MIN_BINS)
    return max(share, min(_BIN_SIGMAS * stddev, total / _MIN_BINS), stddev)


@dataclass(slots=True)
class _Run:
    """Leaves first to end - 1, still being put together."""

    first: int
    end: int
    mass: float
    alone: bool


def _cut(counts: NDArray[np.float64], target: float) -> list[int]:
    """First leaf of each bin, and one more for the end."""
    runs: list[_Run] = []
    run = _Run(0, 0, 0.0, False)
    for leaf, count in enumerate(float(count) for count in counts):
        if count >= target and run.end > run.first:
            runs.append(run)
            run = _Run(leaf, leaf, 0.0, False)
        run.end, run.mass, run.alone = leaf + 1, run.mass + count, count >= target
        if run.mass >= target:
            runs.append(run)
            run = _Run(leaf + 1, leaf + 1, 0.0, False)
    if run.end > run.first:
        runs.append(run)
    _absorb_light(runs, target / 4)
    return [run.first for run in runs] + [runs[-1].end]


def _absorb_light(runs: list[_Run], least: float) -> None:
    """Give runs that hold next to nothing to a neighbour, if possible to one that is no spike."""
    index = 0
    while index < len(runs) and len(runs) > 1:
        if runs[index].mass >= least:
            index += 1
            continue
        near = [other for other in (index - 1, index + 1) if 0 <= other < len(runs)]
        other = min(near, key=lambda n: (runs[n].alone, runs[n].mass))
        low, high = sorted((index, other))
        mass, alone = runs[low].mass + runs[high].mass, runs[other].alone
        runs[low : high + 1] = [_Run(runs[low].first, runs[high].end, mass, alone)]
        index = max(low - 1, 0)


def _leaf_weights(tree: Tree, first: NDArray[np.int64]) -> NDArray[np.float64]:
    """How the rows of each bin spread over its leaves: noisy mass where it stands out of the noise.

    Where none does, all positive mass; where there is none of that either, the leaves' widths.
    """
    significant = np.where(tree.counts > _LEAF_SIGMAS * tree.stddevs, tree.counts, 0.0)
    positive = np.maximum(tree.counts, 0.0)
    widths = np.diff(np.append(tree.starts, tree.n_cells)).astype(np.float64)
    weights = np.empty_like(positive)
    for low, high in pairwise(first):
        candidates = (significant[low:high], positive[low:high], widths[low:high])
        weights[low:high] = next(part / part.sum() for part in candidates if part.sum() > 0)
    return weights
