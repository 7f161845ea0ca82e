"""Every engine on the same coded tables: ``python -m benchmarks.engines [--tables T ...] [--engines E ...]``.

Engines get a fully declared schema of the table's codes, so nothing is spent on a domain, and a public guess of the
number of rows. Scores are those of ``score``. Sealed engines run if their environments are under
UNDERSTUDY_HOME/engines. One process a fit, so that peak memory is the fit's (a sealed process included); its seconds,
of the wall and of the processor, include the start of a sealed process. Raw results go to docs/bench/engines.jsonl,
where a case that is there is not run again unless it failed; tables and picture of all of them to docs/bench/engines.md
and engines.svg (``engines_page``). With each table two references are scored: its rows drawn again, which have the
error of sampling alone, and its columns shuffled, which have lost all dependence and nothing else.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from benchmarks import tables
from benchmarks.engines_page import PICTURE, REFERENCES, Result, draw, written
from benchmarks.machine import described
from benchmarks.process import ROOT
from benchmarks.score import score
from benchmarks.tables import CodedTable
from privacy.session import Meter, PrivateSession
from service.settings import Settings
from synthesizers.registry import engine, engines, is_ready
from understudy.schema import TableSchema

DELTA = 1e-6
DOCS = ROOT / "docs" / "bench"
_CASE = ("table", "engine", "epsilon", "seed", "most")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what is missing, seed by seed, then write the page and its picture."""
    asked = _options(arguments)
    results = asked.out / "engines.jsonl"
    known = {tuple(one[key] for key in _CASE) for one in _read(results) if "scores" in one}
    for case in _cases(asked):
        if tuple(case) in known:
            continue
        found = _apart(case, asked.timeout)
        print(json.dumps(found), flush=True)
        with results.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(found) + "\n")
    found_all = _read(results)
    (asked.out / "engines.md").write_text(written(found_all), encoding="utf-8")
    draw(found_all, asked.out / PICTURE)


def _options(arguments: Sequence[str] | None) -> Namespace:
    parser = ArgumentParser(prog="python -m benchmarks.engines", description=__doc__)
    parser.add_argument("--tables", nargs="+", default=["diabetes", "randhie", "adult"])
    parser.add_argument("--engines", nargs="+", default=[], help="all that are ready, if none is named")
    parser.add_argument("--epsilons", nargs="+", type=float, default=[1.0, 3.0, 10.0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--timeout", type=float, default=3600)
    parser.add_argument("--most", type=int, default=0, help="only so many rows of the table; 0: all")
    parser.add_argument("--out", type=Path, default=DOCS, help="the folder of engines.jsonl and engines.md")
    return parser.parse_args(arguments)


def _cases(asked: Namespace) -> Iterator[list[Any]]:
    """As ``_CASE``. An engine without a guarantee has no epsilon, and is run once a seed: at 0."""
    folder = Settings.from_environment(os.environ).home / "engines"
    known = engines(folder)
    names = asked.engines or [*REFERENCES, *(name for name, one in known.items() if is_ready(one))]
    for seed in range(asked.seeds):
        for table in asked.tables:
            for name in names:
                private = name not in REFERENCES and known[name].formal_guarantee is not None
                for epsilon in asked.epsilons if private else [0.0]:
                    yield [table, name, epsilon, seed, asked.most]


def _read(path: Path) -> list[Result]:
    """The last result of each case."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    found = [json.loads(line) for line in lines]
    return list({tuple(one[key] for key in _CASE): one for one in found}.values())


def _apart(case: list[Any], timeout_s: float) -> Result:
    """One fit, in a process of its own: its ``scores``, or ``failed``, in a word."""
    command = [sys.executable, "-W", "ignore", "-c", "from benchmarks.engines import one; one()", json.dumps(case)]
    found: Result = {**dict(zip(_CASE, case, strict=True)), "machine": described()}
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=timeout_s)
    except subprocess.TimeoutExpired:
        return found | {"failed": f"more than {timeout_s:g} s"}
    except subprocess.CalledProcessError as failed:
        told = str(failed.stderr).strip().splitlines() or [f"ended with {failed.returncode}"]
        return found | {"failed": told[-1][:200]}
    return found | {"scores": json.loads(done.stdout)["scores"]}


def one() -> None:
    """Fit and score the case on the command line, and print it as JSON."""
    name_of_table, name, epsilon, seed, most = json.loads(sys.argv[1])
    table = tables.load(name_of_table)
    assert table is not None, "BENCH_DATA does not lead to the table"
    codes = table.codes.iloc[:most] if most else table.codes
    made, costs = _referred(codes, name, seed) if name in REFERENCES else _made(table, codes, name, epsilon, seed)
    scores = {**asdict(score(table, made)), **costs}
    print(json.dumps({"table": name_of_table, "engine": name, "epsilon": epsilon, "seed": seed, "scores": scores}))


def _referred(codes: pd.DataFrame, name: str, seed: int) -> tuple[pd.DataFrame, dict[str, float]]:
    """As many rows, drawn from these with replacement; or these with each column in an order of its own."""
    rng = np.random.default_rng(seed)
    if name == "resampled":
        return codes.iloc[rng.integers(0, len(codes), len(codes))], {}
    return pd.DataFrame({column: rng.permutation(codes[column].to_numpy()) for column in codes}), {}


def _made(
    table: CodedTable, codes: pd.DataFrame, name: str, epsilon: float, seed: int
) -> tuple[pd.DataFrame, dict[str, float]]:
    """An engine's rows, and what its fit cost."""
    chosen = engine(name, Settings.from_environment(os.environ).home / "engines")
    schema = _schema(table.sizes)
    plan = chosen.plan(schema, epsilon=epsilon or 1.0, delta=DELTA, n_rows=len(codes))
    rows = pa.table({column: pa.array(codes[column].to_numpy().astype(np.int64)) for column in table.sizes})
    began, used = time.perf_counter(), _cpu_s()
    fitted = chosen.fit(PrivateSession(rows, schema, Meter(plan.events), os.urandom), plan)
    costs = {"fit_s": time.perf_counter() - began, "cpu_s": _cpu_s() - used}
    made: pd.DataFrame = fitted.sample(len(codes), seed=seed).to_pandas()
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return made, costs | {"peak_mib": peak / 1024}


def _cpu_s() -> float:
    """Processor seconds of this process and of its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _schema(sizes: dict[str, int]) -> TableSchema:
    fields: list[dict[str, Any]] = [
        {"name": name, "type": "integer", "constraints": {"required": True, "enum": list(range(size))}}
        for name, size in sizes.items()
    ]
    return TableSchema.parse({"fields": fields})


if __name__ == "__main__":
    main()
