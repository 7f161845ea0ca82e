"""Several workers on one database, on SQLite and on Postgres: frozen, dead, stopped, cancelled, without room.

One driver runs all of it once on each database; the tests read what it found.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.e2e.databases import DATABASES, on_each, postgres

Found = dict[str, dict[str, Any]]

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("name", DATABASES), pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Found]:
    with postgres() as url:
        lines = on_each("tests.e2e.worker_driver", tmp_path_factory.mktemp("workers"), url, "few", timeout_s=580)
    return {name: json.loads(printed[-1]) for name, printed in lines.items()}


CHARGED_ONCE = ["hold", "spend"]


def test_a_frozen_worker_that_comes_back_doubles_nothing(name: str, found: dict[str, Found]) -> None:
    job = found[name]["frozen"]
    assert (job["state"], job["kinds"]) == ("done", CHARGED_ONCE)
    assert job["attempt"] >= 2
    assert job["stray"] == [], "what it had made it takes back"
    assert job["children"] == []
    assert job["thawed_lives"]
    assert "train.parquet" in job["kept"], "the copy in clear of one that may come back is not swept under it"


def test_the_jobs_of_a_dead_worker_are_taken_up_by_another(name: str, found: dict[str, Found]) -> None:
    job = found[name]["dead"]
    assert (job["state"], job["kinds"], job["stray"]) == ("done", CHARGED_ONCE, [])
    assert job["attempt"] >= 2
    assert job["orphans_s"] < 5


def test_a_worker_that_is_told_to_stop_leaves_its_job_to_the_next(name: str, found: dict[str, Found]) -> None:
    job = found[name]["stopped"]
    assert (job["exit"], job["left"], job["meanwhile"]) == (0, [], "running")
    assert (job["state"], job["kinds"], job["stray"]) == ("done", CHARGED_ONCE, [])


@pytest.mark.parametrize(
    ("stage", "code", "kinds"),
    [("scrub", "cancelled", ["hold", "release"]), ("fit", "cancelled-after-spend", CHARGED_ONCE)],
)
def test_a_job_cancelled_from_another_process(
    stage: str, code: str, kinds: list[str], name: str, found: dict[str, Found]
) -> None:
    job = found[name][f"cancel-{stage}"]
    assert (job["state"], job["code"], job["kinds"]) == ("cancelled", code, kinds)
    assert job["children"] == 1
    assert job["died_s"] < 1.0
    assert job["stray"] == []
    assert job["again"] == "cancelled"


def test_a_job_cancelled_in_the_queue_never_begins_and_priority_decides_who_does(
    name: str, found: dict[str, Found]
) -> None:
    job = found[name]["cancel-queued"]
    assert (job["state"], job["kinds"], job["attempt"]) == ("cancelled", ["hold", "release"], 0)
    assert job["low"] == "queued"


@pytest.mark.parametrize("where", ["child-full", "store-full"])
def test_a_full_disk_fails_the_job_and_publishes_nothing(where: str, name: str, found: dict[str, Found]) -> None:
    job = found[name][where]
    assert (job["state"], job["code"], job["kinds"]) == ("failed", "disk-full", CHARGED_ONCE)
    assert job["stray"] == []


def test_nothing_is_left_in_scratch_and_the_ledger_holds(name: str, found: dict[str, Found]) -> None:
    assert found[name]["ward"]["ok"]
    assert found[name]["scratch"] == [], "what the killed worker had in clear was swept by the others"
