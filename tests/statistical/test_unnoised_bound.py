"""The audit of bought bounds, on a bound that is not noised at all: the worst fault of its kind must be caught."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from privacy import till
from privacy.domain_plan import Step
from tests.statistical.test_privacy_audits import MAX_ROWS, MU, learnt

pytestmark = pytest.mark.statistical

MuLowerBound = Callable[[NDArray[np.bool_], NDArray[np.bool_]], float]


def without_noise(_stddev: float, shape: tuple[int, ...], _entropy: Callable[[int], bytes]) -> NDArray[np.int64]:
    return np.zeros(shape, dtype=np.int64)


@pytest.mark.parametrize("is_faulty", [True, False], ids=["unnoised", "as it is"])
def test_a_bound_without_noise_is_caught(
    mu_lower_bound: MuLowerBound, monkeypatch: pytest.MonkeyPatch, is_faulty: bool
) -> None:
    """The same audit as in test_privacy_audits: a lone unit, and what its column's histogram says."""
    if is_faulty:
        monkeypatch.setattr(till, "rounded_gaussian", without_noise)
    events = []
    for n_rows, seed in ((0, 21), (MAX_ROWS, 22)):
        found = learnt({"type": "integer"}, pa.nulls(n_rows, pa.int64()), {Step.BOUNDS: 1 / MU}, seed)
        events.append(np.array([one.counts[-1] > MAX_ROWS / 2 for one in found.one_ways]))
    assert (mu_lower_bound(events[0], events[1]) > MU) == is_faulty
