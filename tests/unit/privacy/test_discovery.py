"""Keys of lone persons stay hidden; units are counted, not rows."""

from __future__ import annotations

import math
import os

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import norm

from privacy.accounting import compose, failure_event, gaussian_event
from privacy.discovery import FoundKeys, discover_keys, key_threshold
from privacy.meter import Meter
from privacy.till import Till
from understudy.errors import PlanExceeded


def strings(values: list[str | None]) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values, pa.string())])


def find(
    values: list[str | None],
    units: list[int | None] | None = None,
    *,
    max_rows: int = 1,
    z: float = 2.0,
    limit: int = 99,
) -> FoundKeys:
    meter = Meter([("domain/keys", compose([gaussian_event(z), failure_event(1e-6)]))])
    return discover_keys(
        strings(values),
        None if units is None else pa.chunked_array([pa.array(units, pa.int64())]),
        till=Till(debit=meter.debit, entropy=np.random.default_rng(7).bytes),
        noise_multiplier=z,
        delta=1e-6,
        max_rows=max_rows,
        limit=limit,
    )


def test_frequent_keys_are_found_and_lone_ones_are_not() -> None:
    found = find(["a"] * 500 + ["b 🏥"] * 300 + ["Jane Doe, 12 Elm St"] + [None] * 9)
    assert found.keys == ("a", "b 🏥")
    assert abs(found.counts[0] - 500) < 20


def test_units_are_counted_once_per_key() -> None:
    """One unit with 300 rows is still a lone person."""
    found = find(["mine"] * 300 + ["ours"] * 300, [1] * 300 + list(range(300)), max_rows=300, z=0.1)
    assert found.keys == ("ours",)


def test_rows_without_a_unit_count_as_one() -> None:
    assert find(["x"] * 500, [None] * 500, max_rows=5).keys == ()


def test_rows_are_counted_with_a_higher_threshold_if_units_cannot_be_told_apart() -> None:
    found = find(["mine"] * 20 + ["ours"] * 600, None, max_rows=20)
    assert found.keys == ("ours",)
    assert found.stddev == 40.0
    assert found.threshold > 20


def test_the_list_is_capped_at_the_most_frequent() -> None:
    values = [f"k{i:02d}" for i in range(30) for _ in range(100 + 50 * i)]
    assert find(list(values), limit=3).keys == ("k29", "k28", "k27")


@pytest.mark.parametrize("values", [[], [None, None], ["only"]])
def test_nothing_to_find_is_no_trouble(values: list[str | None]) -> None:
    for units in (None, [1] * len(values)):
        assert find(values, units).keys == ()  # type: ignore[arg-type]


@pytest.mark.parametrize("max_rows", [1, 3, 50])
@pytest.mark.parametrize("delta", [1e-9, 1e-3])
def test_the_threshold_hides_all_new_keys_of_a_unit(max_rows: int, delta: float) -> None:
    """The exact chance that any of k lone keys passes, and the closed form of the literature."""
    stddev = 7.0
    threshold = key_threshold(stddev, delta, max_rows, by_unit=True)
    passes = norm.sf((threshold - 1 - 0.5) / stddev)
    assert -math.expm1(max_rows * math.log1p(-passes)) <= delta
    assert threshold <= 1 + stddev * norm.isf(-math.expm1(math.log1p(-delta) / max_rows)) + 1.5


@pytest.mark.parametrize("max_rows", [2, 5, 9])
def test_counting_rows_hides_every_way_to_spread_them_over_keys(max_rows: int) -> None:
    stddev, delta = 4.0, 1e-4
    threshold = key_threshold(stddev, delta, max_rows, by_unit=False)
    spreads = [[max_rows - j + 1] + [1] * (j - 1) for j in range(1, max_rows + 1)]
    spreads += [[2] * (max_rows // 2), [3] * (max_rows // 3)]
    for spread in spreads:
        hidden = math.fsum(math.log1p(-norm.sf((threshold - c - 0.5) / stddev)) for c in spread)
        assert -math.expm1(hidden) <= delta


def test_an_unpaid_discovery_reads_nothing() -> None:
    meter = Meter([("domain/keys", gaussian_event(2.0))])
    with pytest.raises(PlanExceeded):
        discover_keys(
            None,
            None,
            till=Till(debit=meter.debit, entropy=os.urandom),
            noise_multiplier=2.0,
            delta=1e-6,
            max_rows=1,
            limit=9,
        )
