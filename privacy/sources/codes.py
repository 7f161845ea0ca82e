"""Codes of many rows as two matrices, a byte for each code of a small column and four for any other.

Two element types are enough for counting loops to be compiled once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from privacy.domain import Domain

SMALL = 256
"""Columns of at most this many codes take a byte a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where each column's codes are: row ``place[name]`` of the small matrix, or beyond its end, of the wide one."""

    domain: Domain
    place: Mapping[str, int]
    n_small: int

    @classmethod
    def of(cls, domain: Domain) -> Layout:
        """Small columns first, each kind in the domain's order."""
        small = [name for name in domain if domain[name] <= SMALL]
        wide = [name for name in domain if domain[name] > SMALL]
        return cls(domain=domain, place={name: i for i, name in enumerate(small + wide)}, n_small=len(small))

    @property
    def row_bytes(self) -> int:
        """Bytes of one row."""
        return self.n_small + 4 * (len(self.place) - self.n_small)

    def empty(self, n_rows: int) -> Codes:
        """Matrices to be filled."""
        return Codes(
            layout=self,
            small=np.empty((self.n_small, n_rows), dtype=np.uint8),
            wide=np.empty((len(self.place) - self.n_small, n_rows), dtype=np.uint32),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Codes:
    """Codes by column and row."""

    layout: Layout
    small: NDArray[np.uint8]
    wide: NDArray[np.uint32]

    def __getitem__(self, name: str) -> NDArray[np.unsignedinteger[Any]]:
        place, n_small = self.layout.place[name], self.layout.n_small
        row: NDArray[np.unsignedinteger[Any]] = self.small[place] if place < n_small else self.wide[place - n_small]
        return row

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return int(self.small.shape[1])

    def fill(self, name: str, start: int, codes: NDArray[np.integer[Any]]) -> None:
        """Put codes into rows from ``start`` on. Raises: ValueError for a code outside of the column's size."""
        if codes.size and not 0 <= int(codes.min()) <= int(codes.max()) < self.layout.domain[name]:
            raise ValueError("A code is outside of its column's size.")
        self[name][start : start + codes.size] = codes
