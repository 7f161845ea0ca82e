"""DuckDB reads one file and nothing else, whatever it is asked; a table of a database file counts like any other."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from privacy.codecs import ValuesCodec
from privacy.discretisation import Discretisation
from privacy.sources.duckdb import DuckDBRows, open_locked

TABLE = pa.table({"a": pa.array(["x", "y", None, "x"]), "it's": pa.array([1, 2, 2, 1], pa.int64())})
DECLARED = Discretisation(
    codecs=(
        ValuesCodec(name="it's", type="integer", values=(1, 2), other=False, nullable=False),
        ValuesCodec(name="a", type="string", values=("y", "x"), other=True, nullable=True),
    ),
    provenance={},
)
EXPECTED = [[0, 2, 0, 0], [1, 0, 0, 1]]


@pytest.fixture
def locked(tmp_path: Path) -> duckdb.DuckDBPyConnection:
    (tmp_path / "data").mkdir()
    (tmp_path / "scratch").mkdir()
    pq.write_table(TABLE, tmp_path / "data" / "rows.parquet")
    pq.write_table(TABLE, tmp_path / "data" / "other.parquet")
    return open_locked(
        tmp_path / "data" / "rows.parquet", tmp_path / "scratch", threads=1, memory_bytes=1 << 28, is_database=False
    )


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM read_parquet('{data}/other.parquet')",
        "SELECT * FROM read_parquet('{data}/*.parquet')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_csv('https://example.com/x.csv')",
        "SELECT * FROM '{data}/rows.parquet/../other.parquet'",
        "COPY (SELECT 1) TO '{data}/out.csv'",
        "COPY (SELECT 1) TO '{scratch}/../data/out.csv'",
        "ATTACH '{data}/new.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "SET memory_limit = '1TB'",
        "SELECT * FROM python_variable",
    ],
)
def test_what_is_locked_stays_locked(query: str, locked: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """Guarantee: no other file, no network, no extension, no setting."""
    python_variable = TABLE  # noqa: F841  duckdb would find it by its name
    with pytest.raises(duckdb.Error):
        locked.execute(query.format(data=tmp_path / "data", scratch=tmp_path / "scratch")).fetchall()


def test_the_one_file_can_be_read(locked: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    count = locked.execute(f"SELECT count(*) FROM read_parquet('{tmp_path}/data/rows.parquet')").fetchone()
    assert count == (4,)


def test_a_table_of_a_database_file_is_counted_and_the_file_not_written(tmp_path: Path) -> None:
    path = tmp_path / "base.db"
    with duckdb.connect(str(path)) as connection:
        connection.register("given", TABLE)
        connection.execute('CREATE TABLE "the ""rows""" AS SELECT * FROM given')
    before = path.read_bytes()
    source = DuckDBRows(path, tmp_path, table='the "rows"')
    assert list(source.column_names) == ["a", "it's"]
    (counts,) = source.coded(DECLARED).counts([("it's", "a")])
    assert counts.tolist() == EXPECTED
    assert path.read_bytes() == before


def test_what_does_not_fit_in_memory_is_spilt_and_counted(tmp_path: Path) -> None:
    n = 400_000
    codes = np.arange(n, dtype=np.int64) % 2 + 1
    pq.write_table(pa.table({"a": pa.array(["x"] * n), "it's": codes}), tmp_path / "rows.parquet")
    source = DuckDBRows(tmp_path / "rows.parquet", tmp_path, memory_bytes=48 << 20)
    (counts,) = source.coded(DECLARED).counts([("it's",)])
    assert counts.tolist() == [n // 2, n // 2]
