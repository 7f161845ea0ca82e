"""Noisy sums of one vector a unit: histograms of words, votes, sums of embeddings.

Only ``privacy.session`` may call this. Vectors are sparse. Each unit's rows are added up, the sum is clipped to an L2
norm of 1, put on a lattice of whole numbers within a ball of radius R, and added up exactly; the noise is that of
``privacy.noise``. So the mechanism is the rounding of a continuous Gaussian one, with a sensitivity of exactly R.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from privacy.noise import Entropy, rounded_gaussian

RADIUS = 2**20
"""Lattice steps in a norm of 1."""
_SLACK = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Sparse:
    """A vector as its places, each once, and the values there. Values that are not finite count as 0."""

    places: NDArray[np.int64]
    values: NDArray[np.float64]


def noisy_sum(
    rows: Iterable[tuple[int, Sparse]], size: int, *, noise_multiplier: float, entropy: Entropy
) -> NDArray[np.float64]:
    """The sum over units of their clipped vectors, with noise of stddev ``noise_multiplier``.

    ``rows``: (unit, vector). Shapes: float64 (size,). The caller has paid a Gaussian event of that noise multiplier.
    Raises: IndexError for a place outside of the vector.
    """
    units: dict[int, dict[int, float]] = {}
    for unit, row in rows:
        own = units.setdefault(unit, {})
        for place, value in zip(row.places.tolist(), row.values.tolist(), strict=True):
            own[place] = own.get(place, 0.0) + value
    total = np.zeros(size, dtype=np.int64)
    for own in units.values():
        places = np.fromiter(own.keys(), dtype=np.int64, count=len(own))
        if places.size and not 0 <= int(places.min()) <= int(places.max()) < size:
            raise IndexError("A place is outside of the vector.")
        total[places] += clipped(np.fromiter(own.values(), dtype=np.float64, count=len(own)))
    noise = rounded_gaussian(noise_multiplier * RADIUS, (size,), entropy)
    return (total + noise) / RADIUS


def clipped(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Whole numbers of an L2 norm of at most RADIUS: clipping leaves room for what rounding adds."""
    finite = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    largest = float(np.abs(finite).max(initial=0.0))
    room = RADIUS * (1 - _SLACK) - 0.5 * math.sqrt(max(finite.size, 1))
    if largest == 0 or room <= 0:
        return np.zeros(values.size, dtype=np.int64)
    part = finite / largest  # the norm of what is very large or very small would be none
    scale = min(RADIUS * largest, room / float(np.linalg.norm(part)))
    return np.rint(part * scale).astype(np.int64)
