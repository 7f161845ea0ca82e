"""Noisy marginals: all that a marginal engine ever gets to see of the rows.

Anyone may import this. A ``NoisyMarginal`` is released data: whatever is done with it is post-processing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from privacy.domain import Clique


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NoisyMarginal:
    """Counts of every cell of a clique, plus independent rounded Gaussian noise in each.

    Shapes: counts is float64 of shape ``domain.shape(clique)``; its values are whole numbers.
    Units: stddev in rows, of one cell. The noise's variance is stddev**2 + 1/12 to within 1e-3 for
    stddev >= 0.7, because the continuous noise is rounded.
    """

    clique: Clique
    counts: NDArray[np.float64]
    stddev: float

    def __post_init__(self) -> None:
        if self.counts.ndim != len(self.clique):
            raise ValueError("A marginal has one axis for each column of its clique.")

    @property
    def variance(self) -> float:
        """Variance of the noise of one cell, in rows squared, the rounding included."""
        return self.stddev**2 + 1 / 12
