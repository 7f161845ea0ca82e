"""The bins of one ordered column, bought step by step: grid, bounds, tree, and what the rest of the budget measures.

Only ``privacy.binning`` may use this.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from privacy import bounds
from privacy.bins import Nodes, grow, merge, nodes_of
from privacy.codecs import BinsCodec
from privacy.domain_plan import ColumnPlan, Step
from privacy.edges import first_starts
from privacy.grids import MAX_DECIMALS, Grid, grid_counts, grid_from, moment_unit
from privacy.lattice import Lattice
from privacy.measured import Measured
from understudy.schema import ColumnSchema, Value

Ints = NDArray[np.int64]
Counts = Callable[[Callable[[], Ints], Step, float], tuple[Ints, float]]
"""(exact counts of disjoint sets of rows, step, share of the step's mu**2) -> (noisy counts, stddev)."""

CONTINUOUS_TICKS = 1e5
"""A number column without a known grid is decoded to about this many different values."""

FIRST_SHARE = 0.5
"""Of the budget for bins, what the first level takes if bounds are declared."""
_CELLS_PER_ROOT = 1.5
_LEAST_CELLS, _MOST_CELLS = 6, 64

Facts = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Roots:
    """The first level: nodes with noisy counts, the lattice they lie on, and the noisy number of missing values."""

    nodes: Nodes
    lattice: Lattice
    missing: float
    missing_variance: float
    share_left: float
    bounds: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Purse:
    """The budget for the bins of one column; a ``privacy.bins.Buy``."""

    counts: Counts
    full_stddev: float

    def __call__(self, exact: Callable[[], Ints], share: float) -> Ints:
        return self.counts(exact, Step.BINS, share)[0]

    def stddev(self, share: float) -> float:
        return self.full_stddev / math.sqrt(share)


def learn(
    column: ColumnSchema,
    planned: ColumnPlan,
    values: pa.ChunkedArray,
    counts: Counts,
    *,
    stddev: float,
    n_rows: float,
    max_bins: int,
) -> tuple[BinsCodec, Facts, Measured]:
    """Buy the bins of a column.

    ``stddev``: the noise, in rows, of one histogram for all of the column's budget for bins. ``n_rows``: released.
    Guarantees: ``counts`` is asked for disjoint sets of rows only, and for at most 1 of each step's budget.
    """
    purse = _Purse(counts=counts, full_stddev=stddev)
    grid = _grid(column, values, counts) if Step.GRID in planned.steps else None
    known = pc.drop_null(values)
    if column.minimum is not None and column.maximum is not None:
        lattice = _lattice(column, column.minimum, column.maximum, grid)
        roots = _declared_roots(lattice, values, purse, n_rows)
    else:
        roots = _bought_roots(column, values, grid, counts)
        lattice = roots.lattice
    leaves, left = grow(roots.nodes, lattice.offsets(known), purse, max_bins=max_bins, share=roots.share_left)
    binned = merge(leaves, max_bins=max_bins, zero=_zero_leaf(lattice, leaves))
    codec = BinsCodec(
        name=column.name,
        lattice=lattice,
        bins=binned,
        nullable=not column.required,
        heaps=grid.heaps if isinstance(grid, Grid) else (),
    )
    tree = _by_code(codec, leaves, roots)
    measured = tree.combined(purse(lambda: _histogram(codec.encode(values), codec.size), left), purse.stddev(left))
    return codec, {"grid": "declared" if grid is None else "dp", "bounds": roots.bounds, "bins": "dp"}, measured


def _grid(column: ColumnSchema, values: pa.ChunkedArray, counts: Counts) -> Grid | int:
    """A grid of numbers, or a unit of moments in microseconds."""
    noisy, stddev = counts(lambda: grid_counts(values, column.type), Step.GRID, 1.0)
    if column.type == "datetime":
        return moment_unit(noisy, stddev)
    return grid_from(noisy, stddev, column.type)


def _lattice(column: ColumnSchema, low: Value, high: Value, grid: Grid | int | None) -> Lattice:
    if isinstance(grid, int):
        return Lattice.of("datetime", low, high, unit_us=grid)
    if column.type == "integer":
        return Lattice.of("integer", low, high, decimals=min(grid.decimals or 0, 0) if grid else 0)
    if column.type != "number":
        return Lattice.of(column.type, low, high)
    decimals = grid.decimals if grid else None
    if decimals is None:
        width = float(high) - float(low)  # type: ignore[arg-type]
        decimals = math.ceil(math.log10(CONTINUOUS_TICKS / width)) if 0 < width < math.inf else MAX_DECIMALS
    return Lattice.of("number", low, high, decimals=decimals)


def _declared_roots(lattice: Lattice, values: pa.ChunkedArray, purse: _Purse, n_rows: float) -> _Roots:
    stddev = purse.stddev(FIRST_SHARE)
    n_cells = int(np.clip(_CELLS_PER_ROOT * math.sqrt(max(n_rows, 0.0) / stddev), _LEAST_CELLS, _MOST_CELLS))
    starts, lasts = nodes_of(first_starts(lattice, n_cells), lattice.n_ticks)

    def exact() -> Ints:
        cells = np.searchsorted(starts, lattice.offsets(values), side="right") - 1
        cells[np.asarray(pc.is_null(values))] = starts.size
        return _histogram(cells, starts.size + 1)

    noisy = purse(exact, FIRST_SHARE)
    counts = noisy[:-1].astype(np.float64)
    nodes = _trimmed(Nodes(starts=starts, lasts=lasts, counts=counts, variances=np.full(starts.size, stddev**2)))
    return _Roots(
        nodes=nodes,
        lattice=lattice,
        missing=float(noisy[-1]),
        missing_variance=stddev**2,
        share_left=1 - FIRST_SHARE,
        bounds="declared",
    )


def _trimmed(nodes: Nodes) -> Nodes:
    """Nodes beyond the full ones, on either side, count as empty: noise would put rows far off."""
    first, last = bounds.full_range(nodes.counts, nodes.variances) or (0, nodes.counts.size - 1)
    ranks = np.arange(nodes.counts.size)
    inside = (first <= ranks) & (ranks <= last)
    return Nodes(
        starts=nodes.starts,
        lasts=nodes.lasts,
        counts=np.where(inside, nodes.counts, 0.0),
        variances=np.where(inside, nodes.variances, 0.0),
    )


def _bought_roots(column: ColumnSchema, values: pa.ChunkedArray, grid: Grid | int | None, counts: Counts) -> _Roots:
    """The histogram that tells the bounds is the first level too."""
    noisy, stddev = counts(
        lambda: np.append(bounds.bound_counts(values, column.type), values.null_count), Step.BOUNDS, 1.0
    )
    found = bounds.bounds_from(noisy[:-1], stddev, column.type)
    low, high = _within(found, column.minimum, column.maximum)
    lattice = _lattice(column, low, high, grid)
    cells = np.arange(found.first, found.last + 1)
    begins = np.clip([_cell_start(lattice, int(cell)) for cell in cells], 0, lattice.n_ticks)
    begins[0] = 0
    inside = begins < lattice.n_ticks
    starts, group = np.unique(begins[inside], return_inverse=True)
    # Of cells that begin at the same tick all but the last are empty on this lattice; their noise is not carried on.
    last_of_group = np.append(group[1:] != group[:-1], True)
    first, last = nodes_of(starts.astype(np.uint64), lattice.n_ticks)
    nodes = Nodes(
        starts=first,
        lasts=last,
        counts=noisy[cells[inside][last_of_group]].astype(np.float64),
        variances=np.full(first.size, stddev**2),
    )
    return _Roots(
        nodes=nodes,
        lattice=lattice,
        missing=float(noisy[-1]),
        missing_variance=stddev**2,
        share_left=1.0,
        bounds="dp",
    )


def _cell_start(lattice: Lattice, cell: int) -> int:
    """The first tick of a bound cell, above the origin."""
    if not lattice.has_sign:
        return lattice.tick_at_least(bounds.cell_low(cell, lattice.type))
    low = bounds.magnitude_low(cell)
    is_open = bounds.is_below_zero(cell) or (low == 0 and not bounds.is_zero_cell(cell))
    return lattice.tick_above(low) if is_open else lattice.tick_at_least(low)


def _within(found: bounds.Found, low: Value | None, high: Value | None) -> tuple[Value, Value]:
    """Bought bounds, cut to the declared one; a declared bound beyond the bought ones wins."""
    first: Any = found.low if low is None else low
    last: Any = found.high if high is None else high
    if first > last:
        first, last = (first, first) if high is None else (last, last)
    return first, last


def _zero_leaf(lattice: Lattice, nodes: Nodes) -> int | None:
    """The rank of the node that is zero alone, if there is one."""
    if not lattice.has_zero:
        return None
    zero = np.uint64(-lattice.origin)
    ranks = np.flatnonzero((nodes.starts == zero) & (nodes.lasts == zero))
    return int(ranks[0]) if ranks.size else None


def _by_code(codec: BinsCodec, leaves: Nodes, roots: _Roots) -> Measured:
    """What the tree says about the codes, and with how much noise."""
    first, zero = codec.bins.first[:-1], _zero_leaf(codec.lattice, leaves)
    counts, variances = leaves.counts, leaves.variances
    if codec.bins.zero_apart and zero is not None:
        kept = np.arange(counts.size) != zero
        counts, variances = np.where(kept, counts, 0.0), np.where(kept, variances, 0.0)
    tail: list[tuple[float, float]] = []
    if codec.bins.zero_apart and zero is not None:
        tail.append((float(leaves.counts[zero]), float(leaves.variances[zero])))
    if codec.nullable:
        tail.append((roots.missing, roots.missing_variance))
    return Measured(
        name=codec.name,
        counts=np.concatenate([np.add.reduceat(counts, first), [count for count, _ in tail]]),
        variances=np.concatenate([np.add.reduceat(variances, first), [variance for _, variance in tail]]),
    )


def _histogram(codes: Ints, size: int) -> Ints:
    return np.bincount(codes, minlength=size).astype(np.int64)
