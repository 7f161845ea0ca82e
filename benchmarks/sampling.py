"""Rows a second on one core, from a fitted model of Adult into a typed Parquet file on disk, decoding included.

Run: BENCH_DATA=... OMP_NUM_THREADS=1 python -m benchmarks.sampling [--rows 1000000 10000000] [--table adult]
Two schemas: all columns coded as integers, as in the benchmark of engines; and words for every code, with one column in
four that may be missing, which is dearer to decode. CPU seconds of the process, all of its threads.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.engine_adult import DELTA, schema_of
from benchmarks.machine import described
from benchmarks.tables import CodedTable, load
from privacy.session import Meter, PrivateSession
from synthesizers.base import FittedSynthesizer
from synthesizers.registry import engine
from synthesizers.stream import write_parquet
from understudy.schema import TableSchema


def words(table: CodedTable) -> tuple[pa.Table, TableSchema]:
    """Each code as a word; every fourth column may be missing, and is in a twentieth of the rows."""
    codes = pa.Table.from_pandas(table.codes.astype("int64"), preserve_index=False)
    columns, fields = {}, []
    for place, (name, size) in enumerate(table.sizes.items()):
        listed = [f"value {code}" for code in range(size)]
        column = pc.take(pa.array(listed), codes[name])
        if place % 4 == 0:
            column = pc.if_else(pa.array(np.arange(len(column)) % 20 == place), None, column)
        columns[name] = column
        fields.append({"name": name, "type": "string", "constraints": {"enum": listed, "required": place % 4 > 0}})
    return pa.table(columns), TableSchema.parse({"fields": fields})


def fitted(rows: pa.Table, schema: TableSchema, n_guess: int) -> FittedSynthesizer:
    """The default engine at epsilon 1."""
    ours = engine("marginal")
    plan = ours.plan(schema, epsilon=1.0, delta=DELTA, n_rows=n_guess)
    return ours.fit(PrivateSession(rows, schema, Meter(plan.events), os.urandom), plan)


def rate(model: FittedSynthesizer, n_rows: int) -> float:
    """Rows a CPU second."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.process_time()
        write_parquet(model, Path(folder) / "rows.parquet", n_rows, seed=1)
        return n_rows / (time.process_time() - started)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print one line for each schema and number of rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", default="adult")
    parser.add_argument("--rows", nargs="+", type=int, default=[1_000_000, 10_000_000])
    options = parser.parse_args(arguments)
    table = load(options.table)
    if table is None:
        raise SystemExit(f"{options.table}: not here; set BENCH_DATA")
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    coded = pa.Table.from_pandas(table.codes.astype("int64"), preserve_index=False), schema_of(table, target=False)
    print(described())
    for name, (rows, schema) in {"integers": coded, "words": words(table)}.items():
        model = fitted(rows, schema, table.n_guess)
        for n_rows in options.rows:
            print(
                f"{options.table} {name:9s} {n_rows:>11,} rows: {rate(model, n_rows):>10,.0f} rows/s/core", flush=True
            )


if __name__ == "__main__":
    main()
