"""Asking for synthetic data, and looking how far it is."""

from __future__ import annotations

import hashlib
import json
import time
from typing import BinaryIO

from evaluation.canaries import check_canaries
from privacy.accounting import encode
from service.auth.access import may_with, permit_own
from service.commands import repeats
from service.commands.budgets import scope_of
from service.commands.choices import check_engine, chosen, reference
from service.commands.datasets import check_ready
from service.commands.ids import new_id, rfc3339
from service.commands.pages import DEFAULT_LIMIT, cut_of, page_of
from service.commands.plans import charge_of_plan, check_asked, plan_of
from service.commands.policies import policy_for
from service.commands.releases import check_input
from service.commands.texts import check_text, places_of
from service.context import RequestContext
from service.faults import TYPE_BASE
from service.jobs import Job, JobError
from service.lineage import SUPERSEDES
from service.ports import Dataset, Ports
from synthesizers.conditions import Conditions
from understudy.errors import Conflict, NotFound, UsageError
from understudy.messages import (
    JobCreate,
    JobList,
    JobState,
    JobView,
    PlaceView,
    Problem,
    ReleaseState,
    StepView,
)
from understudy.schema import TableSchema

_POLL_S = 0.1


def submit(
    context: RequestContext, message: JobCreate, ports: Ports, *, supersedes: str = "", asked_by: str = ""
) -> JobView:
    """Price a job, hold its price and queue it, in one transaction; or refuse it with nothing changed.

    ``supersedes``: a job whose release this one's will take the place of. ``asked_by``: whose it is, if not the
    caller's.

    Raises: PrivacyParameterError, UsageError, NotFound, Conflict; BudgetExceeded with what is left.
    """
    _check(message, ports)
    repeat = repeats.repeat_of(context, message)
    with ports.database.read() as tx:
        stores = tx.for_tenant(context.tenant)
        if (made := repeats.job_of(repeat, stores)) is not None:
            return view(stores.jobs.get(made))
        dataset = stores.datasets.get(message.dataset_id)
        others = stores.overlaps.undecided(dataset.population)
    if others:
        raise Conflict(
            "This population seems to hold the same people as another one: upload the table under that one, or let a "
            "steward decide with 'understudy budget grant --distinct-from'.",
            code="population-overlap",
            facts={"population": dataset.population, "seems_to_be": ", ".join(others)},
        )
    check_ready(dataset)
    check_input(dataset, is_allowed=message.allow_synthetic_input)
    scope = scope_of(dataset.population, message.project)
    schema = TableSchema.parse(dataset.schema)
    check_text(message, schema, places_of(ports.settings))
    check_canaries(schema, message.canaries)
    Conditions.parse(schema, where=message.where, rebalance=message.rebalance, impute=message.impute)
    policy = policy_for(message.policy, scope.population, ports.settings, epsilon=message.epsilon)
    message = message.model_copy(update={"engine": chosen(message, schema, ports.settings).name})
    check_engine(message.engine, context.tenant, ports.settings)
    compared = reference(context.tenant, ports.settings) if message.without_dp else ""
    plan = plan_of(message, schema, places=places_of(ports.settings))
    charge = charge_of_plan(plan)
    now = ports.clock.now()
    job = Job(
        id=new_id("job", at=now, entropy=ports.entropy),
        tenant=context.tenant,
        dataset_id=dataset.id,
        population=dataset.population,
        engine=message.engine,
        epsilon=message.epsilon,
        delta=message.delta,
        n_rows=message.n_rows,
        audit_share=message.audit_share,
        fingerprint=_fingerprint(message, dataset),
        plan=plan.as_dict(),
        created_at=now,
        project=scope.project,
        facts={
            "canaries": message.canaries,
            "policy": policy.as_dict(),
            "without_dp": message.without_dp,
            **({"reference": compared} if compared else {}),
            "asked": message.model_dump(mode="json", exclude={"dataset_id", "resume"}),
            **({SUPERSEDES: supersedes} if supersedes else {}),
        },
        priority=message.priority,
        asked_by=asked_by or context.principal.owner,
    )
    with ports.database.begin() as tx:
        stores = tx.for_tenant(context.tenant)
        # The ledger first: its first statement takes the lock that makes everything after it serial.
        stores.ledger.open(scope, at=now)
        if (made := repeats.job_of(repeat, stores)) is not None:
            return view(stores.jobs.get(made))
        known = stores.jobs.open_with(job.fingerprint) if message.resume else None
        if known is not None and not may_with(context.principal, "get_bundle", known.asked_by):
            known = None  # what another is making could never be fetched
        if repeat is not None:
            stores.repeats.add(repeat, job.id if known is None else known.id, now)
        if known is not None:
            return view(known)
        check_quota(stores.jobs.count_open(), ports)
        stores.ledger.hold(
            scope,
            job.id,
            charge,
            events=json.dumps([[purpose, encode(event)] for purpose, event in plan.events], sort_keys=True),
            at=now,
        )
        stores.jobs.add(job)
        ports.queue.enqueue(tx, job)
    return view(job)


def check_quota(n_open: int, ports: Ports) -> None:
    """Raises Conflict (too-many-jobs) if the tenant may queue no more."""
    limit = ports.settings.max_open_jobs
    if n_open >= limit:
        raise Conflict(
            "The tenant has as many unfinished jobs as it may.", code="too-many-jobs", facts={"limit": f"{limit}"}
        )


