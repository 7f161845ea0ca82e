"""Budget amounts as whole numbers, so that sums are exact and rounding never favours the spender.

Epsilon in units of 1e-9, delta in units of 1e-18, rho in units of 1e-12. A price rounds up, a cap rounds down.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

EPSILON_UNIT = Decimal("1e-9")
DELTA_UNIT = Decimal("1e-18")
RHO_UNIT = Decimal("1e-12")

MAX_UNITS = 2**63 - 1
"""What a column of 64 bits holds: epsilon up to 9.2e9, delta up to 9.2, rho up to 9.2e6."""


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
    def is_storable(self) -> bool:
        """True if both numbers are at least 0 and fit 64 bits."""
        return 0 <= self.epsilon_nano <= MAX_UNITS and 0 <= self.delta_atto <= MAX_UNITS

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


UNLIMITED = Amount(MAX_UNITS, MAX_UNITS)
"""The cap of a scope that only keeps count: as much as can be written down."""


@dataclass(frozen=True, slots=True)
class Zcdp:
    """A delta-approximate rho-zCDP bound in whole units, rounded up.

    >>> Zcdp.price(0.1, 0) + Zcdp.price(0.2, 0) == Zcdp.price(0.3, 0)
    True
    """

    rho_pico: int = 0
    delta_atto: int = 0

    @classmethod
    def price(cls, rho: float, delta: float) -> Zcdp:
        """What a mechanism costs, rounded up."""
        return cls(_units(rho, RHO_UNIT, ROUND_CEILING), _units(delta, DELTA_UNIT, ROUND_CEILING))

    def __add__(self, other: Zcdp) -> Zcdp:
        return Zcdp(self.rho_pico + other.rho_pico, self.delta_atto + other.delta_atto)

    def __sub__(self, other: Zcdp) -> Zcdp:
        return Zcdp(self.rho_pico - other.rho_pico, self.delta_atto - other.delta_atto)

    @property
    def is_storable(self) -> bool:
        """True if both numbers are at least 0 and fit 64 bits."""
        return 0 <= self.rho_pico <= MAX_UNITS and 0 <= self.delta_atto <= MAX_UNITS

    @property
    def rho(self) -> float:
        """Rho as a float, for display."""
        return float(self.rho_pico * RHO_UNIT)

    @property
    def rho_text(self) -> str:
        """Rho as exact decimal text."""
        return _text(self.rho_pico * RHO_UNIT)


@dataclass(frozen=True, slots=True)
class Charge:
    """What is charged, in each currency that a scope may count in.

    ``zcdp`` None means that there is no zCDP bound; a sum with such a part has none either.
    """

    dp: Amount = Amount()
    zcdp: Zcdp | None = Zcdp()

    def __add__(self, other: Charge) -> Charge:
        has_both = self.zcdp is not None and other.zcdp is not None
        return Charge(self.dp + other.dp, self.zcdp + other.zcdp if has_both else None)  # type: ignore[operator]

    def __sub__(self, other: Charge) -> Charge:
        has_both = self.zcdp is not None and other.zcdp is not None
        return Charge(self.dp - other.dp, self.zcdp - other.zcdp if has_both else None)  # type: ignore[operator]

    @property
    def is_storable(self) -> bool:
        """True if every number is at least 0 and fits 64 bits."""
        return self.dp.is_storable and (self.zcdp is None or self.zcdp.is_storable)


def _units(value: float, unit: Decimal, rounding: str) -> int:
    return int((Decimal(repr(float(value))) / unit).to_integral_value(rounding=rounding))


def _text(value: Decimal) -> str:
    return f"{value.normalize():f}"
