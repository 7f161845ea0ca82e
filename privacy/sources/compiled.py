"""Counting loops that numba compiles at their first call, about half a second for each pair of code types.

Nothing is cached on disk: an installation may be read-only.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray


@numba.njit(nogil=True)
def count_one(codes: NDArray[np.unsignedinteger[Any]], size: int) -> NDArray[np.int64]:
    """How often each code from 0 to size - 1 occurs."""
    total = np.zeros(size, dtype=np.int64)
    for row in range(codes.size):
        total[codes[row]] += 1
    return total


@numba.njit(nogil=True)
def count_two(
    first: NDArray[np.unsignedinteger[Any]], second: NDArray[np.unsignedinteger[Any]], n_first: int, n_second: int
) -> NDArray[np.int64]:
    """How often each pair of codes occurs, of shape (n_first, n_second)."""
    total = np.zeros((n_first, n_second), dtype=np.int64)
    for row in range(first.size):
        total[first[row], second[row]] += 1
    return total
