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
from evaluation.kernel import nearest_places

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]
Ints = NDArray[np.int64]
Codes = NDArray[np.int32]

_ONE_HOT_UP_TO = 32
_BLOCK_CELLS = 8_000_000
_COMPILE_FROM = 150_000_000
"""Pairs of rows from which the compiled loop is worth its compilation."""
_FAR = 20.0
"""Values further from the median than this many standard deviations count as this far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """Rows as points: `dense` float32 (n, d), and `wide` int32 (n, w), codes compared for equality."""

    dense: Floats32
    wide: Codes

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
    dense: dict[str, list[Floats32]] = {role: [] for role in roles}
    for column in columns:
        if column.number is None:
            continue
        known = np.concatenate([column.number[role] for role in pool])
        centre, spread = _scale(known[np.isfinite(known)])
        gaps = any(np.isnan(column.number[role]).any() for role in roles)
        for role in roles:
            dense[role] += _scaled(column.number[role], centre, spread, flag=gaps)
    named = [column for column in columns if column.number is None]
    return {role: _points(dense[role], [c.exact[role] for c in named], _length(columns, role)) for role in roles}


def nearest(queries: Points, reference: Points) -> tuple[Floats, Ints]:
    """Distance to and position of the nearest reference row of every query. Infinite if there is none.

    Exact up to float32 rounding in the search; the distance returned is recomputed in float64.
    """
    distances, places = np.full(len(queries), np.inf), np.zeros(len(queries), dtype=np.int64)
    if len(reference) == 0 or len(queries) == 0:
        return distances, places
    if len(queries) * len(reference) >= _COMPILE_FROM:
        places = nearest_places(queries.dense, queries.wide, reference.dense, reference.wide)
    else:
        places = _nearest_by_product(queries, reference)
    gap = queries.dense.astype(np.float64) - reference.dense[places]
    differ = np.count_nonzero(queries.wide != reference.wide[places], axis=1)
    return np.sqrt(np.einsum("ij,ij->i", gap, gap) + differ), places


def _nearest_by_product(queries: Points, reference: Points) -> Ints:
    places = np.zeros(len(queries), dtype=np.int64)
    queries, reference = unfolded(queries, reference)
    lifted = _lifted(reference)
    for start, block in _blocks(queries, len(reference)):
        places[start : start + len(block)] = _squared(block, reference, lifted).argmin(axis=1)
    return places


def isolation(pool: Points, k: int) -> Floats:
    """Distance of every row to its k-th nearest other row of the same pool. Infinite if there is none."""
    result = np.full(len(pool), np.inf)
    if len(pool) <= k:
        return result
    pool, _ = unfolded(pool, pool)
    lifted = _lifted(pool)
    for start, block in _blocks(pool, len(pool)):
        squared = _squared(block, pool, lifted)
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


def _scaled(values: Floats, centre: float, spread: float, *, flag: bool) -> list[Floats32]:
    missing = ~np.isfinite(values)
    scaled = np.where(missing, 0.0, np.clip((values - centre) / spread, -_FAR, _FAR)).astype(np.float32)
    return [scaled, missing.astype(np.float32)] if flag else [scaled]


def _length(columns: tuple[Column, ...], role: str) -> int:
    return len(columns[0].exact[role]) if columns else 0


def _points(dense: list[Floats32], wide: list[Ints], n_rows: int) -> Points:
    return Points(
        dense=np.column_stack(dense) if dense else np.zeros((n_rows, 0), dtype=np.float32),
        wide=np.column_stack([codes.astype(np.int32) for codes in wide])
        if wide
        else np.zeros((n_rows, 0), dtype=np.int32),
    )


def unfolded(first: Points, second: Points) -> tuple[Points, Points]:
    """The same two sets with columns of few codes as coordinates, so that one matrix product compares them."""
    both = (first, second)
    top = [max(int(part.wide[:, j].max(initial=0)) for part in both) for j in range(first.wide.shape[1])]
    few = [j for j, most in enumerate(top) if most <= _ONE_HOT_UP_TO]
    many = [j for j in range(len(top)) if j not in few]
    made = [
        Points(
            dense=np.column_stack([part.dense, *(_one_hot(part.wide[:, j], top[j]) for j in few)]),
            wide=part.wide[:, many],
        )
        for part in both
    ]
    return made[0], made[1]


def _one_hot(codes: Codes, most: int) -> Floats32:
    matrix = np.zeros((len(codes), most + 1), dtype=np.float32)
    matrix[np.arange(len(codes)), codes] = np.sqrt(0.5)
    return matrix


def _blocks(queries: Points, n_reference: int) -> list[tuple[int, Points]]:
    size = max(1, _BLOCK_CELLS // max(1, n_reference))
    starts = range(0, len(queries), size)
    return [(s, Points(dense=queries.dense[s : s + size], wide=queries.wide[s : s + size])) for s in starts]


def _lifted(reference: Points) -> Floats32:
    """The reference with its squared norm as one more coordinate, so that one product gives distances."""
    norms = np.einsum("ij,ij->i", reference.dense, reference.dense)
    return np.column_stack([reference.dense, norms])


def _squared(block: Points, reference: Points, lifted: Floats32) -> Floats32:
    """Squared distances without the query's own norm, which does not change who is nearest."""
    queries = np.column_stack([-2 * block.dense, np.ones(len(block), dtype=np.float32)])
    squared: Floats32 = queries @ lifted.T
    for column in range(block.wide.shape[1]):
        squared += block.wide[:, column, None] != reference.wide[None, :, column]
    return squared
