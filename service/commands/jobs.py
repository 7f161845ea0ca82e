"""Asking for synthetic data, and looking how far it is."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path

from evaluation.canaries import check_canaries
from privacy.accounting import encode
from service.commands.budgets import scope_of
from service.commands.ids import new_id, rfc3339
from service.commands.plans import charge_of_plan, check_asked, plan_of
from service.commands.policies import policy_for
from service.context import RequestContext
from service.faults import TYPE_BASE
from service.jobs import Job
from service.ports import Dataset, Ports
from synthesizers.registry import engines
from understudy.errors import Conflict, UsageError
from understudy.messages import (
    DatasetState,
    EngineList,
    EngineView,
    JobCreate,
    JobState,
    JobView,
    Problem,
    StepView,
)
from understudy.schema import TableSchema

_POLL_S = 0.1


def submit(context: RequestContext, message: JobCreate, ports: Ports) -> JobView:
    """Price a job, hold its price and queue it, in one transaction; or refuse it with nothing changed.

    Raises: PrivacyParameterError, UsageError, NotFound, Conflict; BudgetExceeded with what is left.
    """
    _check(message, ports)
    with ports.database.read() as tx:
        stores = tx.for_tenant(context.tenant)
        dataset = stores.datasets.get(message.dataset_id)
        others = stores.overlaps.undecided(dataset.population)
    if others:
        raise Conflict(
            "This population seems to hold the same people as another one: upload the table under that one, or let a "
            "steward decide with 'understudy budget grant --distinct-from'.",
            code="population-overlap",
            facts={"population": dataset.population, "seems_to_be": ", ".join(others)},
        )
    if dataset.state is not DatasetState.READY:
        raise Conflict("The dataset has no content yet.", code="dataset-empty")
    scope = scope_of(dataset.population, message.project)
    schema = TableSchema.parse(dataset.schema)
    check_canaries(schema, message.canaries)
    policy = policy_for(message.policy, scope.population, ports.settings, epsilon=message.epsilon)
    plan = plan_of(message, schema)
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
        facts={"canaries": message.canaries, "policy": policy.as_dict(), "without_dp": message.without_dp},
    )
    with ports.database.begin() as tx:
        stores = tx.for_tenant(context.tenant)
        # The ledger first: its first statement takes the lock that makes everything after it serial.
        stores.ledger.open(scope, at=now)
        if message.resume and (known := stores.jobs.open_with(job.fingerprint)) is not None:
            return view(known)
        stores.ledger.hold(
            scope,
            job.id,
            charge,
            events=json.dumps([[purpose, encode(event)] for purpose, event in plan.events], sort_keys=True),
            at=now,
        )
        stores.jobs.add(job)
        ports.queue.enqueue(tx, context.tenant, job.id)
    return view(job)


def _check(message: JobCreate, ports: Ports) -> None:
    check_asked(message, ports)
    if not 0.0 <= message.audit_share <= 0.5:
        raise UsageError("The audit share is from 0 to 0.5.", code="audit-share-invalid")


def _fingerprint(message: JobCreate, dataset: Dataset) -> str:
    facts = message.model_dump(exclude={"dataset_id", "resume"}) | {
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


def all_of(context: RequestContext, ports: Ports) -> list[JobView]:
    """Every job of the tenant, oldest first."""
    with ports.database.read() as tx:
        return [view(job) for job in tx.for_tenant(context.tenant).jobs.all()]


def bundle(context: RequestContext, job_id: str, ports: Ports) -> Path:
    """The bundle of a finished job, a zip file to read only. Raises Conflict before the job is done."""
    job = _load(context, job_id, ports)
    if job.state is not JobState.DONE or job.bundle is None:
        raise Conflict("The job has no bundle.", code="bundle-not-ready")
    return ports.blobs.path(job.bundle)


def list_engines() -> EngineList:
    """The synthesizers on offer."""
    return EngineList(
        engines=[
            EngineView(name=name, summary=engine.summary, formal_guarantee=engine.formal_guarantee is not None)
            for name, engine in sorted(engines().items())
        ]
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
            title="The job failed",
            status=500,
            code=job.error.code,
            detail=job.error.message,
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
    )
