"""From the events of a job to what the ledger is charged. Apart from the ledger, which knows no accountant."""

from __future__ import annotations

from collections.abc import Iterable

from privacy.accounting import SLACK, DpEvent, compose, epsilon_of, zcdp_of
from privacy.amount import Amount, Charge, Zcdp
from understudy.errors import PlanExceeded, PrivacyParameterError


def charge_of(events: Iterable[DpEvent], *, epsilon: float, delta: float) -> Charge:
    """What a job costs, from its events and the (epsilon, delta) that it asks for.

    Guarantees: (epsilon, delta) covers the events by the tightest accountant that knows them; the zCDP bound
    includes the slack that a meter grants.
    Raises: PrivacyParameterError (event-unknown) for an event that no accountant knows; PlanExceeded if the events
    cost more than is asked for.
    """
    event = compose(events)
    if not epsilon_of(event, delta) <= epsilon:
        raise PlanExceeded("The plan's events cost more than the price.", code="plan-exceeds-price")
    return Charge(Amount.price(epsilon, delta), _zcdp_price(event))


def _zcdp_price(event: DpEvent) -> Zcdp | None:
    try:
        rho, delta = zcdp_of(event)
    except PrivacyParameterError:
        return None
    return Zcdp.price(rho * (1 + 2 * SLACK), delta)
