"""``python -m benchmarks``: run what is missing, then write the table and the plots.

A case that is in docs/bench/results.csv is not run again, unless ``--again`` or ``--retry`` asks for it. A peer
without an environment (``make bench-peers``) and a table without its file (BENCH_DATA) are skipped, and said to be.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks import grid, report, tables
from benchmarks.process import ROOT, Run, measure, python_of
from benchmarks.results import Key, Results, Row

DOCS = ROOT / "docs"
RESULTS = DOCS / "bench" / "results.csv"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    options = _options(arguments)
    if options.quick:
        _quick()
        return
    results = Results(Path(options.results))
    if not options.report:
        for run in _missing(_grid(options), _done(results, options)):
            _one(run, results, force=options.held_out)
    report.write(results.rows(), DOCS)


def _quick() -> None:
    """A check that all of it works: nothing is written."""
    with tempfile.TemporaryDirectory() as folder:
        results = Results(Path(folder) / "results.csv")
        for run in grid.quick():
            _one(run, results, force=False)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="ours, small tables, epsilon 1; printed only")
    parser.add_argument("--only", nargs="+", metavar="TABLE", help="these tables")
    parser.add_argument("--systems", nargs="+", metavar="SYSTEM", help="these systems, such as dpmm:mst")
    parser.add_argument("--peers", nargs="+", metavar="FAMILY", help="ours and these families, such as dpmm")
    parser.add_argument("--epsilons", nargs="+", type=float, default=list(grid.EPSILONS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--timeout", type=float, default=2700, help="seconds that one run may take")
    parser.add_argument("--held-out", action="store_true", help="let ours see the held out tables")
    parser.add_argument("--again", action="store_true", help="run also what has a result")
    parser.add_argument("--retry", action="store_true", help="run also what failed or ran out of time")
    parser.add_argument("--report", action="store_true", help="run nothing, write the table and the plots")
    parser.add_argument("--results", default=str(RESULTS), help="where the raw rows are")
    return parser.parse_args(arguments)


def _grid(options: argparse.Namespace) -> list[Run]:
    systems = options.systems or [*grid.AT_HOME, *grid.PEERS]
    if options.peers:
        systems = [name for name in systems if name in grid.AT_HOME or name.partition(":")[0] in options.peers]
    return list(
        grid.full(
            systems=systems,
            tables=options.only or tables.names(held_out=True),
            epsilons=options.epsilons,
            seeds=options.seeds,
            timeout_s=options.timeout,
        )
    )


def _missing(runs: list[Run], done: set[Key]) -> list[Run]:
    """The runs to do; families without an environment are named once and left out."""
    absent = sorted({run.family for run in runs if not python_of(run.family).exists()})
    if absent:
        print(f"no environment (make bench-peers): {', '.join(absent)}")
    return [run for run in runs if run.family not in absent and run.key not in done]


def _done(results: Results, options: argparse.Namespace) -> set[Key]:
    if options.again:
        return set()
    return {row.key for row in results.rows() if row.status == "ok" or not options.retry}


def _one(run: Run, results: Results, *, force: bool) -> None:
    if run.family == "ours" and tables.is_held_out(run.table) and not force:
        return
    table = tables.load(run.table)
    if table is None:
        print(f"{run.table}: skipped, BENCH_DATA does not lead to it ({os.environ.get('BENCH_DATA', 'unset')})")
        return
    row = measure(run, table)
    results.add(row)
    print(_line(row), flush=True)


def _line(row: Row) -> str:
    head = f"{row.table:14} {row.system:16} eps {row.epsilon:<4g} seed {row.seed}  {row.status:10}"
    if row.status != "ok":
        return head
    return f"{head} fit {row.fit_s:.1f} s  tvd2 {row.tvd2:.4f}  tvd3 {row.tvd3:.4f}  auc {row.auc:.4f}"


if __name__ == "__main__":
    main()
