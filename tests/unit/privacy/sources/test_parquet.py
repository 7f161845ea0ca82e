"""A file is counted in bounded memory, by any number of threads, to the same numbers."""

from __future__ import annotations

import tracemalloc
from itertools import combinations
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from privacy.codecs import ValuesCodec
from privacy.discretisation import Discretisation
from privacy.sources import tally
from privacy.sources.arrow import ArrowCounts, ArrowRows
from privacy.sources.parquet import ParquetCounts, ParquetRows

DECLARED = Discretisation(
    codecs=(
        ValuesCodec(name="s", type="string", values=("p", "q", "r"), other=True, nullable=True),
        ValuesCodec(name="wide", type="integer", values=tuple(range(1000)), other=False, nullable=False),
        ValuesCodec(name="b", type="boolean", values=(False, True), other=False, nullable=True),
    ),
    provenance={},
)
PAIRS = list(combinations(("s", "wide", "b"), 2))


def table(n_rows: int) -> pa.Table:
    rng = np.random.default_rng(4)
    words = pa.array(["p", "q", "r", "unknown", None])
    return pa.table(
        {
            "unused": pa.array(["x" * 50] * n_rows),
            "b": pa.array(rng.random(n_rows) < 0.5, mask=rng.random(n_rows) < 0.1),
            "s": words.take(pa.array(rng.integers(0, 5, n_rows))),
            "wide": pa.array(rng.integers(0, 1000, n_rows)),
        }
    )


def written(path: Path, rows: pa.Table, row_group_size: int) -> Path:
    pq.write_table(rows, path / "rows.parquet", row_group_size=row_group_size)
    return path / "rows.parquet"


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("codes_bytes", [0, 1 << 30])
def test_all_ways_count_alike(
    compiled: bool, threads: int, codes_bytes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tally, "COMPILE_ABOVE", 0 if compiled else 10**12)
    rows = table(300_000)
    source = ParquetRows(written(tmp_path, rows, 70_000), threads=threads, codes_bytes=codes_bytes).coded(DECLARED)
    expected = list(ArrowRows(rows).coded(DECLARED).counts(PAIRS))
    assert all(np.array_equal(*both) for both in zip(source.counts(PAIRS), expected, strict=True))


def test_codes_are_kept_if_they_fit_and_only_then(tmp_path: Path) -> None:
    path = written(tmp_path, table(1000), 1000)
    row_bytes = 1 + 1 + 4
    assert isinstance(ParquetRows(path, codes_bytes=1000 * row_bytes).coded(DECLARED), ArrowCounts)
    assert isinstance(ParquetRows(path, codes_bytes=1000 * row_bytes - 1).coded(DECLARED), ParquetCounts)


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    """Guarantee: a batch and the cells are held, not the rows, in Python's memory and in Arrow's."""
    peaks = []
    for n_rows in (200_000, 1_000_000):
        source = ParquetRows(written(tmp_path, table(n_rows), 100_000), codes_bytes=0).coded(DECLARED)
        tracemalloc.start()
        before = pa.total_allocated_bytes()
        for _ in source.counts(PAIRS):
            assert pa.total_allocated_bytes() - before < 16 << 20
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0] + (1 << 20)


def test_no_rows_give_zeros(tmp_path: Path) -> None:
    for codes_bytes in (0, 100):
        source = ParquetRows(written(tmp_path, table(0), 10), codes_bytes=codes_bytes).coded(DECLARED)
        assert [int(counts.sum()) for counts in source.counts([("s", "b"), ()])] == [0, 0]


def test_a_column_of_another_type_is_refused(tmp_path: Path) -> None:
    rows = table(10)
    rows = rows.set_column(rows.column_names.index("wide"), "wide", rows["wide"].cast(pa.int32()))
    with pytest.raises(ValueError, match="canonical type"):
        ParquetRows(written(tmp_path, rows, 10)).coded(DECLARED)


def test_one_column_can_be_read(tmp_path: Path) -> None:
    rows = table(100)
    source = ParquetRows(written(tmp_path, rows, 30))
    assert source["wide"].equals(rows["wide"])
    assert list(source.column_names) == rows.column_names
    assert source.num_rows == 100
    with pytest.raises(KeyError):
        source["zz"]
