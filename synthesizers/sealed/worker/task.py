"""What every runner is given, and what all of them need: the task's numbers and randomness of the operating system."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Task:
    """``sizes``: codes of each column, from 0. ``n_rows``: rows to make. ``total``: the noisy number of real rows.

    ``rho``: the zCDP that the whole run may cost, one row added or removed; 0 for a run without a guarantee.
    """

    model: str
    sizes: tuple[int, ...]
    n_rows: int
    total: float
    rho: float
    options: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, document: dict[str, Any]) -> Task:
        """From JSON."""
        return cls(**{**document, "sizes": tuple(document["sizes"])})

    @property
    def names(self) -> list[str]:
        """Names for libraries that want some; the real ones never come here."""
        return [f"c{column}" for column in range(len(self.sizes))]


def fresh_seed() -> int:
    """For libraries that only take a seed: 32 bits of the operating system's entropy."""
    return int.from_bytes(os.urandom(4), "little")


class SystemChoice:
    """Draws of the exponential mechanism from the operating system's entropy, in place of ``numpy.random``."""

    def choice(self, size: int, p: NDArray[np.float64]) -> int:
        """One index below ``size``, by the probabilities ``p``."""
        steps = np.cumsum(np.asarray(p, dtype=np.float64))
        return min(int(np.searchsorted(steps, random.SystemRandom().random() * steps[-1], side="right")), size - 1)
