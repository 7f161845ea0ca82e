"""A tick from each leaf of a column: within wide leaves by the logarithm, and on round values as often as released.

Anyone may import this. It reads released facts only.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from privacy.grids import Heap
from privacy.lattice import Lattice

Ticks = NDArray[np.uint64]

_LONG_RUN = 2**32


def draw(lattice: Lattice, starts: Ticks, lasts: Ticks, heaps: Sequence[Heap], rng: np.random.Generator) -> Ticks:
    """A tick above the origin from each run starts[i] to lasts[i], both included. Shapes: all alike.

    Uniform; in a run of amounts that spans a doubling or more, uniform in the logarithm, as tails fall off. Then
    with the share of each heap, the coarsest first, the nearest of its round values, if the run has one.
    """
    offsets = _evenly(starts, lasts, rng)
    if lattice.type not in ("integer", "number"):
        return offsets
    origin = np.int64(lattice.origin)
    low, high = starts.view(np.int64) + origin, lasts.view(np.int64) + origin
    ticks = offsets.view(np.int64) + origin
    _in_tails(ticks, low, high, rng)
    _round_some(ticks, low, high, lattice.decimals, heaps, rng)
    return (ticks - origin).view(np.uint64)


def _evenly(starts: Ticks, lasts: Ticks, rng: np.random.Generator) -> Ticks:
    """A uniform tick of each run. In runs below 2^32 a float of 53 bits picks it: even to one part in 2^21."""
    widths = lasts - starts
    if widths.size and int(widths.max()) >= _LONG_RUN:
        return rng.integers(starts, lasts, dtype=np.uint64, endpoint=True)
    steps = rng.random(widths.size) * (widths.view(np.int64) + 1)
    return starts + steps.astype(np.int64).view(np.uint64)


def _in_tails(
    ticks: NDArray[np.int64], low: NDArray[np.int64], high: NDArray[np.int64], rng: np.random.Generator
) -> None:
    """Draw again, in place, the ticks of runs that span a doubling, uniformly in the logarithm."""
    wide = np.flatnonzero(((low > 0) & (high - low >= low)) | ((high < 0) & (low - high <= high)))
    if not wide.size:
        return
    first, last = low[wide], high[wide]
    above = first > 0
    # As floats: the smallest negative integer has no positive of its size.
    least, most = first.astype(np.float64), last.astype(np.float64)
    near, far = np.where(above, least, -most), np.where(above, most, -least)
    distance = np.floor(near * ((far + 1) / near) ** rng.random(wide.size))
    # A float may round beyond the 64-bit ends: such far leaves keep their uniform draw.
    usable = far < 2.0**62
    signed = np.where(usable, np.where(above, distance, -distance), 0.0).astype(np.int64)
    ticks[wide] = np.clip(np.where(usable, signed, ticks[wide]), first, last)


def _round_some(
    ticks: NDArray[np.int64],
    low: NDArray[np.int64],
    high: NDArray[np.int64],
    decimals: int,
    heaps: Sequence[Heap],
    rng: np.random.Generator,
) -> None:
    """Move ticks, in place, to round ones as often as the heaps say."""
    if not heaps:
        return
    wanted = np.searchsorted(np.cumsum([share for _, _, share in heaps]), rng.random(ticks.size), side="right")
    rows = np.flatnonzero((wanted < len(heaps)) & (low < high))
    for index, (power, factor, _) in enumerate(heaps):
        unit = factor * 10 ** (power + decimals) if power + decimals >= 0 else 0
        if not 1 < unit < 2**62:
            continue
        first, last = -(-low[rows] // unit), high[rows] // unit
        fits = (wanted[rows] <= index) & (first <= last)
        nearest = np.clip((ticks[rows] + unit // 2) // unit, first, last) * unit
        ticks[rows[fits]] = nearest[fits]
        rows = rows[~fits]
