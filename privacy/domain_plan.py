"""What a domain costs: which facts the schema leaves open, and at what noise they are bought.

Anyone may import this. A plan is made from the schema and public parameters alone, before any row is read.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from privacy.accounting import DpEvent, compose, failure_event, gaussian_event
from privacy.hierarchy import n_private_levels
from understudy.errors import PrivacyParameterError
from understudy.rules import Combinations
from understudy.schema import ColumnSchema, TableSchema, Value

SMALL_RANGE = 64
"""A declared integer range of at most this many values is coded value by value."""
ROUND_RANGE = 1_000
"""A declared integer range of fewer values is not asked how round its values are."""
MAX_BINS = 32
MAX_KEYS = 256
MAX_RULED = 2_000
"""Values that the rules of a schema may list of a column for these to be all of its codes."""


class Step(StrEnum):
    """What is bought, and the purpose under which it is debited. Persisted: never renamed."""

    ROWS = "domain/rows"
    GRID = "domain/grid"
    BOUNDS = "domain/bounds"
    BINS = "domain/bins"
    KEYS = "domain/keys"


_WEIGHTS = {Step.ROWS: 0.05, Step.GRID: 0.1, Step.BOUNDS: 1.5, Step.BINS: 1.0, Step.KEYS: 1.0}
"""Shares of mu**2. The number of rows is one count and a grid is one vote. The histogram that tells the bounds is the
first level of the bins as well, so it gets most where bounds are open. Set on public tables (docs/adr/0011)."""


_LEAST_SHARE, _OPEN_SHARE = 0.05, 0.45


class Method(StrEnum):
    """How a column gets its codes."""

    VALUES = "values"
    KEYS = "keys"
    BINS = "bins"


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnPlan:
    """What one column needs."""

    name: str
    method: Method
    steps: tuple[Step, ...] = ()
    levels: int = 1
    """Levels of nested codes: keys of each are looked for, at an equal part of the column's budget."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainPlan:
    """What is bought for each modelled column, at which noise.

    ``noise_multipliers`` are per column and step, relative to the step's L2 sensitivity; the number of rows is
    bought once for the table. ``key_delta`` is that of each column with keys. ``events`` says exactly what is
    debited at most.
    """

    columns: tuple[ColumnPlan, ...]
    noise_multipliers: Mapping[Step, float]
    key_delta: float
    max_bins: int = MAX_BINS
    max_keys: int = MAX_KEYS

    def n_purchases(self, step: Step) -> int:
        """How many columns need the step; 0 or 1 for the number of rows."""
        return _n_purchases(self.columns, step)

    @property
    def mu_squared(self) -> float:
        """The Gaussian price of the whole domain."""
        return math.fsum(self.n_purchases(step) / z**2 for step, z in self.noise_multipliers.items())

    @property
    def delta(self) -> float:
        """The failures of the whole domain, rounded up."""
        n_keys = self.n_purchases(Step.KEYS)
        return math.nextafter(n_keys * self.key_delta, 1.0) if n_keys else 0.0

    @property
    def events(self) -> tuple[tuple[str, DpEvent], ...]:
        """(purpose, event) of each step that is needed; empty if the schema declares everything."""
        return tuple((step.value, self._event(step)) for step in Step if self.n_purchases(step))

    def _event(self, step: Step) -> DpEvent:
        one = [gaussian_event(self.noise_multipliers[step])]
        if step is Step.KEYS and self.key_delta > 0:
            one.append(failure_event(self.key_delta))
        return compose(one * self.n_purchases(step))


