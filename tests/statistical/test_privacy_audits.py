"""Audits: a lower bound on privacy loss from neighbouring tables never exceeds the claim, and planted faults do.

Each audit takes tables that differ in one unit, in the way that moves the mechanism most, and an event fixed
beforehand. For a mechanism that keeps its claim exactly, an audit raises a false alarm with chance at most 1e-6
(Clopper-Pearson, see conftest). Seeds are fixed. Every audit is also run on a planted fault, which it must catch.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from privacy import counting, till
from privacy.accounting import gaussian_event
from privacy.binning import discretise, plan_domain
from privacy.counting import CountingSession
from privacy.discovery import discover_keys
from privacy.domain import Domain
from privacy.domain_plan import Step
from privacy.meter import Meter
from privacy.noise import rounded_gaussian
from privacy.sources.arrow import ArrowCounts
from privacy.till import Till
from understudy.schema import TableSchema

pytestmark = pytest.mark.statistical

MuLowerBound = Callable[[NDArray[np.bool_], NDArray[np.bool_]], float]
DRAWS = 40_000
MAX_ROWS = 3


def faulty(stddev: float, shape: tuple[int, ...], entropy: Callable[[int], bytes]) -> NDArray[np.int64]:
    """A planted fault: a tenth of the noise."""
    return rounded_gaussian(stddev / 10, shape, entropy)


@pytest.fixture(params=["as it is", "planted fault"])
def fault(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    if request.param == "planted fault":
        monkeypatch.setattr(counting, "rounded_gaussian", faulty)
        monkeypatch.setattr(till, "rounded_gaussian", faulty)
    return bool(request.param == "planted fault")


def counting_session(extra_rows: int, noise_multiplier: float, seed: int) -> CountingSession:
    """Ten common rows, and extra_rows of one unit, all in the same cell."""
    domain = Domain.of({"a": 2})
    source = ArrowCounts({"a": np.array([0] * 10 + [1] * extra_rows)}, domain, n_rows=10 + extra_rows)
    meter = Meter([("audit", gaussian_event(noise_multiplier))])
    return CountingSession(source, meter, np.random.default_rng(seed).bytes, max_rows=MAX_ROWS)


MU_EACH = 0.5
NOISE_MULTIPLIER = 1 / (MU_EACH * math.sqrt(DRAWS))
STDDEV = NOISE_MULTIPLIER * MAX_ROWS * math.sqrt(DRAWS)
"""One event for DRAWS copies of a query: by the claim each copy alone is MU_EACH-GDP."""


def test_measure(mu_lower_bound: MuLowerBound, fault: bool) -> None:
    cells = []
    for rows, seed in ((0, 1), (MAX_ROWS, 2)):
        marginals = counting_session(rows, NOISE_MULTIPLIER, seed).measure(
            [("a",)] * DRAWS, stddev=STDDEV, purpose="audit"
        )
        cells.append(np.array([marginal.counts[1] for marginal in marginals]))
    found = mu_lower_bound(cells[0] > MAX_ROWS / 2, cells[1] > MAX_ROWS / 2)
    assert (found > MU_EACH) == fault
    assert found > 0.8 * MU_EACH  # the audit has teeth


def test_choose(mu_lower_bound: MuLowerBound, fault: bool) -> None:
    scores = [
        counting_session(rows, NOISE_MULTIPLIER, seed).choose(
            [("a",)] * DRAWS, lambda clique: np.array([10.4, 0.2]), stddev=STDDEV, purpose="audit"
        )
        for rows, seed in ((0, 3), (MAX_ROWS, 4))
    ]
    found = mu_lower_bound(scores[0] > MAX_ROWS / 2, scores[1] > MAX_ROWS / 2)
    assert (found > MU_EACH) == fault
    assert found > 0.8 * MU_EACH


DELTA = 0.02


def lone_keys_released(n_units: int, keys_per_unit: int, *, by_unit: bool, threshold: int | None = None) -> int:
    """Of how many units at least one key got out; each unit alone has keys_per_unit keys, one row each.

    Units act on separate keys, so one call is n_units independent draws of the failure event.
    """
    keys = pa.array([f"{unit}:{key}" for unit in range(n_units) for key in range(keys_per_unit)])
    owners = pa.array(np.repeat(np.arange(n_units), keys_per_unit))
    found = discover_keys(
        pa.chunked_array([keys]),
        pa.chunked_array([owners]) if by_unit else None,
        till=Till(debit=lambda purpose, event: None, entropy=np.random.default_rng(5).bytes),
        noise_multiplier=1.5,
        delta=DELTA,
        max_rows=keys_per_unit,
        limit=10**9,
    )
    return len({key.split(":")[0] for key in found.keys})


@pytest.mark.parametrize("by_unit", [True, False])
@pytest.mark.parametrize("keys_per_unit", [1, 4])
def test_discovery_fails_no_more_often_than_delta(
    rate_above: Callable[[int, int], float], keys_per_unit: int, by_unit: bool
) -> None:
    n = 100_000 // keys_per_unit
    rate = rate_above(lone_keys_released(n, keys_per_unit, by_unit=by_unit), n)
    assert rate <= DELTA
    if by_unit:
        assert rate > 0.3 * DELTA  # the threshold is no higher than it needs to be


def test_the_same_audit_catches_a_missing_threshold(
    rate_above: Callable[[int, int], float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("privacy.discovery.key_threshold", lambda *args, **kwargs: 1)
    assert rate_above(lone_keys_released(20_000, 1, by_unit=True), 20_000) > DELTA


def test_the_same_audit_catches_a_threshold_for_one_key_only(
    rate_above: Callable[[int, int], float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fault of forgetting that a unit may have several new keys."""
    from privacy.discovery import key_threshold

    monkeypatch.setattr(
        "privacy.discovery.key_threshold", lambda stddev, delta, max_rows, **kw: key_threshold(stddev, delta, 1, **kw)
    )
    assert rate_above(lone_keys_released(100_000 // 4, 4, by_unit=True), 100_000 // 4) > DELTA


N_COLUMNS = 1_500


def learnt_highs(type_: str, value: object, n_rows: int, mu: float, seed: int) -> NDArray[np.bool_]:
    """Whether the bought upper bound reaches the value, for many columns that are draws of the same purchase."""
    fields = [{"name": f"c{i}", "type": type_, "constraints": {"minimum": 0}} for i in range(N_COLUMNS)]
    schema = TableSchema.parse(
        {
            "fields": [{"name": "id", "type": "integer", "understudy:kind": "identifier"}, *fields],
            "understudy:privacyUnit": {"column": "id", "maxRows": MAX_ROWS},
        }
    )
    plan = plan_domain(schema, mu=mu * math.sqrt(N_COLUMNS * 1.5 / 0.5), delta=0.0)
    assert plan.noise_multipliers[Step.BOUNDS] == pytest.approx(1 / mu)
    rows = pa.table({column.name: pa.array([value] * n_rows, pa.int64()) for column in schema.columns})
    found = discretise(rows, schema, plan, debit=Meter(plan.events).debit, entropy=np.random.default_rng(seed).bytes)
    return np.array([codec.lattice.origin + codec.lattice.n_ticks > value for codec in found.codecs])  # type: ignore[attr-defined]


def test_bounds(mu_lower_bound: MuLowerBound, fault: bool) -> None:
    """A lone unit at the far end of an otherwise empty column; is the bound as high as its value?"""
    mu = 2.0
    without, with_ = (learnt_highs("integer", 2**62, rows, mu, seed) for rows, seed in ((0, 6), (MAX_ROWS, 7)))
    found = mu_lower_bound(without, with_)
    assert (found > mu) == fault
    assert found > 0.2 * mu


def test_bins(mu_lower_bound: MuLowerBound, fault: bool) -> None:
    """A lone unit in the lowest cell of an empty column; does the lowest leaf hold most of its bin's weight?"""
    mu = 0.8
    fields = [
        {"name": f"c{i}", "type": "integer", "constraints": {"minimum": 1, "maximum": 3000}} for i in range(N_COLUMNS)
    ]
    schema = TableSchema.parse(
        {
            "fields": [{"name": "id", "type": "integer", "understudy:kind": "identifier"}, *fields],
            "understudy:privacyUnit": {"column": "id", "maxRows": MAX_ROWS},
        }
    )
    plan = plan_domain(schema, mu=mu * math.sqrt(N_COLUMNS), delta=0.0)
    events = []
    for n_rows, seed in ((0, 8), (MAX_ROWS, 9)):
        rows = pa.table({column.name: pa.array([1] * n_rows, pa.int64()) for column in schema.columns})
        entropy = np.random.default_rng(seed).bytes
        found = discretise(rows, schema, plan, debit=Meter(plan.events).debit, entropy=entropy)
        weights = [codec.bins.weights[0] for codec in found.codecs]  # type: ignore[attr-defined]
        events.append(np.array(weights) > 0.5)
    found_mu = mu_lower_bound(events[0], events[1])
    assert (found_mu > mu) == fault
