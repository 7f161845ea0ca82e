"""Total variation between marginals, the part of it that is sampling noise, and its standard error.

Owner side. Shapes: a cell array is int64 counts of one marginal; `real` and `synthetic` have equal length.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.encode import Column, Encoded

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

MAX_PAIRS = 2_000
MAX_TRIPLES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One marginal compared: total variation, what noise alone would give, and the standard error."""

    names: tuple[str, ...]
    tvd: float
    floor: float
    se: float
    association: float = 0.0
    association_se: float = 0.0

    @property
    def excess(self) -> float:
        """Total variation above the noise floor; below zero when closer than a fresh sample would be."""
        return self.tvd - self.floor


def gaps(
    encoded: Encoded, order: int, rng: np.random.Generator, *, role: str = "synthetic", limit: int | None = None
) -> list[Gap]:
    """Compare `train` with `role` on every marginal of this order (seeded subset when there are many)."""
    cliques: list[tuple[Column, ...]] = list(itertools.combinations(encoded.columns, order))
    limit = limit or (MAX_TRIPLES if order > 2 else MAX_PAIRS)
    if len(cliques) > limit:
        cliques = [cliques[i] for i in sorted(rng.choice(len(cliques), limit, replace=False).tolist())]
    return [_gap(clique, role) for clique in cliques]


def noise_floor(share: Floats, n: int, n_synthetic: int) -> float:
    """Expected total variation of two samples of one distribution `share`.

    0.5 * sum sqrt(2 p (1 - p) / pi * (1/n + 1/n_s)), each term at most the 2p that two sparse cells can
    differ by. Source: normal approximation of the mean absolute difference, as mostlyai-qa uses it.
    """
    spread = np.sqrt(2 * share * (1 - share) / np.pi * (1 / n + 1 / n_synthetic))
    return float(0.5 * np.minimum(spread, 2 * share).sum())


def standard_error(real: Floats, synthetic: Floats, n: int, n_synthetic: int) -> float:
    """Delta-method standard error of the total variation; conservative where the shares are equal."""
    sign = np.sign(real - synthetic)
    variance = (1 - (sign @ real) ** 2) / n + (1 - (sign @ synthetic) ** 2) / n_synthetic
    return float(0.5 * np.sqrt(max(0.0, float(variance))))


def cramers_v(counts: Floats) -> float:
    """Association of a two-way table, 0 to 1, corrected for bias. Source: Bergsma 2013."""
    table = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    n, (rows, cols) = table.sum(), table.shape
    if n < 2 or min(rows, cols) < 2:
        return 0.0
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n
    phi = max(0.0, float(((table - expected) ** 2 / expected).sum() / n) - (rows - 1) * (cols - 1) / (n - 1))
    smaller = min(rows - (rows - 1) ** 2 / (n - 1), cols - (cols - 1) ** 2 / (n - 1)) - 1
    return float(min(1.0, np.sqrt(phi / smaller))) if smaller > 0 else 0.0


def _gap(clique: Sequence[Column], role: str) -> Gap:
    shape = tuple(column.size for column in clique)
    real, synthetic = _count(clique, "train", shape), _count(clique, role, shape)
    n, m = int(real.sum()), int(synthetic.sum())
    pooled = (real + synthetic) / (n + m)
    p, q = real / n, synthetic / m
    association, association_se = _association(real.reshape(shape), synthetic.reshape(shape))
    return Gap(
        names=tuple(column.name for column in clique),
        tvd=float(0.5 * np.abs(p - q).sum()),
        floor=noise_floor(pooled, n, m),
        se=standard_error(p, q, n, m),
        association=association,
        association_se=association_se,
    )


def _association(real: Counts, synthetic: Counts) -> tuple[float, float]:
    """Difference of the two associations, and a standard error of at most (1 - V^2) / sqrt(n) on each side."""
    if real.ndim != 2:
        return 0.0, 0.0
    a, b = cramers_v(real.astype(np.float64)), cramers_v(synthetic.astype(np.float64))
    variance = (1 - a * a) ** 2 / real.sum() + (1 - b * b) ** 2 / synthetic.sum()
    return abs(a - b), float(np.sqrt(variance))


def _count(clique: Sequence[Column], role: str, shape: tuple[int, ...]) -> Counts:
    kind: type[np.integer[Any]] = np.uint16 if np.prod(shape) < 2**16 else np.int32
    index: NDArray[Any] = clique[0].bins[role].astype(kind)
    for column, size in zip(clique[1:], shape[1:], strict=True):
        index = index * kind(size) + column.bins[role]
    return np.bincount(index, minlength=int(np.prod(shape)))
