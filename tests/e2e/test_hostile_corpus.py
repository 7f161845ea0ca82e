"""More than 200 malformed files and requests against one live house, through both doors.

Nothing may break (no 500, no INTERNAL), nothing may stay (blobs, scratch, datasets), nothing may be charged, and no
answer may hold a value of the file. The files are read in one child process for all of them, by a child's code and
under its limits; a new one takes its place when it dies.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import grpc
import pytest

from service import bootstrap
from service.commands.tenants import open_tenant
from service.inprocess import InProcessTransport
from service.ports import Ports
from service.rest.app import create_app
from service.rpc.generated import understudy_pb2 as pb
from service.rpc.server import start_server
from service.sandbox import _outcome, _parse
from service.settings import Settings
from tests.e2e import hostile_files
from tests.e2e.hostile_files import CANARY, SCHEMA, Hostile
from tests.e2e.houses import DOORS, Door, GrpcDoor, House, Refused, problem_in
from tests.e2e.test_hostile import state

GROUPS: dict[str, Callable[[], Iterator[Hostile]]] = {
    group.__name__: group
    for group in (
        hostile_files.cells,
        hostile_files.texts,
        hostile_files.lines,
        hostile_files.resources,
        hostile_files.workbooks,
        hostile_files.columns,
        hostile_files.packed,
        hostile_files.flipped,
        hostile_files.limited,
    )
}


class Warm:
    """A sandbox that answers as a child does, and dies as one, without the second that a new child takes to start."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.n_deaths = 0
        self._start()

    def __call__(self, task: str, request: dict[str, object], **_: object) -> dict[str, object]:
        with self._lock:
            assert self._child.stdin is not None
            assert self._child.stdout is not None
            self._child.stdin.write(json.dumps({"task": task, "request": request}).encode() + b"\n")
            self._child.stdin.flush()
            line = self._child.stdout.readline()
            code = 0 if line else self._restart()
        exhausted = bootstrap._EXHAUSTED[task]
        return _outcome(_parse(line) if line else None, code, exhausted, bootstrap._CRASHED[task])

    def close(self) -> None:
        self._child.kill()
        self._child.communicate()

    def _restart(self) -> int:
        self._child.communicate()
        code = self._child.returncode
        self.n_deaths += 1
        self._start()
        return code

    def _start(self) -> None:
        environment = dict(os.environ, ARROW_DEFAULT_MEMORY_POOL="system", MALLOC_ARENA_MAX="2", OMP_NUM_THREADS="1")
        self._child = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.warm_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    home = tmp_path_factory.mktemp("home")
    settings = Settings.from_environment({"UNDERSTUDY_HOME": str(home)})
    with bootstrap.running(settings, role="serve") as found, contextlib.closing(Warm()) as warm:
        ports: Ports = replace(found, sandbox=warm)
        keys = {name: open_tenant(name, ports) for name in ("clinic", "bank")}
        server = start_server(ports, "127.0.0.1:0")
        yield House(ports=ports, keys=keys, app=create_app(ports), grpc_port=server.port)
        server.stop()


@pytest.fixture(params=sorted(DOORS))
def door(request: pytest.FixtureRequest, house: House) -> Iterator[Door]:
    opened = DOORS[request.param](house, house.keys["clinic"])
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def files() -> dict[str, list[Hostile]]:
    return {name: list(group()) for name, group in GROUPS.items()}


def test_the_corpus_is_large(files: dict[str, list[Hostile]]) -> None:
    made = [hostile for group in files.values() for hostile in group]
    names = [(hostile.format, hostile.name) for hostile in made]
    assert len(set(names)) == len(names) >= 200
    assert sum(hostile.code is not None for hostile in made) >= 200


