"""Closes what dead and cancelled jobs left open in the ledger, at start and every minute.

A hold of a job that will never run again is released if nothing was derived from rows, and spent in full if something
was. Every call is idempotent by the job's id, so any number of settlers may run at once.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from service.commands.retention import sweep
from service.context import TenantId
from service.execution import fail
from service.jobs import Job, JobError
from service.ports import Ports, TenantStores
from service.telemetry import event, redacted
from understudy.errors import NotFound
from understudy.messages import JobState

EVERY_S = 60.0

_AFTER_SPEND = frozenset({"fit", "sample", "evaluate", "bundle"})
_LOST = JobError(code="job-lost", message="The job could not be finished.")


class Engine(Protocol):
    """What runs the jobs."""

    def given_up(self, job_id: str) -> bool:
        """True if this job will never run again."""


def settle(ports: Ports, engine: Engine) -> int:
    """End the jobs that the engine has given up, then close the holds whose job has ended; how many there were."""
    n_settled = 0
    for tenant, job_id in ports.database.open_jobs():
        if engine.given_up(job_id):
            fail(tenant, job_id, _LOST, ports)
            event("job.settled", job=job_id)
            n_settled += 1
    return n_settled + sum(_close_holds(tenant, ports) for tenant in ports.database.ledger_tenants())


def _close_holds(tenant: TenantId, ports: Ports) -> int:
    with ports.database.read() as tx:
        stores = tx.for_tenant(tenant)
        held = [hold.job_id for hold in stores.ledger.open_holds() if hold.job_id is not None]
        stale = [job_id for job_id in held if _has_ended(_job(stores, job_id))]
    for job_id in stale:
        with ports.database.begin() as tx:
            stores = tx.for_tenant(tenant)
            close = stores.ledger.spend if _made_numbers(_job(stores, job_id)) else stores.ledger.release
            close(job_id, at=ports.clock.now())
        event("hold.settled", job=job_id)
    return len(stale)


def _job(stores: TenantStores, job_id: str) -> Job | None:
    try:
        return stores.jobs.get(job_id)
    except NotFound:
        return None


def _has_ended(job: Job | None) -> bool:
    return job is None or job.state.is_final


def _made_numbers(job: Job | None) -> bool:
    """True if a number may have been derived from rows: a step after the spend has begun, or nobody can tell."""
    if job is None:
        return True
    reached = {job.stage, *(step.name for step in job.steps)}
    return job.state is JobState.DONE or not reached.isdisjoint(_AFTER_SPEND)


@contextmanager
def settling(ports: Ports, engine: Engine, *, every_s: float = EVERY_S) -> Iterator[None]:
    """Settle now, and again every ``every_s`` seconds while the block lasts."""
    settle(ports, engine)
    over = threading.Event()

    def work() -> None:
        while not over.wait(every_s):
            try:
                settle(ports, engine)
                sweep(ports)
            except Exception as error:  # the next round tries again
                event("settler.failed", **redacted(error))

    thread = threading.Thread(target=work, name="settler", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
