"""``python -m benchmarks.crowd``: 200 jobs of 20 tenants by 3 workers, on SQLite and on Postgres, one after the other.

The driver of the test (``tests/e2e/worker_driver.py``), with its assertions made here as figures: one worker is killed
and one freezes for 14 s meanwhile. Tasks run in the workers themselves, without mathematics: what is left is queue,
ledger, blobs and rows. Writes docs/bench/crowd.md and .svg. Exits with 1 if a job was lost or doubled.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.ledger import _databases
from benchmarks.machine import described
from benchmarks.service_plots import draw_bars
from tests.e2e.worker_driver import EPSILON, N_JOBS, N_TENANTS

ROOT = Path(__file__).parents[1]
_SPENT_NANO = round(EPSILON * 1e9) * N_JOBS // N_TENANTS


def run(url: str) -> dict[str, Any]:
    """What the driver found on one database."""
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-m", "tests.e2e.worker_driver", str(Path(home) / "home"), url, "many"]
        started = time.monotonic()
        printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=580).stdout
        document: dict[str, Any] = json.loads(printed.splitlines()[-1])
    many: dict[str, Any] = document["many"] | {"cpu_s": document["cpu_s"]}
    return many | {"seconds": round(time.monotonic() - started)}


def is_exact(found: dict[str, Any]) -> bool:
    """None lost, none doubled, every ledger exact, nothing stray."""
    return bool(
        (found["n_jobs"], found["states"], found["kinds"]) == (N_JOBS, ["done"], ["hold spend"])
        and (found["accounts"], found["ok"], found["stray"]) == ([[_SPENT_NANO, 0]], True, 0)
    )


def main() -> None:
    """Measure and write."""
    rows, found = [], {}
    for described_as, url in _databases():
        name, before = described_as.partition(" ")[0], os.getloadavg()[0]
        found[name] = many = run("" if name == "SQLite" else url)
        exact = "yes" if is_exact(many) else "NO"
        rows.append(
            f"| {name} | {many['seconds']} | {many['submit_per_s']} | {many['jobs_per_s']} | {many['taken_over']} "
            f"| {many['attempts']} | {exact} | {many['cpu_s']} | {before:.0f}, {os.getloadavg()[0]:.0f} |"
        )
    page = [
        f"# {N_JOBS} jobs of {N_TENANTS} tenants by 3 workers",
        "",
        f"`python -m benchmarks.crowd`, {described()}. Three workers of four jobs at once; one is killed and one is",
        "frozen for 14 s while they work. Jobs without mathematics, in the workers themselves, without fsync.",
        "Load: processes that wanted a core, the mean of a minute, before and after.",
        "",
        "| database | s | submitted/s | done/s | begun twice | attempts at most | exact | CPU s | load |",
        "|---|---|---|---|---|---|---|---|---|",
        *rows,
        "",
    ]
    folder = ROOT / "docs" / "bench"
    (folder / "crowd.md").write_text("\n".join(page))
    rates = {"submitted a second": "submit_per_s", "done a second": "jobs_per_s"}
    draw_bars(
        {title: {name: [many[key]] for name, many in found.items()} for title, key in rates.items()},
        folder / "crowd.svg",
    )
    print("\n".join(page))
    sys.exit(0 if all(map(is_exact, found.values())) else 1)


if __name__ == "__main__":
    main()
