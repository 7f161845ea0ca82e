"""A real gRPC server on loopback over a real store in a temporary directory; the queue and the sandbox are fakes."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import pytest

from service.commands.tenants import make_bootstrap, open_local_tenant
from service.context import TenantId
from service.jobs import Job
from service.ports import Ports, Transaction
from service.rpc.generated import understudy_pb2 as pb
from service.rpc.generated import understudy_pb2_grpc as pb_grpc
from service.rpc.server import start_server
from service.settings import Settings
from service.store.engine import open_engine
from service.store.keys import FileKeys
from service.store.sql import SqlDatabase
from service.store.vault import open_vault
from tests.tables import ports_of, with_tables
from understudy.errors import InputRefused, Place

SCHEMA = (
    '{"fields": [{"name": "age", "type": "integer", "constraints": {"minimum": 0, "maximum": 120}},'
    ' {"name": "sex", "type": "string", "constraints": {"enum": ["F", "M"]}}], "understudy:population": "ward"}'
)
TIMEOUT_S = 10.0


@dataclass
class FakeQueue:
    """Remembers what was queued."""

    queued: list[str] = field(default_factory=list)

    def enqueue(self, tx: Transaction, job: Job) -> None:
        self.queued.append(job.id)

    def cancel(self, job_id: str) -> None:
        self.queued.remove(job_id)


def fake_sandbox(task: str, request: dict[str, object], *, on_progress: object) -> dict[str, object]:
    """Copies a table instead of decoding it; refuses one, and breaks on one, that asks for it."""
    content = Path(str(request["source"])).read_bytes()
    if b"refuse-me" in content:
        raise InputRefused("A cell is not an integer.", code="cell-type", where=(Place(line=70_000, column="age"),))
    if b"break-me" in content:
        raise RuntimeError("the row with SECRET-CANARY could not be read")
    if task == "propose":
        guess = {"column": "age", "kind": "", "why": "name"}
        derived = bool(request["include_data"])
        return {"table_schema": {"format": request["format"]}, "guesses": [guess], "data_derived": derived}
    shutil.copyfile(str(request["source"]), str(request["out"]))
    return {}


@dataclass
class Face:
    """The service as callers with one key meet it."""

    channel: grpc.Channel
    key: str = ""

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {self.key}"),) if self.key else ()

    def call(self, method: str, request: Any) -> Any:
        """``call("Datasets.Get", request)``: the answer, or the list of a stream's."""
        service, name = method.split(".")
        stub = getattr(getattr(pb_grpc, f"{service}Stub")(self.channel), name)
        answer: Any = stub(request, metadata=self.metadata, timeout=TIMEOUT_S)
        return list(answer) if hasattr(answer, "__next__") else answer

    def declare(self, schema: str = SCHEMA) -> str:
        return str(self.call("Datasets.Create", pb.DatasetCreate(table_schema=schema)).id)

    def upload(self, dataset_id: str, chunks: Sequence[bytes], *, ended: bool = True) -> Any:
        return self.call("Datasets.Upload", parts(dataset_id, chunks, ended=ended))

    def ready(self) -> str:
        dataset_id = self.declare()
        self.upload(dataset_id, [b"age,sex\n", b"40,F\n"])
        return dataset_id


def parts(dataset_id: str, chunks: Sequence[bytes], *, ended: bool = True) -> Iterator[Any]:
    """The messages of an upload."""
    yield pb.UploadRequest(metadata=pb.UploadMetadata(dataset_id=dataset_id))
    yield from (pb.UploadRequest(chunk=chunk) for chunk in chunks)
    if ended:
        yield pb.UploadRequest(end=pb.StreamEnd(size_bytes=sum(map(len, chunks))))


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[Ports]:
    engine = open_engine(f"sqlite:///{tmp_path / 'state.sqlite3'}")
    database = SqlDatabase(with_tables(engine))
    yield ports_of(
        database,
        tmp_path,
        queue=FakeQueue(),
        keys=FileKeys(open_vault(tmp_path / "keys", os.urandom)),
        sandbox=fake_sandbox,
        settings=Settings(home=tmp_path, max_upload_bytes=1024 * 1024),
    )
    engine.dispose()


@pytest.fixture
def channel(ports: Ports) -> Iterator[grpc.Channel]:
    server = start_server(ports, "127.0.0.1:0", max_workers=8)
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        yield channel
    server.stop(0.0)


@pytest.fixture
def new_face(channel: grpc.Channel, ports: Ports) -> Callable[[], Face]:
    """Each call is another tenant."""
    names = (TenantId(f"tenant-{number}") for number in itertools.count())
    return lambda: Face(channel, open_local_tenant(next(names), ports))


@pytest.fixture
def face(new_face: Callable[[], Face]) -> Face:
    return new_face()


@pytest.fixture
def nobody(channel: grpc.Channel) -> Face:
    """A caller without a key."""
    return Face(channel)


@pytest.fixture
def newcomer(channel: grpc.Channel, ports: Ports) -> Face:
    """A caller with the bootstrap credential."""
    return Face(channel, make_bootstrap(ports) or "")
