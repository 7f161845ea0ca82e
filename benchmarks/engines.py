"""Every engine on the same coded tables: ``python -m benchmarks.engines [--table T] [--engines a,b] [--seeds N]``.

Engines get a fully declared schema of the table's codes, so nothing is spent on a domain, and a public guess of the
number of rows. Scores are those of ``score``. Sealed engines run if their environments are under
UNDERSTUDY_HOME/engines. One process a fit, so that peak memory is the fit's (a sealed process included); its seconds
include the start of a sealed process.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import asdict
from statistics import mean
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from benchmarks import tables
from benchmarks.machine import described
from benchmarks.score import score
from privacy.session import Meter, PrivateSession
from service.settings import Settings
from synthesizers.registry import engine, engines, is_ready
from understudy.schema import TableSchema

DELTA = 1e-6
HEAD = "| engine | epsilon | 2-way TVD | 3-way TVD | TSTR AUC | fit s | peak MiB |\n|---|---|---|---|---|---|---|"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a Markdown table of all runs; one JSON line a run goes to standard error."""
    asked = _options(arguments)
    folder = Settings.from_environment(os.environ).home / "engines"
    ready = [name for name, one in engines(folder).items() if is_ready(one)]
    print(f"{asked.table}; {described()}; delta {DELTA:g}, {asked.seeds} seeds.\n\n{HEAD}", flush=True)
    for name in asked.engines or ready:
        private = engine(name).formal_guarantee is not None
        for epsilon in asked.epsilons if private else asked.epsilons[-1:]:
            found = [_apart(asked, name, epsilon, seed) for seed in range(asked.seeds)]
            print(_row(name, f"{epsilon:g}" if private else "none", [one for one in found if one]), flush=True)


def _options(arguments: Sequence[str] | None) -> Namespace:
    parser = ArgumentParser(prog="python -m benchmarks.engines", description=__doc__)
    parser.add_argument("--table", default="adult")
    parser.add_argument("--engines", nargs="+", default=[])
    parser.add_argument("--epsilons", nargs="+", type=float, default=[1.0, 3.0, 10.0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--timeout", type=float, default=3600)
    parser.add_argument("--most", type=int, default=0, help="only so many rows of the table; 0: all")
    return parser.parse_args(arguments)


def _apart(asked: Namespace, name: str, epsilon: float, seed: int) -> dict[str, float]:
    """One fit's scores, in a process of its own; empty if it was refused, failed or took too long: a dash."""
    case = json.dumps([asked.table, name, epsilon, seed, asked.most])
    command = [sys.executable, "-W", "ignore", "-c", "from benchmarks.engines import one; one()", case]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=asked.timeout)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as failed:
        print(json.dumps({"case": case, "failed": str(failed.stderr or "timeout")[-300:]}), file=sys.stderr, flush=True)
        return {}
    print(done.stdout.strip(), file=sys.stderr, flush=True)
    found: dict[str, float] = json.loads(done.stdout)["scores"]
    return found


def _row(name: str, epsilon: str, found: list[dict[str, float]]) -> str:
    if not found:
        return f"| {name} | {epsilon} | - | - | - | - | - |"
    of = {key: mean(one[key] for one in found) for key in found[0]}
    return (
        f"| {name} | {epsilon} | {of['tvd2']:.4f} | {of['tvd3']:.4f} | {of['auc']:.3f} | {of['fit_s']:.1f} | "
        f"{of['peak_mib']:.0f} |"
    )


def one() -> None:
    """Fit and score the case on the command line, and print it as JSON."""
    name_of_table, name, epsilon, seed, most = json.loads(sys.argv[1])
    table = tables.load(name_of_table)
    assert table is not None, "BENCH_DATA does not lead to the table"
    codes = table.codes.iloc[:most] if most else table.codes
    chosen = engine(name, Settings.from_environment(os.environ).home / "engines")
    schema = _schema(table.sizes)
    plan = chosen.plan(schema, epsilon=epsilon, delta=DELTA, n_rows=len(codes))
    rows = pa.table({column: pa.array(codes[column].to_numpy().astype(np.int64)) for column in table.sizes})
    began = time.perf_counter()
    fitted = chosen.fit(PrivateSession(rows, schema, Meter(plan.events), os.urandom), plan)
    fit_s = time.perf_counter() - began
    made: pd.DataFrame = fitted.sample(len(codes), seed=seed).to_pandas()
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    scores = {**asdict(score(table, made)), "fit_s": fit_s, "peak_mib": peak}
    print(json.dumps({"table": name_of_table, "engine": name, "epsilon": epsilon, "seed": seed, "scores": scores}))


def _schema(sizes: dict[str, int]) -> TableSchema:
    fields: list[dict[str, Any]] = [
        {"name": name, "type": "integer", "constraints": {"required": True, "enum": list(range(size))}}
        for name, size in sizes.items()
    ]
    return TableSchema.parse({"fields": fields})


if __name__ == "__main__":
    main()
