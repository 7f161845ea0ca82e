"""Rows under conditions: of some values only, with other shares of a column's values, and true to the schema's rules.

The one layer for all engines. An engine gives rows of its model (``Source.propose``); here they are made to keep the
constraints and conditions, by what the engine can do exactly (``Source.conditioned``) and by rejection beyond that.
Reads synthetic rows only: all of this is post-processing and costs no budget.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from synthesizers.asked import Reader
from synthesizers.constraints import Functions, broken, selected
from synthesizers.imputation import Completes, imputed
from understudy.errors import Place, UsageError
from understudy.rules import Constraint, Determines, Selection, Value
from understudy.schema import TableSchema

LEAST_RATE = 1e-3
"""Below so many rows kept of those proposed, the model is said not to know the condition."""
_PROBE = 20_000
"""Proposals after which the rate is judged, and rows that functions are learnt from."""
_MOST = 2**20
"""Rows of a proposal; more come in several."""
_SPARE, _ROUND = 1.1, 64
_SURE = 0.1
"""Above this rate the few proposals that are still needed need not judge it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What the rows to be made shall be like; wishes of who asks for them, public facts.

    ``where``: selections by column, all of which every row is in. ``shares``: by column, the wanted share of some of
    its values; the others, missing included, divide the rest as in the model. ``impute``: columns without a missing
    value: where the model leaves one out, it is drawn given the row's other columns.
    """

    where: Mapping[str, Selection] = field(default_factory=dict)
    shares: Mapping[str, Mapping[Value, float]] = field(default_factory=dict)
    impute: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.where or self.shares or self.impute)

    @classmethod
    def parse(
        cls,
        schema: TableSchema,
        *,
        where: Mapping[str, object],
        rebalance: Mapping[str, object],
        impute: Sequence[str] = (),
    ) -> Conditions:
        """From JSON: ``where`` has a list of values, or an object with minimum and/or maximum, for each column;
        ``rebalance`` has for each column an object of values (as text) and their shares; ``impute`` names columns.

        Raises: UsageError (condition-invalid) with JSON pointers.
        """
        reader = Reader(schema)
        found = cls(
            where={name: one for name, wanted in where.items() if (one := reader.selection(name, wanted)) is not None},
            shares={name: reader.shares(name, wanted) for name, wanted in rebalance.items()},
            impute=reader.imputed(impute, rebalance),
        )
        if reader.faults:
            places = tuple(Place(pointer=pointer) for pointer, _ in reader.faults[:20])
            raise UsageError(reader.faults[0][1], code="condition-invalid", where=places)
        return found


class Source(Completes, Protocol):
    """Rows of a fitted model. ``propose``: rows may break constraints; None means the noisy number of rows."""

    def conditioned(self, conditions: Conditions) -> Source | None:
        """The model under these conditions: ``shares`` met, and ``where`` as well as it can be. None if the engine
        cannot do that: rejection does it then.

        Raises: UsageError (condition-unknown) if the model has no such rows.
        """
        ...


@dataclass(frozen=True, slots=True)
class Sampled:
    """Rows, and how many of those proposed were turned down."""

    rows: pa.Table
    proposed: int
    broke_constraints: int
    missed_conditions: int
    beyond_shares: int = 0
    """Rows as asked for, of a value of which there were enough already."""
    imputed: Mapping[str, int] = field(default_factory=dict)
    """By column, cells of the proposed rows that were filled."""

    def as_dict(self) -> dict[str, object]:
        """Public facts of the sampling: of the model's rows, none of the real ones."""
        filled = {name: round(cells / max(self.proposed, 1), 6) for name, cells in self.imputed.items()}
        return ({"imputed": dict(self.imputed), "imputed_rate": filled} if filled else {}) | {
            "proposed": self.proposed,
            "broke_constraints": self.broke_constraints,
            "missed_conditions": self.missed_conditions,
            "beyond_shares": self.beyond_shares,
            "rejection_rate": round(self._rejected / max(self.proposed, 1), 6),
        }

    @property
    def _rejected(self) -> int:
        return self.broke_constraints + self.missed_conditions + self.beyond_shares


def sampled(source: Source, n_rows: int | None, *, seed: int, conditions: Conditions | None = None) -> Sampled:
    """``n_rows`` rows (None: the noisy number of rows) that keep the source's constraints and the conditions.

    The same arguments give the same rows. Without constraints and conditions they are the source's own.
    Raises: UsageError (condition-unknown, condition-too-rare, rebalance-columns, impute-unknown).
    """
    conditions = conditions or Conditions()
    constraints = source.constraints
    exact = source.conditioned(conditions) if conditions else None
    if exact is None and len(conditions.shares) > 1:
        raise UsageError("This engine changes the shares of one column at a time.", code="rebalance-columns")
    functions = Functions(constraints, _pilot(source, constraints))
    search = _Search(exact or source, constraints, conditions, functions, seed)
    if not constraints and (not conditions or (exact is not None and not conditions.where and not conditions.impute)):
        rows = search.source.propose(n_rows, seed=seed)
        return Sampled(rows, rows.num_rows, 0, 0)
    first = search.proposal(n_rows if n_rows is None else min(n_rows, _MOST))
    wanted = first.num_rows if n_rows is None else n_rows
    quota = _quota(conditions.shares, wanted) if len(conditions.shares) == 1 else None
    return search.rows(first, wanted, quota)


