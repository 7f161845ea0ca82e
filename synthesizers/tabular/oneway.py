"""Cleaner one-way marginals from noisy ones, by shrinking what does not stand above the noise.

Reads released counts only. Where noise is strong, what shares of columns usually are like fills in what counts do not
tell (posterior.py). Else, ordered columns: an unbalanced Haar tree over the codes, each detail shrunk towards an
even split by how large its level's details are (empirical Bayes), or kept if it stands out by itself. Unordered
columns: small categories are drawn towards their mean (James-Stein). Then the nearest non-negative counts that
add up to the total.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from synthesizers.tabular.levels import Coding
from synthesizers.tabular.posterior import posterior, worth_it

Floats = NDArray[np.float64]

_CHI2_MEDIAN = 0.4549
_STANDS_OUT = 1.5
_SMALL = 3.0


def clean(counts: Floats, code: Coding, *, stddev: float, total: float) -> Floats:
    """Estimated counts by code: non-negative, adding up to ``total`` (positive)."""
    if worth_it(code.size, stddev=stddev, total=total):
        return posterior(counts, code, stddev=stddev, total=total)
    smooth = counts.copy()
    if code.is_ordered:
        own = counts[: code.n_ordered]
        factor = _evenness(own, stddev)
        smooth[: code.n_ordered] = factor * _haar(own, stddev) + (1 - factor) * own.mean()
    else:
        smooth = _shrink_small(counts, stddev)
    return project_to_simplex(smooth, total)


def project_to_simplex(values: Floats, total: float) -> Floats:
    """The nearest (least squares) non-negative vector with this sum. Source: Duchi et al. 2008."""
    down = np.sort(values)[::-1]
    shift = (np.cumsum(down) - total) / np.arange(1, len(values) + 1)
    last = int(np.nonzero(down > shift)[0][-1])
    return np.asarray(np.maximum(values - shift[last], 0.0), dtype=np.float64)


def _haar(counts: Floats, stddev: float) -> Floats:
    size = len(counts)
    below = np.concatenate([[0.0], np.cumsum(counts)])
    sums = np.array([below[-1]])
    bounds = np.array([0, size])
    while len(bounds) <= size:
        low, high = bounds[:-1], bounds[1:]
        middle = (low + high) // 2
        split = middle > low
        left, right = middle - low, high - middle
        width = high - low
        detail = ((below[middle] - below[low]) * right - (below[high] - below[middle]) * left) / width
        sigma = stddev * np.sqrt(left * right / width)
        detail = np.where(split, detail * _keep(detail, sigma, split), 0.0)
        parts = np.stack([sums * left / width + detail, sums * right / width - detail], axis=1)
        keep = np.stack([split, np.ones_like(split)], axis=1)
        sums = parts[keep]
        bounds = np.append(np.stack([low, middle], axis=1)[np.stack([np.ones_like(split), split], axis=1)], size)
    return sums


def _keep(detail: Floats, sigma: Floats, split: NDArray[np.bool_]) -> Floats:
    """The factor by which each detail of one tree level is kept."""
    z2 = np.where(split, detail**2, 0.0) / np.where(split, sigma**2, 1.0)
    spread = max(float(np.median(z2[split])) / _CHI2_MEDIAN - 1, 0.0)
    outlier = 1 - _STANDS_OUT**2 / np.maximum(z2, 1e-12)
    return np.maximum(spread / (1 + spread), outlier)


def _evenness(counts: Floats, stddev: float) -> float:
    """How far the counts as a whole are believed to differ from an even spread, 0 to 1.

    The root of James and Stein's factor, for the tree's own shrinkage comes on top; less where nearly all may be noise.
    """
    spread = float(((counts - counts.mean()) ** 2).sum()) / stddev**2
    factor = max(0.0, 1 - max(len(counts) - 3, 0) / max(spread, 1e-12))
    return min(float(np.sqrt(factor)), 1.5 * factor)


def _shrink_small(counts: Floats, stddev: float) -> Floats:
    small = counts < _SMALL * stddev
    if small.sum() < 3:
        return counts
    mean = max(float(counts[small].mean()), 0.0)
    spread = float(counts[small].var())
    factor = max(0.0, 1 - stddev**2 / max(spread, 1e-12))
    result = counts.copy()
    result[small] = mean + factor * (counts[small] - mean)
    return result
