"""What tenants, datasets, jobs and transactions do, the same on every database."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from service.context import TenantId
from service.jobs import Job, JobError, StepRecord
from service.ports import ApiKey, Database, Dataset
from service.store.engine import open_engine
from service.store.sql import SqlDatabase
from service.store.tables import METADATA
from tests.tables import with_tables
from understudy.errors import Conflict, Forbidden, NotFound
from understudy.messages import DatasetState, JobState, TableFormat

OURS = TenantId("ours")
THEIRS = TenantId("theirs")
NOW = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)


def dataset(id: str = "d1", **changes: object) -> Dataset:
    fields: dict[str, object] = {
        "id": id,
        "tenant": "ours",
        "population": "inpatients",
        "format": TableFormat.PARQUET,
        "schema": {"fields": [{"name": "Größe", "constraints": {"enum": [1, None, 2.5]}}]},
        "created_at": NOW,
    }
    return Dataset(**fields | changes)  # type: ignore[arg-type]


def job(id: str = "j1", **changes: object) -> Job:
    fields: dict[str, object] = {
        "id": id,
        "tenant": "ours",
        "dataset_id": "d1",
        "population": "inpatients",
        "engine": "marginal",
        "epsilon": 0.1,
        "delta": 1e-6,
        "n_rows": None,
        "audit_share": 0.1,
        "fingerprint": "f1",
        "plan": {"events": [["counts", {"stddev": 1.25}]]},
        "created_at": NOW,
    }
    return Job(**fields | changes)  # type: ignore[arg-type]


def test_the_sql_database_is_the_port(database: SqlDatabase) -> None:
    port: Database = database
    with port.begin() as tx:
        assert isinstance(tx.connection, sa.Connection)


def test_a_block_that_raises_leaves_nothing(database: SqlDatabase) -> None:
    def fail() -> None:
        with database.begin() as tx:
            tx.tenants.add(OURS, NOW)
            tx.for_tenant(OURS).datasets.add(dataset())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with database.begin() as tx:
        assert tx.tenants.names() == []
        assert tx.for_tenant(OURS).datasets.all() == []


def test_what_was_read_is_not_stale_when_written_back_on_sqlite(new_sqlite_url: Callable[[], str]) -> None:
    """Two engines, as two processes would have; on Postgres only what locks an account is serial."""
    url = new_sqlite_url()
    with_tables(open_engine(url)).dispose()
    databases = [SqlDatabase(open_engine(url)) for _ in range(2)]
    with databases[0].begin() as tx:
        tx.for_tenant(OURS).jobs.add(job())

    def start(database: SqlDatabase) -> None:
        for _ in range(10):
            with database.begin() as tx:
                jobs = tx.for_tenant(OURS).jobs
                jobs.put(jobs.get("j1").started())

    threads = [threading.Thread(target=start, args=(databases[number % 2],)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with databases[0].begin() as tx:
        assert tx.for_tenant(OURS).jobs.get("j1").attempt == 40


def test_every_table_with_tenant_data_has_a_tenant(database: SqlDatabase) -> None:
    for table in METADATA.tables.values():
        assert table.name in ("bootstrap", "workers") or not table.c.tenant.nullable


def test_many_processes_may_create_the_tables_at_once(url: str) -> None:
    code = (
        "import sys; from service.store.engine import open_engine; from service.store.migration import upgrade;"
        "upgrade(open_engine(sys.argv[1]))"
    )
    children = [subprocess.Popen([sys.executable, "-c", code, url]) for _ in range(3)]
    assert [child.wait(60) for child in children] == [0, 0, 0]


class TestTenants:
    def test_are_listed_by_name(self, database: SqlDatabase) -> None:
        with database.begin() as tx:
            tx.tenants.add(THEIRS, NOW)
            tx.tenants.add(OURS, NOW)
        with database.begin() as tx:
            assert tx.tenants.names() == ["ours", "theirs"]

    def test_a_name_is_taken_once_and_the_transaction_goes_on(self, database: SqlDatabase) -> None:
        with database.begin() as tx:
            tx.tenants.add(OURS, NOW)
        with database.begin() as tx:
            with pytest.raises(Conflict):
                tx.tenants.add(OURS, NOW)
            tx.tenants.add(THEIRS, NOW)
        with database.begin() as tx:
            assert tx.tenants.names() == ["ours", "theirs"]

    def test_a_key_is_found_by_its_id(self, database: SqlDatabase) -> None:
        key = ApiKey(id="k1", tenant=OURS, secret_sha256="ab" * 32, created_at=NOW)
        with database.begin() as tx:
            tx.tenants.add_key(key)
        with database.begin() as tx:
            assert tx.tenants.find_key("k1") == key
            assert tx.tenants.find_key("k2") is None
            with pytest.raises(Conflict):
                tx.tenants.add_key(replace(key, tenant=THEIRS))

    def test_the_bootstrap_credential_is_good_once(self, database: SqlDatabase) -> None:
        with database.begin() as tx:
            assert not tx.tenants.has_bootstrap()
            assert not tx.tenants.take_bootstrap("right")
            tx.tenants.set_bootstrap("right")
        with database.begin() as tx:
            assert not tx.tenants.take_bootstrap("wrong")
            assert tx.tenants.take_bootstrap("right")
            assert not tx.tenants.take_bootstrap("right")
        with database.begin() as tx:
            assert tx.tenants.has_bootstrap()
            assert not tx.tenants.take_bootstrap("right")

    def test_the_bootstrap_credential_is_made_once(self, database: SqlDatabase) -> None:
        with database.begin() as tx:
            tx.tenants.set_bootstrap("first")
            assert tx.tenants.take_bootstrap("first")
            with pytest.raises(Conflict):
                tx.tenants.set_bootstrap("second")

    def test_eight_who_take_the_bootstrap_credential_at_once(self, database: SqlDatabase) -> None:
        with database.begin() as tx:
            tx.tenants.set_bootstrap("right")
        took: list[bool] = []

        def take() -> None:
            with database.begin() as tx:
                took.append(tx.tenants.take_bootstrap("right"))

        threads = [threading.Thread(target=take) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(took) == [False] * 7 + [True]


class TestDatasets:
    def test_come_back_as_they_were(self, database: SqlDatabase) -> None:
        empty = dataset()
        ready = replace(empty, state=DatasetState.READY, blob="b/1", size_bytes=2**40, sha256="cd" * 32)
        with database.begin() as tx:
            tx.for_tenant(OURS).datasets.add(empty)
        with database.begin() as tx:
            assert tx.for_tenant(OURS).datasets.get("d1") == empty
            tx.for_tenant(OURS).datasets.put(ready)
        with database.begin() as tx:
            assert tx.for_tenant(OURS).datasets.get("d1") == ready

    def test_keep_the_moment_in_utc(self, database: SqlDatabase) -> None:
        from_elsewhere = datetime.fromisoformat("2026-03-01T09:00:00.5+05:30")
        with database.begin() as tx:
            tx.for_tenant(OURS).datasets.add(dataset(created_at=from_elsewhere))
        with database.begin() as tx:
            kept = tx.for_tenant(OURS).datasets.get("d1").created_at
        assert kept == from_elsewhere
        assert kept.tzinfo is UTC

    def test_are_listed_oldest_first(self, database: SqlDatabase) -> None:
        with database.begin() as tx:
            for id, age in (("a", 1), ("b", 3), ("c", 2)):
                tx.for_tenant(OURS).datasets.add(dataset(id, created_at=NOW - timedelta(days=age)))
        with database.begin() as tx:
            assert [known.id for known in tx.for_tenant(OURS).datasets.all()] == ["b", "c", "a"]

    def test_an_id_is_taken_once_a_tenant(self, database: SqlDatabase) -> None:
        with database.begin() as tx:
            tx.for_tenant(OURS).datasets.add(dataset())
            tx.for_tenant(THEIRS).datasets.add(dataset(tenant="theirs"))
            with pytest.raises(Conflict):
                tx.for_tenant(OURS).datasets.add(dataset())

    def test_a_removed_one_is_not_found(self, database: SqlDatabase) -> None:
        with database.begin() as tx:
            datasets = tx.for_tenant(OURS).datasets
            datasets.add(dataset())
            datasets.remove("d1")
            with pytest.raises(NotFound):
                datasets.get("d1")
            with pytest.raises(NotFound):
                datasets.put(dataset())
            with pytest.raises(NotFound):
                datasets.remove("d1")

    def test_another_tenants_are_not_found(self, database: SqlDatabase) -> None:
        with database.begin() as tx:
            tx.for_tenant(OURS).datasets.add(dataset())
            others = tx.for_tenant(THEIRS).datasets
            with pytest.raises(NotFound):
                others.get("d1")
            with pytest.raises(NotFound):
                others.put(dataset(tenant="theirs"))
            with pytest.raises(NotFound):
                others.remove("d1")
            with pytest.raises(Forbidden):
                others.put(dataset())
            assert others.all() == []
            assert tx.for_tenant(OURS).datasets.get("d1") == dataset()


class TestJobs:
    def test_come_back_as_they_were(self, database: SqlDatabase) -> None:
        queued = job(n_rows=2**40, epsilon=0.1 + 0.2)
        running = queued.started().at("fit", 40).with_step(StepRecord(name="scrub", seconds=0.125))
        failed = running.failed(JobError(code="failed", message="Something broke."))
        with database.begin() as tx:
            tx.for_tenant(OURS).jobs.add(queued)
        for before, after in ((queued, running), (running, failed)):
            with database.begin() as tx:
                assert tx.for_tenant(OURS).jobs.get("j1") == before
                tx.for_tenant(OURS).jobs.put(after)
        with database.begin() as tx:
            assert tx.for_tenant(OURS).jobs.get("j1") == failed

    def test_a_done_one_keeps_its_bundle_and_facts(self, database: SqlDatabase) -> None:
        done = replace(job().started(), facts={"n_rows": 12, "train": [1.5, None]}).done("jobs/j1/bundle.zip")
        with database.begin() as tx:
            tx.for_tenant(OURS).jobs.add(job())
            tx.for_tenant(OURS).jobs.put(done)
        with database.begin() as tx:
            assert tx.for_tenant(OURS).jobs.get("j1") == done

    @pytest.mark.parametrize("final", [JobState.DONE, JobState.FAILED])
    def test_what_has_ended_never_changes(self, database: SqlDatabase, final: JobState) -> None:
        ended = replace(job(), state=final)
        with database.begin() as tx:
            tx.for_tenant(OURS).jobs.add(job())
            tx.for_tenant(OURS).jobs.put(ended)
        with database.begin() as tx:
            with pytest.raises(Conflict):
                tx.for_tenant(OURS).jobs.put(job().started())
            with pytest.raises(Conflict):
                tx.for_tenant(OURS).jobs.put(ended)
            assert tx.for_tenant(OURS).jobs.get("j1") == ended

    def test_of_eight_endings_at_once_one_counts(self, database: SqlDatabase) -> None:
        with database.begin() as tx:
            tx.for_tenant(OURS).jobs.add(job())
        won: list[int] = []

        def end(number: int) -> None:
            ended = job().failed(JobError(code="failed", message=str(number)))
            try:
                with database.begin() as tx:
                    tx.for_tenant(OURS).jobs.put(ended)
            except Conflict:
                return
            won.append(number)

        threads = [threading.Thread(target=end, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with database.begin() as tx:
            error = tx.for_tenant(OURS).jobs.get("j1").error
        assert error is not None
        assert won == [int(error.message)]

    def test_another_tenants_are_not_found(self, database: SqlDatabase) -> None:
        with database.begin() as tx:
            tx.for_tenant(OURS).jobs.add(job())
            others = tx.for_tenant(THEIRS).jobs
            with pytest.raises(NotFound):
                others.get("j1")
            with pytest.raises(NotFound):
                others.put(job(tenant="theirs"))
            with pytest.raises(Forbidden):
                others.put(job())
            assert others.all() == []
            assert others.open_with("f1") is None
            assert tx.for_tenant(OURS).jobs.all() == [job()]

    def test_the_newest_unfinished_of_a_fingerprint(self, database: SqlDatabase) -> None:
        with database.begin() as tx:
            jobs = tx.for_tenant(OURS).jobs
            assert jobs.open_with("f1") is None
            for id, age in (("old", 3), ("newer", 2), ("ended", 1)):
                jobs.add(job(id, created_at=NOW - timedelta(days=age)))
            jobs.add(job("other", fingerprint="f2"))
            jobs.put(jobs.get("ended").failed(JobError(code="failed", message="")))
            found = jobs.open_with("f1")
            assert found is not None
            assert found.id == "newer"

    def test_attempts_count_by_content_and_outlive_the_dataset(self, database: SqlDatabase) -> None:
        with database.begin() as tx:
            ours = tx.for_tenant(OURS)
            for id, digest in (("d1", "same"), ("d2", "same"), ("d3", "other")):
                ours.datasets.add(dataset(id, sha256=digest))
            for id in ("d1", "d2", "d3"):
                ours.jobs.add(job(f"done-{id}", dataset_id=id))
                ours.jobs.put(ours.jobs.get(f"done-{id}").done("b"))
            ours.jobs.add(job("open"))
            ours.jobs.add(job("failed"))
            ours.jobs.put(job("failed").failed(JobError(code="failed", message="")))
            assert ours.jobs.count_done("same") == 2
            ours.datasets.remove("d1")
            assert ours.jobs.count_done("same") == 2
            assert ours.jobs.count_done("none") == 0
            assert tx.for_tenant(THEIRS).jobs.count_done("same") == 0

    def test_what_was_withheld_counts_by_content_and_code(self, database: SqlDatabase) -> None:
        with database.begin() as tx:
            ours = tx.for_tenant(OURS)
            ours.datasets.add(dataset("d1", sha256="same"))
            for id, code in (("a", "gate-refused"), ("b", "release-withheld"), ("c", "failed")):
                ours.jobs.add(job(id, dataset_id="d1"))
                ours.jobs.put(ours.jobs.get(id).failed(JobError(code=code, message="")))
            ours.jobs.add(job("open", dataset_id="d1"))
            ours.datasets.remove("d1")
            assert ours.jobs.count_withheld("same", ("gate-refused", "release-withheld")) == 2
            assert ours.jobs.count_withheld("same", ("gate-refused",)) == 1
            assert ours.jobs.count_withheld("none", ("gate-refused",)) == 0
            assert tx.for_tenant(THEIRS).jobs.count_withheld("same", ("gate-refused",)) == 0

    def test_unfinished_ones_of_all_tenants_for_the_settler(self, database: SqlDatabase) -> None:
        assert database.open_jobs() == []
        with database.begin() as tx:
            tx.for_tenant(OURS).jobs.add(job("j2"))
            tx.for_tenant(THEIRS).jobs.add(job("j1", tenant="theirs", created_at=NOW - timedelta(hours=1)))
            tx.for_tenant(OURS).jobs.add(job("j3"))
            tx.for_tenant(OURS).jobs.put(job("j3").done("b"))
        assert database.open_jobs() == [("theirs", "j1"), ("ours", "j2")]
