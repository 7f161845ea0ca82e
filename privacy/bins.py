"""Bins of an ordered column from noisy counts: a tree that splits where the rows are, then equal-mass merging.

Only ``privacy`` may use this. Level by level, every node with enough noisy mass is split further, down to a
single value, so that a spike ends up alone. The idea is PrivTree's (Zhang, Xiao, Xie 2016, arXiv:1601.03229),
but with Gaussian counts: each level is one histogram of the rows, of L2 sensitivity max_rows, and which nodes
are split, and into how many parts, depends on released counts only. So the price is a sum of mu**2, known beforehand.
Counts of a node and of its parts are brought together by least squares, as in Hay et al. 2010, arXiv:0904.0942.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ticks = NDArray[np.uint64]


class Buy(Protocol):
    """Sells noisy counts for a share of the column's mu**2."""

    def __call__(self, exact: Callable[[], NDArray[np.int64]], share: float) -> NDArray[np.int64]:
        """Counts of disjoint sets of rows, plus noise."""

    def stddev(self, share: float) -> float:
        """The noise that a share buys, in rows."""


MAX_LEVELS = 5
FANOUT = 32
LEVEL_SHARE = 0.5
"""A level takes this part of what is left of the column's mu**2; the last histogram, that of the bins, the rest."""

