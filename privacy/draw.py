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


def draw(lattice: Lattice, starts: Ticks, lasts: Ticks, heaps: Sequence[Heap], rng: np.random.Generator) -> Ticks:
    """A tick above the origin from each run starts[i] to lasts[i], both included. Shapes: all alike.

    Uniform; in a run of amounts that spans a doubling or more, uniform in the logarithm, as tails fall off. Then
    with the share of each heap, the coarsest first, the nearest of its round values, if the run has one.
    """
    offsets = rng.integers(starts, lasts, dtype=np.uint64, endpoint=True)
    if lattice.type not in ("integer", "number"):
        return offsets
    origin = np.int64(lattice.origin)
    low, high = starts.view(np.int64) + origin, lasts.view(np.int64) + origin
    ticks = _in_tails(offsets.view(np.int64) + origin, low, high, rng)
    return (_rounded(ticks, low, high, lattice.decimals, heaps, rng) - origin).view(np.uint64)


def _in_tails(
    ticks: NDArray[np.int64], low: NDArray[np.int64], high: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.int64]:
    least, most = low.astype(np.float64), high.astype(np.float64)
    near, far = np.where(low > 0, least, -most), np.where(low > 0, most, -least)
    wide = ((low > 0) | (high < 0)) & (far >= 2 * near)
    share = rng.random(ticks.size)
    near, far = np.where(wide, near, 1.0), np.where(wide, far, 1.0)
    distance = np.floor(near * ((far + 1) / near) ** share)
    signed = np.where(low > 0, distance, -distance)
    # A float may round beyond the 64-bit ends: such far leaves keep their uniform draw.
    usable = wide & (far < 2.0**62)
    return np.clip(np.where(usable, np.where(usable, signed, 0.0).astype(np.int64), ticks), low, high)


def _rounded(
    ticks: NDArray[np.int64],
    low: NDArray[np.int64],
    high: NDArray[np.int64],
    decimals: int,
    heaps: Sequence[Heap],
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    if not heaps:
        return ticks
    wanted = np.searchsorted(np.cumsum([share for _, _, share in heaps]), rng.random(ticks.size), side="right")
    open_ = low < high
    for index, (power, factor, _) in enumerate(heaps):
        unit = factor * 10 ** (power + decimals) if power + decimals >= 0 else 0
        if not 1 < unit < 2**62:
            continue
        first, last = -(-low // unit), high // unit
        fits = open_ & (wanted <= index) & (first <= last)
        nearest = np.clip((ticks + unit // 2) // unit, first, last) * unit
        ticks = np.where(fits, nearest, ticks)
        open_ = open_ & ~fits
    return ticks
