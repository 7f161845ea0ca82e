"""kill -9 at each of 12 points of a job, and what is found after a restart; one line of JSON for each point.

``python -m tests.e2e.kill_driver HOME [DATABASE_URL]``. One process imports the service and forks a life for each
point: a life takes up what the one before left unfinished, waits for it, then runs a job of its own and kills itself
at its point. The points are put in from outside, by wrapping functions here: the service knows nothing of them. Only
the mathematics is left out (``light_child``); queue, ledger, files and child processes are the real ones.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from privacy.ledger import Scope
from service import bootstrap, pipeline
from service.commands import budgets, datasets, jobs
from service.context import Principal, RequestContext, TenantId
from service.execution import Run
from service.jobs import SYNTHESIZE
from service.ports import Ports, Progress
from service.sandbox import run_child
from service.settings import Settings
from service.store.ledger import SqlLedger
from service.worker import DbosQueue
from tests.e2e.houses import SCHEMA
from understudy.messages import DatasetCreate, JobCreate

POINTS = (
    "scrub:before",
    "scrub:mid",
    "scrub:after",
    "reserve:in-tx",
    "reserve:committed",
    "fit:before",
    "fit:mid",
    "fit:after",
    "evaluate:mid",
    "evaluate:after",
    "spend:in-tx",
    "spend:committed",
)
"""``after`` is after a step's files are published, before it is recorded; ``committed`` before anyone was told."""

TENANT = TenantId("clinic")
CONTEXT = RequestContext(principal=Principal(tenant=TENANT, key_id="k"), request_id="r")
EPSILON = 0.1
STEP_OF_TASK = {"scrub": "scrub", "fit": "fit", "judge": "evaluate"}


class Life:
    """One process of the service: from its start to the point at which it kills itself."""

    def __init__(self, settings: Settings, point: str, notes: Path) -> None:
        self.settings, self.point, self.notes = settings, point, notes
        self.armed = False

    def at(self, point: str) -> None:
        """Die here, if this is the point and the job of this life is under way."""
        if self.armed and point == self.point:
            self.notes.write_text(json.dumps(children_of(os.getpid())))
            os.kill(os.getpid(), signal.SIGKILL)

    def run(self) -> None:
        """Take up what is left, then run a job and die in it; without a point, only take up."""
        self.wrap()
        with bootstrap.running(self.settings, role="serve") as ports:
            wait_for_all(ports)
            if self.point:
                dataset = upload(ports)
                self.armed = True
                submit(dataset, ports)
                self.at("reserve:committed")
                time.sleep(30)
                raise AssertionError("this life should have ended")
        os._exit(0)

    def wrap(self) -> None:
        """Put the points in, in this process only."""
        life = self

        class LightSandbox(bootstrap.ChildSandbox):
            def __call__(
                self, task: str, request: dict[str, object], *, on_progress: Progress, **more: Any
            ) -> dict[str, object]:
                def progress(percent: int, stage: str) -> None:
                    on_progress(stage, percent)
                    life.at(f"{STEP_OF_TASK.get(task)}:mid")

                return run_child("tests.e2e.light_child", request, task=task, on_progress=progress, **more)

        def around(act: Callable[[Run], Any], name: str) -> Callable[[Run], Any]:
            def wrapped(run: Run) -> Any:
                life.at(f"{name}:before")
                result = act(run)
                life.at(f"{name}:committed" if name == "spend" else f"{name}:after")
                return result

            return wrapped

        def then(function: Callable[..., Any], point: str) -> Callable[..., Any]:
            def wrapped(*args: Any, **kwargs: Any) -> Any:
                result = function(*args, **kwargs)
                life.at(point)
                return result

            return wrapped

        bootstrap.ChildSandbox = LightSandbox  # type: ignore[misc]
        flow = pipeline.FLOWS[SYNTHESIZE]
        pipeline.FLOWS[SYNTHESIZE] = tuple(replace(step, act=around(step.act, step.name)) for step in flow)
        SqlLedger.spend = then(SqlLedger.spend, "spend:in-tx")  # type: ignore[method-assign]
        DbosQueue.enqueue = then(DbosQueue.enqueue, "reserve:in-tx")  # type: ignore[method-assign]


