"""What joint measurements tell of single columns. Reads released numbers only.

A noisy pair, added up along one side, is a noisy one-way marginal of the other in groups. Half of what is known of a
column's coarse shares may come from the pairs that it is in: each column is in many.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthesizers.tabular.allocate import MEAN_ABS
from synthesizers.tabular.balance import cell_error
from synthesizers.tabular.levels import Axis, Coding
from synthesizers.tabular.oneway import project_to_simplex
from synthesizers.tabular.posterior import Sums, posterior, worth_it
from synthesizers.tabular.select import Picked

Floats = NDArray[np.float64]
Measurement = tuple[Picked, Floats, float]
"""What was measured, its noisy counts, and their standard deviation."""

_MOST_CODES = 2_000
"""A column of more codes is left as it is: its codes' covariance would be too large a matrix."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column's own measurement: noisy counts by code, their noise, and what the codes are."""

    noisy: Floats
    stddev: float
    code: Coding


def sharpened(
    axes: Sequence[Axis], ones: Sequence[Floats], columns: Sequence[Column], told: Sequence[Measurement], total: float
) -> list[Floats]:
    """Cleaned one-ways (by code, adding up to ``total``) with what joint measurements tell of them.

    Where noise is strong, the posterior given both. Else linear least squares: a code's count is off by what
    ``cell_error`` says (little where it is small, for counts are kept non-negative), a group's by the noise of the
    cells that were added up; then the nearest non-negative counts.
    """
    by_column: dict[int, dict[int, list[tuple[Floats, float]]]] = defaultdict(lambda: defaultdict(list))
    for one, counts, stddev in told:
        for place, (column, level) in enumerate(one.variables):
            others = tuple(axis for axis in range(counts.ndim) if axis != place)
            precision = counts.shape[place] / (counts.size * stddev**2)
            by_column[column][level].append((counts.sum(axis=others), precision))
    result = list(ones)
    for column, levels in by_column.items():
        if len(ones[column]) > _MOST_CODES:
            continue
        own, sums = columns[column], _sums(axes[column], levels)
        if worth_it(len(ones[column]), stddev=own.stddev, total=total):
            result[column] = posterior(own.noisy, own.code, stddev=own.stddev, total=total, told=sums)
        else:
            result[column] = _updated(ones[column], own.stddev, sums, total)
    return result


def _sums(axis: Axis, levels: dict[int, list[tuple[Floats, float]]]) -> list[Sums]:
    """All that is told of a column at one level, in one."""
    found = []
    for level, seen in levels.items():
        precision = sum(own for _, own in seen)
        groups = np.zeros((axis.groups(level), len(axis.order)))
        groups[axis.code_map(level), np.arange(len(axis.order))] = 1.0
        counts = sum((own * values for values, own in seen), np.zeros(len(groups))) / precision
        found.append(Sums(groups, counts, precision**-0.5))
    return found


def _updated(counts: Floats, stddev: float, told: Sequence[Sums], total: float) -> Floats:
    prior = (cell_error(counts, stddev) / MEAN_ABS) ** 2
    gaps = [one.counts - one.groups @ counts for one in told]
    noise = [np.full(len(one.counts), one.stddev**2) for one in told]
    to_groups = np.concatenate([one.groups for one in told])
    covariance = (to_groups * prior) @ to_groups.T + np.diag(np.concatenate(noise))
    change = prior * (to_groups.T @ np.linalg.solve(covariance, np.concatenate(gaps)))
    return project_to_simplex(counts + change, total)
