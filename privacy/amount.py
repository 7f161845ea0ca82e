"""Budget amounts as whole numbers, so that sums are exact and rounding never favours the spender.

Epsilon in units of 1e-9, delta in units of 1e-18. A price rounds up, a cap rounds down.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

EPSILON_UNIT = Decimal("1e-9")
DELTA_UNIT = Decimal("1e-18")


@dataclass(frozen=True, slots=True)
class Amount:
    """An (epsilon, delta) pair in whole units; may be negative as a difference.

    >>> Amount.price(0.1, 1e-6) + Amount.price(0.2, 0) == Amount.price(0.3, 1e-6)
    True
    """

    epsilon_nano: int = 0
    delta_atto: int = 0

    @classmethod
    def price(cls, epsilon: float, delta: float) -> Amount:
        """What a job costs, rounded up. The shortest decimal that prints the float is what counts."""
        return cls(_units(epsilon, EPSILON_UNIT, ROUND_CEILING), _units(delta, DELTA_UNIT, ROUND_CEILING))

    @classmethod
    def cap(cls, epsilon: float, delta: float) -> Amount:
        """What may be spent, rounded down."""
        return cls(_units(epsilon, EPSILON_UNIT, ROUND_FLOOR), _units(delta, DELTA_UNIT, ROUND_FLOOR))

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.epsilon_nano + other.epsilon_nano, self.delta_atto + other.delta_atto)

    def __sub__(self, other: Amount) -> Amount:
        return Amount(self.epsilon_nano - other.epsilon_nano, self.delta_atto - other.delta_atto)

    def fits(self, room: Amount) -> bool:
        """True if neither epsilon nor delta exceeds the room."""
        return self.epsilon_nano <= room.epsilon_nano and self.delta_atto <= room.delta_atto

    @property
    def epsilon(self) -> float:
        """Epsilon as a float, for display."""
        return float(self.epsilon_nano * EPSILON_UNIT)

    @property
    def delta(self) -> float:
        """Delta as a float, for display."""
        return float(self.delta_atto * DELTA_UNIT)

    @property
    def epsilon_text(self) -> str:
        """Epsilon as exact decimal text."""
        return _text(self.epsilon_nano * EPSILON_UNIT)

    @property
    def delta_text(self) -> str:
        """Delta as exact decimal text."""
        return _text(self.delta_atto * DELTA_UNIT)


def _units(value: float, unit: Decimal, rounding: str) -> int:
    return int((Decimal(repr(float(value))) / unit).to_integral_value(rounding=rounding))


def _text(value: Decimal) -> str:
    return f"{value.normalize():f}"
