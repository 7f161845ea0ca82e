"""Audits: a lower bound on privacy loss from neighbouring tables never exceeds the claim, and planted faults do.

Each audit takes tables that differ in one unit, in the way that moves the mechanism most, and an event fixed
beforehand. For a mechanism that keeps its claim exactly, an audit raises a false alarm with chance at most 1e-6
(Clopper-Pearson, see conftest). Seeds are fixed. Every audit is also run on a planted fault, which it must catch.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from privacy import counting, till
from privacy.accounting import gaussian_event
from privacy.binning import discretise, plan_domain
from privacy.counting import CountingSession
from privacy.discovery import FoundKeys, discover_keys, discover_levels, key_threshold
from privacy.discretisation import Discretisation
from privacy.domain import Domain
from privacy.domain_plan import Step
from privacy.meter import Meter
from privacy.noise import rounded_gaussian
from privacy.sources.arrow import ArrowCounts
from privacy.till import Till
from understudy.schema import TableSchema

pytestmark = pytest.mark.statistical

MuLowerBound = Callable[[NDArray[np.bool_], NDArray[np.bool_]], float]
DRAWS = 10_000
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
    assert found > 0.65 * MU_EACH  # the audit has teeth


def test_choose(mu_lower_bound: MuLowerBound, fault: bool) -> None:
    scores = [
        counting_session(rows, NOISE_MULTIPLIER, seed).choose(
            [("a",)] * DRAWS, lambda clique: np.array([10.4, 0.2]), stddev=STDDEV, purpose="audit"
        )
        for rows, seed in ((0, 3), (MAX_ROWS, 4))
    ]
    found = mu_lower_bound(scores[0] > MAX_ROWS / 2, scores[1] > MAX_ROWS / 2)
    assert (found > MU_EACH) == fault
    assert found > 0.65 * MU_EACH


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


@pytest.mark.parametrize("spread", [(5,), (4, 1), (3, 1, 1), (2, 2, 1), (1, 1, 1, 1, 1)])
def test_counting_rows_hides_every_way_to_spread_them(
    rate_above: Callable[[int, int], float], spread: tuple[int, ...]
) -> None:
    """Where units cannot be told apart: one unit's rows in one new key, in as many as it can, or in between."""
    n = 15_000
    keys = [f"{unit}:{key}" for unit in range(n) for key, rows in enumerate(spread) for _ in range(rows)]
    found = discover(pa.array(keys), None, max_rows=sum(spread), seed=11)
    assert rate_above(len({key.split(":")[0] for key in found.keys}), n) <= DELTA


def test_nested_codes_fail_no_more_often_than_delta(rate_above: Callable[[int, int], float]) -> None:
    """A lone person's code and its three ancestors are four chances, within one delta."""
    n = 8_000
    names = [chr(0x4E00 + unit) for unit in range(n)]  # a first character of its own for each person
    found = discover_levels(
        pa.chunked_array([pa.array([f"{name}12.3" for name in names])]),
        None,
        hierarchy="prefix",
        till=Till(debit=lambda purpose, event: None, entropy=np.random.default_rng(12).bytes),
        noise_multiplier=9.0,
        delta=DELTA,
        max_rows=1,
        limit=10**9,
    )
    rate = rate_above(len({key[0] for key in found}), n)
    assert 0.3 * DELTA < rate <= DELTA


def discover(keys: pa.Array, units: pa.Array | None, *, max_rows: int, seed: int) -> FoundKeys:
    return discover_keys(
        pa.chunked_array([keys]),
        None if units is None else pa.chunked_array([units]),
        till=Till(debit=lambda purpose, event: None, entropy=np.random.default_rng(seed).bytes),
        noise_multiplier=1.5,
        delta=DELTA,
        max_rows=max_rows,
        limit=10**9,
    )


def test_discovery_by_rows(mu_lower_bound: MuLowerBound, fault: bool) -> None:
    """A common key just below the threshold; one unit has max_rows rows of it. Was it released?"""
    n = 15_000
    threshold = key_threshold(1.5 * MAX_ROWS, DELTA, MAX_ROWS, by_unit=False)
    events = []
    for extra, seed in ((0, 13), (MAX_ROWS, 14)):
        rows = threshold - 2 + extra
        found = discover(pa.array(np.repeat(np.arange(n), rows)).cast(pa.string()), None, max_rows=MAX_ROWS, seed=seed)
        passed = np.zeros(n, dtype=bool)
        passed[[int(key) for key in found.keys]] = True
        events.append(passed)
    lower = mu_lower_bound(events[0], events[1])
    assert (lower > 1 / 1.5) == fault
    assert lower > 0.7 / 1.5


def test_discovery_by_units(mu_lower_bound: MuLowerBound, fault: bool) -> None:
    """One unit has MAX_ROWS common keys, each just below the threshold. Were most of them released?"""
    n = 20_000
    stddev = 1.5 * math.sqrt(MAX_ROWS)
    threshold = key_threshold(stddev, DELTA, MAX_ROWS, by_unit=True)
    events = []
    for extra, seed in ((0, 15), (1, 16)):
        per_key = threshold - 1 + extra
        keys = pa.array(np.repeat(np.arange(n * MAX_ROWS), per_key)).cast(pa.string())
        units = pa.array(np.tile(np.arange(per_key), n * MAX_ROWS))
        found = discover(keys, units, max_rows=MAX_ROWS, seed=seed)
        passed = np.zeros(n * MAX_ROWS, dtype=bool)
        passed[[int(key) for key in found.keys]] = True
        events.append(passed.reshape(n, MAX_ROWS).sum(axis=1) > MAX_ROWS / 2)
    lower = mu_lower_bound(events[0], events[1])
    assert (lower > 1 / 1.5) == fault
    assert lower > 0.5 / 1.5