def plan_domain(
    schema: TableSchema, *, mu: float, delta: float, max_bins: int = MAX_BINS, max_keys: int = MAX_KEYS
) -> DomainPlan:
    """The cheapest-to-state plan for the facts that the schema leaves open.

    ``mu``: GDP parameter of the whole domain stage; all of it is held if anything is open, else none.
    ``delta``: total failure probability of key discovery; held only if a string column has no enum.
    Reads no rows. Raises: PrivacyParameterError if something must be bought and mu, or a needed delta, is 0.
    """
    columns = tuple(_column_plan(column, ruled_values(schema, column)) for column in schema.modelled)
    needed = {step: _n_purchases(columns, step) for step in Step if _n_purchases(columns, step)}
    if needed and not (math.isfinite(mu) and mu > 0):
        raise PrivacyParameterError("The schema leaves facts open, and there is no budget to buy them.")
    n_keys = needed.get(Step.KEYS, 0)
    if n_keys and not 0 < delta < 1:
        raise PrivacyParameterError("Categories are not declared: finding them needs a delta above 0.")
    total = math.fsum(_WEIGHTS[step] * n for step, n in needed.items())
    multipliers = {step: math.sqrt(total / _WEIGHTS[step]) / mu for step in needed}
    return DomainPlan(
        columns=columns,
        noise_multipliers=multipliers,
        key_delta=math.nextafter(delta / n_keys, 0.0) if n_keys else 0.0,
        max_bins=max_bins,
        max_keys=max_keys,
    )


def domain_share(schema: TableSchema) -> float:
    """The part of a fit's mu**2 that is worth spending on the domain; 0 if all of it is declared.

    In proportion to the open columns, for what is bought of a binned column is its one-way marginal too
    (``Discretisation.one_ways``). Set on public tables (docs/adr/0011).
    """
    columns = [_column_plan(column, ruled_values(schema, column)) for column in schema.modelled]
    n_open = sum(bool(column.steps) for column in columns)
    return max(_LEAST_SHARE, _OPEN_SHARE * n_open / len(columns)) if n_open else 0.0


def ruled_values(schema: TableSchema, column: ColumnSchema) -> tuple[Value, ...]:
    """What the rules of kind "combinations" list of a column without an enum: public facts, as an enum is.

    No row has another value of it but where a rule's other columns are missing. None if no rule, or too long a one,
    speaks of it.
    """
    if column.enum is not None or column.type == "boolean":
        return ()
    rules = [one for one in schema.constraints if isinstance(one, Combinations) and column.name in one.columns]
    listed = dict.fromkeys(row[one.columns.index(column.name)] for one in rules for row in one.rows)
    return tuple(listed) if len(listed) <= MAX_RULED else ()


def _n_purchases(columns: tuple[ColumnPlan, ...], step: Step) -> int:
    if step is Step.ROWS:
        return int(any(Step.BINS in column.steps for column in columns))
    return sum(step in column.steps for column in columns)


def _column_plan(column: ColumnSchema, ruled: tuple[Value, ...]) -> ColumnPlan:
    listed = column.enum or ruled
    # Of a long list with a hierarchy, rare members are put together.
    all_listed = bool(listed) and (column.hierarchy is None or len(listed) <= SMALL_RANGE)
    if all_listed or column.type == "boolean" or _width(column) < SMALL_RANGE:
        return ColumnPlan(name=column.name, method=Method.VALUES)
    if column.type == "string":
        levels = n_private_levels(column.hierarchy)
        return ColumnPlan(name=column.name, method=Method.KEYS, steps=(Step.KEYS,), levels=levels)
    asked = column.type in ("number", "datetime") or (column.type == "integer" and _width(column) >= ROUND_RANGE)
    grid = (Step.GRID,) if asked else ()
    bounds = (Step.BOUNDS,) if column.minimum is None or column.maximum is None else ()
    return ColumnPlan(name=column.name, method=Method.BINS, steps=(*grid, *bounds, Step.BINS))


def _width(column: ColumnSchema) -> float:
    """Width of an integer column's declared range; infinite for an open one and for other types."""
    low, high = column.minimum, column.maximum
    known = isinstance(low, int) and isinstance(high, int) and column.type == "integer"
    return float(high) - float(low) if known else math.inf  # type: ignore[arg-type]
