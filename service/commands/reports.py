"""A part of a job's price goes to figures of its report: the plan of both, from public facts alone."""

from __future__ import annotations

import math
from dataclasses import replace

from evaluation.noised import report_events
from privacy.accounting import compose, epsilon_by_rdp, gaussian_price
from privacy.gdp import gdp_epsilon
from synthesizers.base import Plan, Synthesizer
from understudy.errors import UsageError
from understudy.schema import TableSchema

MAX_REPORT_SHARE = 0.5
_SEARCH_STEPS = 12
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
    With so little epsilon that nothing is left to share, the plan is the engine's own. So it is for an engine without a
    guarantee: no figure of its report may leave.
    """
    whole = engine.plan(schema, epsilon=epsilon, delta=delta, n_rows=n_rows)
    if share == 0 or not whole.events or engine.formal_guarantee is None:
        return whole
    price = gaussian_price(compose(event for _, event in whole.events))
    if price is None:
        return _beside(engine, schema, epsilon=epsilon, delta=delta, n_rows=n_rows, share=share)
    left = delta - math.nextafter(float(price.delta), 1.0)
    smaller = gdp_epsilon(math.sqrt((1 - share) * price.mu_squared), left) if left > 0 else 0.0
    if not 0 < smaller < epsilon:
        return whole
    own = engine.plan(schema, epsilon=smaller, delta=delta, n_rows=n_rows)
    smaller_price = gaussian_price(compose(event for _, event in own.events))
    rest = (price.mu_squared - (smaller_price or price).mu_squared) * _MARGIN
    return replace(own, epsilon=epsilon, events=(*own.events, *report_events(schema, rest)))


def _beside(
    engine: Synthesizer, schema: TableSchema, *, epsilon: float, delta: float, n_rows: int | None, share: float
) -> Plan:
    """Of an engine whose events have no Gaussian price: its plan at sqrt(1 - share) of epsilon, about 1 - share of what
    that buys in mu squared, and report events of what Renyi DP says is left.
    """
    own = engine.plan(schema, epsilon=epsilon * math.sqrt(1 - share), delta=delta, n_rows=n_rows)
    paid = [event for _, event in own.events]

    def fits(mu_squared: float) -> bool:
        events = [*paid, *(event for _, event in report_events(schema, mu_squared))]
        return epsilon_by_rdp(compose(events), delta) <= epsilon

    low, high = 0.0, 1e-9
    while fits(high):
        low, high = high, 2 * high
    for _ in range(_SEARCH_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    if low == 0.0:
        return engine.plan(schema, epsilon=epsilon, delta=delta, n_rows=n_rows)
    return replace(own, epsilon=epsilon, events=(*own.events, *report_events(schema, low)))
