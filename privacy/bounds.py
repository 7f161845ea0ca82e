"""Bounds of ordered columns that the schema leaves open, from a noisy histogram over public cells.

Only ``privacy`` may use this. The cells are fixed beforehand (sign and power of two, or decades), so what is read
off their noisy counts is post-processing and needs no delta. The cells within the bounds go on as the first level of
the column's tree (privacy.bins): no budget is spent on bounds alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.special import ndtri

from understudy.schema import FieldType, Value

_LOW_EXPONENT, _HIGH_EXPONENT = -30, 64
_N_MAGNITUDES = _HIGH_EXPONENT - _LOW_EXPONENT + 1
_DECADE_DAYS = 3_653
_N_DECADES = 1_000
_FIRST_DAY = (date.min - date(1970, 1, 1)).days
_LAST_DAY = (date.max - date(1970, 1, 1)).days
_LAST_MOMENT = datetime(9999, 12, 31, 23, 59, 59, 999_999)  # noqa: DTZ001  canonical moments have no zone
_FALSE_CELL = 1e-3
"""Chance that any empty cell is taken for a full one."""
_USUAL_EXPONENT = 34
_TAIL_CELLS = 6
_TAIL_SIGMAS = 2.5
"""Up to this many cells beyond the full ones may hold a tail, if their sum stands out this far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Bounds read off noisy counts: the cells from first to last; ``sure`` if any cell stood out of the noise."""

    first: int
    last: int
    low: Value
    high: Value
    sure: bool


def n_bound_cells(type_: FieldType) -> int:
    """Number of cells."""
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
    """The range of the cells that hold rows (``full_range``); if none stands out, the likeliest run of cells."""
    full = full_range(noisy, np.full(noisy.size, stddev**2))
    first, last = full or _likeliest(noisy, type_)
    return Found(first=first, last=last, low=cell_low(first, type_), high=cell_high(last, type_), sure=full is not None)


def full_range(counts: NDArray[Any], variances: NDArray[np.float64]) -> tuple[int, int] | None:
    """First and last of the cells that stand out of the noise, with tails that do so together; None if none does."""
    full = np.flatnonzero(counts > np.sqrt(variances) * -ndtri(_FALSE_CELL / counts.size))
    if not full.size:
        return None
    first, last = int(full[0]), int(full[-1])
    low = _tail(counts[:first][::-1], variances[:first][::-1])
    return first - low, last + _tail(counts[last + 1 :], variances[last + 1 :])


def _likeliest(noisy: NDArray[np.int64], type_: FieldType) -> tuple[int, int]:
    """The run of a few cells, of usual values (zero to 1e10, or years 1900 to 2100), that stands out most."""
    if type_ in ("date", "datetime"):
        usual = [((date(year, 1, 1) - date(1970, 1, 1)).days - _FIRST_DAY) // _DECADE_DAYS for year in (1900, 2100)]
    else:
        usual = [_N_MAGNITUDES, _N_MAGNITUDES + _USUAL_EXPONENT - _LOW_EXPONENT]
    sums = np.concatenate([[0], np.cumsum(noisy[usual[0] : usual[1]])])
    best, run = -np.inf, (usual[0], usual[0])
    for size in range(1, _TAIL_CELLS + 1):
        scores = (sums[size:] - sums[:-size]) / np.sqrt(size)
        if scores.max() > best:
            best, start = float(scores.max()), usual[0] + int(np.argmax(scores))
            run = (start, start + size - 1)
    return run


def _tail(beyond: NDArray[Any], variances: NDArray[np.float64]) -> int:
    """How many of the next cells hold a tail: the run whose sum stands out most, if that is enough; else none."""
    sums = np.cumsum(beyond[:_TAIL_CELLS])
    sigmas = sums / np.sqrt(np.maximum(np.cumsum(variances[:_TAIL_CELLS]), 1e-12))
    return int(np.argmax(sigmas)) + 1 if sums.size and sigmas.max() > _TAIL_SIGMAS else 0


def cell_low(cell: int, type_: FieldType) -> Value:
    """The least value that a cell may hold, or (below zero) the bound that it stays above."""
    if type_ in ("date", "datetime"):
        return _moment(_FIRST_DAY + cell * _DECADE_DAYS, type_)
    return _plain(magnitude_low(cell), type_)


def magnitude_low(cell: int) -> float:
    """The lower end of a cell of numbers: included above zero, excluded below."""
    rank = cell - _N_MAGNITUDES
    if rank < 0:
        return -_upper(-rank)
    return 0.0 if rank <= 1 else _upper(rank - 1)


def _upper(rank: int) -> float:
    return 2.0 ** (rank - 1 + _LOW_EXPONENT)


def cell_high(cell: int, type_: FieldType) -> Value:
    """The bound that the values of a cell do not exceed."""
    if type_ == "datetime":
        return _moment(_FIRST_DAY + (cell + 1) * _DECADE_DAYS, type_) if cell < _N_DECADES - 1 else _LAST_MOMENT
    if type_ == "date":
        return _moment(_FIRST_DAY + (cell + 1) * _DECADE_DAYS - 1, type_)
    return _plain(-magnitude_low(2 * _N_MAGNITUDES - cell), type_)


def is_below_zero(cell: int) -> bool:
    """A cell of negative numbers."""
    return cell < _N_MAGNITUDES


def is_zero_cell(cell: int) -> bool:
    """The cell that holds zero alone."""
    return cell == _N_MAGNITUDES


def _plain(value: float, type_: FieldType) -> Value:
    """Integers stay within 64 bits."""
    if type_ != "integer":
        return value
    return min(max(int(np.ceil(value)), -(2**63) + 1), 2**63 - 1)


def _moment(days: int, type_: FieldType) -> Value:
    day = date(1970, 1, 1) + timedelta(days=min(max(days, _FIRST_DAY), _LAST_DAY))
    return day if type_ == "date" else datetime(day.year, day.month, day.day)  # noqa: DTZ001  no zones here
