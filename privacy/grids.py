"""How fine the values of an ordered column are, and how they heap at round numbers, from one noisy vote.

Only ``privacy`` may use this. Every value votes for the coarsest grid that it lies on: multiples of ..., 1000, 500,
100, 50, 10, 5, 1, 0.5, 0.1, ...; a moment for whole days, hours, minutes and so on. Zero lies on all grids and does
not vote. The grids are public, so what is read off the noisy counts is post-processing and needs no delta.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from privacy.lattice import DAY_US
from understudy.schema import FieldType

MOMENT_UNITS_US = (DAY_US, 3_600_000_000, 60_000_000, 1_000_000, 1_000, 1)
"""Grids of a datetime column, the coarsest first."""

MAX_DECIMALS = 6
_COARSEST = 7
"""Multiples of 10**7 are the coarsest grid of numbers."""

_GRID_SHARE = 0.02
_CELL_SIGMAS = 4.0
"""A single cell below this is noise: of thirty such cells one in a thousand votes has one above."""
_SUM_SIGMAS = 2.5
_HEAP_SIGMAS = 3.0
"""A heap that is none is as large as the noise: with thirty cells, at two sigmas every third column would have one."""

Heap = tuple[int, int, float]
"""(power, factor, share): this share of the values are multiples of factor * 10**power, and of nothing coarser."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """What a vote says. ``decimals`` None: finer than any grid of numbers. ``heaps``: the coarsest first."""

    decimals: int | None
    heaps: tuple[Heap, ...] = ()


def ladder(type_: FieldType) -> tuple[tuple[int, int], ...]:
    """(power, factor) of the grids of numbers, nested, the coarsest first: multiples of factor * 10**power."""
    finest = 0 if type_ == "integer" else -MAX_DECIMALS
    powers = range(_COARSEST, finest - 1, -1)
    return tuple((power, factor) for power in powers for factor in (5, 1) if power < _COARSEST or factor == 1)


def n_grid_cells(type_: FieldType) -> int:
    """Number of cells of the vote; the last means finer than any grid, but for datetimes."""
    return len(MOMENT_UNITS_US) if type_ == "datetime" else len(ladder(type_)) + 1


def grid_counts(column: pa.ChunkedArray, type_: FieldType) -> NDArray[np.int64]:
    """Exact counts of the coarsest grid that each value lies on. Zero and missing values count nowhere."""
    known = pc.drop_null(column)
    if type_ == "datetime":
        moments = np.asarray(known.cast(pa.int64()).to_numpy())
        return _vote([moments % unit == 0 for unit in MOMENT_UNITS_US[:-1]], moments.size)
    values = np.asarray(known.to_numpy())
    values = values[values != 0]
    return _vote([_lies_on(values, power, factor) for power, factor in ladder(type_)], values.size)


def _vote(fits: list[NDArray[np.bool_]], n: int) -> NDArray[np.int64]:
    cells = np.full(n, len(fits), dtype=np.int64)
    for index in reversed(range(len(fits))):
        cells[fits[index]] = index
    return np.bincount(cells, minlength=len(fits) + 1).astype(np.int64)


def _lies_on(values: NDArray[np.generic], power: int, factor: int) -> NDArray[np.bool_]:
    """An integer is a multiple; a float is the one nearest to some multiple."""
    if values.dtype.kind == "i":
        return np.asarray(values % (factor * 10**power) == 0, dtype=np.bool_)
    floats = values.astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        if power >= 0:
            return np.asarray(np.rint(floats / (factor * 10.0**power)) * (factor * 10.0**power) == floats)
        scale = 10.0**-power
        ticks = np.rint(floats * scale)
        return np.asarray((ticks / scale == floats) & (np.mod(ticks, factor) == 0))


def moment_unit(noisy: NDArray[np.int64], stddev: float) -> int:
    """Microseconds of the coarsest grid of moments that nearly all lie on; 1 if the noise drowns the vote."""
    return MOMENT_UNITS_US[_coarsest(noisy, stddev)]


def grid_from(noisy: NDArray[np.int64], stddev: float, type_: FieldType) -> Grid:
    """The coarsest decimal grid that nearly all numbers lie on, and their heaps.

    The finest grid without heaps if the noise drowns the vote.
    """
    steps = ladder(type_)
    index = _coarsest(noisy, stddev)
    decimals = None if index == len(steps) else -steps[index][0]
    told = _told(noisy, stddev)
    if not told.any():
        return Grid(decimals=decimals)
    total = float(max(noisy.sum(), told.sum()))
    heaps = tuple(
        (power, factor, float(min(count / total, 1.0)))
        for (power, factor), count in zip(steps, noisy[:-1], strict=True)
        if count > _HEAP_SIGMAS * stddev and (decimals is None or (power, factor) > (-decimals, 1))
    )
    return Grid(decimals=decimals, heaps=heaps)


def _coarsest(noisy: NDArray[np.int64], stddev: float) -> int:
    """The first cell of which what is finer is little, both in cells that stand out and, beyond the noise, in all."""
    told = _told(noisy, stddev)
    least = _GRID_SHARE * float(told.sum())
    finer, finer_told = _after(noisy), _after(told)
    doubt = _SUM_SIGMAS * stddev * np.sqrt(np.arange(noisy.size - 1, -1, -1))
    fits = np.flatnonzero((finer <= least + doubt) & (finer_told <= least))
    return int(fits[0]) if told.any() else noisy.size - 1


def _told(noisy: NDArray[np.int64], stddev: float) -> NDArray[np.int64]:
    """The cells that are no noise; 0 for the others."""
    return np.where(noisy > _CELL_SIGMAS * stddev, noisy, 0)


def _after(cells: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each cell the sum of all finer ones."""
    return np.asarray(cells.sum() - np.cumsum(cells))