def fault_of(hostile: Hostile, door: Any, house: House) -> str:
    """What the service did wrong with a file; empty if nothing."""
    try:
        dataset = door.declare(hostile.schema, hostile.format)
        door.send(dataset, hostile.content)
    except Refused as refused:
        problem = refused.problem
        if problem.status >= 500 or problem.code in ("failed", "internal"):
            return f"broke: {problem.code}"
        if hostile.code not in (None, problem.code):
            return f"{problem.code}, not {hostile.code}"
        return "a value in the answer" if CANARY in problem.model_dump_json() else ""
    _remove(door, dataset)
    return "" if hostile.code is None else "was taken in"


def _remove(door: Any, dataset: str) -> None:
    if hasattr(door, "client"):
        assert door.client._http.delete(f"/v1/datasets/{dataset}").status_code == 204
    else:
        door._call(door._datasets.Delete, pb.DeleteDatasetRequest(dataset_id=dataset))


def _of_door(files: list[Hostile], group: str, door: Door) -> list[Hostile]:
    """Where files differ in a cell or some bytes only, every other one goes through the other door."""
    return files[isinstance(door, GrpcDoor) :: 2] if group in ("cells", "texts", "flipped") else files


@pytest.mark.parametrize("group", GROUPS)
def test_no_file_breaks_the_service(group: str, files: dict[str, list[Hostile]], door: Door, house: House) -> None:
    before = state(house)
    faults = {
        f"{hostile.format}: {hostile.name}": fault
        for hostile in _of_door(files[group], group, door)
        if (fault := fault_of(hostile, door, house))
    }
    assert faults == {}
    assert state(house) == before


def test_a_broken_service_would_be_noticed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(CANARY)

    monkeypatch.setattr(Warm, "__call__", broken)
    door = DOORS["http"](house, house.keys["clinic"])
    (first, *_) = hostile_files.resources()
    assert fault_of(first, door, house) == "broke: failed"
    door.close()


# --- requests -------------------------------------------------------------------------------------------------------

DEEP = b'{"table_schema": ' + b'{"a":' * 5_000 + b"1" + b"}" * 5_001
BODIES: tuple[bytes, ...] = (
    b"",
    b"{",
    b"null",
    b"[]",
    b'"x"',
    b"\xff\xfe{",
    b"\xef\xbb\xbf{}",
    b"NaN",
    b"1e999",
    b"1" * 10_000,
    DEEP,
    b"[" * 10_000,
    b'{"a": "\\ud800"}',
    b'{"a": "\\u0000"}',
    b'{"table_schema": {"fields": []}, "format": "CSV"}',
    b'{"table_schema": {"fields": [{"name": "\\ud800"}]}}',
    b'{"table_schema": {"fields": [{"name": "a"}]}, "format": "ods"}',
    b'{"table_schema": {"fields": [{"name": "a"}]}, "keep_raw": "days:-1"}',
    b'{"table_schema": {"fields": [{"name": "a"}]}, "sheet": 7}',
    b'{"table_schema": [1], "table_schema": {}}',
    b'{"table_schema": {"fields": "' + CANARY.encode() + b'"}}',
    b'{"table_schema": {"fields": [{"name": "a", "constraints": {"minimum": 1e400}}]}}',
    b'{"dataset_id": "../../etc", "epsilon": 1}',
    b'{"dataset_id": "' + CANARY.encode() + b'", "epsilon": 1}',
    b'{"dataset_id": "ds_0", "epsilon": NaN}',
    b'{"dataset_id": "ds_0", "epsilon": -1e308}',
    b'{"dataset_id": "ds_0", "epsilon": "one"}',
    b'{"dataset_id": "ds_0", "epsilon": 1, "n_rows": 99999999999999999999999}',
    b'{"dataset_id": "ds_0", "epsilon": 1, "strange": "' + CANARY.encode() + b'"}',
)
ROUTES = ("/v1/datasets", "/v1/jobs", "/v1/plans", "/v1/curves", "/v1/evaluations", "/v1/scrubs", "/v1/keys")
"""What takes a message."""

