"""What our own engine costs: a fit against rows, columns and epsilon, counting, and sampling into Parquet.

``python -m benchmarks.scale [--quick]``. A fit's seconds come in two parts: those inside the session (counting rows
and drawing noise, which grow with the rows) and the rest (the model, which must not). Both are processor seconds of
all threads, so that a shared machine does not spoil them; wall seconds stand beside them.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from matplotlib.figure import Figure

from benchmarks import machine, plots
from benchmarks.process import ROOT
from privacy.domain import Clique, Domain
from privacy.session import Meter, PrivateSession
from privacy.sources.arrow import ArrowCounts
from synthesizers.registry import engines
from understudy.schema import TableSchema

OUT = ROOT / "docs" / "bench"
SIZES = (2, 5, 10, 16, 32, 64)
DELTA = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One measurement. ``what`` is rows, columns, epsilon (fits), counting or sampling.

    wall_s and cpu_s: all of it. session_s: processor seconds inside the session. rate: row-pairs or rows for each
    processor second, which is what one quiet core does in a second.
    """

    what: str
    rows: int
    columns: int
    epsilon: float
    wall_s: float
    cpu_s: float
    session_s: float = 0.0
    rate: float = 0.0


class Watch:
    """Wall and processor seconds since it was made."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def read(self) -> tuple[float, float]:
        """(wall, processor)."""
        return time.perf_counter() - self._wall, time.process_time() - self._cpu


class TimedSession:
    """A session that keeps time: everything that is asked of it passes through unchanged."""

    def __init__(self, session: Any, clock: list[float] | None = None) -> None:
        self._session = session
        self._clock = clock if clock is not None else [0.0]

    @property
    def seconds(self) -> float:
        """Processor seconds spent inside so far, by this session and those recoded from it."""
        return self._clock[0]

    def recoded(self, columns: Any) -> TimedSession:
        """As the session's, with the same clock."""
        return TimedSession(self._timed(self._session.recoded)(columns), self._clock)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._session, name)
        return self._timed(found) if callable(found) else found

    def _timed(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any, **named: Any) -> Any:
            started = time.process_time()
            try:
                return call(*arguments, **named)
            finally:
                self._clock[0] += time.process_time() - started

        return timed


def made(n_rows: int, n_columns: int, *, seed: int = 0) -> tuple[dict[str, np.ndarray], dict[str, int]]:
    """Codes of columns that each follow an earlier one, with noise, and their sizes."""
    rng = np.random.default_rng(seed)
    sizes = {f"c{index}": SIZES[index % len(SIZES)] for index in range(n_columns)}
    codes: dict[str, np.ndarray] = {}
    for index, (name, size) in enumerate(sizes.items()):
        noise = np.minimum(rng.geometric(0.5, n_rows) - 1, size - 1)
        parent = codes[f"c{rng.integers(max(0, index - 5), index)}"] if index else rng.integers(0, size, n_rows)
        codes[name] = ((parent.astype(np.int64) + noise) % size).astype(np.uint8)
    return codes, sizes


def schema_of(sizes: dict[str, int]) -> TableSchema:
    """All codes declared."""
    fields_ = [
        {"name": name, "type": "integer", "constraints": {"required": True, "enum": list(range(size))}}
        for name, size in sizes.items()
    ]
    return TableSchema.parse({"fields": fields_})


def fitted(n_rows: int, n_columns: int, epsilon: float) -> tuple[Any, tuple[float, float], float]:
    """The model, (wall, processor) seconds of its fit, and the processor seconds inside the session."""
    codes, sizes = made(n_rows, n_columns)
    schema, engine = schema_of(sizes), next(iter(engines().values()))
    plan = engine.plan(schema, epsilon=epsilon, delta=DELTA, n_rows=n_rows)
    rows = pa.table({name: column.astype(np.int64) for name, column in codes.items()})
    session = TimedSession(PrivateSession(rows, schema, Meter(plan.events), os.urandom))
    watch = Watch()
    model = engine.fit(session, plan)
    return model, watch.read(), session.seconds


def fit_point(what: str, n_rows: int, n_columns: int, epsilon: float) -> Point:
    """One fit."""
    _, (wall, cpu), inside = fitted(n_rows, n_columns, epsilon)
    case = {"rows": n_rows, "columns": n_columns, "epsilon": epsilon}
    return Point(what=what, **case, wall_s=round(wall, 3), cpu_s=round(cpu, 3), session_s=round(inside, 3))


