"""Public tables as codes."""

from __future__ import annotations

import pandas as pd
import pytest

from benchmarks import tables

BUNDLED = [name for name in tables.names(held_out=True) if name not in ("adult", "credit")]


@pytest.mark.parametrize("name", BUNDLED)
def test_codes_lie_within_their_sizes_and_the_target_has_both(name: str) -> None:
    table = tables.load(name)
    assert table is not None
    assert list(table.codes.columns) == list(table.sizes)
    assert set(table.codes[table.target]) == {0, 1}
    assert not table.codes.isna().any().any()


def test_bins_count_the_edges_at_or_below() -> None:
    codes = tables.binned(pd.Series([-1.0, 0.0, 0.5, 1.0, 9.0]), [0.0, 1.0])
    assert codes.tolist() == [0, 1, 1, 2, 2]


def test_even_gives_inner_edges() -> None:
    assert tables.even(0, 4, 4) == [1.0, 2.0, 3.0]


def test_two_tables_are_held_out_and_last() -> None:
    assert set(tables.names(held_out=True)) - set(tables.names(held_out=False)) == {"fair", "anes96"}
    assert tables.is_held_out("fair")
    assert not tables.is_held_out("adult")


def test_a_table_whose_folder_is_not_named_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BENCH_DATA", raising=False)
    assert tables.load("adult") is None
    assert tables.load("credit") is None


def test_the_public_guess_of_the_rows_has_two_digits() -> None:
    table = tables.load("breast_cancer")
    assert table is not None
    assert table.n_guess == 570
