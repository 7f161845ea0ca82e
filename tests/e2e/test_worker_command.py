"""``understudy serve --no-worker`` and ``understudy worker``: two processes, one home."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.e2e.houses import SCHEMA, rows
from tests.e2e.test_crash import UNDERSTUDY, Server
from understudy.client import Client
from understudy.messages import JobCreate, JobState


@pytest.mark.slow
def test_one_process_takes_requests_and_another_runs_the_jobs(tmp_path: Path) -> None:
    home, table = tmp_path / "home", tmp_path / "ward.csv"
    table.write_bytes(rows(300))
    server = Server(home, "--no-worker")
    worker = None
    try:
        assert server.credential is not None
        with Client(server.url, api_key=server.credential[0]) as opener:
            key = opener.create_tenant("clinic").api_key
        with Client(server.url, api_key=key) as client:
            job = client.submit(JobCreate(dataset_id=client.upload(table, SCHEMA).id, epsilon=1.0))
            assert client.job(job.id, wait_s=1.0).state is JobState.QUEUED, "nobody is there to run it"
            command = [UNDERSTUDY, "worker", "--id", "w1"]
            environment = {**os.environ, "UNDERSTUDY_HOME": str(home)}
            worker = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
            assert worker.stdout is not None
            assert worker.stdout.readline() == "understudy works as w1\n"
            kinds = []
            for event in client.events(job.id):
                kinds.append((event.kind, event.job.stage))
                if event.job.stage == "fit":
                    break
            assert ("progress", "fit") in kinds, "told as it happens"
            started = time.monotonic()
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(20) == 0
            assert time.monotonic() - started < 15
            assert client.job(job.id).state is JobState.RUNNING, "it waits for the next worker"
            assert client.cancel(job.id).error.code == "cancelled-after-spend"  # type: ignore[union-attr]
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(20) == 0
    finally:
        server.kill()
        if worker is not None:
            worker.kill()
            worker.wait()
