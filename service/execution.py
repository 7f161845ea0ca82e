"""How one step of a job is run: begun, watched, recorded, tried again, refused. What the steps do is in ``pipeline``.

A job may be taken on by several workers, one after the other: a frozen one may even come back while its successor
works. So whoever works holds a ``Claim`` with the number of its attempt, and three things hold: it writes the job's row
only as long as no later attempt has begun (the store refuses it otherwise), it publishes files under keys of its own
attempt, and they become the job's files by that same guarded write. An attempt that lost its job takes back what it
wrote and ends nothing.
"""

from __future__ import annotations

import contextlib
import errno
import json
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar, cast

from privacy.ledger import Scope
from service.context import TenantId
from service.jobs import Job, JobError, StepRecord
from service.ports import Dataset, JobStore, Ports, Progress, TenantStores, keep
from service.telemetry import event, redacted
from understudy.errors import Conflict, Failed, InputRefused, NotFound, UnderstudyError
from understudy.schema import TableSchema

T = TypeVar("T")
Seconds = dict[str, float]

CANONICAL = "canonical"
"""The dataset's rows as ingest has typed them."""

BUNDLE = "bundle.zip"

WITHHELD = ("release-withheld", "gate-refused")
"""Codes of jobs that were judged and did not leave. They are attempts too."""

FOR_THE_OWNER = ("report.owner.json", "report.owner.html")
"""Never bundled: a bundle may be handed on as it is. They stay with the job, also with one whose bundle is withheld."""

RETRY_AFTER_S = (0.5, 2.0, 10.0, 30.0)
"""Pauses before a step that failed for a passing reason is tried again. No try costs budget: a price is spent once."""

LOOK_EVERY_S = 0.35
"""How often a running step asks whether its job was cancelled or taken over."""

_GONE = "scratch-gone"
_DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class Abandoned(BaseException):
    """This process must not go on with the job, nor end it: it stops, and the job resumes elsewhere or later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A job that this process works on, and under which attempt."""

    tenant: TenantId
    job_id: str
    attempt: int
    is_stopping: Callable[[], bool] = lambda: False
    retry_after_s: tuple[float, ...] = RETRY_AFTER_S

    def check(self) -> None:
        """Raises Abandoned if this process stops."""
        if self.is_stopping():
            raise Abandoned

    def current(self, jobs: JobStore) -> Job:
        """The job as it is stored. Raises Conflict (job-taken-over) if a later attempt has begun."""
        job = jobs.get(self.job_id)
        if job.attempt != self.attempt:
            raise Conflict("Another worker has taken the job on.", code="job-taken-over")
        return job


