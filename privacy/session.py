"""The only handle on rows that a synthesizer gets: it pays first, then acts, and answers with noise.

``service`` opens a session; synthesizers call it. It never returns a row, an exact count or anything else
that is derived from rows without an event.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from privacy.accounting import DpEvent, gaussian_event
from privacy.binning import Discretisation, DomainPlan, discretise
from privacy.calibration import TrainingPlan
from privacy.counting import CountingSession, l2_sensitivity
from privacy.domain import Clique, Domain
from privacy.marginals import NoisyMarginal
from privacy.meter import Meter
from privacy.noise import Entropy
from privacy.records import MatrixUnits, RecordUnits, Units
from privacy.sources.arrow import ArrowRows
from privacy.sources.base import RowSource
from privacy.training import MAX_RECORDS, require_deep, train
from privacy.unitrows import coded_rows, each_row, grouped, unit_numbers
from privacy.vectors import Sparse, noisy_sum
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

    def train(
        self,
        module: Any,
        loss: Callable[[Any, Any], Any],
        plan: TrainingPlan,
        *,
        purpose: str,
        optimizer: Any,
        encode: Callable[[Mapping[str, object]], Any] | None = None,
        columns: Sequence[str] = (),
        collate: Callable[[Sequence[Any]], Any] | None = None,
        device: str = "cpu",
        on_step: Callable[[int, int], None] | None = None,
        max_records: int = MAX_RECORDS,
    ) -> None:
        """Train ``module`` in place by DP-SGD (``privacy.training.train``), paying for it first.

        With ``encode`` and ``collate``: ``encode`` makes a record of each row's ``columns``, row by row and seen by
        nobody else (None: the row is left out), ``collate`` a batch of records. Without: a batch is one int64 tensor
        (records, modelled columns) of the session's codes, in the order of ``domain``.
        Guarantees: ``plan.event()`` is debited before any row is read; records of one unit are one clipped part.
        Raises: PlanExceeded, and nothing is read then; UsageError (deep-missing), and nothing is debited then.
        """
        require_deep()
        self.__meter.debit(purpose, plan.event())
        if encode is None or collate is None:
            rows = coded_rows(self.__rows, self.discretisation)
            units: Units = MatrixUnits.of(rows, unit_numbers(self.__rows, self._schema))
        else:
            found = grouped(each_row(self.__rows, self._schema, columns), encode)
            units = RecordUnits(units=found, collate=collate)
        train(
            module,
            loss,
            units,
            plan,
            entropy=self.__entropy,
            optimizer=optimizer,
            device=device,
            on_step=on_step,
            max_records=max_records,
        )

    def add_up(
        self,
        encode: Callable[[Mapping[str, object]], Sparse | None],
        *,
        columns: Sequence[str],
        size: int,
        noise_multiplier: float,
        purpose: str,
    ) -> NDArray[np.float64]:
        """Release the noisy sum over units of one vector each, paying for it first.

        ``encode`` makes a sparse vector of each row's ``columns``, row by row (None: a zero); a unit's rows are added
        up and clipped to an L2 norm of 1.
        Shapes: float64 (size,). Units: the noise's stddev is ``noise_multiplier``; L2 sensitivity is 1, add/remove one
        unit. Guarantees: one Gaussian event is debited before any row is read.
        Raises: PlanExceeded, and nothing is read then.
        """
        self.__meter.debit(purpose, gaussian_event(noise_multiplier))
        rows = each_row(self.__rows, self._schema, columns)
        made = ((unit, vector) for unit, row in rows if (vector := encode(row)) is not None)
        return noisy_sum(made, size, noise_multiplier=noise_multiplier, entropy=self.__entropy)

    @contextlib.contextmanager
    def sealed(self, folder: Path, event: DpEvent, *, purpose: str) -> Iterator[Path]:
        """All rows as codes, in a file that only a sealed engine may read, paid for as a whole before it is written.

        ``event`` is the price of everything that the engine will ever tell of the rows. The file is an .npz with one
        matrix ``codes`` (rows, columns in the order of ``domain``) of unsigned integers, for the owner only; it is
        gone when the block ends. The codes are of the session's domain, so a literal that the domain has not is not
        in the file; and at most max_rows rows are of one unit, which the event must have been priced for.
        Guarantees: the event is debited before any row is read.
        Raises: PlanExceeded, Failed (no domain yet), UsageError (rows-not-readable) if only counts may leave the
        source; nothing is read then.
        """
        discretisation = self.discretisation
        if not self.__rows.is_readable:
            raise UsageError("Only counts leave a database, and this engine needs rows.", code="rows-not-readable")
        self.__meter.debit(purpose, event)
        path = folder / "codes.npz"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            np.savez(file, codes=coded_rows(self.__rows, discretisation).astype(np.uint32))
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    def _counts(self) -> CountingSession:
        if self.__counting is None:
            raise Failed("The session has no domain yet: discretise first.")
        return self.__counting