def upload(ports: Ports) -> str:
    """A dataset with its content."""
    dataset = datasets.create(CONTEXT, DatasetCreate(table_schema=SCHEMA), ports)
    with datasets.receiving(CONTEXT, dataset.id, ports) as receiver:
        receiver.write(b"rows")
    return datasets.finish_upload(CONTEXT, dataset.id, receiver, ports).id


def submit(dataset_id: str, ports: Ports) -> str:
    """A job on it."""
    return jobs.submit(CONTEXT, JobCreate(dataset_id=dataset_id, epsilon=EPSILON, delta=1e-7), ports).id


def wait_for_all(ports: Ports) -> None:
    """Until no job is open."""
    deadline = time.monotonic() + 60
    while ports.database.open_jobs():
        assert time.monotonic() < deadline, "a job was not resumed"
        time.sleep(0.02)


def children_of(pid: int) -> list[int]:
    """The processes that a process started and that still run."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError, IndexError):
            if entry.name.isdigit() and int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1]) == pid:
                found.append(int(entry.name))
    return found


def orphans(pids: list[int]) -> list[int]:
    """Those of the processes that are still alive after a grace of five seconds."""
    deadline = time.monotonic() + 5
    while (left := [pid for pid in pids if is_alive(pid)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


def is_alive(pid: int) -> bool:
    """False for a zombie too: in a container there may be nobody to reap it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def live(settings: Settings, point: str, notes: Path) -> int:
    """Fork a life; the signal that ended it, or 0."""
    pid = os.fork()
    if pid == 0:
        try:
            Life(settings, point, notes).run()
        except BaseException as error:
            print(f"{point}: {error!r}", file=sys.stderr, flush=True)
        os._exit(1)
    _, status = os.waitpid(pid, 0)
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else -os.WEXITSTATUS(status)


@contextlib.contextmanager
def looking(settings: Settings) -> Iterator[Ports]:
    """The adapters of a service that does not run."""
    ports, engine, queue = bootstrap.build(settings)
    try:
        yield ports
    finally:
        queue.close()
        engine.dispose()


def look(settings: Settings) -> dict[str, Any]:
    """What every job did to the ledger, in a process of its own, so that this one stays free of threads."""
    reader, writer = os.pipe()
    if (pid := os.fork()) == 0:
        with looking(settings) as ports, ports.database.read() as tx:
            stores = tx.for_tenant(TENANT)
            kinds: dict[str, list[str]] = {job.id: [] for job in stores.jobs.all()}
            for entry in stores.ledger.entries():
                if entry.job_id is not None:
                    kinds.setdefault(entry.job_id, []).append(entry.kind.value)
            found = {
                "states": [job.state.value for job in stores.jobs.all()],
                "kinds": list(kinds.values()),
                "spent": stores.ledger.account(Scope("ward")).spent.dp.epsilon,
                "held": stores.ledger.account(Scope("ward")).held.dp.epsilon,
                "check": budgets.check(CONTEXT, ports).model_dump(),
                "scratch": sum(path.is_file() for path in ports.scratch.rglob("*")),
            }
        os.write(writer, json.dumps(found).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        text = pipe.read()
    os.waitpid(pid, 0)
    result: dict[str, Any] = json.loads(text)
    return result


def main(home: str, url: str = "") -> None:
    """Run every point and print what was found."""
    environ = {"UNDERSTUDY_HOME": home} | ({"UNDERSTUDY_DATABASE_URL": url} if url else {})
    settings, notes = Settings.from_environment(environ), Path(home) / "children.json"
    Path(home).mkdir(exist_ok=True)
    assert threading.active_count() == 1, "only a process with one thread may fork"
    for point in POINTS:
        started = time.monotonic()
        died = live(settings, point, notes)
        pids = json.loads(notes.read_text()) if notes.exists() else []
        notes.unlink(missing_ok=True)
        found = {"point": point, "signal": died, "children": len(pids), "orphans": orphans(pids)}
        print(json.dumps(found | {"seconds": round(time.monotonic() - started, 2)}), flush=True)
    print(json.dumps({"point": "", "signal": live(settings, "", notes)} | look(settings)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
