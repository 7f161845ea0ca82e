"""Private records by unit, as a training takes them: ``privacy.session`` makes them, ``privacy.training`` asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Batch = Any
"""What a loss understands: a tensor, or a tuple or a mapping of tensors, each with records along its first axis."""
Ints = NDArray[np.intp]


class Units(Protocol):
    """Private records by unit. Only ``train`` may ask."""

    def __len__(self) -> int:
        """Units, exactly: private."""
        ...

    def batch(self, chosen: Ints) -> tuple[Batch, Ints]:
        """The records of some units, and for each record the place in ``chosen`` of its unit."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordUnits:
    """Records of any kind. ``collate`` makes a batch of them; what it draws at random it draws per record."""

    units: Sequence[Sequence[Any]]
    collate: Callable[[Sequence[Any]], Batch]

    def __len__(self) -> int:
        return len(self.units)

    def batch(self, chosen: Ints) -> tuple[Batch, Ints]:
        """See ``Units.batch``."""
        records = [(place, record) for place, unit in enumerate(chosen) for record in self.units[unit]]
        return self.collate([record for _, record in records]), np.array([place for place, _ in records], dtype=np.intp)


@dataclass(frozen=True, slots=True, eq=False)
class MatrixUnits:
    """Rows of a matrix. ``order[starts[u]:starts[u + 1]]`` are the rows of unit u."""

    rows: NDArray[Any]
    order: Ints
    starts: Ints

    @classmethod
    def of(cls, rows: NDArray[Any], unit_of_row: NDArray[np.integer[Any]]) -> MatrixUnits:
        """Shapes: rows (n, ...), unit_of_row (n,), any whole numbers."""
        _, number = np.unique(unit_of_row, return_inverse=True)
        order = np.argsort(number, kind="stable")
        counts = np.bincount(number) if number.size else np.zeros(0, dtype=np.intp)
        return cls(rows, order, np.concatenate([[0], np.cumsum(counts)]).astype(np.intp))

    def __len__(self) -> int:
        return len(self.starts) - 1

    def batch(self, chosen: Ints) -> tuple[Batch, Ints]:
        """See ``Units.batch``; the batch is one tensor."""
        import torch

        sizes = self.starts[chosen + 1] - self.starts[chosen]
        first = np.repeat(self.starts[chosen] - np.concatenate([[0], np.cumsum(sizes)[:-1]]), sizes)
        rows = self.order[np.arange(int(sizes.sum())) + first]
        return torch.from_numpy(self.rows[rows]), np.repeat(np.arange(len(chosen)), sizes)
