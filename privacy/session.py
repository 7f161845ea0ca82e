"""The only handle on rows that a synthesizer gets: it pays first, then acts, and answers with noise.

``service`` opens a session; synthesizers call it. It never returns a row, an exact count or anything else
that is derived from rows without an event.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from privacy.binning import Discretisation, DomainPlan, discretise
from privacy.counting import CountingSession, l2_sensitivity
from privacy.domain import Clique, Domain
from privacy.marginals import NoisyMarginal
from privacy.meter import Meter
from privacy.noise import Entropy
from privacy.sources.arrow import ArrowRows
from privacy.sources.base import RowSource
from understudy.errors import Failed, UsageError
from understudy.schema import TableSchema

__all__ = ["CountingSession", "Meter", "PrivateSession", "l2_sensitivity"]


class PrivateSession:
    """Rows behind a meter.

    Relation: add or remove one privacy unit, who has at most ``schema.unit.max_rows`` rows.
    Guarantees: whatever the calls and their order, all that was returned is mu-GDP with mu**2 the sum of what
    the meter debited, up to the total variation of the debited failures.
    """

    __slots__ = ("__counting", "__entropy", "__meter", "__rows", "_discretisation", "_schema")

    def __init__(self, rows: pa.Table | RowSource, schema: TableSchema, meter: Meter, entropy: Entropy) -> None:
        """``rows``: the canonical training rows, capped per unit: the modelled columns, and the unit's column. A
        table in memory, or a source of rows that lie elsewhere (``privacy.sources``).

        The unit's values may be pseudonyms, if the same unit always has the same one. Without the unit's column
        all is as private, but finding categories takes more rows of each.
        ``entropy``: returns fresh random bytes, such as os.urandom.
        """
        self.__rows: RowSource = ArrowRows(rows) if isinstance(rows, pa.Table) else rows
        self.__meter = meter
        self.__entropy = entropy
        self.__counting: CountingSession | None = None
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
        return self._counts().domain

    def discretise(self, plan: DomainPlan) -> Discretisation:
        """Fix the domain, buying what the schema does not declare. Once per session.

        Guarantees: all of the plan's events are debited before any row is read.
        Raises: PlanExceeded if the meter does not hold the plan's events; UsageError (domain-undeclared) if something
        must be bought and only counts may leave the source; Failed at a second call.
        """
        if self._discretisation is not None:
            raise Failed("The session's domain is already fixed.")
        if plan.events and not self.__rows.is_readable:
            raise UsageError("Only counts leave a database: declare every domain.", code="domain-undeclared")
        result = discretise(self.__rows, self._schema, plan, debit=self.__meter.debit, entropy=self.__entropy)
        source = self.__rows.coded(result)
        self.__counting = CountingSession(source, self.__meter, self.__entropy, max_rows=self.max_rows)
        self._discretisation = result
        return result

    def measure(self, cliques: Sequence[Clique], *, stddev: float, purpose: str) -> list[NoisyMarginal]:
        """Release noisy counts of every clique, paying for them first. The empty clique counts the rows.

        Shapes: result[i].counts is float64 of shape domain.shape(cliques[i]), whole numbers.
        Units: stddev in rows; L2 sensitivity is unit.max_rows * sqrt(len(cliques)), add/remove one unit.
        Guarantees: one event is debited before any row is read.
        Raises: PlanExceeded if the plan cannot cover the event, KeyError for an unknown column; nothing is read.
        Source: McKenna et al. 2021, arXiv:2108.04978 (the measure step).
        """
        return self._counts().measure(cliques, stddev=stddev, purpose=purpose)

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
        return self._counts().choose(candidates, expected, stddev=stddev, purpose=purpose)

    def recoded(self, columns: Mapping[str, tuple[str, NDArray[np.integer[Any]]]]) -> CountingSession:
        """A session over derived columns that shares this one's rows and meter.

        ``columns[new name] = (column, map)``, where map[code] is the new code and the new size is max(map) + 1.
        Guarantees: each row is mapped alone, so sensitivities stay what they are.
        """
        return self._counts().recoded(columns)

    def _counts(self) -> CountingSession:
        if self.__counting is None:
            raise Failed("The session has no domain yet: discretise first.")
        return self.__counting