PATHS: tuple[tuple[str, str], ...] = (
    ("GET", "/v1/datasets/..%2F..%2Fetc%2Fpasswd"),
    ("GET", "/v1/datasets/%00"),
    ("GET", "/v1/datasets/%ff%fe"),
    ("GET", "/v1/datasets/" + "a" * 5000),
    ("GET", "/v1/datasets/ds_0/content"),
    ("HEAD", "/v1/datasets/ds_0/content"),
    ("PATCH", "/v1/datasets/ds_0/content"),
    ("DELETE", "/v1/datasets/*"),
    ("GET", "/v1/datasets?limit=0"),
    ("GET", "/v1/datasets?limit=-5"),
    ("GET", "/v1/datasets?limit=99999999999999999999"),
    ("GET", "/v1/datasets?limit=x"),
    ("GET", "/v1/datasets?cursor=" + CANARY),
    ("GET", "/v1/datasets?cursor=AAAA%00"),
    ("GET", "/v1/datasets?state=none"),
    ("GET", "/v1/jobs/job_0?wait_s=nan"),
    ("GET", "/v1/jobs/job_0?wait_s=-1"),
    ("GET", "/v1/jobs/job_0/reports/owner?format=exe"),
    ("GET", "/v1/ledger?after=-1"),
    ("GET", "/v1/audit?limit=99999999999999999999"),
    ("GET", "/v1/budgets/%F0%9F%92%A9"),
    ("PUT", "/v1/budgets/" + CANARY),
    ("DELETE", "/v1/scrubs/%2e%2e"),
    ("TRACE", "/v1/datasets"),
    ("OPTIONS", "/v1/datasets"),
    ("PROPFIND", "/v1/datasets"),
    ("POST", "/v1/schema-proposals?format=ods"),
    ("POST", "/v1/schema-proposals?format=xlsx"),
    ("POST", "/v1/schema-proposals?format=parquet"),
    ("POST", "/v1/schema-proposals?format=fhir"),
    ("POST", "/v1/schema-proposals?include_data=perhaps"),
)
HEADERS: tuple[dict[str, str], ...] = (
    {"Content-Type": "multipart/form-data; boundary=x"},
    {"Upload-Offset": "-1"},
    {"Upload-Offset": "1e3"},
    {"Upload-Offset": "9" * 40},
    {"Upload-Offset": "0", "Upload-Complete": "1"},
    {"Upload-Offset": "0", "Upload-Complete": "?1", "X-Content-SHA256": CANARY},
    {"Upload-Offset": "0", "Upload-Complete": "?1", "Repr-Digest": "sha-256=:AAAA:"},
    {"Upload-Offset": "5"},
    {},
)
"""Of a PATCH of content."""


def check(answer: Any, what: str) -> str:
    if answer.status_code >= 500:
        return f"{what}: {answer.status_code}"
    return f"{what}: a value in the answer" if answer.status_code >= 400 and CANARY in answer.text else ""


@pytest.fixture
def http(house: House) -> Iterator[Any]:
    transport = InProcessTransport(house.app)
    opened = DOORS["http"](house, house.keys["clinic"])
    yield opened
    opened.close()
    transport.close()


def test_no_request_breaks_the_service(http: Any, house: House) -> None:
    before, ask = state(house), http.client._http.request
    faults = []
    for path in ROUTES:
        for number, body in enumerate(BODIES):
            answer = ask("POST", path, content=body, headers={"Content-Type": "application/json"})
            faults.append(check(answer, f"{path} body {number}"))
            assert answer.status_code >= 400, (path, body[:80])
    for kind in ("text/plain", "application/xml", "multipart/form-data", "application/x-www-form-urlencoded", "x"):
        faults.append(
            check(ask("POST", "/v1/datasets", content=b"a=" + CANARY.encode(), headers={"Content-Type": kind}), kind)
        )
    for method, path in PATHS:
        faults.append(
            check(ask(method, path, content=b"x" if method in ("POST", "PUT") else None), f"{method} {path[:60]}")
        )
    for name, value in (("Authorization", "Basic x"), ("Idempotency-Key", "x" * 5000), ("X-Request-Id", "\x01" * 9)):
        faults.append(check(ask("POST", "/v1/jobs", content=b"{}", headers={name: value}), name))
    assert [fault for fault in faults if fault] == []
    assert state(house) == before


