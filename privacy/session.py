"""The only handle on rows that a synthesizer gets: it pays first, then acts, and answers with noise.

``service`` opens a session; synthesizers call it. It never returns a row, an exact count or anything else
that is derived from rows without an event.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from privacy.accounting import gaussian_event
from privacy.binning import Discretisation, DomainPlan, discretise
from privacy.domain import Clique, Domain
from privacy.marginals import NoisyMarginal
from privacy.meter import Meter
from privacy.noise import Entropy, rounded_gaussian
from privacy.sources.arrow import ArrowCounts
from privacy.sources.base import CountSource
from understudy.errors import Failed
from understudy.schema import TableSchema

__all__ = ["Meter", "PrivateSession", "l2_sensitivity"]


def l2_sensitivity(n_cliques: int, max_rows: int) -> float:
    """L2 sensitivity of n_cliques histograms, or of their L1 distances to fixed numbers, add/remove one unit.

    A unit's rows, at most max_rows, move one histogram by a non-negative integer vector that sums to at most
    max_rows, so by at most max_rows in L2, and its L1 distance to anything by at most max_rows.
    """
    return max_rows * math.sqrt(n_cliques)


class PrivateSession:
    """Rows behind a meter.

    Relation: add or remove one privacy unit, who has at most ``schema.unit.max_rows`` rows.
    Guarantees: whatever the calls and their order, all that was returned is mu-GDP with mu**2 the sum of what
    the meter debited, up to the total variation of the debited failures.
    """

    __slots__ = ("__entropy", "__meter", "__rows", "__source", "_discretisation", "_schema")

    def __init__(self, rows: pa.Table, schema: TableSchema, meter: Meter, entropy: Entropy) -> None:
        """``rows``: the canonical training rows, capped per unit. ``entropy``: returns fresh random bytes."""
        self.__rows = rows
        self.__meter = meter
        self.__entropy = entropy
        self.__source: CountSource | None = None
        self._schema = schema
        self._discretisation: Discretisation | None = None

    @property
    def schema(self) -> TableSchema:
        """The public facts."""
        return self._schema

    @property
    def max_rows(self) -> int:
        """Most rows of one privacy unit, a public fact."""
        return self._schema.unit.max_rows

    @property
    def discretisation(self) -> Discretisation:
        """Codes and what they stand for. Raises: Failed before ``discretise``."""
        if self._discretisation is None:
            raise Failed("The session has no domain yet: discretise first.")
        return self._discretisation

    @property
    def domain(self) -> Domain:
        """The discrete domain. Raises: Failed before ``discretise``."""
        return self.discretisation.domain

    def discretise(self, plan: DomainPlan) -> Discretisation:
        """Fix the domain, buying what the schema does not declare. Once per session.

        Guarantees: all of the plan's events are debited before any row is read.
        Raises: PlanExceeded if the meter does not hold the plan's events; Failed at a second call.
        """
        if self._discretisation is not None:
            raise Failed("The session's domain is already fixed.")
        result = discretise(self.__rows, self._schema, plan, debit=self.__meter.debit, entropy=self.__entropy)
        self.__source = ArrowCounts(result.encode(self.__rows), result.domain)
        self._discretisation = result
        return result

    def measure(self, cliques: Sequence[Clique], *, stddev: float, purpose: str) -> list[NoisyMarginal]:
        """Release noisy counts of every clique, paying for them first.

        Shapes: result[i].counts is float64 of shape domain.shape(cliques[i]), whole numbers.
        Units: stddev in rows; L2 sensitivity is unit.max_rows * sqrt(len(cliques)), add/remove one unit.
        Guarantees: one event is debited before any row is read.
        Raises: PlanExceeded if the plan cannot cover the event, KeyError for an unknown column; nothing is read.
        Source: McKenna et al. 2021, arXiv:2108.04978 (the measure step).
        """
        if not cliques:
            return []
        source = self._pay(cliques, stddev, purpose)
        return [
            NoisyMarginal(clique=clique, counts=self._noisy(exact, stddev).astype(np.float64), stddev=stddev)
            for clique, exact in zip(cliques, source.counts(cliques), strict=True)
        ]

    def choose(
        self,
        candidates: Sequence[Clique],
        expected: Callable[[Clique], NDArray[np.float64]],
        *,
        stddev: float,
        purpose: str,
    ) -> NDArray[np.float64]:
        """Release for each candidate the noisy L1 distance of its exact counts to round(expected(candidate)).

        Shapes: expected(c) has shape domain.shape(c); the result has shape (len(candidates),), whole numbers.
        Units: distances and stddev in rows; L2 sensitivity is unit.max_rows * sqrt(len(candidates)).
        Guarantees: one event for the whole vector, debited before any row is read. ``expected`` is called once
        for each candidate and never sees rows; its answers are rounded to integers before they meet a count.
        Raises: PlanExceeded or KeyError, and nothing is read then; ValueError if an answer has the wrong shape
        or is not finite.
        """
        if not candidates:
            return np.zeros(0)
        source = self._pay(candidates, stddev, purpose)
        distances = np.zeros(len(candidates), dtype=np.int64)
        for index, (clique, exact) in enumerate(zip(candidates, source.counts(candidates), strict=True)):
            distances[index] = np.abs(exact - _rounded(expected(clique), exact.shape)).sum()
        return self._noisy(distances, stddev).astype(np.float64)

    def _pay(self, cliques: Sequence[Clique], stddev: float, purpose: str) -> CountSource:
        """The rows' counts, once the event is debited."""
        for clique in cliques:
            self.domain.project(clique)
        self.__meter.debit(purpose, gaussian_event(stddev / l2_sensitivity(len(cliques), self.max_rows)))
        if self.__source is None:
            raise Failed("The session has no domain yet: discretise first.")
        return self.__source

    def _noisy(self, exact: NDArray[np.int64], stddev: float) -> NDArray[np.int64]:
        return exact + rounded_gaussian(stddev, exact.shape, self.__entropy)


def _rounded(expected: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.int64]:
    guess = np.asarray(expected, dtype=np.float64)
    if guess.shape != shape or not np.isfinite(guess).all() or (np.abs(guess) > 2.0**53).any():
        raise ValueError("Expected counts are finite and of the clique's shape.")
    return np.rint(guess).astype(np.int64)
