"""kill -9 in the middle of a fit; a restart finishes the job, charged once, and leaves no orphan."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from privacy.ledger import Scope
from service.bootstrap import build
from service.context import TenantId
from service.settings import Settings
from tests.e2e.houses import SCHEMA, rows
from understudy.client import Client
from understudy.errors import Failed
from understudy.messages import JobCreate, JobState

UNDERSTUDY = str(Path(sys.executable).parent / "understudy")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """``understudy serve`` as a process of its own."""

    def __init__(self, home: Path, *options: str) -> None:
        self.port = free_port()
        self.process = subprocess.Popen(
            [UNDERSTUDY, "serve", "--port", str(self.port), "--grpc-port", "0", *options],
            env={**os.environ, "UNDERSTUDY_HOME": str(home)},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout is not None
        said = ""
        while "serves" not in said:
            line = self.process.stdout.readline()
            assert line, "the service did not start"
            said += line
        self.credential = re.search(r"usb_[0-9a-f]{64}", said)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1.0):
                return
            time.sleep(0.05)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def children(self) -> list[int]:
        found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True)
        return [int(pid) for pid in found.stdout.split()]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    servers: list[Server] = []
    yield tmp_path / "home"
    for server in servers:
        server.kill()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z" if Path(f"/proc/{pid}/stat").exists() else False


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["scrub", "fit", "evaluate"])
def test_a_killed_service_finishes_its_job_with_one_charge(stage: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    table = tmp_path / "ward.csv"
    table.write_bytes(rows(3000))
    first = Server(home)
    try:
        assert first.credential is not None
        with Client(first.url, api_key=first.credential[0]) as opener:
            key = opener.create_tenant("clinic").api_key
        with Client(first.url, api_key=key) as client:
            dataset = client.upload(table, SCHEMA)
            job = client.submit(JobCreate(dataset_id=dataset.id, epsilon=1.0))
            while client.job(job.id).stage not in (stage, "done"):
                time.sleep(0.01)
        orphans = first.children()
    finally:
        first.kill()
    deadline = time.monotonic() + 5
    while any(alive(pid) for pid in orphans) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(alive(pid) for pid in orphans)

    second = Server(home)
    try:
        assert second.credential is None, "the bootstrap credential is made once"
        with Client(second.url, api_key=key) as client:
            done = client.wait(job.id)
            assert done.state is JobState.DONE
            files = client.download(job.id, tmp_path / "out")
            budget = client.budget("ward")
        assert "synthetic.parquet" in files
        assert (budget.epsilon_spent, budget.epsilon_held) == (pytest.approx(1.0), 0)
        second.process.send_signal(signal.SIGTERM)
        assert second.process.wait(20) == 0
    finally:
        second.kill()
    assert [entry.kind for entry in entries(home) if entry.job_id == job.id] == ["hold", "spend"]
    assert not any((home / "scratch").rglob(f"{job.id}-*")), "the second start sweeps what the killed one left"


def entries(home: Path):  # type: ignore[no-untyped-def]
    ports, engine, queue = build(Settings.from_environment({"UNDERSTUDY_HOME": str(home)}))
    try:
        with ports.database.begin() as tx:
            return tx.for_tenant(TenantId("clinic")).ledger.entries(Scope("ward"))
    finally:
        queue.close()
        engine.dispose()


def test_a_client_without_a_service_says_so() -> None:
    with Client(f"http://127.0.0.1:{free_port()}", api_key="x", timeout_s=2) as client, pytest.raises(Failed) as caught:
        client.health()
    assert caught.value.reason == "unreachable"
