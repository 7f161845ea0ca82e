"""Ordered values as whole ticks: integers, decimals, dates and moments on one grid.

Anyone may import this. A lattice holds public or released facts only: bounds and a grid.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from understudy.schema import FieldType, Value

DAY_US = 86_400_000_000
_EPOCH = date(1970, 1, 1)
_EXACT = 2**52
"""Ticks of a decimal grid stay below this, so that floats hold them exactly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lattice:
    """Values origin, origin + 1, ..., origin + n_ticks - 1, counted in steps.

    A step is 10**-decimals for integers (decimals <= 0) and numbers, a day for dates and ``unit_us`` microseconds
    for moments. Values beyond either end are taken to be at the end, others at the nearest tick.
    """

    type: FieldType
    origin: int
    n_ticks: int
    decimals: int = 0
    unit_us: int = 1

    @classmethod
    def of(cls, type_: FieldType, low: Value, high: Value, *, decimals: int = 0, unit_us: int = 1) -> Lattice:
        """The lattice between two bounds, both included; low <= high.

        A decimal grid that has no point between the bounds, or too many for a float, is made finer or coarser.
        """
        if type_ == "number":
            return _decimal_lattice(float(low), float(high), decimals)  # type: ignore[arg-type]
        if type_ == "integer":
            return _integer_lattice(int(low), int(high), decimals)  # type: ignore[arg-type]
        first, last = _as_int(low), _as_int(high)
        if type_ == "datetime":
            first, last = -(-first // unit_us), last // unit_us
            if last < first:
                first, last, unit_us = _as_int(low), _as_int(high), 1
        return cls(type=type_, origin=first, n_ticks=last - first + 1, unit_us=unit_us)

    def offsets(self, column: pa.ChunkedArray) -> NDArray[np.uint64]:
        """Ticks above the origin of each value; missing values give an arbitrary one."""
        last = self.origin + self.n_ticks - 1
        if self.type == "number":
            values = np.asarray(pc.fill_null(column, 0.0).to_numpy())
            scaled = np.clip(_scale(values, self.decimals), float(self.origin), float(last))
            ticks = np.rint(scaled).astype(np.int64)
        elif self.type == "integer":
            ticks = np.clip(_nearest_multiple(_integers(column), 10**-self.decimals), self.origin, last)
        else:
            ticks = np.clip(_integers(column) // self.unit_us, self.origin, last)
        return ticks.view(np.uint64) - np.array(self.origin, dtype=np.int64).view(np.uint64)

    def values(self, offsets: NDArray[np.uint64], missing: NDArray[np.bool_]) -> pa.Array:
        """Values of the canonical type at these ticks, null where missing."""
        ticks = (offsets + np.array(self.origin, dtype=np.int64).view(np.uint64)).view(np.int64)
        mask = missing if missing.any() else None
        if self.type == "number":
            return pa.array(_unscale(ticks, self.decimals), type=pa.float64(), mask=mask)
        if self.type == "integer":
            return pa.array(ticks * 10**-self.decimals, type=pa.int64(), mask=mask)
        if self.type == "date":
            return pa.array(ticks.astype(np.int32), type=pa.int32(), mask=mask).cast(pa.date32())
        return pa.array(ticks * self.unit_us, type=pa.int64(), mask=mask).cast(pa.timestamp("us"))

    def tick_at_least(self, value: Value) -> int:
        """The first tick, above the origin, whose value is no less than this; may lie beyond either end."""
        if not self.has_sign:
            return -(-_as_int(value) // self.unit_us) - self.origin
        nearest, exact = self._near(float(value))  # type: ignore[arg-type]
        return (nearest if exact is None else math.ceil(exact)) - self.origin

    def tick_above(self, value: float) -> int:
        """The first tick, above the origin, whose value is greater; may lie beyond either end. Not for dates."""
        nearest, exact = self._near(value)
        return (nearest if exact is None else math.floor(exact)) + 1 - self.origin

    def _near(self, value: float) -> tuple[int, float | None]:
        """The nearest tick from zero, and None if the value lies on it, else where it lies, in ticks."""
        scaled = float(_scale(np.array(value), self.decimals))
        nearest = round(scaled)
        return nearest, None if abs(scaled - nearest) <= 1e-12 * abs(scaled) else scaled

    @property
    def has_sign(self) -> bool:
        """Values are amounts, on both sides of a zero that means something; dates are not."""
        return self.type in ("integer", "number")

    @property
    def has_zero(self) -> bool:
        """Zero is a value of this lattice, and means something."""
        return self.has_sign and self.origin <= 0 < self.origin + self.n_ticks

    def as_dict(self) -> dict[str, object]:
        """JSON values; ``from_dict`` gives the lattice back."""
        return {
            "type": self.type,
            "origin": self.origin,
            "n_ticks": self.n_ticks,
            "decimals": self.decimals,
            "unit_us": self.unit_us,
        }

    @classmethod
    def from_dict(cls, document: dict[str, Any]) -> Lattice:
        """A lattice from what ``as_dict`` made."""
        return cls(**document)


def _decimal_lattice(low: float, high: float, decimals: int) -> Lattice:
    reach = max(abs(low), abs(high))
    finest = math.floor(math.log10(_EXACT) - math.log10(reach)) if reach > 0 else decimals
    decimals = max(min(decimals, finest, 300), -300)
    while True:
        first, last = (float(x) for x in (_scale(np.array(low), decimals), _scale(np.array(high), decimals)))
        nearest = round(first)
        # A bound that is itself on the grid may have come out a rounding error off it.
        first_tick = nearest if abs(first - nearest) <= 1e-9 * max(1.0, abs(first)) else math.ceil(first)
        nearest = round(last)
        last_tick = nearest if abs(last - nearest) <= 1e-9 * max(1.0, abs(last)) else math.floor(last)
        if first_tick <= last_tick or decimals >= finest or decimals >= 300:
            break
        decimals += 1
    last_tick = max(first_tick, last_tick)
    return Lattice(type="number", origin=first_tick, n_ticks=last_tick - first_tick + 1, decimals=decimals)


def _integer_lattice(low: int, high: int, decimals: int) -> Lattice:
    step = 10 ** max(-decimals, 0)
    first, last = -(-low // step), high // step
    if last < first:
        step, first, last = 1, low, high
    decimals = -len(str(step)) + 1
    return Lattice(type="integer", origin=first, n_ticks=last - first + 1, decimals=decimals)


def _nearest_multiple(values: NDArray[np.int64], step: int) -> NDArray[np.int64]:
    whole, rest = np.divmod(values, step)
    return np.asarray(whole + (rest > step // 2), dtype=np.int64)


def _scale(values: NDArray[np.float64], decimals: int) -> NDArray[np.float64]:
    with np.errstate(over="ignore"):
        return values * 10.0**decimals if decimals >= 0 else values / 10.0**-decimals


def _unscale(ticks: NDArray[np.int64], decimals: int) -> NDArray[np.float64]:
    exact = ticks.astype(np.float64)
    return exact / 10.0**decimals if decimals >= 0 else exact * 10.0**-decimals


def _integers(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """Integers, days since 1970 or microseconds since 1970."""
    whole = column.cast(pa.int32()) if pa.types.is_date32(column.type) else column
    return np.asarray(pc.fill_null(whole.cast(pa.int64()), 0).to_numpy())


def _as_int(value: Value) -> int:
    if isinstance(value, datetime):
        elapsed = value - datetime(1970, 1, 1)  # noqa: DTZ001  canonical moments have no zone
        return (elapsed.days * 86_400 + elapsed.seconds) * 1_000_000 + elapsed.microseconds
    if isinstance(value, date):
        return (value - _EPOCH).days
    return int(value)