_SPLIT_SIGMAS = 3.0
_PART_SIGMAS = 2.0
_BIN_SIGMAS = 5.0
_MIN_BINS = 6
_KEPT_SIGMAS = 1.5
_ONE = np.uint64(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Nodes:
    """Disjoint runs of ticks in order: node i covers starts[i] to lasts[i], both included."""

    starts: Ticks
    lasts: Ticks
    counts: Floats
    variances: Floats

    def where(self, keep: NDArray[np.bool_]) -> Nodes:
        """Some of the nodes."""
        return Nodes(
            starts=self.starts[keep],
            lasts=self.lasts[keep],
            counts=self.counts[keep],
            variances=self.variances[keep],
        )

    @classmethod
    def joined(cls, parts: list[Nodes]) -> Nodes:
        """All nodes of disjoint parts, in order."""
        starts = np.concatenate([part.starts for part in parts])
        order = np.argsort(starts)
        return cls(
            starts=starts[order],
            lasts=np.concatenate([part.lasts for part in parts])[order],
            counts=np.concatenate([part.counts for part in parts])[order],
            variances=np.concatenate([part.variances for part in parts])[order],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bins:
    """Bins are runs of leaves: bin b holds leaves first[b] to first[b + 1] - 1; leaf i begins at tick starts[i].

    ``weights`` spread a bin's rows over its leaves. ``zero_apart``: zero has a code of its own.
    """

    starts: Ticks
    weights: Floats
    first: NDArray[np.int64]
    zero_apart: bool


def nodes_of(starts: Ticks, n_ticks: int) -> tuple[Ticks, Ticks]:
    """First and last tick of the nodes that begin at ``starts``."""
    return starts, np.append(starts[1:] - _ONE, np.uint64(n_ticks - 1))


def grow(roots: Nodes, offsets: Ticks, buy: Buy, *, max_bins: int, share: float) -> tuple[Nodes, float]:
    """Split nodes level by level. Returns the leaves, and the share of mu**2 that is left.

    ``roots``: nodes with noisy counts, bought before. ``offsets``: the tick of every row that the roots may be split
    for. ``share``: the part of the column's mu**2 that may be spent.
    Guarantees: each row is in at most one node of each level, and the shares bought add up to at most ``share``.
    """
    level, total = roots, float(np.maximum(roots.counts, 0).sum())
    done: list[Nodes] = []
    for _ in range(MAX_LEVELS):
        part = share * LEVEL_SHARE
        stddev = buy.stddev(part)
        heavy = level.counts > max(total / max_bins, _SPLIT_SIGMAS * stddev)
        heavy &= level.lasts > level.starts
        if not heavy.any():
            break
        done.append(level.where(~heavy))
        parents = level.where(heavy)
        starts, lasts, owner = _split(parents, stddev)
        noisy = buy(_counter(offsets, starts, lasts), part)
        share -= part
        counts, variances = _reconcile(parents, noisy.astype(np.float64), stddev**2, owner)
        level = Nodes(starts=starts, lasts=lasts, counts=counts, variances=variances)
    return Nodes.joined([*done, level]), share


def _split(parents: Nodes, stddev: float) -> tuple[Ticks, Ticks, NDArray[np.int64]]:
    """Parts of each parent, about equally wide, as many as its noisy mass can tell apart; and each part's parent."""
    widths = parents.lasts - parents.starts + _ONE
    wanted = np.clip(parents.counts / (_PART_SIGMAS * stddev), 2, FANOUT).astype(np.uint64)
    fanouts = np.minimum(wanted, widths)
    owner = np.repeat(np.arange(fanouts.size), fanouts.astype(np.int64))
    ranks = np.concatenate([np.arange(n, dtype=np.uint64) for n in fanouts])
    n, width = fanouts[owner], widths[owner]
    starts = parents.starts[owner] + (width // n) * ranks + (width % n) * ranks // n
    last_of_parent = np.append(owner[1:] != owner[:-1], True)
    lasts = np.where(last_of_parent, parents.lasts[owner], np.append(starts[1:], np.uint64(0)) - _ONE)
    return starts, lasts, owner


def _counter(offsets: Ticks, starts: Ticks, lasts: Ticks) -> Callable[[], NDArray[np.int64]]:
    def count() -> NDArray[np.int64]:
        position = np.searchsorted(starts, offsets, side="right") - 1
        inside = (position >= 0) & (offsets <= lasts[position])
        return np.bincount(position[inside], minlength=starts.size).astype(np.int64)

    return count


def _reconcile(parents: Nodes, noisy: Floats, variance: float, owner: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Counts of parts that agree with what is known of their parents, and their variances (correlations dropped)."""
    n = np.bincount(owner)
    sums = np.bincount(owner, noisy)
    trust = 1 / parents.variances, 1 / (n * variance)
    agreed = (parents.counts * trust[0] + sums * trust[1]) / (trust[0] + trust[1])
    counts = noisy + ((agreed - sums) / n)[owner]
    variances = variance * (1 - 1 / n) + 1 / (trust[0] + trust[1]) / n**2
    return counts, variances[owner]


def merge(leaves: Nodes, *, max_bins: int, zero: int | None) -> Bins:
    """At most about max_bins bins of roughly equal noisy mass; a leaf as heavy as a bin stays alone.

    ``zero``: the rank of the leaf that is zero alone, if there is one. Post-processing of released counts.
    """
    target = _bin_mass(leaves, max_bins)
    apart = zero if zero is not None and leaves.counts[zero] >= target else None
    counts = leaves.counts.copy()
    if apart is not None:
        counts[apart] = 0.0
    first = np.array(_cut(counts, target), dtype=np.int64)
    weights = _leaf_weights(counts, leaves.variances, first, apart)
    return Bins(starts=leaves.starts, weights=weights, first=first, zero_apart=apart is not None)


def _bin_mass(leaves: Nodes, max_bins: int) -> float:
    """The noisy mass of a bin: an equal share of what is in no spike, but enough to stand out of the noise."""
    noisy = leaves.variances[leaves.variances > 0]
    stddev = math.sqrt(float(np.median(noisy))) if noisy.size else 1.0
    total = max(float(leaves.counts.sum()), 0.0)
    spikes = leaves.counts[leaves.counts > max(total / max_bins, _SPLIT_SIGMAS * stddev)]
    share = (total - float(spikes.sum())) / max(max_bins - spikes.size, _MIN_BINS)
    return max(share, min(_BIN_SIGMAS * stddev, total / _MIN_BINS), stddev)


@dataclass(slots=True)
class _Run:
    """Leaves first to end - 1, still being put together."""

    first: int
    end: int
    mass: float
    alone: bool


def _cut(counts: Floats, target: float) -> list[int]:
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


def _leaf_weights(counts: Floats, variances: Floats, first: NDArray[np.int64], apart: int | None) -> Floats:
    """How the rows of each bin spread over its leaves: noisy mass, drawn to an even spread as far as it is noise.

    ``apart``: a leaf whose rows have a code of their own; it gets nothing, unless it is a bin by itself.
    """
    weights = np.zeros_like(counts)
    for low, high in pairwise(first):
        inside = np.arange(low, high)
        rest = inside[inside != apart] if high - low > 1 else inside
        part = _shrunk(counts[rest], variances[rest])
        weights[rest] = part / part.sum()
    return weights


def _shrunk(counts: Floats, variances: Floats) -> Floats:
    """Empirical Bayes: deviations from the median shrink by what noise alone would explain, unless one stands out.

    Leaves without noise are known to be empty (beyond the column's range): they get nothing if any other has noise.
    """
    noisy = variances > 0
    if counts.size == 1 or not noisy.any():
        return np.ones_like(counts)
    centre = max(float(np.median(counts[noisy])), 0.0)
    detail = counts - centre
    spread = float((detail[noisy] ** 2).sum()) / max(int(noisy.sum()) - 1, 1)
    factor = max(0.0, 1 - float(variances[noisy].mean()) / spread) if spread > 0 else 0.0
    keep = np.maximum(factor, 1 - _KEPT_SIGMAS**2 * variances / np.maximum(detail**2, 1e-12))
    shrunk = np.where(noisy, np.maximum(centre + keep * detail, 0.0), 0.0)
    return shrunk if shrunk.sum() > 0 else noisy.astype(np.float64)
