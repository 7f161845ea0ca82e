"""What becomes of what is kept: rows that go by themselves, persons who are erased, releases that are known again.

The tasks run in this process, and the clock stands still until it is told to go on; all else is the service.
"""

from __future__ import annotations

import io
import itertools
import json
import os
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from service.commands import datasets, jobs, releases, retention, subjects
from service.commands.tenants import open_tenant
from service.context import Principal, RequestContext, TenantId
from service.execution import Claim, run_step
from service.jobs import SYNTHESIZE, Job
from service.manifest import verify
from service.pipeline import FLOWS
from service.ports import Ports, Progress
from service.retention import ABANDONED, GRACE
from service.settings import Settings
from service.settler import settling
from service.store.engine import open_engine
from service.store.keys import FileKeys
from service.store.opening import open_blobs, open_vault_of
from service.store.sql import SqlDatabase
from service.tasks import TASKS
from tests.tables import ports_of, with_tables
from understudy.errors import Conflict, NotFound, UsageError
from understudy.messages import (
    DatasetCreate,
    DatasetState,
    DatasetView,
    JobCreate,
    ReleaseState,
    ReleaseView,
    RetentionPolicy,
    Role,
    TableFormat,
)

CLINIC = TenantId("clinic")
FIELDS: list[dict[str, object]] = [
    {"name": "id", "type": "integer", "understudy:kind": "identifier"},
    {"name": "age", "type": "integer", "constraints": {"minimum": 0, "maximum": 120}},
    {"name": "sex", "type": "string", "constraints": {"enum": ["F", "M"]}},
]


@dataclass
class StandingClock:
    """Goes on when it is told to."""

    at: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        self.at += timedelta(milliseconds=1)  # no two moments are one
        return self.at

    def go(self, by: timedelta) -> None:
        self.at += by


@dataclass
class Queue:
    queued: list[str] = field(default_factory=list)

    def enqueue(self, tx: object, job: Job) -> None:
        self.queued.append(job.id)

    def cancel(self, job_id: str) -> None:
        self.queued.remove(job_id)


class Engine:
    """Gives no job up."""

    def given_up(self, job_id: str) -> bool:
        return False


def in_this_process(
    task: str, request: dict[str, object], *, on_progress: Progress, is_cancelled: Callable[[], bool] | None = None
) -> dict[str, object]:
    if task != "judge":
        return TASKS[task](request, on_progress)
    for name in ("owner.json", "owner.html", "release.json", "release.html"):  # what they say matters elsewhere
        (Path(str(request["out"])) / f"report.{name}").write_text("{}")
    return {"refused": []}


STEWARD = RequestContext(principal=Principal(tenant=CLINIC, key_id="steward"), request_id="r")


@dataclass
class Clinic:
    """A service with one tenant."""

    ports: Ports
    clock: StandingClock
    queue: Queue
    numbers: Iterator[int] = field(default_factory=itertools.count)

    caller = RequestContext(principal=Principal(tenant=CLINIC, key_id="k"), request_id="r")

    def upload(
        self, content: bytes, population: str, *, kind: TableFormat = TableFormat.CSV, keep_raw: str = ""
    ) -> DatasetView:
        schema: dict[str, object] = {
            "fields": FIELDS,
            "understudy:population": population,
            "understudy:privacyUnit": {"column": "id", "maxRows": 2},
        }
        asked = DatasetCreate(table_schema=schema, format=kind, keep_raw=keep_raw)
        made = datasets.create(self.caller, asked, self.ports)
        with datasets.receiving(self.caller, made.id, self.ports) as upload:
            upload.write(content)
        return datasets.finish_upload(self.caller, made.id, upload, self.ports)

    def submit(self, dataset_id: str, **more: object) -> str:
        asked = JobCreate.model_validate({"dataset_id": dataset_id, "epsilon": 1.0, "n_rows": 200, **more})
        return jobs.submit(self.caller, asked, self.ports).id

    def work(self, job_id: str) -> None:
        with self.ports.database.begin() as tx:
            attempt = tx.for_tenant(CLINIC).jobs.claim(job_id).attempt
        claim = Claim(tenant=CLINIC, job_id=job_id, attempt=attempt)
        for step in FLOWS[SYNTHESIZE]:
            assert run_step(FLOWS[SYNTHESIZE], step.name, claim, self.ports) is None

    def release(self, population: str, **more: object) -> tuple[str, str]:
        """(dataset, job) of a release that is made now, of the population's own persons."""
        dataset = self.upload(rows(300, population), population)
        job_id = self.submit(dataset.id, **more)
        self.work(job_id)
        return dataset.id, job_id

    def bundle(self, job_id: str) -> dict[str, bytes]:
        file, _ = jobs.bundle(self.caller, job_id, self.ports)
        with file, zipfile.ZipFile(io.BytesIO(file.read())) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    def released(self, job_id: str) -> ReleaseView:
        every = releases.all_of(self.caller, self.ports).releases
        return next(release for release in every if release.job_id == job_id)

    def dataset(self, dataset_id: str) -> DatasetView:
        return datasets.view(datasets.get(self.caller, dataset_id, self.ports))

    def stored(self, dataset_id: str) -> pa.Table:
        dataset = datasets.get(self.caller, dataset_id, self.ports)
        with datasets.local_copy(dataset, self.ports) as path:
            return pq.read_table(path)

    def audited(self) -> list[tuple[str, str]]:
        with self.ports.database.read() as tx:
            return [(entry.event.action, entry.event.entity) for entry in tx.for_tenant(CLINIC).audit.entries()]

    def decide(self, keep_raw: str, **more: object) -> None:
        policy = RetentionPolicy.model_validate({"keep_raw": keep_raw, **more})
        retention.decide(self.caller, policy, self.ports)