def _pilot(source: Source, constraints: Sequence[Constraint]) -> pa.Table:
    """Rows to learn functions from; the same whatever is asked of the source, so that they are the same each time."""
    needed = any(isinstance(one, Determines) for one in constraints)
    return source.propose(_PROBE, seed=0) if needed else pa.table({})


@dataclass(frozen=True, slots=True)
class _Quota:
    """One column whose values are wanted in fixed numbers: the last number is that of all other values."""

    column: str
    values: tuple[Value, ...]
    counts: NDArray[np.int64]


def _quota(shares: Mapping[str, Mapping[Value, float]], n_rows: int) -> _Quota:
    """Whole numbers of rows that add up to ``n_rows``: the largest remainders are rounded up."""
    ((column, wanted),) = shares.items()
    parts = np.array([*wanted.values(), max(0.0, 1 - math.fsum(wanted.values()))]) * n_rows
    counts = np.floor(parts + 1e-9).astype(np.int64)
    by_rest = np.argsort(-(parts - counts), kind="stable")
    counts[by_rest[: max(0, n_rows - int(counts.sum()))]] += 1
    return _Quota(column, tuple(wanted), counts)


class _Search:
    """Proposals, one after the other, until enough are kept."""

    def __init__(
        self,
        source: Source,
        constraints: Sequence[Constraint],
        conditions: Conditions,
        functions: Functions,
        seed: int,
    ) -> None:
        self.source = source
        self._constraints, self._conditions, self._functions = constraints, conditions, functions
        self._seeds = _seeds(seed)
        self._proposed = self._broke = self._missed = self._beyond = 0
        self._imputed = dict.fromkeys(conditions.impute, 0)

    def proposal(self, n_rows: int | None) -> pa.Table:
        """New rows of the model, with the cells filled that are to be."""
        seed = next(self._seeds)
        rows = self.source.propose(n_rows, seed=seed)
        if self._imputed:
            found = imputed(self.source, rows, list(self._imputed), seed=seed)
            rows = found.rows
            self._imputed = {name: self._imputed[name] + cells for name, cells in found.cells.items()}
        return self._functions.applied(rows)

    def rows(self, proposal: pa.Table, wanted: int, quota: _Quota | None) -> Sampled:
        """``wanted`` rows, from this proposal and as many more as it takes."""
        room = None if quota is None else quota.counts.copy()
        kept: list[pa.Table] = []
        missing = wanted
        while True:
            fitting = self._fitting(proposal)
            if quota is not None and room is not None:
                fit = fitting.num_rows
                fitting = _within(fitting, quota, room)
                self._beyond += fit - fitting.num_rows
            kept.append(fitting.slice(0, missing))
            missing -= kept[-1].num_rows
            if missing == 0:
                break
            rate = kept[-1].num_rows / max(proposal.num_rows, 1)
            if proposal.num_rows >= _PROBE and rate < LEAST_RATE:
                raise UsageError(
                    "Fewer than one row in a thousand of the model is as asked for and keeps the schema's constraints.",
                    code="condition-too-rare",
                )
            more = math.ceil(_SPARE * missing / max(rate, LEAST_RATE)) + _ROUND
            proposal = self.proposal(min(more if rate > _SURE else max(more, _PROBE), _MOST))
        rows = pa.concat_tables(kept)
        if quota is not None:
            order = np.random.default_rng([next(self._seeds), 2]).permutation(rows.num_rows)
            rows = rows.take(order)
        return Sampled(rows, self._proposed, self._broke, self._missed, self._beyond, self._imputed)

    def _fitting(self, rows: pa.Table) -> pa.Table:
        """Those that keep all constraints and are as asked for."""
        bad = broken(rows, self._constraints)
        good = ~bad
        for column, wanted in self._conditions.where.items():
            good &= selected(rows[column], wanted)
        self._proposed += rows.num_rows
        self._broke += int(bad.sum())
        self._missed += int((~bad & ~good).sum())
        return rows if good.all() else rows.filter(pa.array(good))


def _within(rows: pa.Table, quota: _Quota, room: NDArray[np.int64]) -> pa.Table:
    """The first rows of each value for which there is room, which is taken."""
    group = np.full(rows.num_rows, len(quota.values))
    for rank, value in enumerate(quota.values):
        group[selected(rows[quota.column], Selection(values=(value,)))] = rank
    keep = np.zeros(rows.num_rows, dtype=bool)
    for rank in range(len(room)):
        mine = np.flatnonzero(group == rank)[: room[rank]]
        keep[mine] = True
        room[rank] -= mine.size
    return rows.filter(pa.array(keep))


def _seeds(seed: int) -> Iterator[int]:
    """The seed itself, then others that follow from it."""
    yield seed
    rng = np.random.default_rng([seed, 3])
    while True:
        yield int(rng.integers(2**62))
