"""One run: a runner in a process of its own, with a time limit, at the lowest priority, then scored.

Everything is caught and recorded: a run that failed or ran out of time is a result too.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from benchmarks.results import Key, Row
from benchmarks.score import Score, score
from benchmarks.tables import CodedTable

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENTS = ROOT / ".bench"
RUNNERS = Path(__file__).resolve().parent / "peers"
_AT_HOME = {"ours", "independent"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A case of the grid. ``system`` is "family:model", such as "dpmm:mst"."""

    system: str
    table: str
    epsilon: float
    seed: int
    timeout_s: float
    delta: float = 1e-9

    @property
    def family(self) -> str:
        """Whose environment and runner this takes."""
        return self.system.partition(":")[0]

    @property
    def key(self) -> Key:
        """The same as that of its row."""
        return self.system, self.table, self.epsilon, self.delta, self.seed


def python_of(family: str) -> Path:
    """The python of a family's own environment; it exists only after ``make bench-peers``."""
    folder = ROOT / ".venv" if family in _AT_HOME else ENVIRONMENTS / family
    return folder / "bin" / "python"


def measure(run: Run, table: CodedTable) -> Row:
    """Run and score one case. Never raises for what a peer does."""
    load = os.getloadavg()[0]
    row = Row.of(run.system, run.table, run.epsilon, run.delta, run.seed, load=round(load, 1))
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.csv"
        status, facts = _start(run, table, Path(folder), out)
        if status != "ok":
            return replace(row, status=status)
        return replace(row, status="ok", **facts, **_scores(score(table, pd.read_csv(out))))


def _start(run: Run, table: CodedTable, folder: Path, out: Path) -> tuple[str, dict[str, object]]:
    rows, domain = folder / "table.csv", folder / "domain.json"
    table.codes.to_csv(rows, index=False)
    domain.write_text(json.dumps({"sizes": table.sizes, "target": table.target, "n_guess": table.n_guess}))
    model = run.system.partition(":")[2]
    command = ["nice", "-n", "19", python_of(run.family), RUNNERS / f"run_{run.family}.py", model, rows, domain]
    arguments = [*command, run.epsilon, run.delta, run.seed, out]
    log = folder / "log"
    with log.open("w") as sink:
        process = subprocess.Popen(
            [str(argument) for argument in arguments],
            stdout=subprocess.PIPE,
            stderr=sink,
            text=True,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": _python_path(run.family)},
            start_new_session=True,
        )
        try:
            printed, _ = process.communicate(timeout=run.timeout_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return f"over {run.timeout_s:.0f} s", {}
    if process.returncode != 0:
        print(log.read_text()[-1500:])
        return "failed", {}
    return "ok", json.loads(printed.strip().splitlines()[-1])


def _python_path(family: str) -> str:
    """Ours is this checkout; a peer may be told where its source lies by BENCH_PATH_FAMILY."""
    return str(ROOT) if family in _AT_HOME else os.environ.get(f"BENCH_PATH_{family.upper()}", "")


def _scores(found: Score) -> dict[str, float]:
    return {"tvd2": round(found.tvd2, 5), "tvd3": round(found.tvd3, 5), "auc": round(found.auc, 4)}
