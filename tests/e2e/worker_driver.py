"""Several workers on one database, and what is found when they freeze, die, stop, and are told to stop.

``python -m tests.e2e.worker_driver HOME DATABASE_URL few|many`` prints one JSON document: what was found, by scenario
(an empty URL is SQLite in the home). One process imports the service and forks all workers while it has one thread;
each waits to be told its name. Only the mathematics is left out (``light_child``); queue, ledger, files and child
processes are the real ones. In the scenario of many jobs the tasks run in the workers themselves, since starting 600
processes would show nothing more.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from privacy.ledger import Scope
from service import bootstrap, execution
from service.commands import budgets, datasets, jobs
from service.context import Principal, RequestContext, TenantId
from service.ports import Ports, Progress
from service.sandbox import run_child
from service.settings import Settings
from service.store import engine as store_engine
from tests.e2e import light_child
from tests.e2e.houses import SCHEMA
from tests.e2e.kill_driver import children_of, is_alive
from understudy.messages import DatasetCreate, JobCreate, JobState, JobView

EPSILON = 0.1
TIMEOUT_S = {"few": 4, "many": 12}
"""After so long without a heartbeat a worker counts as gone. Among many, on a busy machine, all are slow."""

SLOW_S = 0.5
N_TENANTS, N_JOBS = 20, 200
STORE_FULL = "store-full"


class Sandbox(bootstrap.ChildSandbox):
    """A child process without mathematics, or for many jobs no process at all."""

    is_instant = False

    def __call__(
        self, task: str, request: dict[str, object], *, on_progress: Progress, **more: Any
    ) -> dict[str, object]:
        if self.is_instant:
            return light_child.HANDLERS[task](request, lambda percent, stage: on_progress(stage, percent))
        return run_child(
            "tests.e2e.light_child",
            request,
            task=task,
            on_progress=lambda percent, stage: on_progress(stage, percent),
            environment={light_child.MIDDLE: str(SLOW_S)},
            **more,
        )


class Hand:
    """A worker process that was forked early and begins when it is told to."""

    def __init__(self, settings: Settings, log: Path) -> None:
        reader, self._writer = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._writer)
            name, _, mode = os.read(reader, 100).decode().partition(" ")
            try:
                self._work(settings, name, is_instant=mode == "instant")
            except BaseException as error:
                log.open("a").write(f"{name}: {error!r}\n")
            os._exit(1)
        os.close(reader)

    def _work(self, settings: Settings, name: str, *, is_instant: bool) -> None:
        if not name:
            os._exit(0)
        Sandbox.is_instant = is_instant
        os.environ[light_child.MIDDLE] = "0"
        over = threading.Event()
        signal.signal(signal.SIGTERM, lambda _signal, _frame: over.set())
        with bootstrap.running(settings, role="worker", worker_id=name):
            over.wait()
        os._exit(0)

    def begin(self, name: str, mode: str = "") -> None:
        os.write(self._writer, f"{name} {mode}".encode())

    def send(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def freeze(self, home: Path) -> None:
        """Stop it where it stands, but within no transaction of SQLite: that would hold up all others for good."""
        self.send(signal.SIGSTOP)
        while not all(
            is_writable(file) for file in home.glob("*.sqlite3*") if not file.name.endswith(("-wal", "-shm"))
        ):
            self.send(signal.SIGCONT)
            time.sleep(0.05)
            self.send(signal.SIGSTOP)

    def ended(self, within_s: float) -> tuple[int, float]:
        """(exit status as of a shell, seconds until it ended)."""
        started = time.monotonic()
        while time.monotonic() - started < within_s:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status), round(time.monotonic() - started, 2)
            time.sleep(0.02)
        return -999, within_s


def is_writable(file: Path) -> bool:
    """Whether nobody holds the database's one lock for writing for long."""
    with contextlib.closing(sqlite3.connect(file, timeout=2, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        connection.execute("ROLLBACK")
        return True


class Office:
    """Submits jobs and looks, as a process that only serves does."""

    def __init__(self, ports: Ports) -> None:
        self.ports = ports

    def context(self, tenant: str) -> RequestContext:
        return RequestContext(principal=Principal(tenant=TenantId(tenant), key_id="k"), request_id="r")

    def upload(self, tenant: str) -> str:
        context = self.context(tenant)
        dataset = datasets.create(context, DatasetCreate(table_schema=SCHEMA), self.ports)
        with datasets.receiving(context, dataset.id, self.ports) as receiver:
            receiver.write(b"rows")
        return datasets.finish_upload(context, dataset.id, receiver, self.ports).id

    def submit(self, tenant: str, dataset: str, *, priority: int = 0) -> str:
        message = JobCreate(dataset_id=dataset, epsilon=EPSILON, delta=1e-7, priority=priority)
        return jobs.submit(self.context(tenant), message, self.ports).id

    def view(self, tenant: str, job_id: str) -> JobView:
        return jobs.get(self.context(tenant), job_id, self.ports)

    def wait(self, tenant: str, job_id: str, ready: Callable[[JobView], bool], within_s: float = 120) -> JobView:
        deadline = time.monotonic() + within_s
        while not ready(view := self.view(tenant, job_id)):
            if view.state.is_final or time.monotonic() > deadline:
                raise AssertionError(f"the job never came there: {view}")
            time.sleep(0.02)
        return view

    def done(self, tenant: str, job_id: str, within_s: float = 120) -> JobView:
        return self.wait(tenant, job_id, lambda view: view.state is JobState.DONE, within_s)

    def in_child_of(self, hand: Hand, tenant: str, job_id: str, stage: str) -> list[int]:
        """The children of a worker, once its job is in the middle of this step."""
        self.wait(tenant, job_id, lambda view: view.stage == stage and bool(children_of(hand.pid)))
        time.sleep(0.1)
        return children_of(hand.pid)

    def entries(self, tenant: str, job_id: str) -> list[str]:
        with self.ports.database.read() as tx:
            found = tx.for_tenant(TenantId(tenant)).ledger.entries()
        return [entry.kind.value for entry in found if entry.job_id == job_id]

    def stray(self, tenant: str, job_id: str) -> list[str]:
        """Files of a job that nobody can ask for."""
        with self.ports.database.read() as tx:
            job = tx.for_tenant(TenantId(tenant)).jobs.get(job_id)
        known = set(job.files.values()) if job.state is JobState.DONE else set()
        return [key for key in self.ports.blobs.keys(job.prefix) if key not in known]

    def about(self, tenant: str, job_id: str) -> dict[str, Any]:
        view = self.view(tenant, job_id)
        return {
            "state": view.state.value,
            "code": view.error.code if view.error else "",
            "attempt": view.attempt,
            "kinds": self.entries(tenant, job_id),
            "stray": self.stray(tenant, job_id),
        }


def seconds_to_death(pids: list[int], within_s: float = 5.0) -> float:
    started = time.monotonic()
    while any(is_alive(pid) for pid in pids) and time.monotonic() - started < within_s:
        time.sleep(0.01)
    return round(time.monotonic() - started, 2)


def frozen(office: Office, dataset: str, first: Hand, second: Hand) -> dict[str, Any]:
    """A freezes in a fit, B takes its job, A thaws."""
    first.begin("a")
    job = office.submit("ward", dataset)
    office.in_child_of(first, "ward", job, "fit")
    first.freeze(office.ports.settings.home)
    second.begin("b")
    office.done("ward", job)
    kept = sorted(path.name for path in (office.ports.settings.home / "scratch" / "a").rglob("*.parquet"))
    first.send(signal.SIGCONT)
    time.sleep(1.5)  # it may do now what it had in mind
    thawed = {"thawed_lives": is_alive(first.pid), "children": children_of(first.pid), "kept": kept}
    return office.about("ward", job) | thawed


def dead(office: Office, dataset: str, first: Hand, second: Hand) -> dict[str, Any]:
    """Whoever runs the job is killed for good; the other takes it up."""
    job = office.submit("ward", dataset)
    office.wait(
        "ward", job, lambda view: view.stage == "fit" and any(children_of(hand.pid) for hand in (first, second))
    )
    victim = first if children_of(first.pid) else second
    orphans = children_of(victim.pid)
    victim.send(signal.SIGKILL)
    victim.ended(5)
    died, started = seconds_to_death(orphans), time.monotonic()
    office.done("ward", job)
    took_s = round(time.monotonic() - started, 2)
    return office.about("ward", job) | {"first_died": victim is first, "orphans_s": died, "took_s": took_s}


def stopped(office: Office, dataset: str, hand: Hand, successor: Hand) -> dict[str, Any]:
    """SIGTERM in a fit; a successor of another name goes on at once."""
    job = office.submit("ward", dataset)
    children = office.in_child_of(hand, "ward", job, "fit")
    hand.send(signal.SIGTERM)
    code, ended_s = hand.ended(10)
    left = [pid for pid in children if is_alive(pid)]
    state = office.view("ward", job).state.value
    successor.begin("c")
    office.done("ward", job)
    return office.about("ward", job) | {"exit": code, "ended_s": ended_s, "left": left, "meanwhile": state}


def cancelled(office: Office, dataset: str, hand: Hand, stage: str) -> dict[str, Any]:
    """Cancelled from another process, in the middle of a step."""
    job = office.submit("ward", dataset)
    children = office.in_child_of(hand, "ward", job, stage)
    jobs.cancel(office.context("ward"), job, office.ports)
    died_s = seconds_to_death(children)
    time.sleep(0.3)
    again = jobs.cancel(office.context("ward"), job, office.ports).state.value
    return office.about("ward", job) | {"children": len(children), "died_s": died_s, "again": again}


def cancelled_in_queue(office: Office, dataset: str) -> dict[str, Any]:
    """One that waits behind another of its tenant; and among those who wait, priority decides."""
    first = office.submit("ward", dataset)
    office.wait("ward", first, lambda view: view.state is JobState.RUNNING)
    waiting, low, high = (office.submit("ward", dataset, priority=priority) for priority in (0, -5, 5))
    jobs.cancel(office.context("ward"), waiting, office.ports)
    office.wait("ward", high, lambda view: view.state is JobState.RUNNING)
    low_state = office.view("ward", low).state.value
    for job in (low, high):
        with contextlib.suppress(Exception):
            jobs.cancel(office.context("ward"), job, office.ports)
    office.done("ward", first)
    return office.about("ward", waiting) | {"low": low_state}


def full(office: Office, dataset: str, flag: str, home: Path) -> dict[str, Any]:
    """The disk is full for the child, or for the files that it made."""
    (home / flag).touch()
    try:
        job = office.submit("ward", dataset)
        office.wait("ward", job, lambda view: view.state is JobState.FAILED)
    finally:
        (home / flag).unlink()
    time.sleep(0.2)
    return office.about("ward", job)


def many(office: Office, hands: list[Hand]) -> dict[str, Any]:
    """200 jobs of 20 tenants by 3 workers, of whom one freezes for a while and one is killed."""
    tenants = [f"tenant{number}" for number in range(N_TENANTS)]
    tables = {tenant: office.upload(tenant) for tenant in tenants}
    started = time.monotonic()
    made = [(tenant, office.submit(tenant, tables[tenant])) for _ in range(N_JOBS // N_TENANTS) for tenant in tenants]
    submitted_s = time.monotonic() - started
    for number, hand in enumerate(hands):
        hand.begin(f"many-{number}", "instant")

    def n_open() -> int:
        return len(office.ports.database.open_jobs())

    until(lambda: n_open() < N_JOBS * 3 // 4)
    hands[0].send(signal.SIGKILL)
    hands[1].send(signal.SIGSTOP)
    hands[0].ended(5)
    # For a set time: on SQLite it may have been stopped with the one write lock in its hand.
    time.sleep(TIMEOUT_S["many"] + 2)
    hands[1].send(signal.SIGCONT)
    until(lambda: n_open() == 0)
    worked_s = time.monotonic() - started - submitted_s
    accounts, found, kinds = [], [], {job: "" for _, job in made}
    for tenant in tenants:
        with office.ports.database.read() as tx:
            stores = tx.for_tenant(TenantId(tenant))
            account = stores.ledger.account(Scope("ward"))
            found += stores.jobs.all()
            for entry in stores.ledger.entries():
                if entry.job_id is not None:
                    kinds[entry.job_id] = f"{kinds[entry.job_id]} {entry.kind.value}".strip()
        accounts.append((account.spent.dp.epsilon_nano, account.held.dp.epsilon_nano))
    return {
        "n_jobs": len({job.id for job in found} & {job for _, job in made}),
        "states": sorted({job.state.value for job in found}),
        "attempts": max(job.attempt for job in found),
        "taken_over": sum(job.attempt for job in found) - N_JOBS,
        "kinds": sorted(set(kinds.values())),
        "accounts": sorted(set(accounts)),
        "ok": all(budgets.check(office.context(tenant), office.ports).ok for tenant in tenants),
        "stray": sum(len(office.stray(tenant, job)) for tenant, job in made),
        "submit_per_s": round(N_JOBS / submitted_s, 1),
        "jobs_per_s": round(N_JOBS / worked_s, 1),
    }


def until(ready: Callable[[], bool], within_s: float = 500.0) -> None:
    deadline = time.monotonic() + within_s
    while not ready():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(1.0)


def without_sync() -> None:
    """Nobody cuts the power in a test, and 200 jobs write some 5000 files."""
    os.fsync = os.fdatasync = lambda _descriptor: None  # type: ignore[assignment]
    store_engine._PRAGMAS = tuple(each.replace("synchronous=FULL", "synchronous=OFF") for each in store_engine._PRAGMAS)


def once(function: Callable[..., Any]) -> Callable[..., Any]:
    """A price is pure in what is asked, and here always the same is asked: work it out one time."""
    known: list[Any] = []

    def cached(*args: Any, **kwargs: Any) -> Any:
        if not known:
            known.append(function(*args, **kwargs))
        return known[0]

    return cached


def publishing(home: Path) -> Callable[..., None]:
    keep = execution.keep

    def full_at_last(file: Path, key: str, ports: Ports) -> None:
        if file.name == "synthetic.parquet" and (home / STORE_FULL).exists():
            raise OSError(errno.ENOSPC, "no space left on device")
        keep(file, key, ports)

    return full_at_last


def with_few(note: Callable[..., dict[str, Any]], office: Office, dataset: str, hands: list[Hand], home: Path) -> None:
    """Every scenario of one job, by workers that are used up one after the other."""
    first, second, third = hands[:3]
    note("frozen", frozen, office, dataset, first, second)
    left = second if note("dead", dead, office, dataset, first, second)["first_died"] else first
    note("stopped", stopped, office, dataset, left, third)
    note("cancel-scrub", cancelled, office, dataset, third, "scrub")
    note("cancel-fit", cancelled, office, dataset, third, "fit")
    note("cancel-queued", cancelled_in_queue, office, dataset)
    note("child-full", full, office, dataset, light_child.FULL, home)
    note("store-full", full, office, dataset, STORE_FULL, home)
    third.send(signal.SIGTERM)


def main(home: str, url: str, which: str) -> None:
    """Run the scenarios of a few jobs, or that of many, and print what was found."""
    environ = {
        "UNDERSTUDY_HOME": home,
        "UNDERSTUDY_WORKER_TIMEOUT_S": str(TIMEOUT_S[which]),
        "UNDERSTUDY_WORKER_CONCURRENCY": "4",
    }
    without_sync()
    settings = Settings.from_environment(environ | ({"UNDERSTUDY_DATABASE_URL": url} if url else {}))
    Path(home).mkdir(exist_ok=True)
    bootstrap.ChildSandbox = Sandbox  # type: ignore[misc]
    execution.keep = publishing(Path(home))
    jobs.plan_of, jobs.charge_of_plan = once(jobs.plan_of), once(jobs.charge_of_plan)
    assert threading.active_count() == 1, "only a process with one thread may fork"
    hands = [Hand(settings, Path(home) / "failures") for _ in range(3)]
    found: dict[str, Any] = {}

    def note(name: str, scenario: Callable[..., dict[str, Any]], *args: Any) -> dict[str, Any]:
        started = time.monotonic()
        found[name] = scenario(*args)
        found[name]["seconds"] = round(time.monotonic() - started, 2)
        print(name, found[name], file=sys.stderr, flush=True)
        return found[name]

    try:
        with bootstrap.serving(settings) as ports:
            office = Office(ports)
            Sandbox.is_instant = True  # the uploads of this process
            dataset = office.upload("ward")
            if which == "few":
                with_few(note, office, dataset, hands, Path(home))
            else:
                note("many", many, office, hands)
            found["scratch"] = [str(path) for path in Path(home, "scratch").rglob("*") if path.is_file()]
            found["ward"] = budgets.check(office.context("ward"), ports).model_dump()
    finally:
        for hand in hands:
            with contextlib.suppress(ProcessLookupError):
                hand.send(signal.SIGKILL)
                os.waitpid(hand.pid, 0)
    found["cpu_s"] = round(sum(os.times()[:4]), 1)
    print(json.dumps(found), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
