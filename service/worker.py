"""Durable jobs by DBOS Transact: the only module that knows it.

A job's id is its workflow's id. A killed process finds its unfinished jobs when it starts again and runs
only the step that was interrupted. Nothing but ids and error codes is stored by the engine: arguments in
clear JSON, never pickle. The version of the flow is explicit, so that an upgrade strands no job.
"""

from __future__ import annotations

import logging
from typing import Any

from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer

from service import pipeline
from service.context import TenantId
from service.ports import Ports, Transaction

FLOW_VERSION = "flow-1"
"""Raise it only when the order of steps changes; see docs/adr."""

QUEUE = "jobs"
WORKFLOW = "synthesize"
_RECOVERY_ATTEMPTS = 4
_GIVEN_UP = ("CANCELLED", "ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")


class DbosQueue:
    """Puts job ids into the queue, inside the caller's transaction."""

    def __init__(self, engine: Any) -> None:
        # Any: the SQLAlchemy engine, whose type only the store may name.
        self._client = DBOSClient(
            system_database_engine=engine,
            serializer=DBOSPortableJSONSerializer(),
            application_name="understudy",
        )

    def enqueue(self, tx: Transaction, tenant: TenantId, job_id: str) -> None:
        """A rollback of the transaction leaves neither charge nor job behind."""
        self._client.enqueue_in_transaction(
            tx.connection,  # type: ignore[arg-type]
            {"workflow_name": WORKFLOW, "queue_name": QUEUE, "workflow_id": job_id},
            tenant,
            job_id,
        )

    def given_up(self, job_id: str) -> bool:
        """True if the engine will never run this job again, though it may not know so itself."""
        found = self._client.list_workflows(workflow_ids=[job_id])
        return not found or found[0].status in _GIVEN_UP

    def close(self) -> None:
        """Let go of the database."""
        self._client.destroy()


class Worker:
    """Runs queued jobs in this process, each step in a child process of its own."""

    def __init__(self, engine: Any, ports: Ports, *, executor_id: str) -> None:
        _quiet()
        self._ports = ports
        DBOS(
            config={
                "name": "understudy",
                "system_database_url": ports.settings.url,
                "system_database_engine": engine,
                "executor_id": executor_id,
                "application_version": FLOW_VERSION,
                "serializer": DBOSPortableJSONSerializer(),
                "max_executor_threads": 16,
                "enable_otlp": False,
                "log_level": "ERROR",
                "notification_listener_polling_interval_sec": 1.0,
            }
        )

        @DBOS.step(name="step")
        def step(name: str, tenant: str, job_id: str) -> str | None:
            return pipeline.run_step(name, TenantId(tenant), job_id, ports)

        @DBOS.workflow(name=WORKFLOW, max_recovery_attempts=_RECOVERY_ATTEMPTS)
        def synthesize(tenant: str, job_id: str) -> str:
            for known in pipeline.FLOW:
                if (code := step(known.name, tenant, job_id)) is not None:
                    return code
            return "done"

    def start(self) -> None:
        """Begin to run jobs, first those that an earlier process of this id left unfinished."""
        DBOS.launch()
        DBOS.register_queue(QUEUE, worker_concurrency=self._ports.settings.worker_concurrency, polling_interval_sec=0.2)

    def stop(self) -> None:
        """Stop taking jobs; unfinished ones resume at the next start."""
        DBOS.destroy(workflow_completion_timeout_sec=0, destroy_registry=True)


def _quiet() -> None:
    logging.getLogger("dbos").setLevel(logging.ERROR)
