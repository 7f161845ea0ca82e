"""The nearest-neighbour loop of large tables, compiled when it is first needed.

Exact: every query meets every reference row. Only called when the work is worth the two seconds of
compilation; small tables never pay them. The compiled loop holds no lock, so two threads share the work.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats32 = NDArray[np.float32]
Codes = NDArray[np.int32]
Places = NDArray[np.int64]

_BLOCK = 4096
"""Reference rows at a time: their columns stay in the second-level cache while all queries pass."""
_MAX_THREADS = 2


def nearest_places(dense: Floats32, wide: Codes, reference: Floats32, reference_wide: Codes) -> Places:
    """Position of the nearest reference row of every query, the first of equals.

    Shapes: queries dense (q, d) and wide (q, w); reference (n, d) and (n, w) with n > 0. Squared distance:
    sum of squared differences of `dense` plus the number of columns of `wide` that differ, in float32.
    """
    search = _compiled()
    columns, codes = np.ascontiguousarray(reference.T), np.ascontiguousarray(reference_wide.T)
    places = np.zeros(len(dense), dtype=np.int64)
    threads = max(1, min(_MAX_THREADS, os.cpu_count() or 1, len(dense)))
    cuts = np.linspace(0, len(dense), threads + 1).astype(int)

    def work(part: int) -> None:
        here = slice(cuts[part], cuts[part + 1])
        search(np.ascontiguousarray(dense[here]), np.ascontiguousarray(wide[here]), columns, codes, places[here])

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, range(threads)))
    return places


@functools.cache
def _compiled() -> Callable[..., None]:
    from numba import njit

    compiled: Callable[..., None] = njit(nogil=True, fastmath={"reassoc", "contract", "nsz"})(_search)
    return compiled


def _search(dense: Any, wide: Any, columns: Any, codes: Any, places: Any) -> None:
    """For every query the argmin over all reference rows, in blocks of rows and column by column."""
    n = columns.shape[1] if columns.shape[0] else codes.shape[1]
    best = np.full(len(dense), np.float32(np.inf), dtype=np.float32)
    total = np.empty(_BLOCK, dtype=np.float32)
    for start in range(0, n, _BLOCK):
        size = min(_BLOCK, n - start)
        for query in range(len(dense)):
            for i in range(size):
                total[i] = np.float32(0.0)
            for j in range(dense.shape[1]):
                value, column = dense[query, j], columns[j, start : start + size]
                for i in range(size):
                    gap = column[i] - value
                    total[i] += gap * gap
            for j in range(wide.shape[1]):
                code, column_codes = wide[query, j], codes[j, start : start + size]
                for i in range(size):
                    total[i] += np.float32(1.0) if column_codes[i] != code else np.float32(0.0)
            low = best[query]
            for i in range(size):
                low = min(low, total[i])
            if low < best[query]:
                best[query] = low
                for i in range(size):
                    if total[i] == low:
                        places[query] = start + i
                        break
