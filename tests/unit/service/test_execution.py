"""How a step is run: tried again, refused, taken over, abandoned; and whose files are whose."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from service.execution import Abandoned, Claim, Run, Step, fail, run_step
from service.jobs import JobError
from service.ports import Dataset, Ports
from service.store.blobs import LocalBlobs
from service.store.engine import open_engine
from service.store.sql import SqlDatabase
from tests.tables import ports_of, with_tables
from tests.unit.service.test_settler import NOW, OURS, held, job, kinds, state
from understudy.errors import Conflict, Failed
from understudy.messages import JobState, TableFormat

Act = Callable[[Run], dict[str, float]]
AGAIN = (0.0, 0.0)


class Hiccup(Exception):
    """An error of a database that is gone at the next try."""


class Database(SqlDatabase):
    """One whose ``Hiccup`` passes."""

    def is_passing(self, error: Exception) -> bool:
        return isinstance(error, Hiccup)


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[Ports]:
    engine = open_engine(f"sqlite:///{tmp_path / 'state.sqlite3'}")
    database = Database(with_tables(engine))
    dataset = Dataset(id="ds", tenant=OURS, population="p", format=TableFormat.CSV, schema={}, created_at=NOW, blob="b")
    with database.begin() as tx:
        tx.for_tenant(OURS).datasets.add(dataset)
    yield ports_of(database, tmp_path)
    engine.dispose()


def claimed(ports: Ports, job_id: str = "j") -> Claim:
    with ports.database.begin() as tx:
        attempt = tx.for_tenant(OURS).jobs.claim(job_id).attempt
    return Claim(tenant=OURS, job_id=job_id, attempt=attempt, retry_after_s=AGAIN)


def run(ports: Ports, claim: Claim, act: Act, *, name: str = "fit") -> str | None:
    return run_step((Step("first", act, 10), Step(name, act, 50), Step("last", act, 99)), name, claim, ports)


def publishes(**files: str) -> Act:
    def act(step: Run) -> dict[str, float]:
        with step.attempt() as out:
            for name, text in files.items():
                (out / name).write_text(text)
            step.publish(out)
        return {}

    return act


def keys(ports: Ports) -> list[str]:
    return list(ports.blobs.keys("ours"))


def error_of(ports: Ports) -> str:
    with ports.database.read() as tx:
        error = tx.for_tenant(OURS).jobs.get("j").error
    return "" if error is None else error.code


class TestTries:
    @pytest.mark.parametrize(
        ("error", "n_failures", "code"),
        [
            (Hiccup(), 2, None),
            (Hiccup(), 3, "failed"),
            (Failed("m", code="no-answer"), 1, None),
            (Failed("m", code="no-answer"), 2, "no-answer"),
            (Failed("m", code="exhausted"), 1, "exhausted"),
            (ValueError("a cell"), 1, "failed"),
            (OSError(28, "no space"), 1, "disk-full"),
        ],
        ids=["passes", "does not pass", "mute once", "mute twice", "exhausted", "broken", "full"],
    )
    def test_what_passes_is_tried_again(
        self, ports: Ports, error: Exception, n_failures: int, code: str | None
    ) -> None:
        held(ports, job("j"))
        tries: list[int] = []

        def act(_step: Run) -> dict[str, float]:
            tries.append(1)
            if len(tries) <= n_failures:
                raise error
            return {}

        assert run(ports, claimed(ports), act) == code
        assert len(tries) == (n_failures if code else n_failures + 1)
        assert state(ports, "j") is (JobState.FAILED if code else JobState.RUNNING)
        assert error_of(ports) == (code or "")

    def test_no_try_spends_again(self, ports: Ports) -> None:
        held(ports, job("j"))
        tries: list[int] = []

        def spend(step: Run) -> dict[str, float]:
            with step.ports.database.begin() as tx:
                tx.for_tenant(OURS).ledger.spend("j", at=NOW)
            tries.append(1)
            if len(tries) < 3:
                raise Hiccup
            return {}

        assert run(ports, claimed(ports), spend) is None
        assert [kind.value for kind in kinds(ports, "j")] == ["hold", "spend"]

    def test_a_process_that_stops_ends_nothing(self, ports: Ports) -> None:
        held(ports, job("j"))
        claim = replace(claimed(ports), is_stopping=lambda: True)
        with pytest.raises(Abandoned):
            run(ports, claim, publishes(a="1"))
        assert state(ports, "j") is JobState.RUNNING
        assert [kind.value for kind in kinds(ports, "j")] == ["hold"]


class TestSuccession:
    def test_an_older_attempt_ends_nothing_and_takes_back_what_it_made(self, ports: Ports) -> None:
        held(ports, job("j"))
        frozen = claimed(ports)
        later: list[Claim] = []

        def thaws(step: Run) -> dict[str, float]:
            later.append(claimed(ports))
            assert run(ports, later[0], publishes(a="successor")) is None
            return publishes(a="frozen", b="frozen")(step)

        assert run(ports, frozen, thaws) == "job-taken-over"
        assert state(ports, "j") is JobState.RUNNING
        assert [kind.value for kind in kinds(ports, "j")] == ["hold"], "its hold is not released"
        assert keys(ports) == [f"ours/jobs/j/{later[0].attempt}/a"]
        assert fail(OURS, "j", JobError(code="late", message="m"), ports, attempt=frozen.attempt) == "late"
        assert state(ports, "j") is JobState.RUNNING

    def test_one_whose_scratch_was_swept_while_it_slept_tries_anew(self, ports: Ports) -> None:
        held(ports, job("j"))
        tries: list[int] = []

        def swept(step: Run) -> dict[str, float]:
            tries.append(1)
            with step.attempt() as out:
                (out / "a").write_text("1")
                if len(tries) == 1:
                    shutil.rmtree(ports.scratch)
                step.publish(out)
            return {}

        assert run(ports, claimed(ports), swept) is None
        assert (len(tries), keys(ports)) == (2, ["ours/jobs/j/1/a"])

    def test_one_whose_scratch_is_swept_each_time_fails_and_publishes_nothing(self, ports: Ports) -> None:
        held(ports, job("j"))

        def swept(step: Run) -> dict[str, float]:
            with step.attempt() as out:
                shutil.rmtree(out)
                raise Failed("The child found no file.")

        assert run(ports, claimed(ports), swept) == error_of(ports) == "scratch-gone"
        assert keys(ports) == []

    def test_one_that_was_swept_and_taken_over_is_fenced(self, ports: Ports) -> None:
        held(ports, job("j"))

        def swept(step: Run) -> dict[str, float]:
            with step.attempt() as out:
                later = claimed(ports)
                shutil.rmtree(ports.scratch)
                assert run(ports, later, publishes(a="successor")) is None
                step.publish(out)
            return {}

        assert run(ports, claimed(ports), swept) == "job-taken-over"
        assert state(ports, "j") is JobState.RUNNING
        assert [kind.value for kind in kinds(ports, "j")] == ["hold"]
        assert keys(ports) == ["ours/jobs/j/2/a"]

    def test_one_that_was_cancelled_leaves_no_file(self, ports: Ports) -> None:
        held(ports, job("j"))

        def cancelled(step: Run) -> dict[str, float]:
            with ports.database.begin() as tx:
                jobs = tx.for_tenant(OURS).jobs
                jobs.put(jobs.get("j").cancelled(JobError(code="cancelled", message="m")))
            return publishes(a="1")(step)

        run(ports, claimed(ports), cancelled)
        assert state(ports, "j") is JobState.CANCELLED
        assert keys(ports) == []

    def test_files_of_attempts_that_broke_off_go_and_those_of_later_ones_stay(self, ports: Ports) -> None:
        held(ports, job("j"))
        first = claimed(ports)
        run(ports, first, publishes(kept="1", rows="1"))
        with ports.blobs.create("ours/jobs/j/1/stray") as writer:
            writer.write(b"1")
        with ports.blobs.create("ours/jobs/j/2/later") as writer:
            writer.write(b"1")

        def forgets(step: Run) -> dict[str, float]:
            step.forget(("rows",))
            return {}

        run(ports, first, forgets)
        assert keys(ports) == ["ours/jobs/j/1/kept", "ours/jobs/j/2/later"]

    def test_a_full_disk_in_the_middle_leaves_nothing(self, ports: Ports, monkeypatch: pytest.MonkeyPatch) -> None:
        held(ports, job("j"))
        create = LocalBlobs.create

        def full(self: LocalBlobs, key: str) -> object:
            if key.endswith("/b"):
                raise OSError(28, "no space left")
            return create(self, key)

        monkeypatch.setattr(LocalBlobs, "create", full)
        assert run(ports, claimed(ports), publishes(a="1", b="2")) == "disk-full"
        assert keys(ports) == []


def test_a_late_step_of_a_job_that_ended_does_nothing(ports: Ports) -> None:
    held(ports, job("j"))
    claim = claimed(ports)
    fail(OURS, "j", JobError(code="failed", message="m"), ports)
    assert run(ports, claim, publishes(a="1")) is None
    assert keys(ports) == []
    with pytest.raises(Conflict):
        claimed(ports)
