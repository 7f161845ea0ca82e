"""Durable jobs by DBOS Transact: the only module that knows it.

A job's id is its workflow's id. A killed process finds its unfinished jobs when it starts again and runs
only the step that was interrupted. Nothing but ids and error codes is stored by the engine: arguments in
clear JSON, never pickle. The version of the flow is explicit, so that an upgrade strands no job.

Four of its calls are not public: ``_check_owner_txn`` and, before it, ``_apply_caller_schema`` (does this execution
still own its workflow), ``_recover_pending_workflows`` (take up those of a worker that is gone) and ``run_migrations``
of a client's tables. tests/contract/test_job_engine.py fails if one of them goes or takes other arguments.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer
from dbos._context import current_owner_xid
from dbos._dbos import _get_dbos_instance

from service.context import TenantId
from service.execution import RETRY_AFTER_S, Claim, run_step, wait
from service.jobs import SYNTHESIZE, Job
from service.pipeline import FLOWS
from service.ports import Ports, Transaction
from service.scratch import sweep_dead
from service.telemetry import event, redacted
from understudy.errors import Conflict, NotFound

FLOW_VERSION = "flow-1"
"""Raise it only when the order of a kind's steps changes; see docs/jobs.md."""

QUEUE = "jobs"
WORKFLOWS = {SYNTHESIZE: SYNTHESIZE}
"""The persisted name of each kind's workflow, where it is not ``job``: such are in the queues of older versions."""

BEATS = 6
"""Heartbeats within the time after which a worker counts as gone."""

