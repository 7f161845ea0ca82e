"""A released table is known again in another order, shorter, and in another format; a real one is not taken for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from privacy.resemblance import K, RowSketch, best_match, row_sketch

KEY = bytes(range(32))


def people(n: int, seed: int, *, ids: bool = False, cells: int = 100) -> pa.Table:
    """Rows of one population; with ids, or enough cells, nearly all of them differ."""
    draw = np.random.default_rng(seed)
    columns: dict[str, object] = {
        "age": draw.integers(0, cells, n),
        "sex": draw.choice(["F", "M"], n),
        "bmi": draw.normal(27, 4, n).round(1),
        "seen": pa.array((draw.integers(0, 400, n) * 86400).tolist(), pa.timestamp("s")),
    }
    if ids:
        columns["id"] = draw.integers(0, 10**12, n)
    return pa.table(columns)


def small(n: int, seed: int, cells: int) -> pa.Table:
    """Rows that repeat: ages of two sexes."""
    draw = np.random.default_rng(seed)
    return pa.table({"age": draw.integers(0, cells, n), "sex": draw.choice(["F", "M"], n)})


def changed(table: pa.Table, *, kept: float = 0.9, seed: int = 5) -> pa.Table:
    """Shuffled, some rows gone, columns in another order."""
    order = np.random.default_rng(seed).permutation(table.num_rows)[: int(kept * table.num_rows)]
    return table.take(order).select(table.column_names[::-1])


def is_same(one: pa.Table, release: pa.Table) -> bool:
    return row_sketch(one, key=KEY).is_of(row_sketch(release, key=KEY))


@pytest.mark.parametrize("n", [40, 900, 8_000])
@pytest.mark.parametrize("kept", [1.0, 0.9, 0.6])
def test_a_release_is_known_again(n: int, kept: float) -> None:
    release = people(n, 1, ids=True)
    assert is_same(changed(release, kept=kept), release)


def test_also_when_rows_repeat_if_nearly_all_are_there() -> None:
    release = small(2_000, 1, cells=200)
    assert row_sketch(release, key=KEY).distinct_share < 0.5
    assert is_same(changed(release), release)


def test_in_another_format_too(tmp_path: Path) -> None:
    release = people(500, 2)
    pq.write_table(release, tmp_path / "a.parquet")
    pyarrow.csv.write_csv(changed(pq.read_table(tmp_path / "a.parquet")), tmp_path / "a.csv")
    assert is_same(pyarrow.csv.read_csv(tmp_path / "a.csv"), release)


def test_a_spreadsheets_apostrophe_and_withheld_text_make_no_difference() -> None:
    release = people(100, 3).append_column("note", pa.nulls(100, pa.string()))
    release = release.append_column("code", pa.array([f"=A{i}" for i in range(100)]))
    escaped = release.drop_columns(["note", "code"]).append_column("code", pa.array([f"'=A{i}" for i in range(100)]))
    assert is_same(changed(escaped), release)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n", [60, 5_000])
def test_another_sample_of_the_same_population_is_not_taken_for_it(n: int, seed: int) -> None:
    assert not is_same(people(n, seed, ids=True), people(n, seed + 100, ids=True))
    assert not is_same(people(n, seed), people(n, seed + 100))
    for cells in (2, 20, 200, 2_000):
        assert not is_same(small(n, seed, cells), small(n, seed + 100, cells))
        assert not is_same(small(n, seed, cells), small(n * 10, seed + 100, cells))


def test_a_small_sample_of_a_release_with_other_rows_is_not_all_of_it() -> None:
    release = people(1_000, 1, ids=True)
    mixed = pa.concat_tables([changed(release, kept=0.2).select(release.column_names), people(1_000, 2, ids=True)])
    assert not is_same(mixed, release)


def test_too_little_tells_nothing() -> None:
    assert not is_same(people(10, 1, ids=True), people(10, 1, ids=True))
    assert not is_same(small(10_000, 1, cells=3), small(10_000, 1, cells=3))


def test_the_share_is_about_right() -> None:
    release = people(20_000, 1, ids=True)
    part = pa.concat_tables([release.slice(0, 7_000), people(3_000, 2, ids=True)])
    assert row_sketch(part, key=KEY).share_in(row_sketch(release, key=KEY)) == pytest.approx(0.7, abs=0.06)


def test_without_the_key_hashes_say_nothing() -> None:
    table = people(200, 1, ids=True)
    ours, others = row_sketch(table, key=KEY), row_sketch(table, key=bytes(32))
    assert not set(ours.hashes) & set(others.hashes)


def test_a_sketch_is_small_and_comes_back_from_text() -> None:
    sketch = row_sketch(people(5_000, 1), key=KEY)
    assert len(sketch.hashes) == K
    assert RowSketch.from_text(sketch.as_text()) == sketch
    assert RowSketch.from_text("") == RowSketch(hashes=(), n_rows=0, n_distinct=0)
    assert row_sketch(people(5, 1).slice(0, 0), key=KEY).n_rows == 0


def test_of_many_releases_the_right_one_is_named() -> None:
    releases = [(f"job_{seed}", row_sketch(people(300, seed, ids=True), key=KEY)) for seed in range(6)]
    assert best_match(row_sketch(changed(people(300, 4, ids=True)), key=KEY), releases) == "job_4"
    assert best_match(row_sketch(people(300, 99, ids=True), key=KEY), releases) is None
