"""Exact nearest neighbours between mixed rows.

Squared distance of two rows: for a numeric column the squared difference in robust standard deviations
of the reference pool (a missing value stands at the median and costs 1 against a known one), for any other
column 1 where the values differ. The reference side is never subsampled: that hides memorised rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.encode import Column

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_ONE_HOT_UP_TO = 32
_BLOCK_CELLS = 8_000_000
_FAR = 20.0
"""Values further from the median than this many standard deviations count as this far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """Rows as points: `dense` float32 (n, d), and `wide` int64 (n, w), codes compared for equality."""

    dense: NDArray[np.float32]
    wide: Ints

    def __len__(self) -> int:
        return len(self.dense)

    def take(self, rows: Ints) -> Points:
        """The rows at these positions."""
        return Points(dense=self.dense[rows], wide=self.wide[rows])


def stack(parts: list[Points]) -> Points:
    """The rows of all parts, in order."""
    return Points(
        dense=np.concatenate([part.dense for part in parts]), wide=np.concatenate([part.wide for part in parts])
    )


def points(columns: tuple[Column, ...], pool: tuple[str, ...], roles: tuple[str, ...]) -> dict[str, Points]:
    """Place the rows of each role in one space whose scales come from the `pool` roles together.

    The pool must not tell members from controls, or the scale itself would leak the label.
    """
    dense: dict[str, list[NDArray[np.float32]]] = {role: [] for role in roles}
    wide: dict[str, list[Ints]] = {role: [] for role in roles}
    for column in columns:
        if column.number is not None:
            known = np.concatenate([column.number[role] for role in pool])
            centre, spread = _scale(known[np.isfinite(known)])
            for role in roles:
                dense[role].append(_scaled(column.number[role], centre, spread))
        elif column.cardinality <= _ONE_HOT_UP_TO:
            for role in roles:
                dense[role].append(_one_hot(column.exact[role], column.cardinality))
        else:
            for role in roles:
                wide[role].append(column.exact[role][:, None])
    return {role: _points(dense[role], wide[role], len(columns[0].exact[role]) if columns else 0) for role in roles}


def nearest(queries: Points, reference: Points) -> tuple[Floats, Ints]:
    """Distance to and position of the nearest reference row of every query. Infinite if there is none.

    Exact up to float32 rounding in the search; the distance returned is recomputed in float64.
    """
    distances, places = np.full(len(queries), np.inf), np.zeros(len(queries), dtype=np.int64)
    if len(reference) == 0 or len(queries) == 0:
        return distances, places
    norms = np.einsum("ij,ij->i", reference.dense, reference.dense)
    for start, block in _blocks(queries, len(reference)):
        places[start : start + len(block)] = _squared(block, reference, norms).argmin(axis=1)
    gap = queries.dense.astype(np.float64) - reference.dense[places]
    differ = np.count_nonzero(queries.wide != reference.wide[places], axis=1)
    return np.sqrt(np.einsum("ij,ij->i", gap, gap) + differ), places


def isolation(pool: Points, k: int) -> Floats:
    """Distance of every row to its k-th nearest other row of the same pool. Infinite if there is none."""
    result = np.full(len(pool), np.inf)
    if len(pool) <= k:
        return result
    norms = np.einsum("ij,ij->i", pool.dense, pool.dense)
    for start, block in _blocks(pool, len(pool)):
        squared = _squared(block, pool, norms)
        rows = np.arange(len(block))
        squared += np.einsum("ij,ij->i", block.dense, block.dense)[:, None]
        squared[rows, start + rows] = np.inf
        kth = np.partition(squared, k - 1, axis=1)[:, k - 1]
        result[start : start + len(block)] = np.sqrt(np.maximum(kth, 0.0))
    return result


def _scale(known: Floats) -> tuple[float, float]:
    """Median, and the interquartile range in standard deviations of a normal; the plain one when that is 0."""
    if len(known) == 0:
        return 0.0, 1.0
    low, centre, high = np.quantile(known, [0.25, 0.5, 0.75])
    return float(centre), float((high - low) / 1.349 or known.std() or 1.0)


def _scaled(values: Floats, centre: float, spread: float) -> NDArray[np.float32]:
    missing = ~np.isfinite(values)
    scaled = np.where(missing, 0.0, np.clip((values - centre) / spread, -_FAR, _FAR))
    return np.column_stack([scaled, missing]).astype(np.float32)


def _one_hot(codes: Ints, cardinality: int) -> NDArray[np.float32]:
    matrix = np.zeros((len(codes), cardinality + 1), dtype=np.float32)
    matrix[np.arange(len(codes)), codes] = np.sqrt(0.5)
    return matrix


def _points(dense: list[NDArray[np.float32]], wide: list[Ints], n_rows: int) -> Points:
    return Points(
        dense=np.concatenate(dense, axis=1) if dense else np.zeros((n_rows, 1), dtype=np.float32),
        wide=np.concatenate(wide, axis=1) if wide else np.zeros((n_rows, 0), dtype=np.int64),
    )


def _blocks(queries: Points, n_reference: int) -> list[tuple[int, Points]]:
    size = max(1, _BLOCK_CELLS // max(1, n_reference))
    starts = range(0, len(queries), size)
    return [(s, Points(dense=queries.dense[s : s + size], wide=queries.wide[s : s + size])) for s in starts]


def _squared(block: Points, reference: Points, norms: NDArray[np.float32]) -> NDArray[np.float32]:
    """Squared distances without the query's own norm, which does not change who is nearest."""
    squared = block.dense @ reference.dense.T
    squared *= -2.0
    squared += norms
    for column in range(block.wide.shape[1]):
        squared += block.wide[:, column, None] != reference.wide[None, :, column]
    result: NDArray[np.float32] = squared
    return result
