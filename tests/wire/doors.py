"""A service with two doors and two tenants, light enough for every role on every route: fake queue, fake sandbox."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import grpc
import httpx
from fastapi.routing import APIRoute
from google.protobuf.message_factory import GetMessageClass
from grpc_status import rpc_status

from service.auth import new_key
from service.commands.tenants import open_local_tenant
from service.context import TenantId
from service.inprocess import InProcessTransport
from service.ports import Ports
from service.rest.app import create_app
from service.rest.routes import ALL
from service.rpc.generated import understudy_pb2 as pb
from service.rpc.generated import understudy_pb2_grpc as pb_grpc
from service.rpc.server import start_server
from service.settings import Settings
from service.store.engine import open_engine
from service.store.sql import SqlDatabase
from tests.tables import ports_of, with_tables
from understudy.messages import Role

ROUTES: dict[str, APIRoute] = {route.name: route for route in ALL if route.include_in_schema}
METHODS = {f"{s.name}.{m.name}": m for s in pb.DESCRIPTOR.services_by_name.values() for m in s.methods}
NOBODYS = "0" * 32


class FakeQueue:
    """Takes every job and runs none."""

    def __getattr__(self, _name: str) -> Any:
        return lambda *_args, **_more: None


class FakeKeys:
    """The same key for everything."""

    def __getattr__(self, _name: str) -> Any:
        return lambda *_args, **_more: bytes(32)


def fake_sandbox(task: str, request: dict[str, object], **_more: object) -> dict[str, object]:
    """Copies a table instead of decoding it."""
    if "out" in request and "source" in request:
        shutil.copyfile(str(request["source"]), str(request["out"]))
    return {"table_schema": {}, "guesses": [], "data_derived": False} if task == "propose" else {}


@dataclass
class Doors:
    """The service, and a key of every role of tenant ``ours`` beside one of ``theirs`` and ``bystander``."""

    ports: Ports
    app: Any
    http: httpx.Client
    channel: grpc.Channel
    keys: dict[Role, str] = field(default_factory=dict)
    theirs: str = ""
    bystander: str = ""

    def ask(self, method: str, path: str, key: str = "", **more: Any) -> httpx.Response:
        """One HTTP request."""
        headers = more.pop("headers", {}) | ({"Authorization": f"Bearer {key}"} if key else {})
        return self.http.request(method, path, headers=headers, **more)

    def call(self, name: str, request: Any, key: str = "", **metadata: str) -> Any:
        """One gRPC call: the answer, or the list of a stream's. Raises grpc.RpcError."""
        service, method = name.split(".")
        stub = getattr(getattr(pb_grpc, f"{service}Stub")(self.channel), method)
        sent = (*(metadata.items()), *([("authorization", f"Bearer {key}")] if key else []))
        answer = stub(iter([request]) if METHODS[name].client_streaming else request, metadata=sent, timeout=20)
        return list(answer) if hasattr(answer, "__next__") else answer

    def refusal(self, name: str, request: Any, key: str = "") -> str:
        """The stable code that a call is refused with; empty if it is not."""
        problem = pb.Problem()
        try:
            self.call(name, request, key)
        except grpc.RpcError as error:
            rpc_status.from_call(error).details[-1].Unpack(problem)
        return str(problem.code)

    def audited(self, tenant: str = "ours") -> list[Any]:
        """The events of a tenant's audit log."""
        with self.ports.database.read() as tx:
            return [entry.event for entry in tx.for_tenant(TenantId(tenant)).audit.entries()]


def light_ports(home: Path, **more: Any) -> Ports:
    """Real stores, nothing that computes."""
    database = SqlDatabase(with_tables(open_engine(f"sqlite:///{home / 'state.sqlite3'}")))
    return ports_of(
        database,
        home,
        **{"queue": FakeQueue(), "keys": FakeKeys(), "sandbox": fake_sandbox} | more,
        settings=Settings(home=home, max_wait_s=0.2),
    )


@contextmanager
def opened(ports: Ports) -> Iterator[Doors]:
    """Both doors of a service."""
    app = create_app(ports)
    server = start_server(ports, "127.0.0.1:0", max_workers=16)
    with (
        grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel,
        httpx.Client(transport=InProcessTransport(app), base_url="http://understudy") as http,
    ):
        doors = Doors(ports=ports, app=app, http=http, channel=channel)
        doors.bystander = open_local_tenant(TenantId("bystander"), ports)
        doors.theirs = open_local_tenant(TenantId("theirs"), ports)
        open_local_tenant(TenantId("ours"), ports)
        doors.keys = {role: key_with(ports, role) for role in Role}
        yield doors
    server.stop(0.0)


def key_with(ports: Ports, *roles: Role, scopes: tuple[str, ...] = (), name: str = "test") -> str:
    """A key of tenant ``ours``."""
    text, key = new_key(TenantId("ours"), entropy=os.urandom, at=ports.clock.now(), roles=roles, scopes=scopes)
    with ports.database.begin() as tx:
        tx.tenants.add_key(replace(key, name=name))
    return text


def path_of(route: APIRoute, ids: dict[str, str]) -> str:
    """The route's address with these path parameters. Fails loudly for one that nobody has told a value of."""
    for name in route.param_convertors:
        assert name in ids, f"tell tests/wire what a {name} is: add it to IDS in tests/wire/test_isolation.py"
    return route.path_format.format(**ids)


def empty_request(name: str) -> Any:
    """An empty message of the kind that a gRPC method takes."""
    return GetMessageClass(METHODS[name].input_type)()


def text_of(answer: httpx.Response) -> str:
    """Status and body, without what differs between any two answers."""
    body = answer.text
    with_body = json.dumps(answer.json(), sort_keys=True) if body.startswith(("{", "[")) and "\n{" not in body else body
    return f"{answer.status_code} {with_body}"
