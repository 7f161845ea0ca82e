"""Privacy parameters: an (epsilon, delta) that is in range, or no parameters at all.

Anyone may import this. Exact sums and rounding are ``privacy.amount``; this is only the door to them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from privacy.amount import Amount
from understudy.errors import PrivacyParameterError

MAX_EPSILON = 100.0
"""An epsilon above this protects nobody; asking for it is a mistake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyParams:
    """An (epsilon, delta) that is in range.

    Raises: PrivacyParameterError for a value that is no finite number, for epsilon outside (0, 100] and for
    delta outside [0, 1). Nothing is ever clamped.
    """

    epsilon: float
    delta: float

    def __post_init__(self) -> None:
        epsilon, delta = _number(self.epsilon, "Epsilon"), _number(self.delta, "Delta")
        if not 0 < epsilon <= MAX_EPSILON:
            raise PrivacyParameterError(f"Epsilon must be above 0 and at most {MAX_EPSILON:g}.")
        if not 0 <= delta < 1:
            raise PrivacyParameterError("Delta must be at least 0 and below 1.")
        object.__setattr__(self, "epsilon", epsilon)
        object.__setattr__(self, "delta", delta)

    @property
    def price(self) -> Amount:
        """What a loss of this much costs, rounded up."""
        return Amount.price(self.epsilon, self.delta)

    @property
    def cap(self) -> Amount:
        """What may be spent under this as a cap, rounded down."""
        return Amount.cap(self.epsilon, self.delta)


def _number(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not _is_finite(value):
        raise PrivacyParameterError(f"{name} must be a finite number.")
    return float(value)


def _is_finite(value: int | float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an int beyond the range of floats
        return False