@dataclass(frozen=True, slots=True)
class Run:
    """One step of one job under way."""

    job: Job
    dataset: Dataset
    ports: Ports
    claim: Claim
    on_progress: Progress

    @property
    def scope(self) -> Scope:
        """Where the job is charged."""
        return Scope(self.job.population, self.job.project)

    @property
    def schema(self) -> TableSchema:
        """The declared facts."""
        return TableSchema.parse(self.dataset.schema)

    def key(self, purpose: str) -> str:
        """A secret key of this population, as hex for a child process."""
        return self.ports.keys.population_key(self.job.tenant, self.job.population, purpose).hex()

    @contextlib.contextmanager
    def local(self, *names: str) -> Iterator[dict[str, str]]:
        """Paths of finished files of earlier steps, by name, for the block. ``CANONICAL`` is the table itself."""
        with contextlib.ExitStack() as stack:
            yield {name: str(stack.enter_context(self.ports.blobs.local(self._key_of(name)))) for name in names}

    def _key_of(self, name: str) -> str:
        return cast(str, self.dataset.blob) if name == CANONICAL else self.job.key_of(name)

    def facts(self, name: str) -> dict[str, object]:
        """A finished JSON file of an earlier step."""
        with self.ports.blobs.open(self.job.key_of(name)) as file:
            return cast("dict[str, object]", json.load(file))

    def child(self, task: str, request: dict[str, object]) -> dict[str, object]:
        """Run a task on private data in a child process, which dies within a second once the job is cancelled."""
        with self.ports.span("task", trace=self.job.id, job=self.job.id, task=task, kind=self.job.kind) as span:

            def on_progress(stage: str, percent: int) -> None:
                span.stage(stage=stage, percent=percent)
                self.on_progress(stage, percent)

            return self.ports.sandbox(task, request, on_progress=on_progress, is_cancelled=self._is_over())

    def _is_over(self) -> Callable[[], bool]:
        asked_at = time.monotonic()

        def ask() -> bool:
            nonlocal asked_at
            self.claim.check()
            if time.monotonic() - asked_at < LOOK_EVERY_S:
                return False
            asked_at = time.monotonic()
            with _bearing_with(self.ports), self.ports.database.read() as tx:
                job = tx.for_tenant(self.claim.tenant).jobs.get(self.job.id)
                return job.state.is_final or job.attempt != self.claim.attempt
            return False

        return ask

    @contextlib.contextmanager
    def attempt(self) -> Iterator[Path]:
        """A directory for this attempt's files, gone at the end whatever happens.

        Raises: Failed (scratch-gone) in place of what failed because somebody else has swept it meanwhile.
        """
        with self.ports.folder(self.job.id) as folder:
            try:
                yield folder
            except Conflict:
                raise
            except Exception:
                _check_there(folder)
                raise

    def once(self, mark: str, refusal: UnderstudyError) -> None:
        """Note, for good, that something begins that must not begin a second time for this job.

        Raises: ``refusal`` if it was noted before, by this attempt or an earlier one; Conflict after a later one.
        """
        with self.ports.database.begin() as tx:
            jobs = tx.for_tenant(self.claim.tenant).jobs
            job = self.claim.current(jobs)
            if job.facts.get(mark):
                raise refusal
            jobs.put(replace(job, facts={**job.facts, mark: True}))

    def publish(self, folder: Path, names: Collection[str] | None = None) -> None:
        """Make the attempt's files, or those of these names alone, the job's files, all at once.

        Raises: Conflict if the job has ended or was taken over; Failed (scratch-gone) if the folder is not there any
        more. After any exception none of them is left.
        """
        keys: dict[str, str] = {}
        _check_there(folder)
        try:
            for path in sorted(folder.rglob("*")):
                if path.is_file() and (names is None or path.name in names):
                    name = str(path.relative_to(folder))
                    keys[name] = self.job.new_key(name)
                    keep(path, keys[name], self.ports)
            with self.ports.database.begin() as tx:
                jobs = tx.for_tenant(self.claim.tenant).jobs
                jobs.put(self.claim.current(jobs).with_files(keys))
        except BaseException:
            self._take_back(keys.values())
            raise

    def _take_back(self, keys: Collection[str]) -> None:
        with self.ports.database.read() as tx:
            known = tx.for_tenant(self.claim.tenant).jobs.get(self.job.id).files.values()
        for key in set(keys) - set(known):
            self.ports.blobs.remove(key)

    def forget(self, names: Collection[str]) -> None:
        """Remove these files of the job, and all that this or an earlier attempt has left beside the job's files."""
        with self.ports.database.read() as tx:
            job = self.claim.current(tx.for_tenant(self.claim.tenant).jobs)
        kept = {key for name, key in job.files.items() if name not in names}
        for key in set(self.ports.blobs.keys(job.prefix)) - kept:
            # A later attempt may be at work already: its files are not ours to judge.
            if _attempt_of(key, job) <= self.claim.attempt:
                self.ports.blobs.remove(key)


@contextlib.contextmanager
def _bearing_with(ports: Ports) -> Iterator[None]:
    """Let a database that does not answer for a moment pass: hours of work must not be lost to it."""
    try:
        yield
    except Exception as error:
        if not (ports.database.is_passing(error) or ports.database.is_full(error)):
            raise


def _check_there(folder: Path) -> None:
    """Another worker that took this process for dead has swept its scratch: the step may be tried anew, elsewhere."""
    if not folder.is_dir():
        raise Failed("The step's working files are gone.", code=_GONE) from None


def _attempt_of(key: str, job: Job) -> int:
    number = key.removeprefix(f"{job.prefix}/").split("/")[0]
    return int(number) if number.isdecimal() else 0


@dataclass(frozen=True, slots=True)
class Step:
    """A step and the share of the progress bar that ends with it, in percent.

    ``noted`` is called in the transaction that records its end.
    """

    name: str
    act: Callable[[Run], Seconds]
    until: int
    noted: Callable[[Run, TenantStores], None] | None = None


def run_step(flow: Sequence[Step], name: str, claim: Claim, ports: Ports) -> str | None:
    """Run one step of a job. Returns the code of the error that ended the job or this attempt, or None.

    Never raises for what the step does: a durable engine would store the exception's text. A step that fails for a
    passing reason, such as a lost connection to the database, is tried again after ``claim.retry_after_s``. While the
    database is full the step waits for room, however long: it could not even be written down that the job has failed.
    Raises: Abandoned if this process stops.
    """
    index = next(index for index, step in enumerate(flow) if step.name == name)
    step, began, is_last = flow[index], flow[index - 1].until if index else 0, index == len(flow) - 1
    for n_failed, pause_s in enumerate((*claim.retry_after_s, None)):
        try:
            claim.check()
            _once_there_is_room(partial(_try, step, began, claim, ports, is_last=is_last), claim, ports)
            return None
        except Exception as error:
            # A child that dies without a word twice will do so again.
            if pause_s is None or not (ports.database.is_passing(error) or (_is_mute(error) and n_failed == 0)):
                return _once_there_is_room(partial(_refuse, step, error, claim, ports), claim, ports)
            event("step.retried", job=claim.job_id, step=name, **redacted(error))
            wait(pause_s, claim)
    return None


