"""One running service for all stories here."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from service.bootstrap import running
from service.commands.tenants import open_tenant
from service.inprocess import InProcessTransport
from service.rest.app import create_app
from service.rpc.server import start_server
from service.settings import Settings
from tests.e2e.houses import House
from understudy.client import Client


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    settings = Settings.from_environment({"UNDERSTUDY_HOME": str(tmp_path_factory.mktemp("home"))})
    with running(settings, role="serve") as ports:
        keys = {name: open_tenant(name, ports) for name in ("clinic", "bank")}
        server = start_server(ports, "127.0.0.1:0")
        yield House(ports=ports, keys=keys, app=create_app(ports), grpc_port=server.port)
        server.stop()


@pytest.fixture
def http(house: House) -> Iterator[Callable[[str], Client]]:
    """A client by API key."""
    transports: list[InProcessTransport] = []

    def connect(key: str) -> Client:
        transports.append(InProcessTransport(house.app))
        return Client(api_key=key, transport=transports[-1])

    yield connect
    for transport in transports:
        transport.close()
