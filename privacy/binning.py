"""From rows to a fixed discrete domain: declared facts are taken, all others are bought.

Only ``privacy.session`` calls ``discretise``. No bound, category, bin edge, grid or null flag comes from rows
without an event of the plan.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from privacy.bins import MAX_CELLS, grow, merge
from privacy.bounds import MAX_DECIMALS, MOMENT_UNITS_US, Found, bound_counts, bounds_from, grid_counts, grid_from
from privacy.codecs import BinsCodec, Codec, ValuesCodec, cells_of, is_zero
from privacy.discovery import discover_keys
from privacy.discretisation import Discretisation
from privacy.domain_plan import ColumnPlan, DomainPlan, Method, Step, plan_domain
from privacy.lattice import Lattice
from privacy.meter import Meter
from privacy.noise import Entropy
from privacy.till import Debit, Till
from understudy.schema import ColumnSchema, TableSchema, Value

__all__ = ["Discretisation", "DomainPlan", "discretise", "plan_domain"]

_CONTINUOUS_TICKS = 1e5
"""A number column without a known grid is decoded to about this many different values."""

Facts = dict[str, str]


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
    learnt = [buyer.column(column) for column in plan.columns]
    return Discretisation(
        codecs=tuple(codec for codec, _ in learnt),
        provenance={codec.name: {**facts, "missing": "declared"} for codec, facts in learnt},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Buyer:
    """Buys the facts of one table, column by column."""

    rows: pa.Table
    schema: TableSchema
    plan: DomainPlan
    till: Till

    def column(self, planned: ColumnPlan) -> tuple[Codec, Facts]:
        column = self.schema[planned.name]
        if planned.method is Method.VALUES:
            return _declared(column)
        return self.keys(column) if planned.method is Method.KEYS else self.bins(column)

    def keys(self, column: ColumnSchema) -> tuple[Codec, Facts]:
        found = discover_keys(
            self.rows[column.name],
            self.units(),
            till=self.till,
            noise_multiplier=self.plan.noise_multipliers[Step.KEYS],
            delta=self.plan.key_delta,
            max_rows=self.schema.unit.max_rows,
            limit=self.plan.max_keys,
        )
        codec = ValuesCodec(
            name=column.name, type=column.type, values=found.keys, other=True, nullable=not column.required
        )
        return codec, {"values": "dp"}

    def units(self) -> pa.ChunkedArray | None:
        """The unit of each row. A unit column of kind "pii" was dropped by the scrub: it tells nobody apart."""
        unit = self.schema.unit.column
        if unit is None or unit not in self.rows.column_names or self.schema[unit].kind == "pii":
            return None
        return self.rows[unit]

    def bins(self, column: ColumnSchema) -> tuple[Codec, Facts]:
        values = self.rows[column.name]
        grid, grid_fact = self.grid(column, values)
        low, high, bounds_fact = self.bounds(column, values)
        lattice = _lattice(column, low, high, grid)
        cell_ticks = -(-lattice.n_ticks // MAX_CELLS)
        n_cells = -(-lattice.n_ticks // cell_ticks)
        known = pc.drop_null(values)
        tree = grow(
            cells_of(lattice, cell_ticks, known),
            is_zero(known) if lattice.has_zero else None,
            n_cells,
            self.histogram,
            self.plan.max_bins,
        )
        codec = BinsCodec(
            name=column.name,
            lattice=lattice,
            cell_ticks=cell_ticks,
            bins=merge(tree, self.plan.max_bins),
            nullable=not column.required,
        )
        return codec, {"grid": grid_fact, "bounds": bounds_fact, "bins": "dp"}

    def histogram(self, exact: Callable[[], NDArray[np.int64]], share: float) -> tuple[NDArray[np.int64], float]:
        """One level of a tree, for a share of the column's mu**2."""
        return self.counts(exact, Step.BINS, share)

    def grid(self, column: ColumnSchema, values: pa.ChunkedArray) -> tuple[int, str]:
        """The index of the grid (bounds.grid_from), and how it was learnt."""
        if column.type not in ("number", "datetime"):
            return 0, "declared"
        noisy, stddev = self.counts(lambda: grid_counts(values, column.type), Step.GRID)
        return grid_from(noisy, stddev), "dp"

    def bounds(self, column: ColumnSchema, values: pa.ChunkedArray) -> tuple[Value, Value, str]:
        """Both bounds; a declared one is taken as it is."""
        low, high = column.minimum, column.maximum
        if low is not None and high is not None:
            return low, high, "declared"
        noisy, stddev = self.counts(lambda: bound_counts(values, column.type), Step.BOUNDS)
        return *_within(bounds_from(noisy, stddev, column.type), low, high), "dp"

    def counts(
        self, exact: Callable[[], NDArray[np.int64]], step: Step, share: float = 1.0
    ) -> tuple[NDArray[np.int64], float]:
        """A noisy histogram of rows: one unit moves it by at most max_rows in L2."""
        z, sensitivity = self.plan.noise_multipliers[step] / math.sqrt(share), float(self.schema.unit.max_rows)
        noisy = self.till.counts(exact, purpose=step.value, noise_multiplier=z, sensitivity=sensitivity)
        return noisy, z * sensitivity


def _declared(column: ColumnSchema) -> tuple[Codec, Facts]:
    values: tuple[Value, ...] = (False, True) if column.type == "boolean" else ()
    if column.enum is not None:
        values = column.enum
    elif isinstance(column.minimum, int) and isinstance(column.maximum, int):
        values = tuple(range(column.minimum, column.maximum + 1))
    codec = ValuesCodec(name=column.name, type=column.type, values=values, other=False, nullable=not column.required)
    return codec, {"values": "public" if column.type == "boolean" and column.enum is None else "declared"}


def _within(found: Found, low: Value | None, high: Value | None) -> tuple[Value, Value]:
    """Bought bounds, cut to the declared one; a declared bound beyond the bought ones wins."""
    first: Any = found.low if low is None else low
    last: Any = found.high if high is None else high
    if first > last:
        first, last = (first, first) if high is None else (last, last)
    return first, last


def _lattice(column: ColumnSchema, low: Value, high: Value, grid: int) -> Lattice:
    if column.type == "datetime":
        return Lattice.of("datetime", low, high, unit_us=MOMENT_UNITS_US[grid])
    if column.type != "number":
        return Lattice.of(column.type, low, high)
    decimals = grid
    if grid > MAX_DECIMALS:
        width = float(high) - float(low)  # type: ignore[arg-type]
        decimals = math.ceil(math.log10(_CONTINUOUS_TICKS / width)) if 0 < width < math.inf else MAX_DECIMALS
    return Lattice.of("number", low, high, decimals=decimals)
