"""``python -m benchmarks.upload``: what an upload costs beside a server that only reads the bytes.

Three servers, each in a process of its own, one after the other and three times over: a bare ASGI application under
uvicorn that reads and forgets, our PUT, and our gRPC Upload. What is sent is never taken in: the last byte is withheld
(HTTP: a PATCH without ``Upload-Complete``; gRPC: ``incomplete``), so that the figures are those of the way in, with
encryption, and not of parsing. Writes docs/bench/upload.md and .svg: MB/s, their ratio to the bare sink, peak RSS, and
the server's CPU, which says most where others use the machine too.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import grpc
import httpx
import uvicorn

from benchmarks.machine import described
from benchmarks.service_plots import draw_bars
from service import bootstrap
from service.commands.tenants import open_tenant
from service.rest.app import create_app
from service.rpc.generated import understudy_pb2 as pb
from service.rpc.generated import understudy_pb2_grpc as pb_grpc
from service.rpc.server import start_server
from service.settings import Settings
from tests.e2e.houses import SCHEMA
from understudy import endpoints
from understudy.client import Client
from understudy.messages import DatasetCreate

ROOT = Path(__file__).parents[1]
CHUNK = os.urandom(1 << 18)
SIZE_BYTES = int(os.environ.get("BENCH_UPLOAD_MIB", "64")) << 20
ROUNDS = int(os.environ.get("BENCH_UPLOAD_ROUNDS", "3"))


def chunks() -> Iterator[bytes]:
    """The table, as it is sent."""
    for _ in range(SIZE_BYTES // len(CHUNK)):
        yield CHUNK


async def sink(_scope: Any, receive: Any, send: Any) -> None:
    """Reads a body and forgets it."""
    more = True
    while more:
        message = await receive()
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"{}"})


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def serve(kind: str, pipe: Connection) -> None:
    """One server in this process; says where it is, and at the end how much memory it had at the most, in MiB."""
    if kind == "sink":
        _uvicorn(sink, pipe, "")
        return
    with (
        tempfile.TemporaryDirectory() as home,
        bootstrap.running(Settings.from_environment({"UNDERSTUDY_HOME": home}), role="serve") as ports,
    ):
        key = open_tenant("clinic", ports)
        if kind == "http":
            _uvicorn(create_app(ports), pipe, key)
            return
        server = start_server(ports, "127.0.0.1:0")
        web = free_port()
        config = uvicorn.Config(create_app(ports), port=web, log_config=None, lifespan="off")
        _run(config, pipe, key, grpc_port=server.port)
        server.stop()


def _uvicorn(app: Any, pipe: Connection, key: str) -> None:
    _run(uvicorn.Config(app, port=free_port(), log_config=None, lifespan="off"), pipe, key, grpc_port=0)


def _run(config: uvicorn.Config, pipe: Connection, key: str, *, grpc_port: int) -> None:
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    pipe.send((f"http://127.0.0.1:{config.port}", grpc_port, key))
    for _ in range(2):
        pipe.recv()
        pipe.send(_used())
    server.should_exit = True
    thread.join()


def _used() -> tuple[float, float]:
    """Peak memory in MiB and CPU seconds of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_maxrss / 1024, used.ru_utime + used.ru_stime


@contextmanager
def server(kind: str) -> Iterator[tuple[str, int, str, Callable[[], tuple[float, float]]]]:
    """(address, gRPC port, key, what to ask for what ``_used`` says: before the upload, and after it)."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(kind, theirs))
    process.start()

    def used() -> tuple[float, float]:
        ours.send(None)
        found: tuple[float, float] = ours.recv()
        return found

    try:
        yield (*ours.recv(), used)
    finally:
        process.join(30)


def sent_in(kind: str, url: str, grpc_port: int, key: str) -> float:
    """Seconds that one upload took."""
    if kind == "sink":
        with httpx.Client() as plain:
            started = time.perf_counter()
            plain.put(url, content=chunks())
            return time.perf_counter() - started
    with Client(url, api_key=key) as client:
        dataset = client.call(endpoints.create_dataset(DatasetCreate(table_schema=SCHEMA))).id
        if kind == "http":
            request = endpoints.append_content(dataset, offset_bytes=0, is_complete=False)
            started = time.perf_counter()
            client.call(request, chunks())
            return time.perf_counter() - started
    with grpc.insecure_channel(f"127.0.0.1:{grpc_port}") as channel:
        started = time.perf_counter()
        pb_grpc.DatasetsStub(channel).Upload(_messages(dataset), metadata=(("authorization", f"Bearer {key}"),))
        return time.perf_counter() - started


def _messages(dataset: str) -> Iterator[pb.UploadRequest]:
    yield pb.UploadRequest(metadata=pb.UploadMetadata(dataset_id=dataset, offset_bytes=0, incomplete=True))
    for chunk in chunks():
        yield pb.UploadRequest(chunk=chunk)
    yield pb.UploadRequest(end=pb.StreamEnd(size_bytes=SIZE_BYTES))


def main() -> None:
    """Run and write the page."""
    seconds: dict[str, list[float]] = {"sink": [], "http": [], "grpc": []}
    memory: dict[str, tuple[float, float]] = {}
    cpu: dict[str, list[float]] = {kind: [] for kind in seconds}
    for _ in range(ROUNDS):
        for kind in seconds:
            with server(kind) as (url, grpc_port, key, ask):
                before = ask()
                seconds[kind].append(sent_in(kind, url, grpc_port, key))
                after = ask()
                memory[kind] = before[0], after[0]
                cpu[kind].append((after[1] - before[1]) * 1e9 / SIZE_BYTES)
    size_mb = SIZE_BYTES / 1e6
    bare = statistics.median(seconds["sink"])
    names = {"sink": "bare ASGI sink", "http": "HTTP, encrypted", "grpc": "gRPC, encrypted"}
    lines = [
        f"| {names[kind]} | {size_mb / statistics.median(times):.0f} | {bare / statistics.median(times):.2f} "
        f"| {statistics.median(cpu[kind]):.1f} | {memory[kind][0]:.0f} | {memory[kind][1] - memory[kind][0]:.0f} |"
        for kind, times in seconds.items()
    ]
    page = [
        "# Uploads beside a bare sink",
        "",
        f"{SIZE_BYTES >> 20} MiB in 256 KiB chunks over loopback, median of {ROUNDS}, each server in a process of its "
        f"own, load {os.getloadavg()[0]:.0f}. {described()}",
        "",
        "| Server | MB/s | of the sink | CPU s of the server for a GB | RSS before, MiB | more at the peak, MiB |",
        "|---|---|---|---|---|---|",
        *lines,
        "",
    ]
    folder = ROOT / "docs" / "bench"
    (folder / "upload.md").write_text("\n".join(page))
    rates = {names[kind]: [size_mb / each for each in times] for kind, times in seconds.items()}
    work = {names[kind]: each for kind, each in cpu.items()}
    draw_bars({"MB/s, each of the runs": rates, "CPU s of the server for a GB": work}, folder / "upload.svg")
    print("\n".join(page))


if __name__ == "__main__":
    main()