def test_no_piece_of_an_upload_breaks_the_service(http: Any, house: House) -> None:
    before = state(house)
    dataset = http.declare(SCHEMA)
    faults = [
        check(
            http.client._http.request("PATCH", f"/v1/datasets/{dataset}/content", content=b"x,y\n", headers=headers),
            str(headers),
        )
        for headers in HEADERS
    ]
    assert [fault for fault in faults if fault] == []
    _remove(http, dataset)
    assert state(house) == before


def streams(dataset: str) -> dict[str, list[pb.UploadRequest]]:
    """Uploads over gRPC that are none."""
    metadata = pb.UploadRequest(metadata=pb.UploadMetadata(dataset_id=dataset))
    chunk, end = pb.UploadRequest(chunk=CANARY.encode()), pb.UploadRequest(end=pb.StreamEnd(size_bytes=11))
    negative = pb.UploadMetadata(dataset_id=dataset, offset_bytes=-5)
    return {
        "nothing": [],
        "no metadata": [chunk, end],
        "the end first": [end],
        "no end": [metadata, chunk],
        "metadata twice": [metadata, metadata, end],
        "an end too short": [metadata, chunk, pb.UploadRequest(end=pb.StreamEnd(size_bytes=1))],
        "an end below zero": [metadata, chunk, pb.UploadRequest(end=pb.StreamEnd(size_bytes=-1))],
        "an empty message": [metadata, pb.UploadRequest()],
        "nobody's": [pb.UploadRequest(metadata=pb.UploadMetadata(dataset_id="../x")), chunk, end],
        "no name": [pb.UploadRequest(metadata=pb.UploadMetadata())],
        "an offset below zero": [pb.UploadRequest(metadata=negative), chunk, end],
        "a digest that is none": [
            pb.UploadRequest(metadata=pb.UploadMetadata(dataset_id=dataset, sha256=CANARY)),
            chunk,
            end,
        ],
    }


def test_no_message_breaks_the_service(house: House) -> None:
    door = DOORS["grpc"](house, house.keys["clinic"])
    before = state(house)
    dataset = door.declare(SCHEMA)
    for name, messages in streams(dataset).items():
        with pytest.raises(Refused) as caught:
            door._call(door._datasets.Upload, iter(messages))
        assert caught.value.problem.status < 500, name
        assert CANARY not in caught.value.problem.model_dump_json(), name
    raw = [b"\xff" * 40, b"\x0a\xff\xff\xff\xff\x0f", b"\x08\x01\x10\x02" * 9, b"\x12\x02\xc3\x28", b"\x0a\x02\xff\xfe"]
    for method in ("Datasets/Create", "Jobs/Create", "Jobs/Plan", "Budgets/Grant", "Scrubs/Create", "Keys/Create"):
        call = door._channel.unary_unary(f"/understudy.v1.{method}")
        for body in raw:
            with pytest.raises(grpc.RpcError) as broken:
                call(body, metadata=door._metadata)
            assert broken.value.code() is not grpc.StatusCode.UNKNOWN
            with contextlib.suppress(KeyError):  # grpc itself refuses what is no message, without a Problem
                assert problem_in(broken.value).status < 500
    for kind in (99, -1):
        with pytest.raises(Refused) as caught:
            door._call(door._datasets.Create, pb.DatasetCreate(table_schema=json.dumps(SCHEMA), format=kind))
        assert caught.value.problem.code == "request-invalid"
    _remove(door, dataset)
    door.close()
    assert state(house) == before
