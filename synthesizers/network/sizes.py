"""What a fit of the network costs, from public facts alone: domain, counts, one-way marginals, then the training."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from privacy.accounting import DpEvent, gaussian_event, gdp_mu
from privacy.calibration import TrainingPlan, calibrate
from privacy.domain_plan import DomainPlan, domain_share, plan_domain
from understudy.errors import PrivacyParameterError, UsageError
from understudy.schema import TableSchema

COUNT, ONE_WAYS, TRAINING = "number of rows", "one-way marginals", "training"

_ROWS_IF_UNKNOWN = 20_000
_COUNT_SHARE, _ONE_WAY_SHARE = 0.002, 0.08
"""Shares of mu^2. Set on Adult (docs/engines.md)."""
_DISCOVERY_DELTA = 0.1
_BATCH, _RATE, _STEPS = 1_536, 0.1, 300
_LEAST_STEPS = 60
MOST_COLUMNS = 100
"""Each column is a part of the network with gradients of its own: more of them take hours."""
_CLIP = 1.0
_WIDTH = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """mu^2 of what is counted, and the training. ``domain_delta`` is spent on finding categories. ``width``: numbers of
    a code's vector in the network; a plan of before has no such entry.
    """

    domain: float
    domain_delta: float
    count: float
    one_ways: float
    training: TrainingPlan
    width: int = 5

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "domain": self.domain,
            "domain_delta": self.domain_delta,
            "count": self.count,
            "one_ways": self.one_ways,
            "training": self.training.as_dict(),
            "width": self.width,
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Costs:
        """The inverse of ``as_dict``."""
        return cls(**{**document, "training": TrainingPlan.from_dict(document["training"])})

    def domain_plan(self, schema: TableSchema) -> DomainPlan:
        """What the domain stage buys."""
        return plan_domain(schema, mu=math.sqrt(self.domain), delta=self.domain_delta)

    def events(self, schema: TableSchema) -> tuple[tuple[str, DpEvent], ...]:
        """(purpose, event), in the order of the fit."""
        counted = ((COUNT, self.count), (ONE_WAYS, self.one_ways))
        gaussians = tuple((purpose, gaussian_event(1 / math.sqrt(mu2))) for purpose, mu2 in counted)
        return (*self.domain_plan(schema).events, *gaussians, (TRAINING, self.training.event()))


def costs(schema: TableSchema, *, epsilon: float, delta: float, n_rows: int | None) -> Costs:
    """The price list; ``n_rows`` is a public guess.

    Raises: PrivacyParameterError if epsilon or delta is out of range; UsageError (engine-too-wide).
    """
    if len(schema.modelled) > MOST_COLUMNS:
        raise UsageError(f"The network takes at most {MOST_COLUMNS} columns.", code="engine-too-wide")
    if not (math.isfinite(epsilon) and epsilon > 0):
        raise PrivacyParameterError("Epsilon is a number above 0.")
    if not 0 < delta < 1:
        raise PrivacyParameterError("Delta is a number between 0 and 1.")
    mu2 = gdp_mu(epsilon, delta) ** 2
    share = domain_share(schema)
    domain_delta = _DISCOVERY_DELTA * delta if share else 0.0
    domain = share * mu2
    counted = [gaussian_event(1 / math.sqrt(part * mu2)) for part in (_COUNT_SHARE, _ONE_WAY_SHARE)]
    bought = plan_domain(schema, mu=math.sqrt(domain), delta=domain_delta).events
    n_units = max(1, (n_rows or _ROWS_IF_UNKNOWN) // schema.unit.max_rows)
    rate = min(1.0, max(_RATE if n_units * _RATE < _BATCH else _BATCH / n_units, min(1.0, 256 / n_units)))
    steps = _STEPS if rate < 1 else _LEAST_STEPS
    training = calibrate(
        epsilon,
        delta,
        sample_rate=rate,
        steps=steps,
        clip_norm=_CLIP,
        expected_units=n_units,
        alongside=[*(event for _, event in bought), *counted],
    )
    return Costs(
        domain=domain,
        domain_delta=domain_delta,
        count=_COUNT_SHARE * mu2,
        one_ways=_ONE_WAY_SHARE * mu2,
        training=training,
        width=_WIDTH,
    )
