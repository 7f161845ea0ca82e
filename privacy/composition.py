"""How the jobs of one scope add up: a filter that is proven although each job is chosen after earlier ones were seen.

``basic``  epsilons and deltas add. Rogers, Roth, Ullman, Vadhan 2016, arXiv:1605.08294.
``zcdp``   rho and the deltas of failures add (Whitehouse, Ramdas, Rogers, Wu 2023, arXiv:2203.05481: sums of
           approximate-zCDP parameters that stay below a fixed (rho, delta) are a valid fully adaptive filter). The
           sum is turned into epsilon at half of the scope's delta, the other half pays for failures: a fixed split,
           so that the filter's (rho, delta) is one rectangle, fixed when the cap is.

Composed privacy loss distributions have no such theorem for jobs chosen adaptively: nothing is ever admitted on them.
Sums are whole numbers and exact. Every conversion rounds against the spender.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import StrEnum

from privacy.amount import MAX_UNITS, RHO_UNIT, Amount, Charge, Zcdp
from understudy.errors import PrivacyParameterError


class Composition(StrEnum):
    """How jobs add up in a scope. Persisted: never removed, never changed in meaning."""

    BASIC = "basic"
    ZCDP = "zcdp"

    @property
    def citation(self) -> str:
        """The filter in words, with its proof."""
        return _CITATIONS[self]


_CITATIONS = {
    Composition.BASIC: (
        "basic sums of epsilon and delta, valid for fully adaptive jobs "
        "(Rogers, Roth, Ullman, Vadhan 2016, arXiv:1605.08294)"
    ),
    Composition.ZCDP: (
        "sums of approximate-zCDP parameters, valid for fully adaptive jobs "
        "(Whitehouse, Ramdas, Rogers, Wu 2023, arXiv:2203.05481), as epsilon at half of delta by Proposition 12 of "
        "Canonne, Kamath, Steinke 2020, arXiv:2004.00010"
    ),
}

_FLOAT_SLACK = 1e-12
"""Relative allowance for the floating point of a conversion, some thousand times what it loses."""

_SEARCH_STEPS = 80
_GOLDEN = (math.sqrt(5) - 1) / 2


def position(composition: Composition, total: Charge, cap: Amount) -> Amount:
    """The (epsilon, delta) that a sum of charges amounts to, rounded up; it is admissible if it fits the cap.

    Raises: PrivacyParameterError (event-unknown) if the composition counts in zCDP and a charge has no such bound.
    """
    if composition is Composition.BASIC:
        return total.dp
    if total.zcdp is None:
        raise PrivacyParameterError(
            "This scope adds up zCDP, and the job has an event without a known zCDP bound.", code="event-unknown"
        )
    if total.zcdp == Zcdp():
        return Amount()
    conversion = conversion_delta(cap)
    epsilon = epsilon_of_rho(float(total.zcdp.rho_pico * RHO_UNIT), conversion.delta)
    return Amount(_nano_up(epsilon), total.zcdp.delta_atto + conversion.delta_atto)


def conversion_delta(cap: Amount) -> Amount:
    """The part of a zCDP scope's delta that pays for turning rho into epsilon: half, rounded down."""
    return Amount(0, cap.delta_atto // 2)


def epsilon_of_rho(rho: float, delta: float) -> float:
    """The epsilon that rho-zCDP implies at delta, rounded up; infinite at delta 0.

    min over alpha > 1 of alpha rho + log(1 - 1/alpha) - log(delta alpha) / (alpha - 1). Every alpha gives a valid
    bound, so an inexact search errs against the spender only. Never above rho + 2 sqrt(rho log(1/delta)) of Bun,
    Steinke 2016, arXiv:1605.02065, but for rounding.
    Source: Canonne, Kamath, Steinke 2020, arXiv:2004.00010, Proposition 12 with Renyi divergence alpha rho.
    """
    if not (math.isfinite(rho) and rho >= 0 and 0 <= delta < 1):
        raise PrivacyParameterError("Rho is at least 0, and delta in [0, 1).")
    if rho == 0:
        return 0.0
    if delta == 0:
        return math.inf
    # The minimum lies near alpha - 1 = sqrt(log(1/delta) / rho).
    centre = 0.5 * math.log(max(-math.log(delta), 1e-3) / rho)
    best = _golden_minimum(lambda t: _epsilon_at(rho, delta, math.exp(t)), centre - 4.0, centre + 4.0)
    return max(0.0, best)


def _epsilon_at(rho: float, delta: float, order_minus_one: float) -> float:
    order = 1 + order_minus_one
    parts = (order * rho, -math.log1p(1 / order_minus_one), -(math.log(delta) + math.log(order)) / order_minus_one)
    return math.fsum(parts) + _FLOAT_SLACK * math.fsum(abs(part) for part in parts)


def _golden_minimum(function: Callable[[float], float], low: float, high: float) -> float:
    """The smallest value that a golden-section search meets."""
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = function(left), function(right)
    best = min(at_left, at_right)
    for _ in range(_SEARCH_STEPS):
        if at_left < at_right:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = function(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = function(right)
        best = min(best, at_left, at_right)
    return best


def _nano_up(epsilon: float) -> int:
    return Amount.price(epsilon, 0).epsilon_nano if math.isfinite(epsilon) else MAX_UNITS
