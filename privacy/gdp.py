"""The exact privacy curve of Gaussian differential privacy (GDP), with 50 digits.

Anyone may import this. Every answer is rounded against the spender.
Sources: Dong, Roth, Su 2022, arXiv:1905.02383, Corollary 2.13; Balle, Wang 2018, arXiv:1805.06530, Theorem 8.
"""

from __future__ import annotations

import math
from typing import Any

import mpmath

from understudy.errors import PrivacyParameterError

SLACK = 1e-9
"""Relative slack in mu**2 that a meter grants for floating point. Every price includes it."""

_DIGITS = 50
_BISECTIONS = 90


def gdp_delta(mu: float, epsilon: float) -> float:
    """The smallest delta of a mu-GDP mechanism at epsilon >= 0, rounded up.

    Relative error below 1e-12 down to delta 1e-300: computed with 50 digits.
    """
    return round_up(float(_delta(_context(), mu, epsilon)))


def gdp_mu(epsilon: float, delta: float) -> float:
    """The largest mu so that mu-GDP implies (epsilon, delta), rounded down; 0 if delta is 0.

    Guarantees: Gaussian events whose mu**2 add up to at most gdp_mu(epsilon, delta)**2 are priced by
    ``epsilon_of`` at no more than epsilon, whatever way they are split.
    Raises: PrivacyParameterError for epsilon < 0 or delta outside [0, 1).
    """
    if not (math.isfinite(epsilon) and epsilon >= 0 and 0 <= delta < 1):
        raise PrivacyParameterError("Epsilon must be at least 0 and delta in [0, 1).")
    if delta == 0:
        return 0.0
    context = _context()
    low, high = 0.0, 1.0
    while _delta(context, high, epsilon) <= delta:
        low, high = high, 2 * high
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if _delta(context, middle, epsilon) <= delta else (low, middle)
    return low * (1 - 2 * SLACK)


def gdp_epsilon(mu: float, delta: float) -> float:
    """The smallest epsilon of a mu-GDP mechanism at delta, rounded up; infinite if delta is 0."""
    if mu == 0:
        return 0.0
    if delta <= 0:
        return math.inf
    context = _context()
    if _delta(context, mu, 0.0) <= delta:
        return 0.0
    low, high = 0.0, 1.0
    while _delta(context, mu, high) > delta:
        low, high = high, 2 * high
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (low, middle) if _delta(context, mu, middle) <= delta else (middle, high)
    return high


def _delta(context: Any, mu: float, epsilon: float) -> Any:
    """delta(mu, epsilon) = Phi(-epsilon/mu + mu/2) - exp(epsilon) Phi(-epsilon/mu - mu/2), with 50 digits."""
    mu_, epsilon_ = context.mpf(mu), context.mpf(epsilon)
    centre, half = -epsilon_ / mu_, mu_ / 2
    return context.ncdf(centre + half) - context.exp(epsilon_) * context.ncdf(centre - half)


def _context() -> Any:
    """An arithmetic context of our own: mpmath's shared one is module state."""
    context = mpmath.MPContext()
    context.dps = _DIGITS
    return context


def round_up(value: float) -> float:
    """The next float above."""
    return math.nextafter(value, math.inf)
