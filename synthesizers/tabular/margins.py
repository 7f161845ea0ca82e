"""What joint measurements tell of single columns. Reads released numbers only.

A noisy pair, added up along one side, is a noisy one-way marginal of the other in groups. Half of what is known of a
column's coarse shares may come from the pairs that it is in: each column is in many.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from synthesizers.tabular.allocate import MEAN_ABS
from synthesizers.tabular.balance import cell_error
from synthesizers.tabular.levels import Axis
from synthesizers.tabular.oneway import project_to_simplex
from synthesizers.tabular.select import Picked

Floats = NDArray[np.float64]
Measurement = tuple[Picked, Floats, float]
"""What was measured, its noisy counts, and their standard deviation."""

_MOST_CODES = 2_000
"""A column of more codes is left as it is: its codes' covariance would be too large a matrix."""


def sharpened(
    axes: Sequence[Axis], ones: Sequence[Floats], stddevs: Floats, told: Sequence[Measurement], total: float
) -> list[Floats]:
    """Cleaned one-ways (by code, adding up to ``total``) with what joint measurements tell of them.

    ``stddevs``: noise of a code's count in each column's own measurement. Linear least squares: a code's count is off
    by what ``cell_error`` says (little where it is small, for counts are kept non-negative), a group's by the noise of
    the cells that were added up; then the nearest non-negative counts.
    """
    by_column: dict[int, dict[int, list[tuple[Floats, float]]]] = defaultdict(lambda: defaultdict(list))
    for one, counts, stddev in told:
        for place, (column, level) in enumerate(one.variables):
            others = tuple(axis for axis in range(counts.ndim) if axis != place)
            precision = counts.shape[place] / (counts.size * stddev**2)
            by_column[column][level].append((counts.sum(axis=others), precision))
    result = list(ones)
    for column, levels in by_column.items():
        if len(ones[column]) <= _MOST_CODES:
            result[column] = _updated(axes[column], ones[column], float(stddevs[column]), levels, total)
    return result


def _updated(
    axis: Axis, counts: Floats, stddev: float, levels: dict[int, list[tuple[Floats, float]]], total: float
) -> Floats:
    prior = (cell_error(counts, stddev) / MEAN_ABS) ** 2
    maps, gaps, noise = [], [], []
    for level, seen in levels.items():
        precision = sum(own for _, own in seen)
        groups = np.zeros((axis.groups(level), len(counts)))
        groups[axis.code_map(level), np.arange(len(counts))] = 1.0
        maps.append(groups)
        gaps.append(sum((own * values for values, own in seen), np.zeros(len(groups))) / precision - groups @ counts)
        noise.append(np.full(len(groups), 1 / precision))
    to_groups = np.concatenate(maps)
    covariance = (to_groups * prior) @ to_groups.T + np.diag(np.concatenate(noise))
    change = prior * (to_groups.T @ np.linalg.solve(covariance, np.concatenate(gaps)))
    return project_to_simplex(counts + change, total)
