"""What happened, as data, and what it costs. The only door to dp_accounting.

Anyone may import this. An event says what a mechanism did to neighbouring tables; the price is computed from
events alone, so that a tighter accountant can price old entries again. Event names and fields that were ever
encoded keep their meaning for ever. What is not known here is refused, never priced by guess.

Relation: add or remove one privacy unit. A Gaussian event with noise multiplier z is exactly 1/z-GDP, and
mu**2 adds under adaptive composition. Sources: Dong, Roth, Su 2022, arXiv:1905.02383; Smith, Thakurta 2022,
arXiv:2210.17520 (sums of mu**2 stay valid when the noise levels are chosen adaptively).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import attrs
import dp_accounting
from dp_accounting import DpEvent
from dp_accounting.pld import PLDAccountant
from dp_accounting.rdp import RdpAccountant

from privacy.gdp import SLACK, gdp_delta, gdp_epsilon, gdp_mu, round_up
from understudy.errors import PrivacyParameterError

__all__ = [
    "SLACK",
    "DpEvent",
    "FailureDpEvent",
    "GaussianPrice",
    "compose",
    "decode",
    "encode",
    "epsilon_by_dp_accounting",
    "epsilon_by_rdp",
    "epsilon_of",
    "failure_event",
    "gaussian_event",
    "gaussian_price",
    "gdp_delta",
    "gdp_mu",
    "is_opaque",
    "is_training",
    "non_private_event",
    "poisson_event",
    "repeated",
    "without_guarantee",
    "zcdp_event",
    "zcdp_of",
]


@attrs.frozen
class FailureDpEvent(DpEvent):  # type: ignore[misc]  # dp_accounting has no stubs
    """With probability at most ``delta`` the mechanism may reveal anything; else this part reveals nothing.

    Total variation adds, so failures compose by the sum of their deltas.
    """

    delta: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GaussianPrice:
    """The price of events that are all Gaussian or failures: mu-GDP up to total variation delta."""

    mu_squared: float
    delta: Fraction

    @property
    def mu(self) -> float:
        """The GDP parameter, without slack."""
        return math.sqrt(self.mu_squared)


def gaussian_event(noise_multiplier: float) -> DpEvent:
    """The Gaussian mechanism with stddev = noise_multiplier times the L2 sensitivity.

    Raises: PrivacyParameterError unless the multiplier is finite and above 0.
    """
    if not (math.isfinite(noise_multiplier) and noise_multiplier > 0):
        raise PrivacyParameterError("A noise multiplier is finite and above 0.")
    return dp_accounting.GaussianDpEvent(float(noise_multiplier))


def failure_event(delta: float) -> DpEvent:
    """An event that fails with probability at most delta. Raises: PrivacyParameterError outside [0, 1)."""
    if not 0 <= delta < 1:
        raise PrivacyParameterError("Delta must be at least 0 and below 1.")
    return FailureDpEvent(float(delta))


def poisson_event(sampling_probability: float, event: DpEvent) -> DpEvent:
    """An event on a Poisson sample: every unit is in it by a coin of its own. With a chance of 1, the event itself.

    Raises: PrivacyParameterError for a chance outside (0, 1].
    """
    if not 0 < sampling_probability <= 1:
        raise PrivacyParameterError("A sampling probability is above 0 and at most 1.")
    if sampling_probability == 1:
        return event
    return dp_accounting.PoissonSampledDpEvent(float(sampling_probability), event)


def repeated(event: DpEvent, count: int) -> DpEvent:
    """The same event ``count`` times, each chosen with the earlier outputs in view."""
    return dp_accounting.SelfComposedDpEvent(event, count)


def is_training(event: DpEvent) -> bool:
    """True for a repeated Gaussian on Poisson samples: an event without a Gaussian price that has an accountant."""
    parts = [leaf for leaf, _ in _leaves(event, 1)]
    return bool(parts) and all(
        isinstance(leaf, dp_accounting.PoissonSampledDpEvent) and isinstance(leaf.event, dp_accounting.GaussianDpEvent)
        for leaf in parts
    )


def zcdp_event(rho: float) -> DpEvent:
    """Whatever is done, it is rho-zCDP. Raises: PrivacyParameterError unless rho is finite and above 0."""
    if not (math.isfinite(rho) and rho > 0):
        raise PrivacyParameterError("A rho is finite and above 0.")
    return dp_accounting.ZCDpEvent(float(rho))


def non_private_event() -> DpEvent:
    """Rows are used without any formal guarantee: no accountant gives this a finite price."""
    return dp_accounting.NonPrivateDpEvent()


def without_guarantee(event: DpEvent) -> bool:
    """True if some part of the event has no formal guarantee at all."""
    return any(isinstance(leaf, dp_accounting.NonPrivateDpEvent) for leaf, _ in _leaves(event, 1))


def is_opaque(event: DpEvent) -> bool:
    """True for what a sealed engine does as a whole: a zCDP bound of all of it, or no guarantee."""
    return isinstance(event, dp_accounting.ZCDpEvent | dp_accounting.NonPrivateDpEvent)


def compose(events: Iterable[DpEvent]) -> DpEvent:
    """All events on the same rows, each chosen with the earlier outputs in view."""
    return dp_accounting.ComposedDpEvent(list(events))


def epsilon_of(event: DpEvent, delta: float) -> float:
    """The epsilon of an event at delta, rounded up; infinite if there is none.

    Exact Gaussian-DP if all parts are Gaussian or failures, whose deltas are taken off first; otherwise the
    smaller of what dp_accounting's PLD and RDP accountants say.
    Raises: PrivacyParameterError for an event that no accountant knows.
    """
    rest, left = _without_failures(event, _fraction(delta))
    if left < 0:
        return math.inf
    price = gaussian_price(rest)
    if price is not None:
        return gdp_epsilon(price.mu * math.sqrt(1 + SLACK), float(left))
    return _accountant_epsilon(rest, float(left))


def epsilon_by_rdp(event: DpEvent, delta: float, *, orders: Sequence[float] | None = None) -> float:
    """An upper bound on ``epsilon_of`` by Renyi DP alone, rounded up: milliseconds where the tighter one takes seconds.

    ``orders``: Renyi orders to take the best of; whole ones are fast for trainings too.
    Raises: PrivacyParameterError for an event that the accountant does not know.
    """
    rest, left = _without_failures(event, _fraction(delta))
    if left <= 0:
        return math.inf
    accountant = RdpAccountant() if orders is None else RdpAccountant(list(orders))
    if not accountant.supports(rest):
        raise _unknown()
    return round_up(float(accountant.compose(rest).get_epsilon(float(left))))


def epsilon_by_dp_accounting(event: DpEvent, delta: float) -> dict[str, float]:
    """The epsilon of an event at delta by each of dp_accounting's own ways, without our formulas.

    ``gaussian`` is exact and there only if all parts are Gaussian; ``pld`` is an upper bound that is tight to about
    1e-7; ``rdp`` is an upper bound. Deltas of failures are taken off first.
    Raises: PrivacyParameterError for an event that none of them knows.
    """
    rest, left = _without_failures(event, _fraction(delta))
    parts = list(_leaves(rest, 1))
    if left < 0:
        return {}
    found = (
        {}
        if not parts
        else {
            name: float(accountant.compose(rest).get_epsilon(float(left)))
            for name, accountant in (("pld", PLDAccountant()), ("rdp", RdpAccountant()))
            if accountant.supports(rest)
        }
    )
    if parts and left > 0 and all(isinstance(leaf, dp_accounting.GaussianDpEvent) for leaf, _ in parts):
        sigma = math.fsum(count / leaf.noise_multiplier**2 for leaf, count in parts) ** -0.5
        found["gaussian"] = float(dp_accounting.get_epsilon_gaussian(sigma, float(left)))
    if parts and not found:
        raise _unknown()
    return found


def gaussian_price(event: DpEvent) -> GaussianPrice | None:
    """mu**2 and delta of an event made of Gaussians and failures only, else None."""
    parts = list(_leaves(event, 1))
    if not all(isinstance(leaf, dp_accounting.GaussianDpEvent | FailureDpEvent) for leaf, _ in parts):
        return None
    gaussians = [(leaf, n) for leaf, n in parts if isinstance(leaf, dp_accounting.GaussianDpEvent)]
    failures = [(leaf, n) for leaf, n in parts if isinstance(leaf, FailureDpEvent)]
    if any(not leaf.noise_multiplier > 0 for leaf, _ in gaussians):
        return None
    return GaussianPrice(
        mu_squared=math.fsum(n / leaf.noise_multiplier**2 for leaf, n in gaussians),
        delta=sum((n * _fraction(leaf.delta) for leaf, n in failures), Fraction(0)),
    )


def zcdp_of(event: DpEvent) -> tuple[float, float]:
    """(rho, delta) so that the event is delta-approximate rho-zCDP, both rounded up.

    Source: Bun, Steinke 2016, arXiv:1605.02065 (Gaussian: 1/(2 z**2); pure epsilon-DP: epsilon**2 / 2).
    Raises: PrivacyParameterError for an event without a known zCDP bound.
    """
    rho, delta = 0.0, Fraction(0)
    for leaf, count in _leaves(event, 1):
        if isinstance(leaf, FailureDpEvent):
            delta += count * _fraction(leaf.delta)
        else:
            rho = round_up(rho + count * _rho(leaf))
    return rho, round_up(float(delta)) if delta else 0.0


_CODES: dict[str, tuple[type[Any], tuple[str, ...]]] = {
    "gaussian": (dp_accounting.GaussianDpEvent, ("noise_multiplier",)),
    "laplace": (dp_accounting.LaplaceDpEvent, ("noise_multiplier",)),
    "zcdp": (dp_accounting.ZCDpEvent, ("rho", "xi")),
    "failure": (FailureDpEvent, ("delta",)),
    "poisson_sampled": (dp_accounting.PoissonSampledDpEvent, ("sampling_probability", "event")),
    "self_composed": (dp_accounting.SelfComposedDpEvent, ("event", "count")),
    "composed": (dp_accounting.ComposedDpEvent, ("events",)),
    "none": (dp_accounting.NoOpDpEvent, ()),
    "non_private": (dp_accounting.NonPrivateDpEvent, ()),
}
"""Persisted names. Entries are only ever added."""


def encode(event: DpEvent) -> dict[str, object]:
    """An event as JSON values; ``decode`` gives it back exactly.

    Raises: PrivacyParameterError for an event that is not in the persisted list.
    """
    for name, (kind, fields) in _CODES.items():
        if type(event) is kind:
            return {"type": name, **{field: _encode_field(getattr(event, field)) for field in fields}}
    raise _unknown()


def decode(document: Mapping[str, object]) -> DpEvent:
    """An event from what ``encode`` made. Raises: PrivacyParameterError if it is not one."""
    name = document.get("type")
    if not isinstance(name, str) or name not in _CODES:
        raise _unknown()
    kind, fields = _CODES[name]
    if set(document) != {"type", *fields}:
        raise _unknown()
    return kind(**{field: _decode_field(field, document[field]) for field in fields})


def _encode_field(value: object) -> object:
    if isinstance(value, DpEvent):
        return encode(value)
    if isinstance(value, list | tuple):
        return [encode(item) for item in value]
    return value


def _decode_field(name: str, value: object) -> object:
    if name == "event" and isinstance(value, Mapping):
        return decode(value)
    if name == "events" and isinstance(value, list):
        return [decode(item) for item in value]
    if name == "count" and isinstance(value, int):
        return value
    if name not in ("event", "events", "count") and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise _unknown()


def _unknown() -> PrivacyParameterError:
    return PrivacyParameterError("This privacy event is not known to the accountant.", code="event-unknown")


def _leaves(event: DpEvent, count: int) -> Iterable[tuple[DpEvent, int]]:
    """The events that are no compositions, with how often each happens."""
    if isinstance(event, dp_accounting.ComposedDpEvent):
        for part in event.events:
            yield from _leaves(part, count)
    elif isinstance(event, dp_accounting.SelfComposedDpEvent):
        yield from _leaves(event.event, count * event.count)
    elif not isinstance(event, dp_accounting.NoOpDpEvent):
        yield event, count


def _without_failures(event: DpEvent, delta: Fraction) -> tuple[DpEvent, Fraction]:
    parts = list(_leaves(event, 1))
    left = delta - sum(
        (n * _fraction(leaf.delta) for leaf, n in parts if isinstance(leaf, FailureDpEvent)), Fraction(0)
    )
    rest = [
        dp_accounting.SelfComposedDpEvent(leaf, n) if n > 1 else leaf
        for leaf, n in parts
        if not isinstance(leaf, FailureDpEvent)
    ]
    return compose(rest), left


def _rho(event: DpEvent) -> float:
    if isinstance(event, dp_accounting.GaussianDpEvent) and event.noise_multiplier > 0:
        return 0.5 / float(event.noise_multiplier) ** 2
    if isinstance(event, dp_accounting.LaplaceDpEvent) and event.noise_multiplier > 0:
        return 0.5 / float(event.noise_multiplier) ** 2
    if isinstance(event, dp_accounting.ZCDpEvent) and event.xi == 0:
        return float(event.rho)
    raise _unknown()


def _accountant_epsilon(event: DpEvent, delta: float) -> float:
    accountants: list[Any] = [PLDAccountant(), RdpAccountant()]
    if any(isinstance(leaf, dp_accounting.PoissonSampledDpEvent) for leaf, _ in _leaves(event, 1)):
        # On samples PLD is the tight one, and RDP's orders near 1 take seconds that nobody gains by.
        accountants = accountants[: 1 if accountants[0].supports(event) else None]
    bounds = [accountant.compose(event).get_epsilon(delta) for accountant in accountants if accountant.supports(event)]
    if not bounds:
        raise _unknown()
    return round_up(float(min(bounds)))


def _fraction(value: float) -> Fraction:
    """The decimal that the float is written as, exactly."""
    return Fraction(repr(float(value)))
