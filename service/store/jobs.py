"""One tenant's jobs in SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from service.context import TenantId
from service.jobs import EVALUATE, Job, JobError, StepRecord
from service.ports import Cut, Use
from service.store.engine import insert_if_absent
from service.store.paging import page_of
from service.store.tables import DATASETS, JOBS
from understudy.errors import Conflict, Forbidden, NotFound
from understudy.messages import JobState

OPEN_STATES = tuple(state.value for state in JobState if not state.is_final)


_FIXED = frozenset(
    {"tenant", "id", "dataset_id", "population", "engine", "epsilon", "delta", "n_rows", "audit_share", "project"}
) | {"fingerprint", "plan", "created_at", "kind", "priority", "asked_by"}
"""What a job is born with. A plan is long, and a job's row is written some twenty times."""


class SqlJobs:
    """The jobs of ``tenant``, as if there were no others."""

    def __init__(self, connection: sa.Connection, tenant: TenantId) -> None:
        self._connection = connection
        self._tenant = tenant

    def add(self, job: Job) -> None:
        """Raises Conflict if the id is taken."""
        values = self._values(job) | {"dataset_sha256": self._digest_of(job.dataset_id)}
        if not insert_if_absent(self._connection, JOBS, values):
            raise Conflict("A job of this id exists.")

    def get(self, job_id: str) -> Job:
        """Raises NotFound, for another tenant's job too."""
        row = self._connection.execute(sa.select(JOBS).where(self._mine(job_id))).one_or_none()
        if row is None:
            raise _not_found()
        return _job(row)

    def lock(self, job_id: str) -> Job:
        """The job; nobody else changes it before the transaction ends. Raises NotFound."""
        row = self._connection.execute(sa.select(JOBS).where(self._mine(job_id)).with_for_update()).one_or_none()
        if row is None:
            raise _not_found()
        return _job(row)

    def claim(self, job_id: str) -> Job:
        """The job with one more attempt under way, locked until the transaction ends.

        Guarantees: no two claims get the same number, and nothing can be put under an older one from then on.
        Raises: NotFound; Conflict if it has ended.
        """
        job = self.lock(job_id).started()
        self.put(job)
        return job

    def put(self, job: Job) -> None:
        """Replace a job that exists. Raises NotFound; Conflict if it has ended or a later attempt has begun meanwhile.

        Guarantees: what has ended is never changed, whoever else writes at the same time.
        """
        is_ours = JOBS.c.state.in_(OPEN_STATES) & (JOBS.c.attempt <= job.attempt)
        values = {name: value for name, value in self._values(job).items() if name not in _FIXED}
        change = sa.update(JOBS).where(self._mine(job.id), is_ours).values(values)
        if self._connection.execute(change).rowcount == 0:
            if self.get(job.id).state.is_final:
                raise Conflict("The job has ended.")
            raise Conflict("Another worker has taken the job on.", code="job-taken-over")

    def page(self, cut: Cut) -> Sequence[Job]:
        """The rows that a cut asks for, oldest first."""
        return [_job(row) for row in self._connection.execute(page_of(JOBS, self._tenant, cut))]

    def all(self) -> Sequence[Job]:
        """The tenant's jobs, oldest first."""
        query = sa.select(JOBS).where(JOBS.c.tenant == self._tenant).order_by(JOBS.c.created_at, JOBS.c.id)
        return [_job(row) for row in self._connection.execute(query)]

    def uses(self) -> Sequence[Use]:
        """Every job in a word or two: plans are long, and whoever sweeps looks every minute."""
        columns = (JOBS.c.id, JOBS.c.dataset_id, JOBS.c.state, JOBS.c.bundle)
        rows = self._connection.execute(sa.select(*columns).where(JOBS.c.tenant == self._tenant))
        return [
            Use(
                job_id=row.id,
                dataset_id=row.dataset_id,
                is_open=row.state in OPEN_STATES,
                has_release=row.state == JobState.DONE.value and row.bundle is not None,
            )
            for row in rows
        ]

    def open_with(self, fingerprint: str) -> Job | None:
        """An unfinished job of this fingerprint, the newest."""
        mine = (JOBS.c.tenant == self._tenant) & (JOBS.c.fingerprint == fingerprint)
        query = sa.select(JOBS).where(mine, JOBS.c.state.in_(OPEN_STATES))
        row = self._connection.execute(query.order_by(JOBS.c.created_at.desc(), JOBS.c.id.desc()).limit(1)).first()
        return None if row is None else _job(row)

    def count_open(self) -> int:
        """How many jobs have not ended."""
        mine = (JOBS.c.tenant == self._tenant) & JOBS.c.state.in_(OPEN_STATES)
        return self._connection.scalar(sa.select(sa.func.count()).select_from(JOBS).where(mine)) or 0

    def count_done(self, dataset_sha256: str) -> int:
        """How many jobs ended well on a table with this digest, also if that table was removed since."""
        mine = (JOBS.c.tenant == self._tenant) & (JOBS.c.dataset_sha256 == dataset_sha256)
        query = sa.select(sa.func.count()).where(mine, JOBS.c.state == JobState.DONE.value, JOBS.c.kind != EVALUATE)
        return self._connection.scalar(query) or 0

    def count_withheld(self, dataset_sha256: str, codes: Sequence[str]) -> int:
        """How many jobs on a table with this digest failed with one of these codes, also if it was removed since."""
        mine = (JOBS.c.tenant == self._tenant) & (JOBS.c.dataset_sha256 == dataset_sha256)
        query = sa.select(JOBS.c.error).where(mine, JOBS.c.state == JobState.FAILED.value)
        return sum(error is not None and error["code"] in codes for error in self._connection.scalars(query))

    def _mine(self, job_id: str) -> sa.ColumnElement[bool]:
        return (JOBS.c.tenant == self._tenant) & (JOBS.c.id == job_id)

    def _digest_of(self, dataset_id: str) -> str:
        mine = (DATASETS.c.tenant == self._tenant) & (DATASETS.c.id == dataset_id)
        return self._connection.scalar(sa.select(DATASETS.c.sha256).where(mine)) or ""

    def _values(self, job: Job) -> dict[str, object]:
        if job.tenant != self._tenant:
            raise Forbidden("This job is another tenant's.")
        values: dict[str, object] = {
            column.name: getattr(job, column.name) for column in JOBS.c if hasattr(job, column.name)
        }
        return values | {
            "state": job.state.value,
            "steps": [asdict(step) for step in job.steps],
            "error": None if job.error is None else asdict(job.error),
        }


def _job(row: sa.Row[tuple[object, ...]]) -> Job:
    fields = row._asdict()
    del fields["dataset_sha256"]
    return Job(
        **fields
        | {
            "state": JobState(fields["state"]),
            "steps": tuple(StepRecord(**step) for step in fields["steps"]),
            "error": None if fields["error"] is None else _error(fields["error"]),
        }
    )


def _error(stored: Mapping[str, Any]) -> JobError:
    return JobError(**{**stored, "where": tuple(stored.get("where", ()))})


def _not_found() -> NotFound:
    return NotFound("There is no such job.")
