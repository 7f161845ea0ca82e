"""Parameters out of range are refused, never clamped; rounding goes against the spender."""

from __future__ import annotations

import math

import pytest

from privacy.budget import PrivacyParams
from understudy.errors import PrivacyParameterError


@pytest.mark.parametrize(
    "epsilon", [0, 0.0, -1, -1e-300, math.nan, math.inf, -math.inf, 100.1, 10**400, True, "1", None]
)
def test_an_epsilon_out_of_range_is_refused(epsilon: object) -> None:
    with pytest.raises(PrivacyParameterError) as refused:
        PrivacyParams(epsilon=epsilon, delta=1e-6)  # type: ignore[arg-type]
    assert refused.value.reason == "privacy-parameter-invalid"


@pytest.mark.parametrize("delta", [-1e-300, 1, 1.5, math.nan, math.inf, -0.1, True, "0", None])
def test_a_delta_out_of_range_is_refused(delta: object) -> None:
    with pytest.raises(PrivacyParameterError):
        PrivacyParams(epsilon=1, delta=delta)  # type: ignore[arg-type]


def test_the_ends_of_the_ranges_are_accepted() -> None:
    assert PrivacyParams(epsilon=100, delta=0).epsilon == 100.0
    assert PrivacyParams(epsilon=5e-324, delta=math.nextafter(1, 0)).delta < 1


def test_prices_round_up_and_caps_round_down() -> None:
    params = PrivacyParams(epsilon=1e-10, delta=1.5e-18)
    assert (params.price.epsilon_nano, params.price.delta_atto) == (1, 2)
    assert (params.cap.epsilon_nano, params.cap.delta_atto) == (0, 1)


def test_a_price_of_exact_units_fits_the_same_cap() -> None:
    for k in range(1, 200):
        params = PrivacyParams(epsilon=float(f"{k}e-1"), delta=float(f"{k}e-9"))
        assert params.price.fits(params.cap)
