"""A part of a job's price goes to its free text: one plan of table, notes and report, from public facts alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace

from privacy.accounting import DpEvent, GaussianPrice, compose, gaussian_price
from privacy.gdp import gdp_epsilon
from service.settings import Settings
from synthesizers.base import Plan
from synthesizers.text.base import TEXTS, Price
from synthesizers.text.registry import WITHHOLD, Places, text_engine
from understudy.errors import UsageError
from understudy.messages import JobCreate, PlanCreate
from understudy.schema import TableSchema

USUAL_UNITS = 1_000
"""The public guess of the number of persons where none was given."""
_MARGIN = 1 - 1e-9


def places_of(settings: Settings) -> Places:
    """What the service has for text engines."""
    return Places(model=settings.text_model, endpoint=settings.text_endpoint)


def check_text(message: JobCreate | PlanCreate, schema: TableSchema, places: Places) -> None:
    """Raises: UsageError for a text engine or share that cannot be, or a schema without text."""
    if message.text == WITHHOLD:
        return
    text_engine(message.text, places)
    if not 0.05 <= message.text_share <= 0.95:
        raise UsageError("The text's share is from 0.05 to 0.95.", code="text-share-invalid")
    if not any(column.is_text for column in schema.columns):
        raise UsageError("The schema has no text column.", code="text-column-missing")
    if isinstance(message, JobCreate) and message.canaries:
        raise UsageError("Canaries are rows without notes: ask for text or for canaries.", code="text-with-canaries")


def plan_with_text(
    table: Callable[[float], Plan], schema: TableSchema, message: JobCreate | PlanCreate, places: Places
) -> Plan:
    """The table's plan for ``1 - text_share`` of what (epsilon, delta) buys in mu squared, and the notes' for the rest.

    ``table(epsilon)``: the plan of everything but the notes. Several text columns share alike.
    Guarantees: all events together cost at most (epsilon, delta), exactly composed; the plan states that total.
    Raises: UsageError (text-unsupported-engine) if the table engine's events have no Gaussian price.
    """
    whole = table(message.epsilon)
    if message.text == WITHHOLD:
        return whole
    price = _price(event for _, event in whole.events)
    left = message.delta - math.nextafter(float(price.delta), 1.0)
    smaller = gdp_epsilon(math.sqrt((1 - message.text_share) * price.mu_squared), left) if left > 0 else 0.0
    if not 0 < smaller < message.epsilon:
        raise UsageError("So little epsilon cannot be shared with text.", code="text-share-invalid")
    own = table(smaller)
    events = [*own.events]
    rest = (price.mu_squared - _price(event for _, event in own.events).mu_squared) * _MARGIN
    names = [column.name for column in schema.columns if column.is_text]
    engine = text_engine(message.text, places)
    plans = []
    for name in names:
        part = Price(
            epsilon=message.epsilon,
            delta=message.delta,
            alongside=tuple(event for _, event in events),
            mu_squared=rest / len(names),
            units=message.n_rows or USUAL_UNITS,
        )
        found = engine.plan(schema, name, part)
        plans.append(found.as_dict())
        events += found.events
    return replace(own, epsilon=message.epsilon, events=tuple(events), params={**own.params, TEXTS: plans})


def _price(events: Iterable[DpEvent]) -> GaussianPrice:
    price = gaussian_price(compose(events))
    if price is None or price.mu_squared == 0:
        raise UsageError(
            "This engine's price cannot be shared with text: use the engine 'marginal'.", code="text-unsupported-engine"
        )
    return price
