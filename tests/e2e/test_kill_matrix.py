"""kill -9 at each of 12 points of a job, on both databases: resumed, charged exactly once, no orphan process."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.e2e.databases import DATABASES, on_each, postgres
from tests.e2e.kill_driver import EPSILON, POINTS


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """What the driver found, by database."""
    with postgres() as url:
        found = on_each("tests.e2e.kill_driver", tmp_path_factory.mktemp("matrix"), url, timeout_s=580)
    return {name: [json.loads(line) for line in lines] for name, lines in found.items()}


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", DATABASES)
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
