"""Measure and choose on discrete codes: pay, count, add noise.

Only ``privacy.session`` makes one; synthesizers call it. Exact counts never leave it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from privacy.accounting import gaussian_event
from privacy.domain import Clique, Domain
from privacy.marginals import NoisyMarginal
from privacy.meter import Meter
from privacy.noise import Entropy, rounded_gaussian
from privacy.sources.base import CountSource

_LARGEST = 2.0**53
"""Expected counts beyond this are no counts, and floats of this size are no exact integers."""


def l2_sensitivity(n_cliques: int, max_rows: int) -> float:
    """L2 sensitivity of n_cliques histograms, or of their L1 distances to fixed numbers, add/remove one unit.

    A unit's rows, at most max_rows, move one histogram by a non-negative integer vector that sums to at most
    max_rows, so by at most max_rows in L2, and its L1 distance to anything by at most max_rows.
    """
    return max_rows * math.sqrt(n_cliques)


class CountingSession:
    """Coded rows behind a meter.

    Relation: add or remove one privacy unit, who has at most ``max_rows`` rows.
    """

    __slots__ = ("__entropy", "__meter", "__source", "_max_rows")

    def __init__(self, source: CountSource, meter: Meter, entropy: Entropy, *, max_rows: int) -> None:
        """``entropy``: returns fresh random bytes."""
        self.__source = source
        self.__meter = meter
        self.__entropy = entropy
        self._max_rows = max_rows

    @property
    def domain(self) -> Domain:
        """Columns and their numbers of codes."""
        return self.__source.domain

    def measure(self, cliques: Sequence[Clique], *, stddev: float, purpose: str) -> list[NoisyMarginal]:
        """Release noisy counts of every clique, paying for them first. See ``PrivateSession.measure``."""
        if not cliques:
            return []
        counted = zip(cliques, self._paid_counts(cliques, stddev, purpose), strict=True)
        return [
            NoisyMarginal(clique=clique, counts=self._noisy(exact, stddev).astype(np.float64), stddev=stddev)
            for clique, exact in counted
        ]

    def choose(
        self,
        candidates: Sequence[Clique],
        expected: Callable[[Clique], NDArray[np.float64]],
        *,
        stddev: float,
        purpose: str,
    ) -> NDArray[np.float64]:
        """Release noisy L1 distances, paying for them first. See ``PrivateSession.choose``."""
        if not candidates:
            return np.zeros(0)
        distances = np.zeros(len(candidates), dtype=np.int64)
        for index, exact in enumerate(self._paid_counts(candidates, stddev, purpose)):
            distances[index] = np.abs(exact - _rounded(expected(candidates[index]), exact.shape)).sum()
        return self._noisy(distances, stddev).astype(np.float64)

    def recoded(self, columns: Mapping[str, tuple[str, NDArray[np.integer[Any]]]]) -> CountingSession:
        """A session over derived columns that shares this one's rows and meter.

        ``columns[new name] = (column, map)``, where map[code] is the new code and the new size is max(map) + 1.
        A map acts on each row alone, so no sensitivity changes. It must be made from public or released facts.
        Raises: KeyError for an unknown column, ValueError for a map of the wrong length or with negative codes.
        """
        return CountingSession(self.__source.recoded(columns), self.__meter, self.__entropy, max_rows=self._max_rows)

    def _paid_counts(self, cliques: Sequence[Clique], stddev: float, purpose: str) -> Any:
        """Exact counts of each clique, once the event is debited."""
        for clique in cliques:
            self.domain.project(clique)
        self.__meter.debit(purpose, gaussian_event(stddev / l2_sensitivity(len(cliques), self._max_rows)))
        return self.__source.counts(cliques)

    def _noisy(self, exact: NDArray[np.int64], stddev: float) -> NDArray[np.int64]:
        return exact + rounded_gaussian(stddev, exact.shape, self.__entropy)


def _rounded(expected: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.int64]:
    guess = np.asarray(expected, dtype=np.float64)
    if guess.shape != shape or not np.isfinite(guess).all() or (np.abs(guess) > _LARGEST).any():
        raise ValueError("Expected counts are finite and of the clique's shape.")
    return np.rint(guess).astype(np.int64)
