"""Groupings of a column: nested, complete, and in an order where each group is a run."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from synthesizers.tabular.levels import Coding, make_axis

COUNTS = st.lists(st.integers(0, 1000), min_size=1, max_size=60)


@given(COUNTS, st.booleans())
def test_levels_are_nested_from_one_group_to_all_codes(counts: list[int], ordered: bool) -> None:
    size = len(counts)
    axis = make_axis(np.array(counts, dtype=float), Coding(size=size, n_ordered=size if ordered else 0))
    assert axis.groups(0) == 1
    assert axis.groups(axis.finest) == size
    assert sorted(axis.order) == list(range(size))
    for coarse, fine in zip(axis.starts, axis.starts[1:], strict=False):
        assert set(coarse) < set(fine)


@given(COUNTS)
def test_collapse_and_code_map_agree(counts: list[int]) -> None:
    values = np.array(counts, dtype=float)
    axis = make_axis(values, Coding(size=len(values), n_ordered=0))
    for level in range(axis.finest + 1):
        summed = np.bincount(axis.code_map(level), weights=values, minlength=axis.groups(level))
        assert np.allclose(axis.collapse(values, level), summed)


def test_a_spike_in_an_ordered_column_soon_stands_alone() -> None:
    counts = np.ones(40)
    counts[7] = 10_000
    axis = make_axis(counts, Coding(size=40, n_ordered=40))
    assert any(axis.starts[2][1:] == 8)
    assert 7 in axis.starts[2]


def test_frequent_unordered_codes_stand_alone_first() -> None:
    axis = make_axis(np.array([1.0, 50.0, 2.0, 90.0]), Coding(size=4, n_ordered=0))
    assert axis.order[:2].tolist() == [3, 1]
    assert axis.code_map(2).tolist() == [2, 1, 2, 0]


def test_zero_comes_before_the_ordered_codes_and_missing_after() -> None:
    assert Coding(size=5, n_ordered=3, zero=3).order().tolist() == [3, 0, 1, 2, 4]


def test_a_guessed_order_is_kept_only_if_counts_are_smooth() -> None:
    guess = Coding(size=30, n_ordered=30, certain=False)
    rng = np.random.default_rng(0)
    assert guess.settled(np.exp(-((np.arange(30) - 12.0) ** 2) / 50)).is_ordered
    assert not guess.settled(rng.permutation(30).astype(float)).is_ordered
    assert Coding(size=30, n_ordered=30).settled(rng.permutation(30).astype(float)).is_ordered
