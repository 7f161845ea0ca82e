"""Parquet files: types that lose nothing, faults with their places, and files that unpack to far more than they are."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from privacy.ingest import Limits, ingest
from understudy.errors import InputRefused

NOON = datetime.fromisoformat("2024-02-29T12:00:00")
MIDNIGHT = datetime.fromisoformat("2024-02-29T00:00:00")
FIRST = datetime.fromisoformat("0001-01-01T00:00:00")
LAST = datetime.fromisoformat("9999-12-31T23:59:59.999999")
DAY = date(2024, 2, 29)

LOSSLESS = [
    ("integer", pa.array([1, None], pa.uint8()), [1, None]),
    ("integer", pa.array([1.0, float("nan")]), [1, None]),
    ("integer", pa.array([Decimal("1.00"), None]), [1, None]),
    ("integer", pa.array(["1", ""]), [1, None]),
    ("number", pa.array([1, None], pa.int32()), [1.0, None]),
    ("number", pa.array([1.5, float("nan"), None], pa.float32()), [1.5, None, None]),
    ("number", pa.array([Decimal("1.50")]), [1.5]),
    ("number", pa.array(["1.5", None]).dictionary_encode(), [1.5, None]),
    ("boolean", pa.array([True, None]), [True, None]),
    ("boolean", pa.array([1, 0, None], pa.int8()), [True, False, None]),
    ("boolean", pa.array([1.0, 0.0, float("nan")]), [True, False, None]),
    ("date", pa.array([DAY, None]), [DAY, None]),
    ("date", pa.array([date.min, date.max]), [date.min, date.max]),
    ("datetime", pa.array([FIRST, LAST], pa.timestamp("us")), [FIRST, LAST]),
    ("date", pa.array([MIDNIGHT, None], pa.timestamp("ns")), [DAY, None]),
    ("date", pa.array(["2024-02-29"]), [DAY]),
    ("datetime", pa.array([NOON, None], pa.timestamp("ms")), [NOON, None]),
    ("datetime", pa.array([NOON], pa.timestamp("ns")), [NOON]),
    ("datetime", pa.array([DAY]), [MIDNIGHT]),
    ("string", pa.array(["a", "", None], pa.large_string()), ["a", None, None]),
    ("string", pa.array(["a", "b"], pa.string_view()), ["a", "b"]),
    ("string", pa.array([b"a", b"b"], pa.binary()), ["a", "b"]),
    ("string", pa.array(["a", None, "a"]).dictionary_encode(), ["a", None, "a"]),
    ("string", pa.array([2139, None]), ["2139", None]),
    ("string", pa.array([True, False]), ["true", "false"]),
    ("text", pa.array([DAY]), ["2024-02-29"]),
    ("integer", pa.nulls(2), [None, None]),
    ("string", pa.nulls(2), [None, None]),
]

LOSSY = [
    ("integer", pa.array([1.0, 1.5]), "value-not-integer"),
    ("integer", pa.array([1, 2**63], pa.uint64()), "value-not-integer"),
    ("integer", pa.array([1.0, float("inf")]), "value-not-integer"),
    ("integer", pa.array(["1", "x"]), "value-not-integer"),
    ("number", pa.array([1, 2**60 + 1]), "value-not-number"),
    ("number", pa.array([1.0, float("-inf")]), "value-not-finite"),
    ("boolean", pa.array([1, 2]), "value-not-boolean"),
    ("boolean", pa.array([1.0, 0.5]), "value-not-boolean"),
    ("date", pa.array([MIDNIGHT, NOON]), "value-not-date"),
    ("date", pa.array([0, -10_000_000], pa.date32()), "value-not-date"),
    ("date", pa.array([0, -(2**31)], pa.date32()), "value-not-date"),
    ("date", pa.array([0, -622_191_233], pa.date32()), "value-not-date"),
    ("date", pa.array([0, -(2**63) + 1], pa.timestamp("us")), "value-not-date"),
    ("datetime", pa.array([0, 2**63 - 1], pa.timestamp("ms")), "value-not-datetime"),
    ("string", pa.array([0, 2**31 - 1], pa.date32()), "value-not-string"),
    ("datetime", pa.array([1_000, 1_001], pa.timestamp("ns")), "value-not-datetime"),
    ("string", pa.array(["a", "b\0"]), "null-byte"),
    ("string", pa.array([b"a", b"\xff"], pa.binary()), "not-utf8"),
]

WRONG_TYPE = [
    ("integer", pa.array([True]), "value-not-integer"),
    ("integer", pa.array([[1]]), "value-not-integer"),
    ("number", pa.array([{"x": 1}]), "value-not-number"),
    ("date", pa.array([20240229]), "value-not-date"),
    ("datetime", pa.array([NOON], pa.timestamp("us", tz="UTC")), "value-not-datetime"),
    ("string", pa.array([2139.0]), "value-not-string"),
    ("text", pa.array([["a"]]), "value-not-string"),
]


@pytest.mark.parametrize(("type_", "array", "values"), LOSSLESS)
def test_types_that_lose_nothing_are_cast(take_parquet, schema_of, type_, array, values):
    assert take_parquet(pa.table({"v": array}), schema_of(v=type_))["v"].to_pylist() == values


@pytest.mark.parametrize(("type_", "array", "code"), LOSSY)
def test_a_value_that_would_change_is_refused_at_its_row(take_parquet, schema_of, refused, type_, array, code):
    error = refused(take_parquet, pa.table({"v": array}), schema_of(v=type_))
    assert error.reason == code
    # The second row is line 3, as if there were a header line.
    assert [(place.line, place.column) for place in error.where] == [(3, "v")]


@pytest.mark.parametrize(("type_", "array", "code"), WRONG_TYPE)
def test_a_type_that_cannot_fit_is_refused_by_its_column(take_parquet, schema_of, refused, type_, array, code):
    error = refused(take_parquet, pa.table({"v": array}), schema_of(v=type_))
    assert error.reason == code
    assert [(place.line, place.column) for place in error.where] == [(None, "v")]


def test_constraints_hold_for_parquet_too(take_parquet, schema_of, refused):
    schema = schema_of(v={"type": "integer", "constraints": {"minimum": 0, "required": True}})
    assert refused(take_parquet, pa.table({"v": [0, -1]}), schema).reason == "value-below-minimum"
    assert refused(take_parquet, pa.table({"v": [0, None]}), schema).reason == "value-missing"
    enum = schema_of(v={"type": "string", "constraints": {"enum": ["a"]}})
    assert refused(take_parquet, pa.table({"v": ["a", "b"]}), enum).reason == "value-not-in-enum"
    unit = schema_of(unit="v", v="integer")
    assert refused(take_parquet, pa.table({"v": [1, None]}), unit).reason == "unit-missing"


def test_a_string_that_lies_about_utf8_is_found(take_parquet, schema_of, refused):
    lying = pa.Array.from_buffers(pa.string(), 1, pa.array([b"\xff\xfe"]).buffers())
    assert refused(take_parquet, pa.table({"v": lying}), schema_of(v="string")).reason == "not-utf8"


def test_columns_are_those_of_the_schema(take_parquet, schema_of, refused):
    schema = schema_of(a="integer", b="string")
    both = pa.table({"b": ["x"], "a": [1]})
    assert take_parquet(both, schema).column_names == ["a", "b"]
    assert refused(take_parquet, both.drop_columns("a"), schema).reason == "column-missing"
    assert refused(take_parquet, both.append_column("c", pa.array([1])), schema).reason == "column-unknown"
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2]), pa.array(["x"])], names=["a", "a", "b"])
    assert refused(take_parquet, twice, schema).reason == "header-twice"
    assert refused(take_parquet, both, schema, max_columns=1).reason == "too-many-columns"
    assert refused(take_parquet, both.slice(0, 0), schema).reason == "no-rows"


def test_a_name_with_dots_is_a_name(take_parquet, schema_of):
    schema = schema_of(**{"a": "integer", "a.b": "string"})
    assert take_parquet(pa.table({"a": [1], "a.b": ["x"]}), schema).to_pydict() == {"a": [1], "a.b": ["x"]}


@pytest.mark.parametrize("content", [b"PAR1", b"a,b\n1,x\n", b"PAR1" + b"\0" * 100 + b"PAR1"])
def test_what_is_not_parquet(tmp_path, schema_of, content):
    source = tmp_path / "in.parquet"
    source.write_bytes(content)
    with pytest.raises(InputRefused) as caught:
        ingest(source, tmp_path / "out", format="parquet", schema=schema_of(a="integer"), limits=Limits())
    assert caught.value.reason == "not-parquet"


def test_a_damaged_page_is_not_parquet_and_leaves_nothing(tmp_path, schema_of):
    source = tmp_path / "in.parquet"
    pq.write_table(pa.table({"a": list(range(10_000))}), source, compression="zstd")
    content = bytearray(source.read_bytes())
    content[4:40] = b"\x55" * 36
    source.write_bytes(content)
    with pytest.raises(InputRefused) as caught:
        ingest(source, tmp_path / "out", format="parquet", schema=schema_of(a="integer"), limits=Limits())
    assert caught.value.reason == "not-parquet"
    assert list(tmp_path.iterdir()) == [source]


def test_many_batches_and_row_groups_keep_their_order(tmp_path, schema_of):
    values = [f"name {n % 70_000}" for n in range(100_000)]
    source, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    pq.write_table(pa.table({"n": list(range(100_000)), "s": values}), source, row_group_size=30_000)
    shares: list[float] = []
    summary = ingest(
        source,
        out,
        format="parquet",
        schema=schema_of(n="integer", s="string"),
        limits=Limits(),
        on_progress=shares.append,
    )
    table = pq.read_table(out)
    assert table["s"].to_pylist() == values
    assert table["n"].to_pylist() == list(range(100_000))
    assert summary.n_rows == 100_000
    assert summary.source_bytes == source.stat().st_size
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def write_bomb(path: Path, *, n_rows: int, n_bytes: int) -> None:
    """One long string, repeated by dictionary indices: the file stays at some ten kilobytes."""
    column = pa.DictionaryArray.from_arrays(pa.array([0] * n_rows, pa.int32()), pa.array(["x" * n_bytes]))
    pq.write_table(pa.table({"v": column}), path, compression="zstd", row_group_size=n_rows)


def test_a_dictionary_bomb_is_refused_before_it_unpacks(tmp_path, schema_of):
    source = tmp_path / "bomb.parquet"
    write_bomb(source, n_rows=200_000, n_bytes=100_000)  # 20 GB of text
    assert source.stat().st_size < 50_000
    before = pa.total_allocated_bytes()
    with pytest.raises(InputRefused) as caught:
        ingest(source, tmp_path / "out", format="parquet", schema=schema_of(v="string"), limits=Limits())
    assert caught.value.reason == "decoded-too-large"
    assert pa.total_allocated_bytes() - before < 50_000_000
    assert list(tmp_path.iterdir()) == [source]


def test_a_bomb_of_one_long_cell_is_refused_by_the_cell(tmp_path, schema_of):
    source = tmp_path / "bomb.parquet"
    write_bomb(source, n_rows=100, n_bytes=2_000_000)
    with pytest.raises(InputRefused) as caught:
        ingest(source, tmp_path / "out", format="parquet", schema=schema_of(v="string"), limits=Limits())
    assert caught.value.reason == "cell-too-large"


def test_a_bomb_of_constant_numbers_is_refused_by_rows_times_width(tmp_path, schema_of):
    source = tmp_path / "bomb.parquet"
    schema = schema_of(**{f"c{n}": "number" for n in range(20)})
    zeros = pa.array([0.0] * 300_000)
    pq.write_table(pa.table({f"c{n}": zeros for n in range(20)}), source, compression="zstd")
    limits = Limits(ratio_floor_bytes=1 << 20)
    with pytest.raises(InputRefused) as caught:
        ingest(source, tmp_path / "out", format="parquet", schema=schema, limits=limits)
    assert caught.value.reason == "decoded-too-large"
    with pytest.raises(InputRefused) as caught:
        ingest(source, tmp_path / "out", format="parquet", schema=schema, limits=Limits(max_rows=299_999))
    assert caught.value.reason == "too-many-rows"


def test_long_texts_in_one_batch_are_converted_in_parts(tmp_path, schema_of):
    source, out = tmp_path / "long.parquet", tmp_path / "out.parquet"
    write_bomb(source, n_rows=900, n_bytes=100_000)  # 90 MB, above the size of one part
    ingest(source, out, format="parquet", schema=schema_of(v="text"), limits=Limits())
    assert pq.ParquetFile(out).metadata.num_rows == 900
