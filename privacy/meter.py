"""The meter of one job: what its plan holds, by purpose, and what has been debited of it.

Only ``privacy`` debits. A debit comes before the rows are read; what does not fit is refused then.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from privacy.accounting import SLACK, DpEvent, GaussianPrice, gaussian_price, is_opaque, is_training
from understudy.errors import PlanExceeded, PrivacyParameterError


class Meter:
    """Events of a plan by purpose, debited one by one.

    Within a purpose mu**2 and delta may be split over any number of debits, chosen as the job goes along: a
    sum of mu**2 is a valid filter for Gaussian mechanisms (Smith, Thakurta 2022, arXiv:2210.17520). A relative
    slack of 1e-9 covers floating point; every price includes it (``privacy.accounting``).
    A training (``privacy.training``) and what a sealed engine does have no such price: each is debited whole, exactly
    the event that is held, and once.
    """

    def __init__(self, events: Sequence[tuple[str, DpEvent]]) -> None:
        """Raises: PrivacyParameterError for an event that is neither Gaussian, a failure nor a training."""
        self._held: dict[str, GaussianPrice] = {}
        self._used: dict[str, GaussianPrice] = {}
        self._whole: list[tuple[str, DpEvent]] = []
        self._spent: list[tuple[str, DpEvent]] = []
        for purpose, event in events:
            if _is_whole(event):
                self._whole.append((purpose, event))
            else:
                self._held[purpose] = _add(self._held.get(purpose, _NOTHING), _price(event))

    @property
    def spent(self) -> tuple[tuple[str, DpEvent], ...]:
        """What has been debited, in order."""
        return tuple(self._spent)

    def held(self, purpose: str) -> GaussianPrice:
        """What the plan holds for a purpose, spent or not; nothing for an unknown one."""
        return self._held.get(purpose, _NOTHING)

    def debit(self, purpose: str, event: DpEvent) -> None:
        """Take an event off the plan.

        Raises: PlanExceeded if the plan does not hold it for this purpose; nothing is debited then.
        """
        if _is_whole(event):
            self._debit_whole(purpose, event)
            return
        used = _add(self._used.get(purpose, _NOTHING), _price(event))
        held = self.held(purpose)
        if used.mu_squared > held.mu_squared * (1 + SLACK) or used.delta > held.delta:
            raise _exceeded(purpose)
        self._used[purpose] = used
        self._spent.append((purpose, event))

    def _debit_whole(self, purpose: str, event: DpEvent) -> None:
        if (purpose, event) not in self._whole:
            raise _exceeded(purpose)
        self._whole.remove((purpose, event))
        self._spent.append((purpose, event))


def _is_whole(event: DpEvent) -> bool:
    return is_training(event) or is_opaque(event)


def _exceeded(purpose: str) -> PlanExceeded:
    return PlanExceeded("A mechanism asked for more than its plan holds.", facts={"purpose": purpose})


_NOTHING = GaussianPrice(mu_squared=0.0, delta=Fraction(0))


def _price(event: DpEvent) -> GaussianPrice:
    price = gaussian_price(event)
    if price is None:
        raise PrivacyParameterError(
            "The meter knows Gaussian events, failures and trainings only.", code="event-unknown"
        )
    return price


def _add(first: GaussianPrice, second: GaussianPrice) -> GaussianPrice:
    return GaussianPrice(mu_squared=first.mu_squared + second.mu_squared, delta=first.delta + second.delta)