def cancel(context: RequestContext, job_id: str, ports: Ports) -> JobView:
    """Stop a job that has not ended, also one that runs in another process: its child is dead within a second.

    Guarantees: what it held is free again unless it was spent; what was spent stays spent, and the view's error says
    which. No file of the job is left. Asked again, it answers the same.
    Raises: NotFound; Forbidden (not-your-job); Conflict (job-ended) if the job ended by itself.
    """
    permit_own(context.principal, "cancel_job", _load(context, job_id, ports).asked_by)
    with ports.database.begin() as tx:
        stores = tx.for_tenant(context.tenant)
        # The ledger first: its lock decides whether the cancelling or the spending came first.
        stores.ledger.release(job_id, at=ports.clock.now())
        job = stores.jobs.lock(job_id)
        if job.state is not JobState.CANCELLED:
            if job.state.is_final:
                raise Conflict("The job has ended.", code="job-ended")
            job = job.cancelled(_SPENT if stores.ledger.has_spent(job_id) else _UNSPENT)
            stores.jobs.put(job)
    ports.queue.cancel(job_id)
    ports.blobs.remove(job.prefix)
    return view(job)


_UNSPENT = JobError(code="cancelled", message="The job was cancelled. Its price was not spent and is free again.")
_SPENT = JobError(
    code="cancelled-after-spend", message="The job was cancelled after its price was spent: it stays spent."
)


def _check(message: JobCreate, ports: Ports) -> None:
    check_asked(message, ports)
    if not -9 <= message.priority <= 9:
        raise UsageError("The priority is from -9 to 9.", code="priority-invalid")
    if not 0.0 <= message.audit_share <= 0.5:
        raise UsageError("The audit share is from 0 to 0.5.", code="audit-share-invalid")


def _fingerprint(message: JobCreate, dataset: Dataset) -> str:
    facts = message.model_dump(exclude={"dataset_id", "resume", "priority"}) | {
        "sha256": dataset.sha256,
        "schema": dataset.schema,
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def get(context: RequestContext, job_id: str, ports: Ports, *, wait_s: float = 0.0) -> JobView:
    """A job; with ``wait_s``, as soon as it ends or changes stage or percent, or the time is up."""
    deadline = time.monotonic() + max(0.0, min(wait_s, ports.settings.max_wait_s))
    first = _load(context, job_id, ports)
    job = first
    while not job.state.is_final and (job.stage, job.percent) == (first.stage, first.percent):
        if time.monotonic() >= deadline:
            break
        time.sleep(_POLL_S)
        job = _load(context, job_id, ports)
    return view(job)


def page(
    context: RequestContext,
    ports: Ports,
    *,
    limit: int = DEFAULT_LIMIT,
    cursor: str = "",
    population: str = "",
    state: JobState | None = None,
) -> JobList:
    """One page of the tenant's jobs, oldest first. Raises UsageError (page-invalid)."""
    cut = cut_of(limit=limit, cursor=cursor, population=population, state="" if state is None else state.value)
    with ports.database.read() as tx:
        found, following = page_of(cut, tx.for_tenant(context.tenant).jobs.page)
    return JobList(jobs=[view(job) for job in found], next_cursor=following)


def bundle(context: RequestContext, job_id: str, ports: Ports) -> tuple[BinaryIO, int]:
    """The bundle of a finished job, a zip, open to be read, and its size.

    Raises: Forbidden (not-your-job); Conflict before the job is done.
    """
    job = _load(context, job_id, ports)
    permit_own(context.principal, "get_bundle", job.asked_by)
    if job.state is not JobState.DONE or job.bundle is None:
        raise Conflict("The job has no bundle.", code="bundle-not-ready")
    _check_not_superseded(context, job_id, ports)
    try:
        return ports.blobs.open(job.bundle), ports.blobs.size_bytes(job.bundle)
    except NotFound:
        raise Conflict("The bundle was removed, as the retention policy says.", code="bundle-expired") from None


def _check_not_superseded(context: RequestContext, job_id: str, ports: Ports) -> None:
    with ports.database.read() as tx:
        release = tx.for_tenant(context.tenant).releases.find(job_id)
    if release is not None and release.state is ReleaseState.SUPERSEDED:
        raise Conflict(
            "Another release took this one's place: use that one.",
            code="release-superseded",
            facts={"superseded_by": release.superseded_by},
        )


def _load(context: RequestContext, job_id: str, ports: Ports) -> Job:
    with ports.database.read() as tx:
        return tx.for_tenant(context.tenant).jobs.get(job_id)


def view(job: Job) -> JobView:
    """A job as the wire shows it."""
    error = None
    if job.error is not None:
        error = Problem(
            type=TYPE_BASE + job.error.code,
            title="The job was cancelled" if job.state is JobState.CANCELLED else "The job failed",
            status=409 if job.state is JobState.CANCELLED else 500,
            code=job.error.code,
            detail=job.error.message,
            where=[PlaceView.model_validate(place) for place in job.error.where],
        )
    return JobView(
        id=job.id,
        dataset_id=job.dataset_id,
        population=job.population,
        state=job.state,
        stage=job.stage,
        percent=job.percent,
        epsilon=job.epsilon,
        delta=job.delta,
        engine=job.engine,
        steps=[StepView(name=step.name, seconds=step.seconds) for step in job.steps],
        error=error,
        created_at=rfc3339(job.created_at),
        project=job.project,
        kind=job.kind,
        priority=job.priority,
        attempt=job.attempt,
    )