N_COLUMNS = 400
SILENT = 1e5
"""A noise multiplier that drowns everything: the step that is not audited."""


def learnt(field: dict[str, object], values: pa.Array, multipliers: dict[Step, float], seed: int) -> Discretisation:
    """The domain of many columns that are draws of the same purchase. All rows are of one unit, but for common ones."""
    fields = [{"name": f"c{i}", **field} for i in range(N_COLUMNS)]
    schema = TableSchema.parse(
        {
            "fields": [{"name": "id", "type": "integer", "understudy:kind": "identifier"}, *fields],
            "understudy:privacyUnit": {"column": "id", "maxRows": MAX_ROWS},
        }
    )
    planned = plan_domain(schema, mu=1.0, delta=0.0)
    noise = {step: multipliers.get(step, SILENT) for step in planned.noise_multipliers}
    plan = replace(planned, noise_multipliers=noise)
    rows = pa.table({f"c{i}": values for i in range(N_COLUMNS)})
    entropy = np.random.default_rng(seed).bytes
    return discretise(rows, schema, plan, debit=Meter(plan.events).debit, entropy=entropy)


MU = 2.0


@pytest.mark.parametrize(
    ("step", "constraints"), [(Step.BOUNDS, {"minimum": 0}), (Step.BINS, {"minimum": 1, "maximum": 3000})]
)
def test_bounds_and_bins(mu_lower_bound: MuLowerBound, fault: bool, step: Step, constraints: dict[str, int]) -> None:
    """A lone unit whose values are all missing; what does the histogram say about missing values?"""
    events = []
    for n_rows, seed in ((0, 6), (MAX_ROWS, 7)):
        values = pa.nulls(n_rows, pa.int64())
        found = learnt({"type": "integer", "constraints": constraints}, values, {step: 1 / MU}, seed)
        events.append(np.array([one.counts[-1] > MAX_ROWS / 2 for one in found.one_ways]))
    lower = mu_lower_bound(events[0], events[1])
    assert (lower > MU) == fault
    assert lower > 0.5 * MU


def test_bins_of_values(mu_lower_bound: MuLowerBound, fault: bool) -> None:
    """A lone unit in the lowest cell; what does the first bin say? Tree and last histogram together."""
    events = []
    for n_rows, seed in ((0, 8), (MAX_ROWS, 9)):
        values = pa.array([1] * n_rows, pa.int64())
        field = {"type": "integer", "constraints": {"minimum": 1, "maximum": 3000}}
        found = learnt(field, values, {Step.BINS: 1 / MU}, seed)
        events.append(np.array([one.counts[0] > MAX_ROWS / 2 for one in found.one_ways]))
    lower = mu_lower_bound(events[0], events[1])
    assert (lower > MU) == fault
    assert lower > 0.25 * MU


def test_grids(mu_lower_bound: MuLowerBound, fault: bool) -> None:
    """The vote is on the edge between milliseconds and finer; a unit adds three finer moments."""
    stddev = MAX_ROWS / MU
    n_common = 3_000
    n_finer = round((0.02 * n_common + stddev - MAX_ROWS / 2) / 0.98)
    events = []
    for extra, seed in ((0, 17), (MAX_ROWS, 18)):
        moments = np.append(np.full(n_common, 5_000_001_000), np.full(n_finer + extra, 5_000_001_001))
        day = {"minimum": "1970-01-01T00:00:00", "maximum": "1970-01-02T00:00:00"}
        found = learnt(
            {"type": "datetime", "constraints": day}, pa.array(moments, pa.timestamp("us")), {Step.GRID: 1 / MU}, seed
        )
        events.append(np.array([codec.parts()[0]["lattice"]["unit_us"] == 1 for codec in found.codecs]))  # type: ignore[index]
    lower = mu_lower_bound(events[0], events[1])
    assert (lower > MU) == fault
    assert lower > 0.5 * MU


def test_number_of_rows(mu_lower_bound: MuLowerBound, fault: bool) -> None:
    """It sets how many cells a column starts with; the unit's values are missing, so no cell holds a row."""
    field = {"name": "c", "type": "integer", "constraints": {"minimum": 0, "maximum": 10**6}}
    schema = TableSchema.parse(
        {
            "fields": [{"name": "id", "type": "integer", "understudy:kind": "identifier"}, field],
            "understudy:privacyUnit": {"column": "id", "maxRows": MAX_ROWS},
        }
    )
    planned = plan_domain(schema, mu=1.0, delta=0.0)
    plan = replace(planned, noise_multipliers=dict.fromkeys(planned.noise_multipliers, 0.005) | {Step.ROWS: 1 / MU})
    sizes = []
    for n_rows, seed in ((0, 19), (MAX_ROWS, 20)):
        rows, entropy = pa.table({"c": pa.nulls(n_rows, pa.int64())}), np.random.default_rng(seed).bytes
        found = [
            discretise(rows, schema, plan, debit=lambda purpose, event: None, entropy=entropy).codecs[0]
            for _ in range(N_COLUMNS)
        ]
        sizes.append(np.array([codec.bins.starts.size for codec in found]))  # type: ignore[attr-defined]
    cut = np.median(np.concatenate(sizes))
    lower = mu_lower_bound(sizes[0] > cut, sizes[1] > cut)
    assert (lower > MU) == fault
    assert lower > 0.5 * MU