def rows(n: int, population: str) -> bytes:
    """Two rows of each person of a population, whose numbers are no numbering."""
    draw = np.random.default_rng(zlib.crc32(population.encode()))
    ids = draw.choice(10**9, size=n // 2, replace=False)
    lines = [f"{ids[i // 2]},{draw.integers(0, 100)},{'FM'[i % 3 == 0]}" for i in range(n)]
    return ("id,age,sex\n" + "\n".join(lines) + "\n").encode()


def person(place: int, population: str) -> str:
    """The id of one of the persons in ``rows``."""
    return rows(300, population).decode().splitlines()[1 + place].split(",")[0]


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    settings = Settings.from_environment({"UNDERSTUDY_HOME": str(tmp_path_factory.mktemp("home"))})
    engine, clock, queue = open_engine(settings.url), StandingClock(), Queue()
    database = SqlDatabase(with_tables(engine))
    vault = open_vault_of(settings, os.urandom)
    ports = ports_of(
        database,
        settings.home,
        blobs=open_blobs(settings, vault, os.urandom),
        queue=queue,
        keys=FileKeys(vault),
        clock=clock,
        sandbox=in_this_process,
        settings=settings,
        scratch=settings.scratch_folder,
    )
    open_tenant(CLINIC, ports)
    yield Clinic(ports=ports, clock=clock, queue=queue)
    engine.dispose()


class TestRetention:
    def test_rows_go_an_hour_after_the_last_job_on_them(self, clinic: Clinic) -> None:
        dataset_id, job_id = clinic.release("retention")
        retention.sweep(clinic.ports)
        clinic.clock.go(GRACE - timedelta(minutes=1))
        assert retention.sweep(clinic.ports) == 0
        again = clinic.submit(dataset_id)  # a job that is open keeps them
        retention.sweep(clinic.ports)
        clinic.clock.go(3 * GRACE)
        assert retention.sweep(clinic.ports) == 0
        clinic.work(again)
        retention.sweep(clinic.ports)
        clinic.clock.go(GRACE)
        assert retention.sweep(clinic.ports) == 1
        assert clinic.dataset(dataset_id).state is DatasetState.EXPIRED
        assert not list(clinic.ports.blobs.keys(f"{CLINIC}/datasets/{dataset_id}"))
        assert ("rows.expired", dataset_id) in clinic.audited()
        assert retention.sweep(clinic.ports) == 0
        with pytest.raises(Conflict) as refused:
            clinic.submit(dataset_id)
        assert refused.value.reason == "dataset-expired"
        with pytest.raises(Conflict) as refused:
            datasets.ready(clinic.caller, dataset_id, clinic.ports)
        assert refused.value.reason == "dataset-expired"
        assert clinic.bundle(job_id)  # what was made of them stays

    def test_a_table_may_say_how_long_itself(self, clinic: Clinic) -> None:
        kept = {
            keep: clinic.upload(rows(20, keep), f"keep-{keep[:4]}", keep_raw=keep).id for keep in ("forever", "days:2")
        }
        unused = clinic.upload(rows(20, "unused"), "unused").id
        for days, left in ((1, {"forever", "days:2"}), (2, {"forever"})):
            clinic.clock.go(timedelta(days=1))
            retention.sweep(clinic.ports)
            ready = {keep for keep, id_ in kept.items() if clinic.dataset(id_).state is DatasetState.READY}
            assert ready == left, days
        assert clinic.dataset(unused).state is DatasetState.READY
        clinic.clock.go(ABANDONED)
        retention.sweep(clinic.ports)
        assert clinic.dataset(unused).state is DatasetState.EXPIRED
        assert clinic.dataset(kept["forever"]).state is DatasetState.READY

    def test_bundles_go_when_the_tenant_says_so(self, clinic: Clinic) -> None:
        _, job_id = clinic.release("bundles")
        clinic.decide("until-job-done", keep_bundles="days:7")
        try:
            clinic.clock.go(timedelta(days=6, hours=23))
            retention.sweep(clinic.ports)
            assert clinic.bundle(job_id)
            clinic.clock.go(timedelta(hours=1))
            retention.sweep(clinic.ports)
        finally:
            clinic.decide("until-job-done")
        with pytest.raises(Conflict) as refused:
            clinic.bundle(job_id)
        assert refused.value.reason == "bundle-expired"
        assert not clinic.released(job_id).has_files
        # Who was in it can be told as long as others may have it.
        found = subjects.erase(clinic.caller, person(0, "bundles"), clinic.ports, population="bundles")
        assert found.releases_unknown == []
        assert found.n_releases_searched == 1

    @pytest.mark.parametrize("keep", ["", "days:0", "days:-1", "days:x", "never", "days:100000"])
    def test_another_policy_is_refused(self, clinic: Clinic, keep: str) -> None:
        with pytest.raises(UsageError):
            clinic.decide(keep)
        with pytest.raises(UsageError):
            clinic.decide("forever", keep_bundles=keep or "until-job-done")
        assert retention.show(clinic.caller, clinic.ports).keep_raw == "until-job-done"

    def test_the_settlers_loop_sweeps(self, clinic: Clinic) -> None:
        dataset_id = clinic.upload(rows(20, "loop"), "loop", keep_raw="days:1").id
        clinic.clock.go(timedelta(days=1))
        with settling(clinic.ports, Engine(), every_s=0.01):
            pause = threading.Event()
            while clinic.dataset(dataset_id).state is not DatasetState.EXPIRED:
                pause.wait(0.01)


class TestErasure:
    def in_training(self, clinic: Clinic, job_id: str, population: str) -> str:
        """Somebody who is not among those kept out of training."""
        for place in range(0, 100, 2):
            found = subjects.erase(STEWARD, person(place, population), clinic.ports, population=population)
            if found.releases:
                assert [release.job_id for release in found.releases] == [job_id]
                return person(place, population)
        raise AssertionError("nobody was in training")

    def test_a_person_goes_and_the_releases_are_named(self, clinic: Clinic) -> None:
        dataset_id, _ = clinic.release("erase")
        before = clinic.stored(dataset_id)
        (blob,) = clinic.ports.blobs.keys(f"{CLINIC}/datasets/{dataset_id}")
        stored = clinic.ports.settings.home / "blobs" / blob
        backup = stored.read_bytes()
        found = subjects.erase(clinic.caller, person(10, "erase"), clinic.ports, population="erase")
        assert [(table.dataset_id, table.n_rows) for table in found.datasets] == [(dataset_id, 2)]
        after = clinic.stored(dataset_id)
        assert after.num_rows == before.num_rows - 2
        assert int(person(10, "erase")) not in after["id"].to_pylist()
        assert set(after["id"].to_pylist()) == set(before["id"].to_pylist()) - {int(person(10, "erase"))}
        # What was stored before cannot be read from a backup of the data either.
        stored.write_bytes(backup)
        with pytest.raises(Exception, match="cannot be read again"), clinic.ports.blobs.local(blob):
            pass
        assert ("subject.erased", dataset_id) in clinic.audited()
        assert person(10, "erase") not in json.dumps(clinic.audited())

    def test_again_it_finds_no_rows_and_the_same_releases(self, clinic: Clinic) -> None:
        _, job_id = clinic.release("again")
        theirs = self.in_training(clinic, job_id, "again")
        found = subjects.erase(clinic.caller, theirs, clinic.ports, population="again")
        assert found.datasets == []
        assert [(release.job_id, release.state) for release in found.releases] == [(job_id, ReleaseState.AFFECTED)]
        assert ("release.affected", job_id) in clinic.audited()

    def test_when_the_rows_are_gone_it_still_knows_who_was_in(self, clinic: Clinic) -> None:
        dataset_id, job_id = clinic.release("gone")
        datasets.remove(clinic.caller, dataset_id, clinic.ports)
        self.in_training(clinic, job_id, "gone")
        nobody = subjects.erase(clinic.caller, "999999999999", clinic.ports, population="gone")
        assert (nobody.datasets, nobody.releases, nobody.releases_unknown) == ([], [], [])

    def test_leading_zeros_are_the_same_number(self, clinic: Clinic) -> None:
        clinic.upload(rows(300, "zeros"), "zeros")
        found = subjects.erase(clinic.caller, "000" + person(0, "zeros"), clinic.ports, population="zeros")
        assert found.datasets[0].n_rows == 2

    def test_a_job_under_way_is_in_the_way(self, clinic: Clinic) -> None:
        dataset = clinic.upload(rows(300, "busy"), "busy")
        job_id = clinic.submit(dataset.id)
        with pytest.raises(Conflict) as refused:
            subjects.erase(clinic.caller, person(0, "busy"), clinic.ports, population="busy")
        assert (refused.value.reason, refused.value.facts) == ("dataset-in-use", {"jobs": job_id})
        jobs.cancel(clinic.caller, job_id, clinic.ports)

    def test_another_tenants_rows_are_not_touched(self, clinic: Clinic) -> None:
        dataset_id = clinic.upload(rows(300, "mine"), "mine").id
        other = replace(clinic.caller, principal=Principal(tenant=TenantId("bank"), key_id="k"))
        found = subjects.erase(other, person(0, "mine"), clinic.ports)
        assert (found.datasets, found.n_datasets_searched) == ([], 0)
        assert clinic.stored(dataset_id).num_rows == 300

    def test_if_the_policy_says_so_a_new_release_takes_the_olds_place(self, clinic: Clinic) -> None:
        _, job_id = clinic.release("retrain", audit_share=0.2)
        clinic.decide("until-job-done", retrain=True)
        try:
            theirs = self.in_training(clinic, job_id, "retrain")
            asked = len(clinic.queue.queued)
            # The job is queued now, and in the way of another erasure until it is done.
            new_id = clinic.queue.queued[-1]
            clinic.work(new_id)
            (found,) = subjects.erase(clinic.caller, theirs, clinic.ports, population="retrain").releases
        finally:
            clinic.decide("until-job-done")
        assert (found.job_id, found.state, found.retrained_by) == (job_id, ReleaseState.SUPERSEDED, new_id)
        assert len(clinic.queue.queued) == asked
        with pytest.raises(Conflict) as refused:
            clinic.bundle(job_id)
        assert (refused.value.reason, refused.value.facts) == ("release-superseded", {"superseded_by": new_id})
        manifest = json.loads(clinic.bundle(new_id)["manifest.json"])
        assert manifest["supersedes"] == job_id
        job = jobs.get(clinic.caller, new_id, clinic.ports)
        assert (job.epsilon, job.population) == (1.0, "retrain")
        with clinic.ports.database.read() as tx:
            stored = [tx.for_tenant(CLINIC).jobs.get(id_).asked_by for id_ in (job_id, new_id)]
        assert stored == ["key:k", "key:k"], "whose release it was, theirs the new one is"

    def test_an_analyst_takes_up_only_their_own_unfinished_job(self, clinic: Clinic) -> None:
        dataset = clinic.upload(rows(300, "resumed"), "resumed")
        asked = JobCreate(dataset_id=dataset.id, epsilon=0.1, resume=True)

        def submitted(name: str, *roles: Role) -> str:
            who = Principal(tenant=CLINIC, key_id=f"k-{name}", key_name=name, roles=frozenset(roles))
            return jobs.submit(replace(clinic.caller, principal=who), asked, clinic.ports).id

        first = submitted("one", Role.ANALYST)
        assert submitted("one", Role.ANALYST) == first
        second = submitted("two", Role.ANALYST)
        assert second != first, "it could never fetch the other's"
        assert submitted("three", Role.TENANT_ADMIN) in (first, second)

    def test_without_budget_the_refusal_is_told(self, clinic: Clinic) -> None:
        _, job_id = clinic.release("poor", epsilon=6.0)
        clinic.decide("until-job-done", retrain=True)
        try:
            theirs = self.in_training(clinic, job_id, "poor")
            (found,) = subjects.erase(clinic.caller, theirs, clinic.ports, population="poor").releases
        finally:
            clinic.decide("until-job-done")
        assert (found.state, found.retrained_by, found.retrain_refused) == (
            ReleaseState.AFFECTED,
            "",
            "budget-exceeded",
        )

    @pytest.mark.parametrize("subject", ["", "x" * 513])
    def test_an_id_that_is_none_is_refused(self, clinic: Clinic, subject: str) -> None:
        with pytest.raises(UsageError):
            subjects.erase(clinic.caller, subject, clinic.ports)


class TestLineage:
    @pytest.fixture(scope="class")
    def release(self, clinic: Clinic) -> tuple[str, dict[str, bytes]]:
        _, job_id = clinic.release("lineage")
        return job_id, clinic.bundle(job_id)

    def test_a_bundle_is_signed_by_the_key_that_is_published(
        self, clinic: Clinic, release: tuple[str, dict[str, bytes]], tmp_path: Path
    ) -> None:
        file, size_bytes = jobs.bundle(clinic.caller, release[0], clinic.ports)
        with file:
            (tmp_path / "b.zip").write_bytes(file.read())
        assert (tmp_path / "b.zip").stat().st_size == size_bytes
        found = verify(tmp_path / "b.zip", releases.signing_key(clinic.ports).fingerprint)
        assert found.is_expected
        assert (found.facts["generation"], found.facts["made_from_release"]) == (1, "")

    @pytest.mark.parametrize("kind", [TableFormat.CSV, TableFormat.PARQUET])
    def test_a_release_that_comes_back_is_known_and_refused(
        self, clinic: Clinic, release: tuple[str, dict[str, bytes]], kind: TableFormat
    ) -> None:
        job_id, files = release
        table = pq.read_table(io.BytesIO(files["synthetic.parquet"]))
        order = np.random.default_rng(1).permutation(table.num_rows)[: int(0.9 * table.num_rows)]
        written = io.BytesIO()
        if kind is TableFormat.CSV:
            pyarrow.csv.write_csv(table.take(order), written)
        else:
            again = pyarrow.csv.read_csv(io.BytesIO(files["synthetic.csv"]))
            pq.write_table(again.take(order).cast(table.schema), written)
        dataset = clinic.upload(written.getvalue(), "back", kind=kind)
        assert (dataset.release_of, dataset.generation) == (job_id, 1)
        with pytest.raises(Conflict) as refused:
            clinic.submit(dataset.id)
        assert refused.value.reason == "trained-on-release"
        assert refused.value.facts == {"release_of": job_id, "generation": "1"}
        assert not [id_ for id_ in clinic.queue.queued if id_.endswith(dataset.id)]

    def test_if_the_owner_says_so_it_is_the_second_generation(
        self, clinic: Clinic, release: tuple[str, dict[str, bytes]]
    ) -> None:
        dataset = clinic.upload(release[1]["synthetic.csv"], "back")
        job_id = clinic.submit(dataset.id, allow_synthetic_input=True)
        clinic.work(job_id)
        files = clinic.bundle(job_id)
        for document in ("manifest.json", "privacy_statement.json"):
            said = json.loads(files[document])
            assert (said["generation"], said["made_from_release"]) == (2, release[0])
        known = clinic.released(job_id)
        assert (known.generation, known.made_from) == (2, release[0])
        third = clinic.upload(files["synthetic.csv"], "third")
        assert (third.release_of, third.generation) == (job_id, 2)

    def test_real_rows_are_not_taken_for_a_release(self, clinic: Clinic, release: tuple[str, dict[str, bytes]]) -> None:
        for name in ("lineage", "others"):
            assert clinic.upload(rows(200, name), "lineage").release_of == ""

    def test_a_release_that_is_not_there_is_not_found(self, clinic: Clinic) -> None:
        with clinic.ports.database.read() as tx, pytest.raises(NotFound):
            tx.for_tenant(CLINIC).releases.get("job_0")
