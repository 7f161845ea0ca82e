"""The composition root: settings in, a running service out. The only place that knows every adapter."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from service.commands.anchors import check_anchors
from service.commands.tenants import open_local_tenant
from service.context import TenantId
from service.homelock import owned
from service.inprocess import InProcessTransport
from service.ports import Ports, Progress
from service.rest.app import create_app
from service.sandbox import ChildLimits, run_child
from service.settings import Settings
from service.settler import settling
from service.store.anchor import FileAnchor
from service.store.blobs import LocalBlobs
from service.store.clock import SystemClock
from service.store.engine import open_engine
from service.store.keys import FileKeys
from service.store.sql import SqlDatabase
from service.worker import DbosQueue, Worker
from understudy.errors import InputRefused

LOCAL_TENANT = TenantId("local")
_EXECUTOR = "local"
_LOCK_WAIT_S = 3600.0


_TOO_MUCH = InputRefused("The table takes more memory or time to decode than it may.", code="decoded-too-large")
_EXHAUSTED = {"ingest": _TOO_MUCH, "propose": _TOO_MUCH}


@dataclass(frozen=True, slots=True)
class ChildSandbox:
    """Runs the tasks of ``service.tasks`` in child processes."""

    settings: Settings

    def __call__(self, task: str, request: dict[str, object], *, on_progress: Progress) -> dict[str, object]:
        """Raises the task's own UnderstudyError, or Failed."""
        limits = ChildLimits(memory_bytes=self.settings.child_memory_bytes, cpu_s=self.settings.child_cpu_s)
        return run_child(
            "service.child",
            request,
            task=task,
            limits=limits,
            on_progress=lambda percent, stage: on_progress(stage, percent),
            on_exhausted=_EXHAUSTED.get(task),
            log=self.settings.home / "logs" / f"{task}.log",
            environment={"MPLCONFIGDIR": str(self.settings.home / "cache")},  # or it scans all fonts each time
        )


def build(settings: Settings) -> tuple[Ports, Any, DbosQueue]:
    """Adapters for the settings, the database's engine, and the queue."""
    for folder in (settings.home, settings.home / "logs", settings.home / "cache"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = open_engine(settings.url)
    database = SqlDatabase(engine, FileAnchor(settings.anchor_folder, SystemClock()))
    database.create_all()
    queue = DbosQueue(engine)
    ports = Ports(
        database=database,
        blobs=LocalBlobs(settings.home / "blobs"),
        queue=queue,
        keys=FileKeys(settings.home / "keys", os.urandom),
        clock=SystemClock(),
        sandbox=ChildSandbox(settings),
        settings=settings,
        scratch=settings.home / "scratch",
        entropy=os.urandom,
    )
    return ports, engine, queue


@contextlib.contextmanager
def running(settings: Settings, *, role: str) -> Iterator[Ports]:
    """A service whose worker runs in this process. Unfinished jobs of an earlier process are taken up."""
    with owned(settings.home, role=role, wait_s=_LOCK_WAIT_S):
        ports, engine, queue = build(settings)
        check_anchors(ports)
        # What a killed process left half written: nobody else can be using it.
        shutil.rmtree(ports.scratch, ignore_errors=True)
        LocalBlobs(settings.home / "blobs").sweep()
        worker = Worker(engine, ports, executor_id=_EXECUTOR)
        worker.start()
        try:
            with settling(ports, queue):
                yield ports
        finally:
            worker.stop()
            queue.close()
            engine.dispose()


@contextlib.contextmanager
def embedded_app(environ: Mapping[str, str]) -> Iterator[tuple[httpx.BaseTransport, str]]:
    """The service inside the caller's process: a transport for ``understudy.Client`` and a key for it."""
    with running(Settings.from_environment(environ), role="embedded") as ports:
        transport = InProcessTransport(create_app(ports))
        yield transport, open_local_tenant(LOCAL_TENANT, ports)
