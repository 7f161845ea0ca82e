"""Budget amounts: exact sums, rounding against the spender."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.amount import MAX_UNITS, UNLIMITED, Amount, Charge, Zcdp

EPSILONS = st.floats(0, 1e6, allow_nan=False)
DELTAS = st.floats(0, 1, allow_nan=False)
AMOUNTS = st.builds(Amount, st.integers(-(2**70), 2**70), st.integers(-(2**70), 2**70))


def test_ten_tenths_are_one() -> None:
    assert sum(0.1 for _ in range(10)) != 1.0
    total = Amount()
    for _ in range(10):
        total = total + Amount.price(0.1, 1e-7)
    assert total == Amount.cap(1.0, 1e-6)


def test_units_are_nano_and_atto() -> None:
    assert Amount.price(1.0, 1.0) == Amount.cap(1.0, 1.0) == Amount(10**9, 10**18)


def test_a_price_below_a_unit_costs_one() -> None:
    assert Amount.price(1e-12, 1e-300) == Amount(1, 1)
    assert Amount.price(5e-324, 5e-324) == Amount(1, 1)


def test_a_cap_below_a_unit_is_nothing() -> None:
    assert Amount.cap(9.99e-10, 9.99e-19) == Amount(0, 0)


@given(epsilon=EPSILONS, delta=DELTAS)
def test_a_price_is_never_less_than_asked_and_a_cap_never_more(epsilon: float, delta: float) -> None:
    price, cap = Amount.price(epsilon, delta), Amount.cap(epsilon, delta)
    assert Decimal(price.epsilon_nano).scaleb(-9) >= Decimal(repr(epsilon)) >= Decimal(cap.epsilon_nano).scaleb(-9)
    assert Decimal(price.delta_atto).scaleb(-18) >= Decimal(repr(delta)) >= Decimal(cap.delta_atto).scaleb(-18)
    assert 0 <= price.epsilon_nano - cap.epsilon_nano <= 1
    assert 0 <= price.delta_atto - cap.delta_atto <= 1


@given(a=AMOUNTS, b=AMOUNTS, c=AMOUNTS)
def test_amounts_add_like_whole_numbers(a: Amount, b: Amount, c: Amount) -> None:
    assert (a + b) + c == a + (b + c)
    assert a + b == b + a
    assert (a + b) - b == a
    assert a + Amount() == a


@given(a=AMOUNTS, b=AMOUNTS)
def test_an_amount_fits_if_both_parts_do(a: Amount, b: Amount) -> None:
    left = b - a
    assert a.fits(b) == (left.epsilon_nano >= 0 and left.delta_atto >= 0)
    assert a.fits(a)


def test_one_part_too_many_does_not_fit() -> None:
    assert not Amount(2, 0).fits(Amount(1, 9))
    assert not Amount(0, 2).fits(Amount(9, 1))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_no_amount(value: float) -> None:
    for make in (Amount.price, Amount.cap):
        with pytest.raises((ValueError, OverflowError)):
            make(value, 0.0)
        with pytest.raises((ValueError, OverflowError)):
            make(1.0, value)


def test_floats_are_for_display() -> None:
    assert (Amount.price(0.3, 1e-6).epsilon, Amount.price(0.3, 1e-6).delta) == (0.3, 1e-6)


@given(a=AMOUNTS)
def test_text_is_exact(a: Amount) -> None:
    assert Decimal(a.epsilon_text) == Decimal(a.epsilon_nano).scaleb(-9)


@pytest.mark.parametrize(
    ("amount", "epsilon", "delta"),
    [
        (Amount(), "0", "0"),
        (Amount.price(0.8, 1e-6), "0.8", "0.000001"),
        (Amount.cap(10, 0), "10", "0"),
        (Amount.cap(120.5, 0), "120.5", "0"),
        (Amount(-7 * 10**8, 0), "-0.7", "0"),
    ],
)
def test_text_reads_as_a_person_writes_it(amount: Amount, epsilon: str, delta: str) -> None:
    assert (amount.epsilon_text, amount.delta_text) == (epsilon, delta)


class TestZcdp:
    def test_a_price_rounds_up_and_sums_are_exact(self) -> None:
        assert Zcdp.price(1e-13, 1e-19) == Zcdp(1, 1)
        assert sum([Zcdp.price(0.1, 0)] * 10, Zcdp()) == Zcdp.price(1.0, 0)
        assert Zcdp.price(0.25, 1e-8).rho_text == "0.25"

    def test_what_fits_64_bits_can_be_stored(self) -> None:
        assert Charge(UNLIMITED, Zcdp(MAX_UNITS, MAX_UNITS)).is_storable
        assert not Charge(UNLIMITED + Amount(1, 0)).is_storable
        assert not Charge(Amount(), Zcdp(0, -1)).is_storable
        assert Charge(Amount(), None).is_storable