def counting_point(n_rows: int, n_columns: int) -> Point:
    """All pairs of columns counted once, after a call for other rows that compiles: a source keeps what it counted."""
    small, pairs = _source(10_000, n_columns)
    list(small.counts(pairs))
    source, pairs = _source(n_rows, n_columns)
    watch = Watch()
    for _ in source.counts(pairs):
        pass
    wall, cpu = watch.read()
    case = {"rows": n_rows, "columns": n_columns, "epsilon": 0.0}
    rate = round(n_rows * len(pairs) / cpu)
    return Point(what="counting", **case, wall_s=round(wall, 3), cpu_s=round(cpu, 3), rate=rate)


def _source(n_rows: int, n_columns: int) -> tuple[ArrowCounts, list[Clique]]:
    """A made table's counts, and all of its pairs of columns."""
    codes, sizes = made(n_rows, n_columns)
    domain = Domain(names=tuple(sizes), sizes=tuple(sizes.values()))
    return ArrowCounts(codes, domain, n_rows=n_rows), list(itertools.combinations(sizes, 2))


def sampling_point(n_rows: int, n_columns: int) -> Point:
    """Rows of a fitted model, decoded and written as Parquet."""
    model, _, _ = fitted(100_000, n_columns, 1.0)
    with tempfile.TemporaryDirectory() as folder:
        watch = Watch()
        pq.write_table(model.sample(n_rows, seed=0), Path(folder) / "rows.parquet")
        wall, cpu = watch.read()
    case = {"rows": n_rows, "columns": n_columns, "epsilon": 1.0}
    return Point(what="sampling", **case, wall_s=round(wall, 3), cpu_s=round(cpu, 3), rate=round(n_rows / cpu))


def points(*, quick: bool) -> Iterator[Point]:
    """All measurements, the small ones only if ``quick``."""
    fit_point("warm-up", 10_000, 5, 1.0)
    for n_rows in (10_000, 30_000, 100_000) if quick else (10_000, 30_000, 100_000, 300_000, 1_000_000):
        yield fit_point("rows", n_rows, 15, 1.0)
    for n_columns in (5, 10, 20) if quick else (5, 10, 20, 50, 100):
        yield fit_point("columns", 100_000, n_columns, 1.0)
    for epsilon in (0.1, 1.0, 10.0) if quick else (0.1, 0.3, 1.0, 3.0, 10.0):
        yield fit_point("epsilon", 100_000, 15, epsilon)
    yield counting_point(1_000_000 if quick else 10_000_000, 15)
    yield sampling_point(200_000 if quick else 2_000_000, 15)


def write(found: Sequence[Point], folder: Path) -> None:
    """scale.csv and scale.svg."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "scale.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Point)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(point) for point in found)
    plots.save(_figure(found), folder / "scale.svg")


def read(folder: Path) -> list[Point]:
    """What ``write`` wrote; nothing if it never did."""
    path = folder / "scale.csv"
    if not path.exists():
        return []
    kinds = {field.name: {"str": str, "int": int, "float": float}[str(field.type)] for field in fields(Point)}
    with path.open(newline="") as file:
        return [Point(**{name: kinds[name](text) for name, text in row.items()}) for row in csv.DictReader(file)]


def _figure(found: Sequence[Point]) -> Figure:
    figure = Figure(figsize=(9, 3))
    for axis, what in zip(figure.subplots(1, 3), ("rows", "columns", "epsilon"), strict=True):
        chosen = [point for point in found if point.what == what]
        places = [getattr(point, what) for point in chosen]
        axis.plot(places, [point.cpu_s for point in chosen], "o-", label="whole fit", color="#c0392b", markersize=4)
        model = [point.cpu_s - point.session_s for point in chosen]
        axis.plot(places, model, "s--", label="without counting and noise", color="#2c6fbb", markersize=4)
        axis.set_xscale("log")
        axis.set_ylim(bottom=0)
        axis.set_xlabel(what, fontsize=8)
        axis.set_ylabel("processor seconds", fontsize=8)
        axis.tick_params(labelsize=7)
        axis.grid(visible=True, which="both", linewidth=0.3)
        axis.legend(fontsize=7)
    figure.tight_layout()
    return figure


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, printed only")
    options = parser.parse_args()
    print(machine.described())
    found = []
    for point in points(quick=options.quick):
        found.append(point)
        print(point, flush=True)
    if not options.quick:
        write(found, OUT)


if __name__ == "__main__":
    main()
