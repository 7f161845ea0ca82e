"""Putting a job of the owner's that costs nothing into the queue."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from service.commands import jobs, repeats
from service.commands.ids import new_id
from service.context import RequestContext
from service.jobs import Job
from service.ports import Dataset, Ports
from understudy.messages import JobView, Message


def queued(
    context: RequestContext,
    message: Message,
    dataset: Dataset,
    ports: Ports,
    *,
    kind: str,
    facts: Mapping[str, object],
    engine: str = "",
    n_rows: int | None = None,
    audit_share: float = 0.0,
    prepared: Callable[[Job], Job] | None = None,
) -> JobView:
    """Store and queue a job of this kind in one transaction; one that the same Idempotency-Key made is answered again.

    ``prepared`` may add to the job before it is stored; whoever keeps files by it removes them if another job, or
    none, comes of it.
    Raises: NotFound if a dataset is gone meanwhile; Conflict (too-many-jobs).
    """
    repeat = repeats.repeat_of(context, message)
    now = ports.clock.now()
    job = Job(
        id=new_id("job", at=now, entropy=ports.entropy),
        tenant=context.tenant,
        dataset_id=dataset.id,
        population=dataset.population,
        engine=engine,
        epsilon=0.0,
        delta=0.0,
        n_rows=n_rows,
        audit_share=audit_share,
        fingerprint="",
        plan={},
        created_at=now,
        facts=dict(facts),
        kind=kind,
        asked_by=context.principal.owner,
    )
    if prepared is not None:
        job = prepared(job)
    with ports.database.begin() as tx:
        stores = tx.for_tenant(context.tenant)
        if (made := repeats.job_of(repeat, stores)) is not None:
            return jobs.view(stores.jobs.get(made))
        for dataset_id in job.datasets:
            stores.datasets.get(dataset_id)
        jobs.check_quota(stores.jobs.count_open(), ports)
        if repeat is not None:
            stores.repeats.add(repeat, job.id, now)
        stores.jobs.add(job)
        ports.queue.enqueue(tx, job)
    return jobs.view(job)
