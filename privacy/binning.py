"""From rows to a fixed discrete domain: declared facts are taken, all others are bought.

Only ``privacy.session`` calls ``discretise``. No bound, category, bin edge, grid or null flag comes from rows
without an event of the plan.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from privacy.codecs import Codec, HierarchyCodec, ValuesCodec
from privacy.column_bins import Facts, learn
from privacy.discovery import discover_levels
from privacy.discretisation import Discretisation
from privacy.domain_plan import SMALL_RANGE, ColumnPlan, DomainPlan, Method, Step, plan_domain, ruled_values
from privacy.hierarchy import public_roots
from privacy.measured import Measured
from privacy.meter import Meter
from privacy.noise import Entropy
from privacy.till import Debit, Till
from understudy.schema import ColumnSchema, TableSchema, Value

__all__ = ["Discretisation", "DomainPlan", "discretise", "plan_domain"]


def discretise(
    rows: pa.Table, schema: TableSchema, plan: DomainPlan, *, debit: Debit, entropy: Entropy
) -> Discretisation:
    """Fix the domain of the modelled columns.

    ``rows``: canonical rows, at most schema.unit.max_rows per unit; the unit's column may be among them.
    Guarantees: all of the plan's events are debited before any row is read; only noisy counts are used then, and
    a meter of the plan's own events stands before each of them.
    Raises: PlanExceeded; no row is read then.
    """
    for purpose, event in plan.events:
        debit(purpose, event)
    buyer = _Buyer(rows=rows, schema=schema, plan=plan, till=Till(debit=Meter(plan.events).debit, entropy=entropy))
    learnt = buyer.columns()
    return Discretisation(
        codecs=tuple(one.codec for one in learnt),
        provenance={one.codec.name: {**one.facts, "missing": "declared"} for one in learnt},
        one_ways=tuple(one.measured for one in learnt if one.measured is not None),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Learnt:
    """One column: its codes, how each fact was learnt, and what is known of its one-way marginal."""

    codec: Codec
    facts: Facts
    measured: Measured | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Buyer:
    """Buys the facts of one table, column by column."""

    rows: pa.Table
    schema: TableSchema
    plan: DomainPlan
    till: Till

    def columns(self) -> list[_Learnt]:
        """Every column, in order. The number of rows comes first: it sets how many cells a column is worth."""
        n_rows = self.n_rows() if Step.ROWS in self.plan.noise_multipliers else 0.0
        return [self.column(planned, n_rows) for planned in self.plan.columns]

    def column(self, planned: ColumnPlan, n_rows: float) -> _Learnt:
        column = self.schema[planned.name]
        if planned.method is Method.VALUES:
            return _declared(column, ruled_values(self.schema, column))
        return self.keys(column) if planned.method is Method.KEYS else self.bins(column, planned, n_rows)

    def n_rows(self) -> float:
        """The noisy number of rows."""
        noisy, _ = self.counts(lambda: np.array([self.rows.num_rows], dtype=np.int64), Step.ROWS)
        return float(noisy[0])

    def keys(self, column: ColumnSchema) -> _Learnt:
        found = discover_levels(
            self.rows[column.name],
            self.units(),
            hierarchy=column.hierarchy,
            till=self.till,
            noise_multiplier=self.plan.noise_multipliers[Step.KEYS],
            delta=self.plan.key_delta,
            max_rows=self.schema.unit.max_rows,
            limit=self.plan.max_keys,
        )
        return _Learnt(codec=_keys_codec(column, found, ruled_values(self.schema, column)), facts={"values": "dp"})

    def units(self) -> pa.ChunkedArray | None:
        """The unit of each row. A unit column of kind "pii" was dropped by the scrub: it tells nobody apart."""
        unit = self.schema.unit.column
        if unit is None or unit not in self.rows.column_names or self.schema[unit].kind == "pii":
            return None
        return self.rows[unit]

    def bins(self, column: ColumnSchema, planned: ColumnPlan, n_rows: float) -> _Learnt:
        codec, facts, measured = learn(
            column,
            planned,
            self.rows[column.name],
            self.counts,
            stddev=self.plan.noise_multipliers[Step.BINS] * self.schema.unit.max_rows,
            n_rows=n_rows,
            max_bins=self.plan.max_bins,
        )
        return _Learnt(codec=codec, facts=facts, measured=measured)

    def counts(
        self, exact: Callable[[], NDArray[np.int64]], step: Step, share: float = 1.0
    ) -> tuple[NDArray[np.int64], float]:
        """A noisy histogram of rows: one unit moves it by at most max_rows in L2."""
        z, sensitivity = self.plan.noise_multipliers[step] / math.sqrt(share), float(self.schema.unit.max_rows)
        noisy = self.till.counts(exact, purpose=step.value, noise_multiplier=z, sensitivity=sensitivity)
        return noisy, z * sensitivity


def _keys_codec(column: ColumnSchema, keys: tuple[str, ...], ruled: tuple[Value, ...]) -> Codec:
    nullable = not column.required
    if column.hierarchy is None:
        return ValuesCodec(name=column.name, type=column.type, values=keys, other=True, nullable=nullable)
    declared = tuple(str(value) for value in column.enum or ruled) or None
    roots = public_roots(column.hierarchy, declared)
    values = (*keys, *(root for root in roots if root not in keys))
    return HierarchyCodec(
        name=column.name, hierarchy=column.hierarchy, values=values, nullable=nullable, declared=declared
    )


def _declared(column: ColumnSchema, ruled: tuple[Value, ...]) -> _Learnt:
    """Words that rules list have OTHER beside them: rows that no rule judges may hold more."""
    is_short = isinstance(column.minimum, int) and isinstance(column.maximum, int) and column.type == "integer"
    values: tuple[Value, ...] = ()
    if column.enum is not None:
        values = column.enum
    elif column.type == "boolean":
        values = (False, True)
    elif is_short and column.maximum - column.minimum < SMALL_RANGE:  # type: ignore[operator]
        values = tuple(range(int(column.minimum), int(column.maximum) + 1))  # type: ignore[arg-type]
    else:
        values = ruled if column.type == "string" else tuple(sorted(ruled))
    other = column.enum is None and column.type == "string"
    codec = ValuesCodec(name=column.name, type=column.type, values=values, other=other, nullable=not column.required)
    fact = "public" if column.type == "boolean" and column.enum is None else "declared"
    return _Learnt(codec=codec, facts={"values": fact})