def _once_there_is_room(act: Callable[[], T], claim: Claim, ports: Ports) -> T:
    while True:
        try:
            return act()
        except Exception as error:
            if not ports.database.is_full(error):
                raise
            event("database.full", job=claim.job_id)
            wait(claim.retry_after_s[-1], claim)


def _is_mute(error: Exception) -> bool:
    return isinstance(error, UnderstudyError) and error.reason in ("no-answer", _GONE)


def wait(seconds: float, claim: Claim) -> None:
    """Raises Abandoned as soon as this process stops."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        claim.check()
        time.sleep(0.05)


def _try(step: Step, began: int, claim: Claim, ports: Ports, *, is_last: bool) -> None:
    run = _begin(step, began, claim, ports)
    if run is None:
        return
    started = time.monotonic()
    job = run.job
    with ports.span("step", trace=job.id, job=job.id, step=step.name, kind=job.kind, attempt=claim.attempt) as span:
        seconds = step.act(run)
        span.tell(outcome="success")
    _record(run, step, seconds or {step.name: time.monotonic() - started}, is_last=is_last)


def _refuse(step: Step, error: Exception, claim: Claim, ports: Ports) -> str:
    if isinstance(error, UnderstudyError):
        event("step.refused", job=claim.job_id, step=step.name, code=error.reason)
        places = error.where if isinstance(error, InputRefused) else ()
        why = JobError(code=error.reason, message=error.message, where=tuple(place.as_dict() for place in places))
    else:
        event("step.failed", job=claim.job_id, step=step.name, **redacted(error))
        why = _reason(error)
    return fail(claim.tenant, claim.job_id, why, ports, attempt=claim.attempt)


def _reason(error: Exception) -> JobError:
    if isinstance(error, OSError) and error.errno in _DISK_FULL:
        return JobError(code="disk-full", message="The service has no room left on its disk. Nothing was published.")
    return JobError(code="failed", message="The step failed on our side.")


def _begin(step: Step, began: int, claim: Claim, ports: Ports) -> Run | None:
    """The step's surroundings; None if the job has ended, as it may have when a step runs again after a crash."""
    tenant = claim.tenant
    with ports.database.begin() as tx:
        stores = tx.for_tenant(tenant)
        job = claim.current(stores.jobs)
        if job.state.is_final:
            return None
        dataset = stores.datasets.get(job.dataset_id)
        job = job.at(step.name, began)
        stores.jobs.put(job)

    def on_progress(stage: str, percent: int) -> None:
        with _bearing_with(ports), ports.database.begin() as tx:
            jobs = tx.for_tenant(tenant).jobs
            at = began + (step.until - began) * max(0, min(100, percent)) // 100
            jobs.put(claim.current(jobs).at(stage, at))

    return Run(job=job, dataset=dataset, ports=ports, claim=claim, on_progress=on_progress)


def _record(run: Run, step: Step, seconds: Seconds, *, is_last: bool) -> None:
    with run.ports.database.begin() as tx:
        stores = tx.for_tenant(run.claim.tenant)
        jobs = stores.jobs
        job = run.claim.current(jobs)
        for name, value in seconds.items():
            job = job.with_step(StepRecord(name=name, seconds=round(value, 3)))
        job = job.at(step.name, step.until)
        jobs.put(job.done(job.files.get(BUNDLE)) if is_last else job)
        if step.noted is not None:
            step.noted(replace(run, job=job), stores)


def fail(tenant: TenantId, job_id: str, error: JobError, ports: Ports, *, attempt: int | None = None) -> str:
    """End a job: its hold is released if nothing was spent, and its files go. One that has ended stays as it is.

    With ``attempt``, only if no later one has begun. Returns the error's code.
    """
    with contextlib.suppress(Conflict, NotFound):
        with ports.database.begin() as tx:
            stores = tx.for_tenant(tenant)
            stores.ledger.release(job_id, at=ports.clock.now())
            job = stores.jobs.lock(job_id)
            # A conflict here undoes the release as well.
            stores.jobs.put((job if attempt is None else replace(job, attempt=attempt)).failed(error))
        kept = {job.key_of(name) for name in FOR_THE_OWNER} if error.code in WITHHELD else set()
        for key in set(ports.blobs.keys(job.prefix)) - kept if kept else {job.prefix}:
            ports.blobs.remove(key)
    return error.code
