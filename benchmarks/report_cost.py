"""``python -m benchmarks.report_cost --rows 100000 1000000``: seconds and memory of the whole report.

Each system runs in a process of its own on the same two tables, ours with the seconds of each section; next to it
sdmetrics' QualityReport, from its own environment (.bench/sdmetrics; skipped where there is none). Writes
docs/bench/report.md.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "docs" / "bench" / "report.md"
THEIRS = ROOT / ".bench" / "sdmetrics" / "bin" / "python"
AUDIT = 10_000
COLUMNS = 30
_SECTIONS = ("encode", "triad", "risk", "realism", "fidelity", "contests", "utility", "diversity", "fairness", "text")
_LAST = ("profile", "drift", "evidence")
_QUALITY = """
import json, resource, sys, time, warnings
warnings.simplefilter("ignore")
import pandas as pd
from sdmetrics.reports.single_table import QualityReport
real, made = (pd.read_parquet(path) for path in sys.argv[1:3])
kinds = {"int": "numerical", "num": "numerical", "cat": "categorical", "cod": "categorical", "fla": "boolean",
         "day": "datetime"}
for name in real:
    if name.startswith("day"):
        real[name], made[name] = pd.to_datetime(real[name]), pd.to_datetime(made[name])
metadata = {"columns": {name: {"sdtype": kinds[name[:3]]} for name in real}}
start, busy = time.perf_counter(), time.process_time()
report = QualityReport()
report.generate(real, made, metadata, verbose=False)
print(json.dumps({"wall_s": time.perf_counter() - start, "cpu_s": time.process_time() - busy,
                  "score": report.get_score(), "peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6}))
"""


def table(n_rows: int, seed: int) -> tuple[pa.Table, dict[str, object]]:
    """Thirty columns of six kinds that one hidden number ties together, and their schema document."""
    rng, columns, fields = np.random.default_rng(seed), {}, []
    hidden = rng.normal(size=n_rows)
    codes = np.array([f"C{code:03d}" for code in range(300)])
    for index in range(COLUMNS):
        name, kind, values = _column(index, hidden, codes, rng)
        columns[f"{name}{index}"] = values
        fields.append({"name": f"{name}{index}", "type": kind, "understudy:target": index == 4})
    return pa.table(columns), {"fields": fields}


def _column(index: int, hidden: Any, codes: Any, rng: np.random.Generator) -> tuple[str, str, pa.Array]:
    n = len(hidden)
    if index % 6 == 0:
        return "int", "integer", pa.array(np.round(hidden * 10 + rng.normal(0, 8, n) + 50).astype(int))
    if index % 6 == 1:
        return "num", "number", pa.array(np.round(np.exp(0.3 * hidden + rng.normal(0, 0.7, n)) * 1_000, 2))
    if index % 6 == 2:
        return "cat", "string", pa.array(rng.choice(list("abcdef"), n, p=[0.5, 0.2, 0.12, 0.1, 0.05, 0.03]))
    if index % 6 == 3:
        return "cod", "string", pa.array(codes[np.minimum(rng.geometric(0.02, n), 299)])
    if index % 6 == 4:
        return "fla", "boolean", pa.array(rng.random(n) < 1 / (1 + np.exp(-hidden)))
    return "day", "date", pa.array((18_000 + rng.integers(0, 1_500, n)).astype("datetime64[D]"), pa.date32())


def ours(folder: Path) -> dict[str, Any]:
    """The whole report of the tables in a folder, both pages included; seconds of each section."""
    import evaluation.judge as judge
    from evaluation.render import html
    from understudy.schema import TableSchema

    seconds: dict[str, float] = {}

    def timed(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            start = time.perf_counter()
            result = work(*arguments, **named)
            seconds[name] = seconds.get(name, 0.0) + time.perf_counter() - start
            return result

        return call

    for name in (*_SECTIONS, *_LAST):
        setattr(judge, name, timed(name, getattr(judge, name)))
    schema = TableSchema.parse((folder / "schema.json").read_text())
    read = {name: pq.read_table(folder / f"{name}.parquet") for name in ("train", "members", "controls", "synthetic")}
    start, busy = time.perf_counter(), time.process_time()
    report = judge.evaluate(judge.EvaluationInputs(schema=schema, statement={"epsilon": 1.0, "delta": 1e-6}, **read))
    pages = [html(document) for document in (report.as_owner_json(), report.as_release_json())]
    return {
        "wall_s": time.perf_counter() - start,
        "cpu_s": time.process_time() - busy,
        "peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
        "sections": seconds,
        "page_kb": len(pages[0]) / 1e3,
    }


def measure(n_rows: int) -> dict[str, Any]:
    """Both systems on fresh tables of this size, one after the other."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        train, schema = table(n_rows, 1)
        half = min(AUDIT, n_rows // 10) // 2
        (folder / "schema.json").write_text(json.dumps(schema))
        made = {"train": train, "members": train.slice(0, half)}
        made |= {"controls": table(half, 2)[0], "synthetic": table(n_rows, 3)[0]}
        for key, rows in made.items():
            pq.write_table(rows, folder / f"{key}.parquet")
        found: dict[str, Any] = {"rows": n_rows, "load": os.getloadavg()[0]}
        found["ours"] = _run([sys.executable, "-m", "benchmarks.report_cost", "--judge", folder])
        if THEIRS.exists():
            tables = [folder / "train.parquet", folder / "synthetic.parquet"]
            found["sdmetrics"] = _run([THEIRS, "-c", _QUALITY, *tables])
        return found


def _run(command: Sequence[object]) -> dict[str, Any]:
    done = subprocess.run([str(part) for part in command], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"failed": done.stderr.strip().splitlines()[-1:] or ["no message"]}
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def page(found: Sequence[dict[str, Any]]) -> str:
    """The measurements as markdown."""
    lines = [
        "# What a report costs",
        "",
        f"Two tables of n rows and {COLUMNS} columns (integers, decimals, categories of 6 and of 300 values, flags, "
        "dates), an audit of at most 10,000 people. Every exact-match and nearest-neighbour test meets all synthetic "
        "rows. sdmetrics' QualityReport ran on the same tables, in the same run, after ours; it compares columns and "
        "pairs, and attacks nothing. `python -m benchmarks.report_cost` makes this page.",
        "",
        "| rows | system | seconds | CPU seconds | peak GB | load before |",
        "|---|---|---|---|---|---|",
    ]
    for entry in found:
        for system in ("ours", "sdmetrics"):
            done = entry.get(system)
            if done is None:
                continue
            cells = (
                f"failed: {done['failed'][0][:80]} | | "
                if "failed" in done
                else f"{done['wall_s']:.0f} | {done['cpu_s']:.0f} | {done['peak_gb']:.2f}"
            )
            lines.append(f"| {entry['rows']:,} | {system} | {cells} | {entry['load']:.1f} |")
    lines += ["", "Seconds by section of ours, on the wall:", "", _head(found), "|---" * (len(found) + 1) + "|"]
    for name in (*_SECTIONS, *_LAST):
        cells = [f"{entry['ours'].get('sections', {}).get(name, float('nan')):.1f}" for entry in found]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _head(found: Sequence[dict[str, Any]]) -> str:
    return "| section | " + " | ".join(f"{entry['rows']:,}" for entry in found) + " |"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report_cost", description=__doc__)
    parser.add_argument("--rows", nargs="+", type=int, default=[100_000])
    parser.add_argument("--judge", type=Path, help="judge the tables of this folder and print the figures")
    options = parser.parse_args(arguments)
    if options.judge is not None:
        print(json.dumps(ours(options.judge)))
        return
    found = []
    OUT.parent.mkdir(parents=True, exist_ok=True)
    for n_rows in options.rows:
        found.append(measure(n_rows))
        OUT.write_text(page(found), encoding="utf-8")
    print(page(found))


if __name__ == "__main__":
    main()
