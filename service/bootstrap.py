"""The composition root: settings in, a running service out. The only place that knows every adapter."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import httpx

from service.auth.tokens import OidcTokens, keys_from
from service.commands.anchors import check_anchors
from service.commands.tenants import open_local_tenant
from service.context import TenantId
from service.homelock import LOCAL, first_free, owned
from service.inprocess import InProcessTransport
from service.limiter import Limiter
from service.metrics import Metrics
from service.ports import Ports, Progress
from service.rest.app import create_app
from service.sandbox import ChildLimits, run_child
from service.settings import Settings
from service.settler import settling
from service.store.anchor import FileAnchor
from service.store.clock import SystemClock
from service.store.engine import open_engine
from service.store.keys import FileKeys
from service.store.migration import SchemaState, schema_state, upgrade
from service.store.opening import open_blobs, open_vault_of
from service.store.sql import SqlDatabase
from service.store.workers import SqlWorkers
from service.syslog import SyslogFeed, sender
from service.tracing import open_otlp
from service.worker import DbosQueue, Worker
from understudy.errors import Failed, InputRefused

LOCAL_TENANT = TenantId("local")

_LOCK_WAIT_S = 3600.0


_TOO_MUCH = InputRefused("The table takes more memory or time to decode than it may.", code="decoded-too-large")
_EXHAUSTED = {"ingest": _TOO_MUCH, "propose": _TOO_MUCH, "pull": _TOO_MUCH}
_NETWORKED = frozenset({"pull"})
"""It reads where the operator has said, and holds no rows of ours."""

_MISLEADING = InputRefused("The file breaks the library that reads its format: it is damaged.", code="file-damaged")
_CRASHED = {"ingest": _MISLEADING, "propose": _MISLEADING}


@dataclass(frozen=True, slots=True)
class ChildSandbox:
    """Runs the tasks of ``service.tasks`` in child processes."""

    settings: Settings

    def __call__(
        self,
        task: str,
        request: dict[str, object],
        *,
        on_progress: Progress,
        is_cancelled: Callable[[], bool] | None = None,
    ) -> dict[str, object]:
        """Raises the task's own UnderstudyError, or Failed."""
        scratch = self.settings.scratch_folder
        scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        limits = ChildLimits(
            memory_bytes=self.settings.child_memory_bytes, cpu_s=self.settings.child_cpu_s, network=task in _NETWORKED
        )
        return run_child(
            "service.child",
            request,
            task=task,
            limits=limits,
            on_progress=lambda percent, stage: on_progress(stage, percent),
            is_cancelled=is_cancelled,
            on_exhausted=_EXHAUSTED.get(task),
            on_crash=_CRASHED.get(task),
            log=self.settings.home / "logs" / f"{task}.log",
            scratch=scratch,
            environment={"MPLCONFIGDIR": str(self.settings.home / "cache")},  # or it scans all fonts each time
        )


def build(settings: Settings) -> tuple[Ports, Any, DbosQueue]:
    """Adapters for the settings, the database's engine, and the queue."""
    for folder in (settings.home, settings.home / "logs", settings.home / "cache"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = open_engine(settings.url)
    feed = SyslogFeed(sender(settings.audit_syslog)) if settings.audit_syslog else None
    database = SqlDatabase(engine, FileAnchor(settings.anchor_folder, SystemClock()), feed)
    _bring_up(engine)
    vault = open_vault_of(settings, os.urandom)
    queue = DbosQueue(engine)
    ports = Ports(
        database=database,
        blobs=open_blobs(settings, vault, os.urandom),
        queue=queue,
        keys=FileKeys(vault),
        clock=SystemClock(),
        sandbox=ChildSandbox(settings),
        settings=settings,
        scratch=settings.scratch_folder,
        entropy=os.urandom,
        tokens=None if settings.oidc is None else OidcTokens(settings.oidc, keys_from(settings.oidc.jwks)),
        limits=Limiter(
            per_minute=settings.max_requests_per_minute,
            at_once=settings.max_calls_per_tenant,
            http_at_once=settings.max_http_per_tenant,
        ),
        metrics=Metrics(),
        traces=open_otlp(settings.otlp_endpoint) if settings.otlp_endpoint else None,
    )
    return ports, engine, queue


@contextlib.contextmanager
def built(settings: Settings) -> Iterator[tuple[Ports, Any, DbosQueue]]:
    """What ``build`` makes, closed at the end of the block."""
    ports, engine, queue = build(settings)
    try:
        yield ports, engine, queue
    finally:
        if ports.traces is not None:
            ports.traces.close()
        ports.database.close()
        queue.close()
        engine.dispose()


def _bring_up(engine: Any) -> None:
    """The tables of this release. On Postgres, which processes share, only 'understudy migrate' changes any."""
    if engine.dialect.name != "sqlite" and schema_state(engine) is SchemaState.BEHIND:
        raise Failed("The database's tables are an older release's. Run 'understudy migrate'.", code="schema-behind")
    upgrade(engine)


@contextlib.contextmanager
def running(settings: Settings, *, role: str, worker_id: str = LOCAL, wait_s: float = _LOCK_WAIT_S) -> Iterator[Ports]:
    """A service whose worker runs in this process. Unfinished jobs of an earlier one of this id are taken up."""
    with owned(settings.home, role=role, wait_s=wait_s, name=worker_id), _opened(settings, worker_id) as opened:
        ports, engine, queue = opened
        workers = SqlWorkers(engine)
        worker = Worker(engine, ports, workers, executor_id=worker_id)
        worker.start()
        ports = replace(ports, checks={**ports.checks, "worker": lambda: not worker.is_stopping})
        try:
            with settling(ports, queue):
                yield ports
        finally:
            worker.stop()
            workers.close()


@contextlib.contextmanager
def serving(settings: Settings) -> Iterator[Ports]:
    """A service that only takes requests: workers in other processes, on the same database, run the jobs."""
    with first_free(settings.home, role="api") as name, _opened(settings, name) as opened:
        ports, engine, queue = opened
        workers, timeout_s = SqlWorkers(engine), settings.worker_timeout_s
        ports = replace(ports, checks={**ports.checks, "worker": lambda: bool(workers.alive(within_s=timeout_s))})
        try:
            with settling(ports, queue):
                yield ports
        finally:
            workers.close()


@contextlib.contextmanager
def _opened(settings: Settings, name: str) -> Iterator[tuple[Ports, Any, DbosQueue]]:
    with built(replace(settings, process=name)) as (ports, engine, queue):
        queue.prepare()
        check_anchors(ports)
        # What a killed process of this name left half written: nobody else can be using it.
        shutil.rmtree(ports.scratch, ignore_errors=True)
        ports.blobs.sweep()
        yield ports, engine, queue


@contextlib.contextmanager
def embedded_app(environ: Mapping[str, str]) -> Iterator[tuple[httpx.BaseTransport, str]]:
    """The service inside the caller's process: a transport for ``understudy.Client`` and a key for it."""
    with running(Settings.from_environment(environ), role="embedded") as ports:
        transport = InProcessTransport(create_app(ports))
        yield transport, open_local_tenant(LOCAL_TENANT, ports)
