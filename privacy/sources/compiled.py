"""The counting loop that numba compiles at its first call, in about two seconds, for the one pair of matrix types.

Nothing is cached on disk: an installation may be read-only.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

_TILE = 2048
"""Rows whose joint codes are worked out at a time: they stay in the fastest cache."""


@numba.njit(nogil=True)
def tally(
    small: NDArray[np.uint8],
    wide: NDArray[np.uint32],
    rows: tuple[int, int],
    starts: NDArray[np.int64],
    places: NDArray[np.int64],
    sizes: NDArray[np.int64],
    offsets: NDArray[np.int64],
    totals: NDArray[np.int64],
) -> Any:
    """Add the rows ``rows[0]`` to ``rows[1] - 1`` to every block's counts.

    Block b has the columns ``places[starts[b]:starts[b + 1]]`` (see ``Layout``) of ``sizes`` alike, and the counts
    ``totals[offsets[b]:offsets[b + 1]]``, the last column running fastest. Codes are below their column's size.
    """
    n_small = small.shape[0]
    cells = np.empty(_TILE, dtype=np.uint32)
    for start in range(rows[0], rows[1], _TILE):
        n = min(_TILE, rows[1] - start)
        for block in range(starts.size - 1):
            cells[:n] = 0
            for column in range(starts[block], starts[block + 1]):
                place, size = places[column], np.uint32(sizes[column])
                if place < n_small:
                    bytes_ = small[place, start : start + n]
                    for row in range(n):
                        cells[row] = cells[row] * size + bytes_[row]
                else:
                    words = wide[place - n_small, start : start + n]
                    for row in range(n):
                        cells[row] = cells[row] * size + words[row]
            total = totals[offsets[block] : offsets[block + 1]]
            for row in range(n):
                total[cells[row]] += 1
