"""A part of a job's price goes to figures of its report: the plan of both, from public facts alone."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from evaluation.noised import report_events
from privacy.accounting import DpEvent, GaussianPrice, compose, gaussian_price
from privacy.gdp import gdp_epsilon
from synthesizers.base import Plan, Synthesizer
from understudy.errors import UsageError
from understudy.schema import TableSchema

MAX_REPORT_SHARE = 0.5
_MARGIN = 1 - 1e-9
"""Of the report's mu squared: covers the floating point of taking one sum from another."""


def check_report_share(share: float) -> None:
    """Raises: UsageError (report-share-invalid)."""
    if not 0.0 <= share <= MAX_REPORT_SHARE:
        raise UsageError(f"The report's share is from 0 to {MAX_REPORT_SHARE}.", code="report-share-invalid")


def plan_with_report(
    engine: Synthesizer, schema: TableSchema, *, epsilon: float, delta: float, n_rows: int | None, share: float
) -> Plan:
    """The engine's plan for ``1 - share`` of what (epsilon, delta) buys in mu squared, and report events for the rest.

    Guarantees: the events together cost at most (epsilon, delta), exactly composed; the plan states that total.
    With so little epsilon that nothing is left to share, the plan is the engine's own.
    Raises: UsageError (report-share-unsupported) if the engine's events have no Gaussian price.
    """
    whole = engine.plan(schema, epsilon=epsilon, delta=delta, n_rows=n_rows)
    if share == 0 or not whole.events:
        return whole
    price = _price(event for _, event in whole.events)
    left = delta - math.nextafter(float(price.delta), 1.0)
    smaller = gdp_epsilon(math.sqrt((1 - share) * price.mu_squared), left) if left > 0 else 0.0
    if not 0 < smaller < epsilon:
        return whole
    own = engine.plan(schema, epsilon=smaller, delta=delta, n_rows=n_rows)
    rest = (price.mu_squared - _price(event for _, event in own.events).mu_squared) * _MARGIN
    return replace(own, epsilon=epsilon, events=(*own.events, *report_events(schema, rest)))


def _price(events: Iterable[DpEvent]) -> GaussianPrice:
    price = gaussian_price(compose(events))
    if price is None:
        raise UsageError(
            "This engine's mechanisms leave no room for report figures: ask with a report share of 0.",
            code="report-share-unsupported",
        )
    return price
