"""Erasing a person: their rows go from what is stored, and what was made with them is named.

The id is used and forgotten: it is in no log, no audit entry and no table of ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from privacy.persons import as_in_table, is_in
from service.audit import AuditEvent, Outcome
from service.commands import jobs
from service.context import RequestContext
from service.filenames import PERSONS
from service.jobs import Job
from service.lineage import SUPERSEDES, persons_key
from service.ports import Dataset, Ports, Release, keep
from understudy.errors import Conflict, Failed, NotFound, UnderstudyError, UsageError
from understudy.messages import (
    AffectedRelease,
    DatasetState,
    ErasedDataset,
    ErasureView,
    JobCreate,
    ReleaseState,
)
from understudy.schema import ColumnSchema, TableSchema

MAX_ID = 512


def erase(context: RequestContext, subject_id: str, ports: Ports, *, population: str = "") -> ErasureView:
    """Drop a person's rows from every stored table, find the releases made with them, retrain if the policy says so.

    Guarantees: rewritten tables get new keys, so that the old bytes cannot be read from a backup either, as long as
    the keys are not restored. Repeated, it finds no rows and the same releases; a new job is asked for once.
    Raises: UsageError (subject-invalid); Conflict (dataset-in-use) while an unfinished job uses a table to be searched.
    """
    if not subject_id or len(subject_id) > MAX_ID:
        raise UsageError(f"A person's id has 1 to {MAX_ID} characters.", code="subject-invalid")
    seen = _look(context, ports, population)
    searched = [table for table in seen.datasets if _unit(table) is not None]
    erased = [found for table in searched if (found := _erase_from(context, table, subject_id, ports))]
    affected, unknown = _affected(context, seen, subject_id, ports)
    return ErasureView(
        datasets=erased,
        releases=[_followed(context, release, seen, ports) for release in affected],
        n_datasets_searched=len(searched),
        n_releases_searched=len(seen.releases) - len(unknown),
        datasets_without_persons=[table.id for table in seen.datasets if _unit(table) is None],
        releases_unknown=unknown,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    datasets: Sequence[Dataset]
    schemas: dict[str, ColumnSchema | None]
    releases: Sequence[Release]
    jobs: dict[str, Job]
    retrains: bool


def _look(context: RequestContext, ports: Ports, population: str) -> _Seen:
    with ports.database.read() as tx:
        stores = tx.for_tenant(context.tenant)
        everything, releases, every_job = stores.datasets.all(), stores.releases.summaries(), stores.jobs.all()
        retrains = stores.retention.get().retrain
    mine = [table for table in everything if population in ("", table.population)]
    ready = [table for table in mine if table.state is DatasetState.READY]
    ids = {table.id for table in ready}
    if busy := [job.id for job in every_job if job.dataset_id in ids and not job.state.is_final]:
        raise Conflict(
            "Unfinished jobs use tables that are to be searched: let them end, or cancel them.",
            code="dataset-in-use",
            facts={"jobs": ", ".join(busy)},
        )
    return _Seen(
        datasets=ready,
        schemas={table.id: _unit(table) for table in everything},
        releases=[release for release in releases if population in ("", release.population)],
        jobs={job.id: job for job in every_job},
        retrains=retrains,
    )


def _unit(dataset: Dataset) -> ColumnSchema | None:
    """The column that says who a row is of."""
    schema = TableSchema.parse(dataset.schema)
    return next((column for column in schema.columns if column.name == schema.unit.column), None)


def _erase_from(context: RequestContext, table: Dataset, subject_id: str, ports: Ports) -> ErasedDataset | None:
    assert table.blob is not None
    with ports.folder("erase") as folder, ports.blobs.local(table.blob) as rows:
        request: dict[str, object] = {
            "canonical": str(rows),
            "schema": table.schema,
            "subject": as_in_table(subject_id, _unit(table)),
            "out": str(folder / "rows.parquet"),
        }
        answer = ports.sandbox("erase", request, on_progress=lambda _stage, _percent: None)
        n_rows = answer["n_rows"]
        if not isinstance(n_rows, int):
            raise Failed("The work's answer cannot be read.")
        if n_rows == 0:
            return None
        keep(folder / "rows.parquet", table.blob, ports)
    with ports.database.begin() as tx:
        tx.for_tenant(context.tenant).audit.append(_event(context, "subject.erased", table.id, ports))
    return ErasedDataset(dataset_id=table.id, population=table.population, n_rows=n_rows)


def _affected(context: RequestContext, seen: _Seen, subject_id: str, ports: Ports) -> tuple[list[Release], list[str]]:
    """(the releases made with this person, the job ids of those of which nobody can tell)"""
    key, found, unknown = persons_key(context.tenant, ports), [], []
    for release in seen.releases:
        members = _members(seen.jobs.get(release.job_id), ports)
        if members is None:
            unknown.append(release.job_id)
        elif is_in(as_in_table(subject_id, seen.schemas.get(release.dataset_id)), members, key=key):
            found.append(release)
    return found, unknown


def _members(job: Job | None, ports: Ports) -> bytes | None:
    if job is None or PERSONS not in job.files:
        return None
    try:
        with ports.blobs.open(job.key_of(PERSONS)) as file:
            return file.read()
    except NotFound:
        return None


def _followed(context: RequestContext, release: Release, seen: _Seen, ports: Ports) -> AffectedRelease:
    """Mark a release as affected and, if the tenant has decided so, ask for one that will take its place."""
    if release.state is ReleaseState.SUPERSEDED:
        return AffectedRelease(job_id=release.job_id, state=release.state, retrained_by=release.superseded_by)
    with ports.database.begin() as tx:
        stores = tx.for_tenant(context.tenant)
        release = replace(stores.releases.get(release.job_id), state=ReleaseState.AFFECTED)
        stores.releases.put(release)
        stores.audit.append(_event(context, "release.affected", release.job_id, ports))
    if not seen.retrains:
        return AffectedRelease(job_id=release.job_id, state=release.state)
    if under_way := _retraining(release, seen):
        return AffectedRelease(job_id=release.job_id, state=release.state, retrained_by=under_way)
    return _retrained(context, release, seen.jobs[release.job_id], ports)


def _retraining(release: Release, seen: _Seen) -> str:
    """The job that will take this release's place, if one was asked for and has not failed."""
    followers = [job for job in seen.jobs.values() if job.facts.get(SUPERSEDES) == release.job_id]
    return next((job.id for job in followers if not job.state.is_final or job.bundle is not None), "")


def _retrained(context: RequestContext, release: Release, job: Job, ports: Ports) -> AffectedRelease:
    try:
        made = jobs.submit(context, _asked(job), ports, supersedes=job.id, asked_by=job.asked_by)
    except UnderstudyError as error:
        return AffectedRelease(job_id=release.job_id, state=release.state, retrain_refused=error.reason)
    return AffectedRelease(job_id=release.job_id, state=release.state, retrained_by=made.id)


def _asked(job: Job) -> JobCreate:
    """What was asked of a job, to be asked again."""
    asked = job.facts.get("asked")
    known = (
        asked
        if isinstance(asked, dict)
        else {
            "engine": job.engine,
            "epsilon": job.epsilon,
            "delta": job.delta,
            "n_rows": job.n_rows,
            "audit_share": job.audit_share,
            "project": job.project,
        }
    )
    return JobCreate.model_validate({**known, "dataset_id": job.dataset_id, "allow_synthetic_input": True})


def _event(context: RequestContext, action: str, entity: str, ports: Ports) -> AuditEvent:
    return AuditEvent(
        at=ports.clock.now(),
        actor=context.principal.actor,
        action=action,
        outcome=Outcome.SUCCESS,
        entity=entity,
        request_id=context.request_id,
    )
