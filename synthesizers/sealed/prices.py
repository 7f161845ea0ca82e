"""What a sealed fit costs, from public facts alone: the domain, the number of rows, and the engine as a whole.

An engine's price is for all that it may ever do with the rows, so it is one event, debited before the engine has them.
Units: engines think of rows. A person with up to k rows costs a zCDP engine k^2 times as much (group privacy of zCDP:
Bun, Steinke 2016, arXiv:1605.02065, Proposition 27), so the engine gets rho / k^2; for engines of this kind that is
exactly what noise for k rows costs. A training on sampled rows has no such rule: it is refused for k > 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from privacy.accounting import (
    DpEvent,
    compose,
    epsilon_by_rdp,
    failure_event,
    gaussian_event,
    gdp_mu,
    non_private_event,
    zcdp_event,
)
from privacy.calibration import TrainingPlan, training_event
from privacy.domain_plan import DomainPlan, domain_share, plan_domain
from synthesizers.sealed.catalogue import EngineSpec, Pricing
from understudy.errors import PrivacyParameterError, UsageError
from understudy.schema import TableSchema

ROWS, SEALED = "sealed/rows", "sealed/engine"
"""Purposes. Persisted: never renamed."""

_ROWS_SHARE = 0.01
_DISCOVERY_DELTA = 0.1
_STEPS = 50
_NOISE_STEPS, _MOST_NOISE = 12, 1e4
_ORDERS = (*range(2, 64), 96, 128, 256, 512)
"""Renyi orders that a training is priced at: of broken ones the accountant cannot sum some, and says so aloud."""
_MARGIN = 1 - 1e-6
"""Of epsilon: covers the floating point of accountants, and of selections that draw by 53 bits."""
ROWS_IF_UNKNOWN = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """Gaussian mu^2 of the domain (with ``domain_delta`` for finding categories) and of the row count; 0 for none.

    ``rho``: the engine's, per unit; 0 for a training or for no guarantee. ``training``: its plan as JSON.
    """

    domain: float = 0.0
    domain_delta: float = 0.0
    rows: float = 0.0
    rho: float = 0.0
    training: dict[str, Any] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "domain": self.domain,
            "domain_delta": self.domain_delta,
            "rows": self.rows,
            "rho": self.rho,
            "training": self.training,
        }

    @classmethod
    def from_dict(cls, document: dict[str, Any]) -> Price:
        """What ``as_dict`` wrote."""
        return cls(**document)

    def domain_plan(self, schema: TableSchema) -> DomainPlan:
        """What the domain stage buys."""
        return plan_domain(schema, mu=math.sqrt(self.domain), delta=self.domain_delta)

    def engine_event(self) -> DpEvent:
        """The one event that pays for the engine."""
        if self.training is not None:
            return TrainingPlan.from_dict(self.training).event()
        return zcdp_event(self.rho) if self.rho else non_private_event()

    def events(self, schema: TableSchema) -> tuple[tuple[str, DpEvent], ...]:
        """(purpose, event) in the order of the fit."""
        rows = ((ROWS, gaussian_event(1 / math.sqrt(self.rows))),) if self.rows else ()
        return (*self.domain_plan(schema).events, *rows, (SEALED, self.engine_event()))


def price(spec: EngineSpec, schema: TableSchema, *, epsilon: float, delta: float, n_rows: int | None) -> Price:
    """The price list of an engine at (epsilon, delta).

    Guarantees: with a guarantee, epsilon_of(compose(events), delta) <= epsilon. Without, all but the engine's event
    costs at most (epsilon, delta).
    Raises: PrivacyParameterError if epsilon or delta is out of range; UsageError (engine-too-wide, engine-one-row).
    """
    _check(spec, schema, epsilon, delta)
    probe = plan_domain(schema, mu=1.0, delta=delta * _DISCOVERY_DELTA)
    domain_delta = delta * _DISCOVERY_DELTA if probe.delta else 0.0
    share = domain_share(schema)
    if spec.pricing is Pricing.NONE:
        mu2 = gdp_mu(epsilon, delta - probe.delta) ** 2
        rows = 0.0 if n_rows is not None else mu2 * _ROWS_SHARE
        return Price(domain=mu2 * (1 - _ROWS_SHARE) if share else 0.0, domain_delta=domain_delta, rows=rows)
    if spec.pricing is Pricing.POISSON:
        return _trained(spec, schema, Price(domain_delta=domain_delta), share, epsilon, delta, n_rows)
    rho = _rho(epsilon * _MARGIN, delta, probe.delta)
    return Price(
        domain=2 * rho * share,
        domain_delta=domain_delta,
        rows=2 * rho * _ROWS_SHARE,
        rho=rho * (1 - share - _ROWS_SHARE),
    )


def _check(spec: EngineSpec, schema: TableSchema, epsilon: float, delta: float) -> None:
    if not (math.isfinite(epsilon) and epsilon > 0):
        raise PrivacyParameterError("Epsilon is a number above 0.")
    if not 0 < delta < 1:
        raise PrivacyParameterError("Delta lies between 0 and 1, and is neither.")
    if len(schema.modelled) > spec.max_columns:
        raise UsageError(
            f"This engine takes at most {spec.max_columns} columns.",
            code="engine-too-wide",
            facts={"max_columns": str(spec.max_columns)},
        )
    if spec.pricing is Pricing.POISSON and schema.unit.max_rows > 1:
        raise UsageError(
            "This engine samples rows, not persons: it has no price for more than one row of a person.",
            code="engine-one-row",
        )


def _rho(epsilon: float, delta: float, failure: float) -> float:
    """The largest rho that costs, beside a failure, at most (epsilon, delta); rounded down."""
    beside = [failure_event(failure)] if failure else []

    def fits(rho: float) -> bool:
        return epsilon_by_rdp(compose([*beside, zcdp_event(rho)]), delta) <= epsilon

    low, high = 0.0, 1e-9
    while fits(high):
        low, high = high, 4 * high
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    if low == 0.0:
        raise PrivacyParameterError("Epsilon and delta are too small for this engine.")
    return low


def _trained(
    spec: EngineSpec,
    schema: TableSchema,
    start: Price,
    share: float,
    epsilon: float,
    delta: float,
    n_rows: int | None,
) -> Price:
    """The domain and the rows first, and a training with what they leave.

    Its noise multiplier is relative to two clipping norms: one row takes the place of a row of padding.
    """
    mu2 = gdp_mu(epsilon, delta - start.domain_delta) ** 2
    bought = Price(domain=mu2 * share, domain_delta=start.domain_delta, rows=mu2 * _ROWS_SHARE)
    beside = [event for purpose, event in bought.events(schema) if purpose != SEALED]
    expected = n_rows or ROWS_IF_UNKNOWN
    rate, steps = min(1.0, spec.options["batch_size"] / expected), int(spec.options["steps"])
    plan = TrainingPlan(
        noise_multiplier=_noise(beside, rate, steps, epsilon * _MARGIN, delta),
        sample_rate=rate,
        steps=steps,
        clip_norm=2.0,
        expected_units=expected,
    )
    return Price(domain=bought.domain, domain_delta=bought.domain_delta, rows=bought.rows, training=plan.as_dict())


def _noise(beside: Sequence[DpEvent], rate: float, steps: int, epsilon: float, delta: float) -> float:
    """The least noise multiplier that costs, beside other events, at most (epsilon, delta); rounded up."""

    def fits(noise: float) -> bool:
        return epsilon_by_rdp(compose([*beside, training_event(noise, rate, steps)]), delta, orders=_ORDERS) <= epsilon

    low, high = 0.2, 0.4
    while not fits(high):
        low, high = high, 2 * high
        if high > _MOST_NOISE:
            raise PrivacyParameterError("Epsilon and delta are too small for this engine.")
    for _ in range(_NOISE_STEPS):
        middle = math.sqrt(low * high)
        low, high = (low, middle) if fits(middle) else (middle, high)
    return high
