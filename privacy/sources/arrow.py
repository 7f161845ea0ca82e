"""Exact counts from code arrays in memory.

Small work goes through numpy, which starts at once; large work through loops that numba compiles in about a
second and that then count some 300 million pairs of codes a second and core.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from privacy.domain import Clique, Domain

COMPILE_ABOVE = 60_000_000
"""Codes read in one call from which compiling pays: numpy takes about 1.5 s for them."""
_BLOCK = 1 << 16

Codes = NDArray[np.unsignedinteger[Any]]


class ArrowCounts:
    """Code arrays of one table; unsigned integers, as narrow as each column's size allows."""

    def __init__(self, codes: Mapping[str, NDArray[np.integer[Any]]], domain: Domain, *, n_rows: int) -> None:
        """Raises: ValueError if a column has another length, or a code outside of its size; KeyError for none."""
        self._domain = domain
        self._codes = {name: _narrow(codes[name], domain[name]) for name in domain}
        self._n_rows = n_rows
        if any(column.size != n_rows for column in self._codes.values()):
            raise ValueError("All columns have the same number of rows.")

    @property
    def domain(self) -> Domain:
        """The columns and their numbers of codes."""
        return self._domain

    def counts(self, cliques: Sequence[Clique]) -> Iterator[NDArray[np.int64]]:
        """Exact counts of each clique, of shape ``domain.shape(clique)``; the empty clique counts the rows."""
        shapes = [self._domain.shape(clique) for clique in cliques]
        columns = [[self._codes[name] for name in clique] for clique in cliques]
        n_read = sum(column.size for group in columns for column in group)
        count = _compiled() if n_read > COMPILE_ABOVE else _count_blocks
        return (
            count(group, shape) if group else np.array(self._n_rows, dtype=np.int64)
            for group, shape in zip(columns, shapes, strict=True)
        )

    def recoded(self, columns: Mapping[str, tuple[str, NDArray[np.integer[Any]]]]) -> ArrowCounts:
        """The same rows over derived columns, each code mapped to a new one."""
        for old, mapping in columns.values():
            if mapping.shape != (self._domain[old],) or int(mapping.min()) < 0:
                raise ValueError("A map gives a new code, not negative, to each code of its column.")
        domain = Domain.of({new: int(mapping.max()) + 1 for new, (_, mapping) in columns.items()})
        codes = {new: _narrow(mapping, domain[new])[self._codes[old]] for new, (old, mapping) in columns.items()}
        return ArrowCounts(codes, domain, n_rows=self._n_rows)


def _narrow(codes: NDArray[np.integer[Any]], size: int) -> Codes:
    if codes.size and not 0 <= int(codes.min()) <= int(codes.max()) < size:
        raise ValueError("A code is outside of its column's size.")
    return np.ascontiguousarray(codes, dtype=np.min_scalar_type(max(size - 1, 0)))


def _count_blocks(columns: Sequence[Codes], shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Blocks keep the joint codes in the cache; a large table of cells is counted in one piece."""
    size = int(np.prod(shape, dtype=object))
    n_rows = columns[0].size
    block = _BLOCK if size <= _BLOCK else max(n_rows, 1)
    total = np.zeros(size, dtype=np.int64)
    for start in range(0, n_rows, block):
        joint = columns[0][start : start + block].astype(np.intp)
        for column, width in zip(columns[1:], shape[1:], strict=True):
            joint *= width
            joint += column[start : start + block]
        total += np.bincount(joint, minlength=size)
    return total.reshape(shape)


def _compiled() -> Callable[[Sequence[Codes], tuple[int, ...]], NDArray[np.int64]]:
    """The counting loops for one and two columns; wider cliques stay with numpy."""
    from privacy.sources.compiled import count_one, count_two

    def count(columns: Sequence[Codes], shape: tuple[int, ...]) -> NDArray[np.int64]:
        if len(columns) == 1:
            return count_one(columns[0], shape[0])
        if len(columns) == 2:
            return count_two(columns[0], columns[1], shape[0], shape[1])
        return _count_blocks(columns, shape)

    return count
