"""Where the first cells of an ordered column begin: a public rule, made before any row is read.

Anyone may import this. A few cells are equally wide, for columns that fill their declared range; most grow with the
distance from zero, for columns that crowd near it, as amounts do. Full cells are split later (privacy.bins).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from privacy.lattice import Lattice

_LINEAR_PART = 8
_FINEST, _COARSEST = 0.5, 2.0
"""Doublings between neighbouring cuts, at least and at most."""


def first_starts(lattice: Lattice, n_cells: int) -> NDArray[np.uint64]:
    """First ticks of about ``n_cells`` cells, of every tick if there are not many more; zero stands alone.

    ``n_cells`` is public or released, at least 2.
    """
    n_ticks = lattice.n_ticks
    if n_ticks <= 2 * n_cells:
        return np.arange(n_ticks, dtype=np.uint64)
    has_origin = lattice.type in ("integer", "number") and -lattice.origin < n_ticks / n_cells
    n_linear = max(n_cells // _LINEAR_PART, 2) if has_origin else n_cells
    cuts = {i * n_ticks // n_linear for i in range(n_linear)}
    if has_origin:
        cuts |= _geometric(lattice, n_ticks / n_linear, n_cells - n_linear)
    if lattice.has_zero:
        cuts |= {-lattice.origin, -lattice.origin + 1}
    return np.array(sorted(cut for cut in cuts if 0 <= cut < n_ticks), dtype=np.uint64)


def _geometric(lattice: Lattice, reach: float, n_cells: int) -> set[int]:
    """About ``n_cells`` cuts at growing distances from zero, up to ``reach`` ticks; on both sides of it."""
    nearest = max(1, lattice.origin)
    sides = 2 if lattice.origin < 0 else 1
    doublings = math.log2(max(reach / nearest, 1.0))
    n_steps = min(math.ceil(n_cells / sides), math.ceil(doublings / _FINEST))
    if n_steps < 1:
        return set()
    ratio = 2 ** min(doublings / n_steps, _COARSEST)
    steps = [math.ceil(reach / ratio**step) for step in range(1, n_steps + 1)]
    return {tick - lattice.origin for step in steps for tick in (step, 1 - step)}
