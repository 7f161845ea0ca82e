"""Who works on a job, the same on every database: attempts are numbered, an older one writes nothing any more."""

from __future__ import annotations

import threading
import time

import pytest
import sqlalchemy as sa

from service.context import TenantId
from service.jobs import EVALUATE, JobError
from service.store.sql import SqlDatabase
from service.store.tables import WORKERS
from service.store.workers import SqlWorkers
from tests.contract.test_stores import job
from understudy.errors import Conflict, NotFound
from understudy.messages import JobState

OURS, THEIRS = TenantId("ours"), TenantId("theirs")
ERROR = JobError(code="failed", message="Something broke.")


@pytest.fixture
def queued(database: SqlDatabase) -> SqlDatabase:
    with database.begin() as tx:
        tx.for_tenant(OURS).jobs.add(job())
    return database


class TestClaims:
    def test_each_has_a_number_of_its_own(self, queued: SqlDatabase) -> None:
        numbers: list[int] = []

        def claim() -> None:
            with queued.begin() as tx:
                numbers.append(tx.for_tenant(OURS).jobs.claim("j1").attempt)

        threads = [threading.Thread(target=claim) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(numbers) == list(range(1, 9))

    def test_nothing_is_put_under_an_older_one(self, queued: SqlDatabase) -> None:
        with queued.begin() as tx:
            frozen = tx.for_tenant(OURS).jobs.claim("j1")
        with queued.begin() as tx:
            successor = tx.for_tenant(OURS).jobs.claim("j1")
        for late in (frozen.at("fit", 90), frozen.with_files({"a": "k"}), frozen.done("b"), frozen.failed(ERROR)):
            with pytest.raises(Conflict) as caught, queued.begin() as tx:
                tx.for_tenant(OURS).jobs.put(late)
            assert caught.value.reason == "job-taken-over"
        with queued.begin() as tx:
            assert tx.for_tenant(OURS).jobs.get("j1") == successor
            tx.for_tenant(OURS).jobs.put(successor.done("b"))

    def test_what_has_ended_is_claimed_by_nobody(self, queued: SqlDatabase) -> None:
        with queued.begin() as tx:
            tx.for_tenant(OURS).jobs.put(job().cancelled(ERROR))
        with pytest.raises(Conflict), queued.begin() as tx:
            tx.for_tenant(OURS).jobs.claim("j1")
        with queued.begin() as tx:
            assert tx.for_tenant(OURS).jobs.get("j1").state is JobState.CANCELLED

    def test_anothers_job_is_not_there(self, queued: SqlDatabase) -> None:
        for call in ("claim", "lock"):
            with pytest.raises(NotFound), queued.begin() as tx:
                getattr(tx.for_tenant(THEIRS).jobs, call)("j1")

    def test_open_ones_are_counted_and_judging_is_no_attempt_at_a_release(self, queued: SqlDatabase) -> None:
        with queued.begin() as tx:
            jobs = tx.for_tenant(OURS).jobs
            jobs.add(job("j2", kind=EVALUATE, priority=-3, files={"a": "k"}))
            jobs.add(job("j3", state=JobState.FAILED))
            assert jobs.count_open() == 2
            assert tx.for_tenant(THEIRS).jobs.count_open() == 0
            assert (jobs.get("j2").kind, jobs.get("j2").priority, jobs.get("j2").files) == (EVALUATE, -3, {"a": "k"})
            jobs.put(jobs.get("j2").done(None))
            assert jobs.count_done("") == 0


class TestWorkers:
    def test_one_is_alive_from_its_entry_until_it_leaves(self, database: SqlDatabase, engine: sa.Engine) -> None:
        workers = SqlWorkers(engine)
        workers.enter("a", "a1")
        workers.enter("b", "b1")
        assert workers.alive(within_s=60) == ["a", "b"]
        workers.leave("a", "a1")
        assert workers.alive(within_s=60) == ["b"]
        with workers._engine.begin() as connection:
            connection.execute(sa.update(WORKERS).values(seen_at=WORKERS.c.seen_at - 100))
        assert workers.beat("a", "a1")
        assert workers.alive(within_s=60) == ["a"], "who does not beat is missed"

    def test_a_beat_waits_for_nobody_who_writes(self, database: SqlDatabase, engine: sa.Engine) -> None:
        workers = SqlWorkers(engine)
        workers.enter("a", "a1")
        started = time.monotonic()
        with database.begin():
            assert workers.beat("a", "a1")
        assert time.monotonic() - started < 5
        workers.close()

    def test_the_last_of_an_id_is_the_worker(self, database: SqlDatabase, engine: sa.Engine) -> None:
        workers = SqlWorkers(engine)
        workers.enter("a", "first")
        workers.enter("a", "second")
        assert not workers.beat("a", "first")
        workers.leave("a", "first")
        assert workers.beat("a", "second")
        assert workers.alive(within_s=60) == ["a"]


def test_what_may_pass_is_told_from_what_will_not(database: SqlDatabase, engine: sa.Engine) -> None:
    assert not database.is_passing(ValueError())
    with pytest.raises(sa.exc.IntegrityError) as wrong, database.begin() as tx:
        tx.connection.execute(sa.text("INSERT INTO bootstrap VALUES (2, 'x', true)"))
    assert not database.is_passing(wrong.value)
    if engine.dialect.name == "sqlite":
        with engine.begin() as other, database._engine.connect() as blocked:
            other.exec_driver_sql("BEGIN IMMEDIATE")
            blocked.exec_driver_sql("PRAGMA busy_timeout=1")
            with pytest.raises(sa.exc.OperationalError) as busy:
                blocked.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        with pytest.raises(sa.exc.OperationalError) as busy, database.begin() as tx:
            tx.connection.execute(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))
    assert database.is_passing(busy.value)
