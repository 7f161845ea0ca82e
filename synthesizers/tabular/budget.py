"""How a fit's budget is split, from public facts only, and the events that follow from it.

All noise is Gaussian, so a fit costs the sum of its mu^2; a share is a part of that sum.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from privacy.accounting import DpEvent, gaussian_event, gdp_mu
from privacy.domain_plan import DomainPlan, domain_share, plan_domain
from understudy.errors import PrivacyParameterError
from understudy.schema import TableSchema

ONE_WAYS, SCORES, PAIRS = "one-way marginals", "dependence scores", "pair marginals"
SURVEY = "pairs in halves"

_DISCOVERY_DELTA = 0.1
_ROWS_IF_UNKNOWN = 20_000
_HOPELESS, _FAINT = 5.0, 30.0
_SURVEY = 0.3
_SCORES, _AMPLE = 0.03, 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """mu^2 of each purpose, relative to one privacy unit; ``domain_delta`` is spent on finding categories."""

    domain: float
    domain_delta: float
    one_ways: float
    scores: float
    pairs: float
    survey: float = 0.0

    def as_dict(self) -> dict[str, float]:
        """Plain JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Budget:
        """The inverse of ``as_dict``."""
        return cls(**document)

    def domain_plan(self, schema: TableSchema) -> DomainPlan:
        """What the domain stage buys."""
        return plan_domain(schema, mu=math.sqrt(self.domain), delta=self.domain_delta)

    def events(self, schema: TableSchema) -> tuple[tuple[str, DpEvent], ...]:
        """(purpose, event), in the order of the fit."""
        own = ((ONE_WAYS, self.one_ways), (SURVEY, self.survey), (SCORES, self.scores), (PAIRS, self.pairs))
        events = tuple((purpose, gaussian_event(1 / math.sqrt(mu2))) for purpose, mu2 in own if mu2 > 0)
        return (*self.domain_plan(schema).events, *events)


def split(schema: TableSchema, *, epsilon: float, delta: float, n_rows: int | None) -> Budget:
    """The budget of a fit.

    Raises: PrivacyParameterError if epsilon or delta is out of range.
    """
    if not (math.isfinite(epsilon) and epsilon > 0):
        raise PrivacyParameterError("Epsilon is a number above 0.")
    if not 0 < delta < 1:
        raise PrivacyParameterError("Delta lies between 0 and 1, and is neither.")
    n_columns = len(schema.modelled)
    probe = plan_domain(schema, mu=1.0, delta=delta * _DISCOVERY_DELTA)
    mu2 = gdp_mu(epsilon, delta - probe.delta if probe.delta else delta) ** 2
    domain = mu2 * domain_share(schema)
    rest = mu2 - domain if n_columns else 0.0
    strength = _strength(n_columns, math.sqrt(rest), schema.unit.max_rows, n_rows or _ROWS_IF_UNKNOWN)
    one_ways, scores, survey = _shares(n_columns, strength, has_target=bool(schema.targets))
    return Budget(
        domain=domain,
        domain_delta=delta * _DISCOVERY_DELTA if probe.delta else 0.0,
        one_ways=rest * one_ways,
        scores=rest * scores,
        pairs=0.0 if survey else rest * max(0.0, 1 - one_ways - scores),
        survey=rest * survey,
    )


def _strength(n_columns: int, mu: float, max_rows: int, n_rows: int) -> float:
    """How many standard deviations of noise a column's rows stand for, if columns shared the budget evenly."""
    return n_rows * mu / (max_rows * math.sqrt(max(n_columns, 1)))


def _shares(n_columns: int, strength: float, *, has_target: bool) -> tuple[float, float, float]:
    """Shares of one-ways, scores and the survey. The fewer rows for each unit of noise, the more goes to one-ways.

    Where dependence cannot be seen at all, a fact that is public, nothing is spent on looking for it; a declared target
    is looked for all the same. Where it can just be seen, all that is not for one-ways goes to the survey.
    """
    if n_columns < 2 or (strength < _HOPELESS and not has_target):
        return 1.0, 0.0, 0.0
    if _HOPELESS <= strength < _FAINT:
        return 1 - _SURVEY, 0.0, _SURVEY
    one_ways = min(0.7, max(0.15, 0.2 * (2000 / max(strength, 1e-9)) ** 0.4))
    return one_ways, _SCORES * min(1.0, max(0.5, strength / _AMPLE)), 0.0
