"""``python -m benchmarks.jobs``: what durability costs, and what reads cost while fits run.

On both databases: jobs without mathematics, one after the other (submit to done) and 40 at once (jobs a second, one
worker process, four at a time); then 100 clients that read a job over HTTP while real fits run in child processes.
Next to it, in the same run, the same reads of a service that has nothing else to do. Writes docs/bench/jobs.md.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from benchmarks.ledger import _databases
from benchmarks.machine import described
from benchmarks.service_plots import draw_bars
from service import bootstrap
from service.commands.tenants import open_tenant
from service.inprocess import InProcessTransport
from service.ports import Ports, Progress
from service.rest.app import create_app
from service.settings import Settings
from tests.e2e import light_child
from tests.e2e.houses import SCHEMA, rows
from understudy.client import Client
from understudy.messages import JobCreate

ROOT = Path(__file__).parents[1]
N_ALONE, N_TOGETHER = 12, 40
N_CLIENTS, READS = 100, 20


class NoMathematics(bootstrap.ChildSandbox):
    """Makes the files of a step in the worker itself: what is left is queue, ledger, blobs and the steps' own rows."""

    def __call__(
        self, task: str, request: dict[str, object], *, on_progress: Progress, **_more: Any
    ) -> dict[str, object]:
        return light_child.HANDLERS[task](request, lambda percent, stage: on_progress(stage, percent))


@contextmanager
def service(url: str, sandbox: type[bootstrap.ChildSandbox]) -> Iterator[tuple[Ports, Any, str]]:
    """A running service with its application and a key."""
    with tempfile.TemporaryDirectory() as home:
        environ = {
            "UNDERSTUDY_HOME": home,
            "UNDERSTUDY_DATABASE_URL": url,
            "UNDERSTUDY_WORKER_CONCURRENCY": "4",
            "UNDERSTUDY_TENANT_CONCURRENCY": "4",
        }
        known, bootstrap.ChildSandbox = bootstrap.ChildSandbox, sandbox  # type: ignore[misc]
        try:
            with bootstrap.running(Settings.from_environment(environ), role="bench") as ports:
                yield ports, create_app(ports), open_tenant(f"bench-{uuid.uuid4().hex[:8]}", ports)
        finally:
            bootstrap.ChildSandbox = known  # type: ignore[misc]


def overhead(url: str) -> tuple[list[float], float]:
    """Seconds from submit to done of each job by itself, and jobs a second of many together."""
    with service(url, NoMathematics) as (_ports, app, key), _client(app, key) as client:
        dataset = _uploaded(client, 10)
        alone = []
        for _ in range(N_ALONE):
            started = time.monotonic()
            client.wait(_submit(client, dataset))
            alone.append(time.monotonic() - started)
        started = time.monotonic()
        for job in [_submit(client, dataset) for _ in range(N_TOGETHER)]:
            client.wait(job)
        return alone, N_TOGETHER / (time.monotonic() - started)


def reads(url: str, n_fits: int) -> tuple[float, float]:
    """Median and 99th percentile in milliseconds of reading a job, by 100 clients at once, while fits run."""
    with service(url, bootstrap.ChildSandbox) as (_ports, app, key), _client(app, key) as client:
        dataset = _uploaded(client, 20_000)
        jobs = [_submit(client, dataset) for _ in range(max(1, n_fits))]
        while client.job(jobs[0]).stage in ("queued", "scrub") and n_fits:
            time.sleep(0.05)
        if not n_fits:
            client.wait(jobs[0])
        taken = sorted(asyncio.run(_read_all(app, key, jobs[0])))
        for job in jobs:
            if not client.job(job).state.is_final:
                client.cancel(job)
        return 1000 * statistics.median(taken), 1000 * taken[int(0.99 * len(taken))]


async def _read_all(app: Any, key: str, job: str) -> list[float]:
    transport = httpx.ASGITransport(app=app)
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://bench", headers=headers, timeout=120) as http:

        async def read() -> list[float]:
            taken = []
            for _ in range(READS):
                started = time.monotonic()
                (await http.get(f"/v1/jobs/{job}")).raise_for_status()
                taken.append(time.monotonic() - started)
            return taken

        return [seconds for each in await asyncio.gather(*(read() for _ in range(N_CLIENTS))) for seconds in each]


@contextmanager
def _client(app: Any, key: str) -> Iterator[Client]:
    transport = InProcessTransport(app)
    with Client(api_key=key, transport=transport) as client:
        yield client


def _uploaded(client: Client, n_rows: int) -> str:
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "ward.csv"
        table.write_bytes(rows(n_rows))
        return client.upload(table, SCHEMA).id


def _submit(client: Client, dataset: str) -> str:
    return client.submit(JobCreate(dataset_id=dataset, epsilon=0.01, delta=1e-8)).id


def main() -> None:
    """Measure and write."""
    os.environ[light_child.MIDDLE] = "0"
    lines = [
        "# Jobs: what durability costs",
        "",
        f"`python -m benchmarks.jobs`, {described()}. Jobs without mathematics; five steps, each with its rows, files",
        f"(encrypted, synced) and ledger entries: {N_ALONE} one after the other, then {N_TOGETHER} at once. Reads:",
        f"{N_CLIENTS} clients at once in the service's process, {READS} reads each. Processes that wanted a core,",
        "the mean of a minute, before and after: LOAD.",
        "",
        "| database | submit to done, median s | worst s | jobs/s | reads p50 / p99 ms, idle | while 4 fits run |",
        "|---|---|---|---|---|---|",
    ]
    load = os.getloadavg()[0]
    walls: dict[str, list[float]] = {}
    waits: dict[str, list[float]] = {}
    for name, url in _databases():
        alone, per_s = overhead(url)
        idle, busy = reads(url, 0), reads(url, 4)
        lines.append(
            f"| {name} | {statistics.median(alone):.2f} | {max(alone):.2f} | {per_s:.1f} "
            f"| {idle[0]:.0f} / {idle[1]:.0f} | {busy[0]:.0f} / {busy[1]:.0f} |"
        )
        walls[name] = alone
        waits |= {f"{name}, idle": [idle[1]], f"{name}, 4 fits": [busy[1]]}
    lines = [line.replace("LOAD", f"{load:.0f} and {os.getloadavg()[0]:.0f}") for line in lines]
    folder = ROOT / "docs" / "bench"
    (folder / "jobs.md").write_text("\n".join(lines) + "\n")
    draw_bars({"submit to done, s": walls, "a read, 99th percentile, ms": waits}, folder / "jobs.svg")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
