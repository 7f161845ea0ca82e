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


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z" if Path(f"/proc/{pid}/stat").exists() else False


STAGES = ("scrub", "fit", "evaluate")
EPSILON = 0.3


@pytest.mark.slow
def test_a_service_that_is_killed_in_three_jobs_finishes_each_with_one_charge(tmp_path: Path) -> None:
    """Each next life finishes the job of the one before, then is killed in one of its own."""
    home, table = tmp_path / "home", tmp_path / "ward.csv"
    table.write_bytes(rows(600))
    server = Server(home)
    try:
        assert server.credential is not None
        with Client(server.url, api_key=server.credential[0]) as opener:
            key = opener.create_tenant("clinic").api_key
        with Client(server.url, api_key=key) as client:
            dataset = client.upload(table, SCHEMA).id
        jobs = []
        for stage in STAGES:
            jobs.append(killed_in(server, key, dataset, stage))
            server = Server(home)
            assert server.credential is None, "the bootstrap credential is made once"
            with Client(server.url, api_key=key) as client:
                assert client.wait(jobs[-1]).state is JobState.DONE, stage
                assert "synthetic.parquet" in client.download(jobs[-1], tmp_path / stage)
                budget = client.budget("ward")
            assert (budget.epsilon_spent, budget.epsilon_held) == (pytest.approx(EPSILON * len(jobs)), 0)
            assert not any((home / "scratch").rglob(f"{jobs[-1]}-*")), "the next start sweeps what the killed one left"
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(20) == 0
    finally:
        server.kill()
    for job in jobs:
        assert [entry.kind for entry in entries(home) if entry.job_id == job] == ["hold", "spend"]


def killed_in(server: Server, key: str, dataset: str, stage: str) -> str:
    """A job, in the middle of whose stage the service was killed; no child of it is left."""
    try:
        with Client(server.url, api_key=key) as client:
            job = client.submit(JobCreate(dataset_id=dataset, epsilon=EPSILON)).id
            while (at := client.job(job)).stage != stage:
                assert not at.state.is_final, at
                time.sleep(0.01)
        orphans = server.children()
    finally:
        server.kill()
    deadline = time.monotonic() + 5
    while any(alive(pid) for pid in orphans) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(alive(pid) for pid in orphans)
    return job


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