_WORKFLOW = "job"
_RECOVERY_ATTEMPTS = 10
_GIVEN_UP = ("CANCELLED", "ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
_FIRST = 100
"""The engine's lowest number goes first; ours are -9 to 9, and the highest goes first."""


class DbosQueue:
    """Puts job ids into the queue, inside the caller's transaction."""

    def __init__(self, engine: Any) -> None:
        # Any: the SQLAlchemy engine, whose type only the store may name.
        self._client = DBOSClient(
            system_database_engine=engine,
            serializer=DBOSPortableJSONSerializer(),
            application_name="understudy",
        )

    def enqueue(self, tx: Transaction, job: Job) -> None:
        """A rollback of the transaction leaves neither charge nor job behind.

        Jobs of one tenant stand in a queue of their own, so that nobody's many jobs delay another's few.
        """
        self._client.enqueue_in_transaction(
            tx.connection,  # type: ignore[arg-type]
            {
                "workflow_name": WORKFLOWS.get(job.kind, _WORKFLOW),
                "queue_name": QUEUE,
                "workflow_id": job.id,
                "queue_partition_key": job.tenant,
                "priority": _FIRST - job.priority,
            },
            job.tenant,
            job.id,
        )

    def prepare(self) -> None:
        """Make or bring up the engine's own tables, so that jobs can be queued before there is a worker."""
        self._client._sys_db.run_migrations()

    def cancel(self, job_id: str) -> None:
        """No step of this job begins any more, in whatever process."""
        self._client.cancel_workflow(job_id)

    def given_up(self, job_id: str) -> bool:
        """True if the engine will never run this job again, though it may not know so itself."""
        found = self._client.list_workflows(workflow_ids=[job_id])
        return not found or found[0].status in _GIVEN_UP

    def close(self) -> None:
        """Let go of the database."""
        self._client.destroy()


class Register(Protocol):
    """Which workers there are. See ``store.workers``."""

    def enter(self, worker_id: str, incarnation: str) -> None: ...

    def beat(self, worker_id: str, incarnation: str) -> bool: ...

    def leave(self, worker_id: str, incarnation: str) -> None: ...

    def alive(self, *, within_s: float) -> Any: ...


class Worker:
    """Runs queued jobs in this process, each step in a child process of its own."""

    def __init__(self, engine: Any, ports: Ports, register: Register, *, executor_id: str) -> None:
        _quiet()
        self._ports, self._register, self._id = ports, register, executor_id
        self._incarnation = uuid.uuid4().hex
        self._stopping = threading.Event()
        self._busy = _Busy()
        self._heart = threading.Thread(target=self._watch, name="worker-heart", daemon=True)
        DBOS(
            config={
                "name": "understudy",
                "system_database_url": ports.settings.url,
                "system_database_engine": engine,
                "executor_id": executor_id,
                "application_version": FLOW_VERSION,
                "serializer": DBOSPortableJSONSerializer(),
                "max_executor_threads": 16 + ports.settings.worker_concurrency,
                "enable_otlp": False,
                "log_level": "CRITICAL",
                "notification_listener_polling_interval_sec": 1.0,
            }
        )

        @DBOS.step(name="step")
        def step(name: str, tenant: str, job_id: str, kind: str, attempt: int) -> str | None:
            return run_step(FLOWS[kind], name, self._claim_of(TenantId(tenant), job_id, attempt), ports)

        def run(tenant: str, job_id: str) -> str:
            with self._busy:
                job = self._claimed(TenantId(tenant), job_id)
                if job is None:
                    return "ended"
                for known in FLOWS[job.kind]:
                    if (code := step(known.name, tenant, job_id, job.kind, job.attempt)) is not None:
                        return code
                return "done"

        @DBOS.workflow(name=_WORKFLOW, max_recovery_attempts=_RECOVERY_ATTEMPTS)
        def any_job(tenant: str, job_id: str) -> str:
            return run(tenant, job_id)

        @DBOS.workflow(name=WORKFLOWS[SYNTHESIZE], max_recovery_attempts=_RECOVERY_ATTEMPTS)
        def synthesize(tenant: str, job_id: str) -> str:
            return run(tenant, job_id)

    def start(self) -> None:
        """Begin to run jobs, first those that an earlier process of this id left unfinished."""
        self._register.enter(self._id, self._incarnation)
        DBOS.launch()
        settings = self._ports.settings
        DBOS.register_queue(
            QUEUE,
            worker_concurrency=settings.worker_concurrency,
            partition_concurrency=settings.tenant_concurrency,
            polling_interval_sec=0.2,
        )
        self._heart.start()

    def stop(self) -> None:
        """Take no more jobs and end those under way: their children are killed, and they resume at the next start.

        Another worker may take them up at once.
        """
        self._stopping.set()
        self._busy.wait_until_idle(_STOP_S)
        DBOS.destroy(workflow_completion_timeout_sec=0, destroy_registry=True)
        self._heart.join()
        with contextlib.suppress(Exception):  # without a database it will be missed in time
            self._register.leave(self._id, self._incarnation)

    def _claim_of(self, tenant: TenantId, job_id: str, attempt: int) -> Claim:
        return Claim(tenant=tenant, job_id=job_id, attempt=attempt, is_stopping=self._stopping.is_set)

    def _claimed(self, tenant: TenantId, job_id: str) -> Job | None:
        """The job under a new attempt, if this execution still owns it; None if it has ended.

        Guarantees: whether it owns it and the number of the attempt are decided in one transaction, so that attempts
        are numbered in the order of ownership. Raises: Abandoned; the engine's own error if another owns it.
        """
        claim = self._claim_of(tenant, job_id, 0)
        for pause_s in _patiently():
            claim.check()
            try:
                with self._ports.database.begin() as tx:
                    _check_owner(tx.connection, job_id)
                    return tx.for_tenant(tenant).jobs.claim(job_id)
            except (Conflict, NotFound):
                return None
            except Exception as error:
                if not (self._ports.database.is_passing(error) or self._ports.database.is_full(error)):
                    raise
                event("claim.retried", job=job_id, **redacted(error))
            wait(pause_s, claim)
        return None

    def _watch(self) -> None:
        timeout_s = self._ports.settings.worker_timeout_s
        pulse = Pulse(timeout_s / BEATS)
        while not self._stopping.wait(pulse.pause_s()):
            try:
                if not self._register.beat(self._id, self._incarnation):
                    self._give_way()
                    return
                if pulse.may_judge():
                    alive = set(self._register.alive(within_s=timeout_s))
                    recover(alive)
                    sweep_dead(self._ports.settings, alive)
            except Exception as error:  # the next beat tries again
                event("worker.beat_failed", **redacted(error))

    @property
    def is_stopping(self) -> bool:
        """True once it takes no more jobs, also because another process has its id."""
        return self._stopping.is_set()

    def _give_way(self) -> None:
        """Another process has this id: what is taken from the queue here would be missed there."""
        event("worker.replaced")
        self._stopping.set()
        for polling in _get_dbos_instance().background_thread_stop_events:
            polling.set()


_STOP_S = 5.0


class Pulse:
    """When the next heartbeat is due, and whether its worker may say who is gone.

    A worker whose own beat was late by a whole pause says nothing: what held it up, such as a machine that slept or
    has too much to do, held up the others too, and they need a moment to be seen again. After ``BEATS`` rounds of
    silence it speaks nevertheless, or on a machine that is always late nobody's jobs would ever be taken up.
    """

    def __init__(self, every_s: float, now: Callable[[], float] = time.monotonic) -> None:
        self._every_s, self._now = every_s, now
        self._due, self._n_silent = now(), 0

    def pause_s(self) -> float:
        """How long to wait for the next beat, in seconds."""
        self._due = self._now() + self._every_s
        return self._every_s

    def may_judge(self) -> bool:
        """Ask once a round, after the beat."""
        is_late = self._now() - self._due >= self._every_s
        self._n_silent = self._n_silent + 1 if is_late and self._n_silent < BEATS else 0
        return self._n_silent == 0


def recover(alive: set[str]) -> int:
    """Put the jobs of every worker that is not alive back into the queue; how many there were.

    Safe at any time and from several workers at once: a job that another has taken up meanwhile is left alone.
    """
    pending = DBOS.list_workflows(status="PENDING", load_input=False, load_output=False)
    gone = {found.executor_id for found in pending if found.executor_id} - alive
    n_found = len(DBOS._recover_pending_workflows(sorted(gone))) if gone else 0
    if n_found:
        event("jobs.recovered", entry=n_found)
    return n_found


def _check_owner(connection: object, job_id: str) -> None:
    """Raises the engine's conflict unless this execution still owns the workflow, which is locked until the commit."""
    owner, tables = current_owner_xid(job_id), _get_dbos_instance()._sys_db
    if owner is not None:
        tables._apply_caller_schema(connection)  # type: ignore[arg-type]
        tables._check_owner_txn(connection, job_id, owner)  # type: ignore[arg-type]


def _patiently() -> Iterator[float]:
    yield from RETRY_AFTER_S
    while True:
        yield RETRY_AFTER_S[-1]


class _Busy:
    """Counts the jobs under way in this process."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._n = 0

    def __enter__(self) -> None:
        with self._changed:
            self._n += 1

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._n -= 1
            self._changed.notify_all()

    def wait_until_idle(self, timeout_s: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._n == 0, timeout_s)


def _quiet() -> None:
    # Its tracebacks quote statements with their values; what matters is logged here, redacted.
    logging.getLogger("dbos").setLevel(logging.CRITICAL)
