"""A running service for stories, and its two doors behind one face."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import grpc
from google.protobuf.any_pb2 import Any as AnyProto
from google.rpc.status_pb2 import Status

from service.inprocess import InProcessTransport
from service.ports import Ports
from service.rpc.convert import from_proto
from service.rpc.generated import understudy_pb2 as pb
from service.rpc.generated import understudy_pb2_grpc as pb_grpc
from understudy.client import Client
from understudy.messages import Problem

SCHEMA: dict[str, object] = {
    "fields": [
        {"name": "id", "type": "integer", "understudy:kind": "identifier"},
        {"name": "age", "type": "integer", "constraints": {"minimum": 0, "maximum": 120}},
        {"name": "sex", "type": "string", "constraints": {"enum": ["F", "M"]}, "understudy:target": True},
    ],
    "understudy:population": "ward",
    "understudy:privacyUnit": {"column": "id", "maxRows": 2},
}

NOTES_SCHEMA: dict[str, object] = {
    "fields": [
        {"name": "id", "type": "string"},
        {"name": "ward", "type": "string", "constraints": {"enum": ["heart", "bladder"]}},
        {"name": "note", "type": "text"},
    ],
    "understudy:population": "notes",
    "understudy:privacyUnit": {"column": "id", "maxRows": 1},
}


def rows(n: int) -> bytes:
    """A small good table."""
    lines = (f"{i},{(i * 37) % 100},{'FM'[(i * 7) % 2]}" for i in range(n))
    return ("id,age,sex\n" + "\n".join(lines) + "\n").encode()


@dataclass(frozen=True)
class House:
    """A running service with two tenants, ``clinic`` and ``bank``."""

    ports: Ports
    keys: dict[str, str]
    app: object
    grpc_port: int

    def files(self) -> set[str]:
        """Every file that holds rows or results."""
        home = self.ports.settings.home
        return {str(path) for folder in ("blobs", "scratch") for path in (home / folder).rglob("*") if path.is_file()}


class Door(Protocol):
    """What both transports can do. An error of the service arrives as a Problem in ``Refused``."""

    def declare(self, schema: Mapping[str, object] | str, table_format: str = "csv") -> str: ...

    def send(self, dataset_id: str, content: bytes) -> None: ...

    def submit(self, dataset_id: str, epsilon: float, delta: float) -> str: ...

    def datasets(self) -> list[str]: ...

    def dataset(self, dataset_id: str) -> str: ...

    def job(self, job_id: str) -> str: ...


class Refused(Exception):
    """The service said no."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


class HttpDoor:
    """HTTP through the real ASGI application."""

    def __init__(self, house: House, key: str) -> None:
        self._transport = InProcessTransport(house.app)
        self.client = Client(api_key=key, transport=self._transport)

    def close(self) -> None:
        self._transport.close()

    def _call(self, method: str, path: str, body: bytes | None = None) -> dict[str, Any]:
        answer = self.client._http.request(
            method, path, content=body, headers={"Content-Type": "application/json"} if body else {}
        )
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == "application/problem+json"
            raise Refused(Problem.model_validate_json(answer.content))
        result: dict[str, Any] = answer.json()
        return result

    def declare(self, schema: Mapping[str, object] | str, table_format: str = "csv") -> str:
        document = json.loads(schema) if isinstance(schema, str) else schema
        body = json.dumps({"table_schema": document, "format": table_format}).encode()
        return str(self._call("POST", "/v1/datasets", body)["id"])

    def send(self, dataset_id: str, content: bytes) -> None:
        self._call("PUT", f"/v1/datasets/{dataset_id}/content", content or None)

    def submit(self, dataset_id: str, epsilon: float, delta: float) -> str:
        body = json.dumps({"dataset_id": dataset_id, "epsilon": epsilon, "delta": delta}).encode()
        return str(self._call("POST", "/v1/jobs", body)["id"])

    def datasets(self) -> list[str]:
        return [view["id"] for view in self._call("GET", "/v1/datasets")["datasets"]]

    def dataset(self, dataset_id: str) -> str:
        return str(self._call("GET", f"/v1/datasets/{dataset_id}")["id"])

    def job(self, job_id: str) -> str:
        return str(self._call("GET", f"/v1/jobs/{job_id}")["id"])


class GrpcDoor:
    """gRPC over loopback."""

    def __init__(self, house: House, key: str) -> None:
        self._channel = grpc.insecure_channel(f"127.0.0.1:{house.grpc_port}")
        self._metadata = (("authorization", f"Bearer {key}"),)
        self._datasets = pb_grpc.DatasetsStub(self._channel)
        self._jobs = pb_grpc.JobsStub(self._channel)

    def close(self) -> None:
        self._channel.close()

    def _call(self, method: Callable[..., Any], request: Any) -> Any:
        try:
            return method(request, metadata=self._metadata)
        except grpc.RpcError as error:
            raise Refused(problem_in(error)) from None

    def declare(self, schema: Mapping[str, object] | str, table_format: str = "csv") -> str:
        text = schema if isinstance(schema, str) else json.dumps(schema)
        return str(
            self._call(
                self._datasets.Create,
                pb.DatasetCreate(table_schema=text, format=f"TABLE_FORMAT_{table_format.upper()}"),
            ).id
        )

    def send(self, dataset_id: str, content: bytes) -> None:
        def parts() -> Iterator[pb.UploadRequest]:
            yield pb.UploadRequest(metadata=pb.UploadMetadata(dataset_id=dataset_id))
            for start in range(0, len(content), 1 << 18):
                yield pb.UploadRequest(chunk=content[start : start + (1 << 18)])
            yield pb.UploadRequest(end=pb.StreamEnd(size_bytes=len(content)))

        self._call(self._datasets.Upload, parts())

    def submit(self, dataset_id: str, epsilon: float, delta: float) -> str:
        request = pb.JobCreate(dataset_id=dataset_id, epsilon=epsilon, delta=delta)
        return str(self._call(self._jobs.Create, request).id)

    def datasets(self) -> list[str]:
        return [view.id for view in self._call(self._datasets.List, pb.ListDatasetsRequest()).datasets]

    def dataset(self, dataset_id: str) -> str:
        return str(self._call(self._datasets.Get, pb.GetDatasetRequest(dataset_id=dataset_id)).id)

    def job(self, job_id: str) -> str:
        return str(self._call(self._jobs.Get, pb.GetJobRequest(job_id=job_id)).id)


def problem_in(error: grpc.RpcError) -> Problem:
    """Our Problem among the details of a gRPC status."""
    trailer = dict(error.trailing_metadata() or ())["grpc-status-details-bin"]
    for detail in Status.FromString(trailer).details:
        assert isinstance(detail, AnyProto)
        if detail.Is(pb.Problem.DESCRIPTOR):
            problem = pb.Problem()
            detail.Unpack(problem)
            return from_proto(problem, Problem)
    raise AssertionError("a gRPC error without a Problem")


DOORS: dict[str, Callable[[House, str], Any]] = {"http": HttpDoor, "grpc": GrpcDoor}


def shell(folder: Path, *words: str) -> tuple[int, str, str]:
    """Run the command line in ``folder``, with a home of its own there; exit code and what was said.

    In a process of its own: the job engine is one a process, and a test's own is that of its house.
    """
    done = subprocess.run(
        [Path(sys.executable).parent / "understudy", *words],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "UNDERSTUDY_HOME": str(folder / "home"), "COLUMNS": "200"},
    )
    return done.returncode, done.stdout, done.stderr
