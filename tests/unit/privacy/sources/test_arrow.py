"""Counts are exact, on either path."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from privacy.domain import Domain
from privacy.sources import tally
from privacy.sources.arrow import ArrowCounts

DOMAIN = Domain.of({"a": 3, "b": 300, "c": 70_000, "d": 1})


def table(n_rows: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    return {name: rng.integers(0, DOMAIN[name], n_rows) for name in DOMAIN}


@pytest.mark.parametrize("compiled", [False, True])
def test_counts_are_those_of_a_plain_histogram(compiled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally, "COMPILE_ABOVE", 0 if compiled else 10**12)
    codes = table(2_000)
    cliques = [(), ("a",), ("c",), ("b", "a"), ("a", "b"), ("a", "c"), ("d", "b", "a")]
    for clique, counts in zip(cliques, ArrowCounts(codes, DOMAIN, n_rows=2_000).counts(cliques), strict=True):
        expected = np.zeros(DOMAIN.shape(clique), dtype=np.int64)
        if clique:
            np.add.at(expected, tuple(codes[name] for name in clique), 1)
        else:
            expected[...] = 2_000
        assert counts.dtype == np.int64
        assert np.array_equal(counts, expected)


def test_blocks_add_up() -> None:
    small = Domain.of({"a": 3, "b": 5})
    rng = np.random.default_rng(5)
    codes = {name: rng.integers(0, small[name], 200_001) for name in small}
    for first, second in combinations(small, 2):
        (counts,) = ArrowCounts(codes, small, n_rows=200_001).counts([(first, second)])
        assert counts.sum() == 200_001
        assert np.array_equal(counts.sum(axis=1), np.bincount(codes[first], minlength=small[first]))


def test_no_rows_give_zeros() -> None:
    empty = {name: np.zeros(0, dtype=np.int64) for name in DOMAIN}
    counts = list(ArrowCounts(empty, DOMAIN, n_rows=0).counts([("a", "b"), ()]))
    assert [int(c.sum()) for c in counts] == [0, 0]


def test_a_code_outside_the_domain_is_refused() -> None:
    for bad in (-1, 3):
        with pytest.raises(ValueError, match="outside"):
            ArrowCounts({**table(5), "a": np.full(5, bad)}, DOMAIN, n_rows=5)


def test_columns_have_one_length() -> None:
    with pytest.raises(ValueError, match="number of rows"):
        ArrowCounts({**table(5), "a": np.zeros(4, dtype=np.int64)}, DOMAIN, n_rows=5)


def test_an_unknown_column_is_refused_before_counting() -> None:
    with pytest.raises(KeyError):
        ArrowCounts(table(5), DOMAIN, n_rows=5).counts([("a",), ("zz",)])


def test_derived_columns_fold_the_counts() -> None:
    codes = table(2_000)
    source = ArrowCounts(codes, DOMAIN, n_rows=2_000)
    halves = source.recoded({"a+": ("a", np.array([1, 0, 1])), "b2": ("b", np.arange(300) // 2)})
    assert halves.domain == Domain.of({"a+": 2, "b2": 150})
    (fine,), (coarse,) = source.counts([("a", "b")]), halves.counts([("a+", "b2")])
    folded = fine.reshape(3, 150, 2).sum(axis=2)
    assert np.array_equal(coarse, np.stack([folded[1], folded[0] + folded[2]]))


@pytest.mark.parametrize("mapping", [[0, 1], [0, 1, -1], [0, 1, 2, 3]])
def test_a_map_that_does_not_fit_is_refused(mapping: list[int]) -> None:
    with pytest.raises(ValueError, match="map gives"):
        ArrowCounts(table(5), DOMAIN, n_rows=5).recoded({"x": ("a", np.array(mapping))})
