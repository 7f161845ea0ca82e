"""Bounds and grids of ordered columns that the schema leaves open, from noisy votes over public cells.

Only ``privacy`` may use this. The cells are fixed beforehand (powers of two, decades, numbers of decimals), so
what is read off their noisy counts is post-processing and needs no delta. A vote that the noise drowns falls
back to what cannot hurt: the fullest cell, the finest grid.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.special import ndtri

from privacy.lattice import DAY_US
from understudy.schema import FieldType, Value

MAX_DECIMALS = 6
MOMENT_UNITS_US = (DAY_US, 3_600_000_000, 60_000_000, 1_000_000, 1_000, 1)
"""Grids of a datetime column, the coarsest first."""

_LOW_EXPONENT, _HIGH_EXPONENT = -30, 64
_N_MAGNITUDES = _HIGH_EXPONENT - _LOW_EXPONENT + 1
_DECADE_DAYS = 3_653
_N_DECADES = 1_000
_FIRST_DAY = (date.min - date(1970, 1, 1)).days
_LAST_DAY = (date.max - date(1970, 1, 1)).days
_LAST_MOMENT = datetime(9999, 12, 31, 23, 59, 59, 999_999)  # noqa: DTZ001  canonical moments have no zone
_FALSE_CELL = 1e-3
"""Chance that any empty cell is taken for a full one."""
_NEIGHBOUR_SIGMAS = 2.0
_GRID_SHARE = 0.02
_GRID_SIGMAS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Bounds read off noisy counts; ``sure`` if any cell stood out of the noise."""

    low: Value
    high: Value
    sure: bool


def n_bound_cells(type_: FieldType) -> int:
    """Number of cells of the vote on bounds."""
    return _N_DECADES if type_ in ("date", "datetime") else 2 * _N_MAGNITUDES + 1


def bound_counts(column: pa.ChunkedArray, type_: FieldType) -> NDArray[np.int64]:
    """Exact counts of the values' cells: decades, or sign and power of two. Missing values count nowhere."""
    known = pc.drop_null(column)
    if type_ in ("date", "datetime"):
        days = np.asarray(known.cast(pa.date32()).cast(pa.int32()).to_numpy()).astype(np.int64)
        cells = (days - _FIRST_DAY) // _DECADE_DAYS
    else:
        values = np.asarray(known.to_numpy()).astype(np.float64)
        exponents = np.clip(np.frexp(values)[1].astype(np.int64), _LOW_EXPONENT, _HIGH_EXPONENT)
        cells = _N_MAGNITUDES + np.sign(values).astype(np.int64) * (exponents - _LOW_EXPONENT + 1)
    return np.bincount(cells, minlength=n_bound_cells(type_)).astype(np.int64)


def bounds_from(noisy: NDArray[np.int64], stddev: float, type_: FieldType) -> Found:
    """The range of the cells that stand out, with neighbours that nearly do; else the fullest cell."""
    full = np.flatnonzero(noisy > stddev * -ndtri(_FALSE_CELL / noisy.size))
    first, last = (int(full[0]), int(full[-1])) if full.size else (int(np.argmax(noisy)),) * 2
    likely = noisy > _NEIGHBOUR_SIGMAS * stddev
    while first > 0 and likely[first - 1]:
        first -= 1
    while last < noisy.size - 1 and likely[last + 1]:
        last += 1
    low, high = _cell_low(first, type_), _cell_high(last, type_)
    return Found(low=low, high=high, sure=bool(full.size))


def _cell_low(cell: int, type_: FieldType) -> Value:
    if type_ in ("date", "datetime"):
        return _moment(_FIRST_DAY + cell * _DECADE_DAYS, type_)
    rank = cell - _N_MAGNITUDES
    if rank == 0:
        return _plain(0.0, type_)
    if rank < 0:
        return _negated_high(-rank, type_)
    exponent = rank - 1 + _LOW_EXPONENT
    return _plain(2.0 ** (exponent - 1) if exponent > _LOW_EXPONENT else 0.0, type_)


def _cell_high(cell: int, type_: FieldType) -> Value:
    if type_ == "datetime":
        return _moment(_FIRST_DAY + (cell + 1) * _DECADE_DAYS, type_) if cell < _N_DECADES - 1 else _LAST_MOMENT
    if type_ == "date":
        return _moment(_FIRST_DAY + (cell + 1) * _DECADE_DAYS - 1, type_)
    rank = cell - _N_MAGNITUDES
    if rank == 0:
        return _plain(0.0, type_)
    if rank < 0:
        mirrored = _cell_low(2 * _N_MAGNITUDES - cell, type_)
        return -mirrored  # type: ignore[operator]
    exponent = rank - 1 + _LOW_EXPONENT
    return _plain(2.0**exponent, type_)


def _negated_high(rank: int, type_: FieldType) -> Value:
    return -_cell_high(_N_MAGNITUDES + rank, type_)  # type: ignore[operator]


def _plain(value: float, type_: FieldType) -> Value:
    """Integers stay within 64 bits."""
    if type_ != "integer":
        return value
    return min(max(int(np.ceil(value)), -(2**63) + 1), 2**63 - 1)


def _moment(days: int, type_: FieldType) -> Value:
    day = date(1970, 1, 1) + timedelta(days=min(max(days, _FIRST_DAY), _LAST_DAY))
    return day if type_ == "date" else datetime(day.year, day.month, day.day)  # noqa: DTZ001  no zones here


def n_grid_cells(type_: FieldType) -> int:
    """Number of cells of the vote on the grid; the last means finer than any grid."""
    return MAX_DECIMALS + 2 if type_ == "number" else len(MOMENT_UNITS_US)


def grid_counts(column: pa.ChunkedArray, type_: FieldType) -> NDArray[np.int64]:
    """Exact counts of the coarsest grid that each value lies on. Missing values count nowhere."""
    known = pc.drop_null(column)
    if type_ == "number":
        values = np.asarray(known.to_numpy())
        fits = [_on_decimal_grid(values, decimals) for decimals in range(MAX_DECIMALS + 1)]
    else:
        moments = np.asarray(known.cast(pa.int64()).to_numpy())
        fits = [moments % unit == 0 for unit in MOMENT_UNITS_US[:-1]]
    cells = np.full(len(known), len(fits), dtype=np.int64)
    for index in reversed(range(len(fits))):
        cells[fits[index]] = index
    return np.bincount(cells, minlength=n_grid_cells(type_)).astype(np.int64)


def _on_decimal_grid(values: NDArray[np.float64], decimals: int) -> NDArray[np.bool_]:
    """The value is the float nearest to some multiple of 10**-decimals."""
    scale = 10.0**decimals
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(np.rint(values * scale) / scale == values, dtype=np.bool_)


def grid_from(noisy: NDArray[np.int64], stddev: float) -> int:
    """The coarsest grid that nearly all values lie on; the finest if the noise drowns the vote."""
    total = float(noisy.sum())
    if total < _GRID_SIGMAS * stddev:
        return noisy.size - 1
    finer = total - np.cumsum(noisy)
    fits = np.flatnonzero(finer <= _GRID_SHARE * total + stddev)
    return int(fits[0]) if fits.size else noisy.size - 1
