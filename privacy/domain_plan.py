"""What a domain costs: which facts the schema leaves open, and at what noise they are bought.

Anyone may import this. A plan is made from the schema and public parameters alone, before any row is read.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from privacy.accounting import DpEvent, compose, failure_event, gaussian_event
from understudy.errors import PrivacyParameterError
from understudy.schema import ColumnSchema, TableSchema

SMALL_RANGE = 64
"""A declared integer range of at most this many values is coded value by value."""
MAX_BINS = 32
MAX_KEYS = 256


class Step(StrEnum):
    """What is bought, and the purpose under which it is debited. Persisted: never renamed."""

    GRID = "domain/grid"
    BOUNDS = "domain/bounds"
    BINS = "domain/bins"
    KEYS = "domain/keys"


_WEIGHTS = {Step.GRID: 0.25, Step.BOUNDS: 0.5, Step.BINS: 1.0, Step.KEYS: 1.0}
"""Shares of mu**2. A grid is one vote and bounds are a few cells; bins and keys need small noise."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainPlan:
    """What is bought for each modelled column, at which noise.

    ``noise_multipliers`` are per column and step, relative to the step's L2 sensitivity. ``delta`` is that of
    each column with keys. ``events`` says exactly what is debited at most.
    """

    columns: tuple[ColumnPlan, ...]
    noise_multipliers: Mapping[Step, float]
    key_delta: float
    max_bins: int = MAX_BINS
    max_keys: int = MAX_KEYS

    def n_columns(self, step: Step) -> int:
        """How many columns need the step."""
        return sum(step in column.steps for column in self.columns)

    @property
    def mu_squared(self) -> float:
        """The Gaussian price of the whole domain."""
        return math.fsum(self.n_columns(step) / z**2 for step, z in self.noise_multipliers.items())

    @property
    def delta(self) -> float:
        """The failures of the whole domain, rounded up."""
        n_keys = self.n_columns(Step.KEYS)
        return math.nextafter(n_keys * self.key_delta, 1.0) if n_keys else 0.0

    @property
    def events(self) -> tuple[tuple[str, DpEvent], ...]:
        """(purpose, event) of each step that is needed; empty if the schema declares everything."""
        return tuple((step.value, self._event(step)) for step in Step if self.n_columns(step))

    def _event(self, step: Step) -> DpEvent:
        one = [gaussian_event(self.noise_multipliers[step])]
        if step is Step.KEYS and self.key_delta > 0:
            one.append(failure_event(self.key_delta))
        return compose(one * self.n_columns(step))


def plan_domain(
    schema: TableSchema, *, mu: float, delta: float, max_bins: int = MAX_BINS, max_keys: int = MAX_KEYS
) -> DomainPlan:
    """The cheapest-to-state plan for the facts that the schema leaves open.

    ``mu``: GDP parameter of the whole domain stage; all of it is held if anything is open, else none.
    ``delta``: total failure probability of key discovery; held only if a string column has no enum.
    Reads no rows. Raises: PrivacyParameterError if something must be bought and mu, or a needed delta, is 0.
    """
    columns = tuple(_column_plan(column) for column in schema.modelled)
    needed = [step for column in columns for step in column.steps]
    if needed and not (math.isfinite(mu) and mu > 0):
        raise PrivacyParameterError("The schema leaves facts open, and there is no budget to buy them.")
    n_keys = needed.count(Step.KEYS)
    if n_keys and not 0 < delta < 1:
        raise PrivacyParameterError("Categories are not declared: finding them needs a delta above 0.")
    total = math.fsum(_WEIGHTS[step] for step in needed)
    multipliers = {step: math.sqrt(total / _WEIGHTS[step]) / mu for step in Step if step in needed}
    return DomainPlan(
        columns=columns,
        noise_multipliers=multipliers,
        key_delta=math.nextafter(delta / n_keys, 0.0) if n_keys else 0.0,
        max_bins=max_bins,
        max_keys=max_keys,
    )


def _column_plan(column: ColumnSchema) -> ColumnPlan:
    if column.enum is not None or column.type == "boolean" or _is_small(column):
        return ColumnPlan(name=column.name, method=Method.VALUES)
    if column.type == "string":
        return ColumnPlan(name=column.name, method=Method.KEYS, steps=(Step.KEYS,))
    grid = (Step.GRID,) if column.type in ("number", "datetime") else ()
    bounds = (Step.BOUNDS,) if column.minimum is None or column.maximum is None else ()
    return ColumnPlan(name=column.name, method=Method.BINS, steps=(*grid, *bounds, Step.BINS))


def _is_small(column: ColumnSchema) -> bool:
    low, high = column.minimum, column.maximum
    return isinstance(low, int) and isinstance(high, int) and column.type == "integer" and high - low < SMALL_RANGE
