"""What learning a column's bins has told about its one-way marginal: free to use, for it is paid for.

Anyone may import this. It is released data.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from privacy.marginals import NoisyMarginal


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measured:
    """Noisy counts of a column's codes, each with a variance of its own.

    Shapes: both float64, one entry for each code. Units: rows, rows squared.
    The counts come from several histograms, brought together by least squares: no whole numbers, slightly
    correlated, and seen when the bins were chosen. Good for estimates; no basis for a significance test.
    """

    name: str
    counts: NDArray[np.float64]
    variances: NDArray[np.float64]

    @classmethod
    def plain(cls, name: str, counts: NDArray[np.float64], stddev: float) -> Measured:
        """One measurement with the same noise in every code."""
        return cls(name=name, counts=counts, variances=np.full(counts.size, stddev**2 + 1 / 12))

    def combined(self, counts: NDArray[np.float64] | NDArray[np.int64], stddev: float) -> Measured:
        """Together with another, independent measurement of the same codes, weighted by precision."""
        trust = 1 / np.maximum(self.variances, 1.0), 1 / (stddev**2 + 1 / 12)
        precision = trust[0] + trust[1]
        return Measured(
            name=self.name,
            counts=(self.counts * trust[0] + counts * trust[1]) / precision,
            variances=1 / precision,
        )

    def marginal(self) -> NoisyMarginal:
        """The same with one noise level for all codes: the root of the mean variance."""
        return NoisyMarginal(clique=(self.name,), counts=self.counts, stddev=math.sqrt(float(self.variances.mean())))
