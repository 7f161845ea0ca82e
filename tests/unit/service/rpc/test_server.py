"""Starting and stopping the server, with TLS and without."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from service.commands.tenants import open_local_tenant
from service.context import TenantId
from service.ports import Ports
from service.rpc.generated import understudy_pb2 as pb
from service.rpc.generated import understudy_pb2_grpc as pb_grpc
from service.rpc.server import start_server
from understudy.errors import Failed


@pytest.fixture
def pem(tmp_path: Path) -> tuple[bytes, bytes]:
    """A certificate for localhost that signs itself, and its key."""
    openssl = shutil.which("openssl")
    assert openssl is not None, "this test needs openssl: apt-get install openssl"
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command = [openssl, "req", "-x509", *curve, *subject, "-days", "2", "-keyout", str(key), "-out", str(cert)]
    subprocess.run(command, check=True, capture_output=True)
    return cert.read_bytes(), key.read_bytes()


def test_with_a_certificate_it_speaks_tls_only(ports: Ports, pem: tuple[bytes, bytes]) -> None:
    server = start_server(ports, "127.0.0.1:0", tls=pem)
    address = f"localhost:{server.port}"
    try:
        with grpc.secure_channel(address, grpc.ssl_channel_credentials(pem[0])) as channel:
            assert pb_grpc.ServiceStub(channel).GetHealth(pb.GetHealthRequest(), timeout=10.0).version
        with grpc.insecure_channel(address) as channel, pytest.raises(grpc.RpcError) as caught:
            pb_grpc.ServiceStub(channel).GetHealth(pb.GetHealthRequest(), timeout=10.0)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    finally:
        server.stop(0.0)


def test_an_address_that_is_taken_is_refused(ports: Ports) -> None:
    first = start_server(ports, "127.0.0.1:0")
    try:
        with pytest.raises(Failed) as caught:
            start_server(ports, f"127.0.0.1:{first.port}")
        assert caught.value.reason == "grpc-not-started"
    finally:
        first.stop(0.0)


def test_a_certificate_that_is_none_is_refused(ports: Ports) -> None:
    with pytest.raises(Failed) as caught:
        start_server(ports, "127.0.0.1:0", tls=(b"no", b"no"))
    assert caught.value.reason == "grpc-not-started"


def test_stopping_ends_what_is_under_way_and_leaves_no_thread_and_no_file(ports: Ports) -> None:
    before, stopped = set(threading.enumerate()), threading.Event()
    key = open_local_tenant(TenantId("clinic"), ports)
    server = start_server(ports, "127.0.0.1:0")

    def never_ending() -> Iterator[Any]:
        yield pb.ProposeSchemaRequest(metadata=pb.ProposeSchemaMetadata())
        yield pb.ProposeSchemaRequest(chunk=b"age")
        stopped.wait(10.0)

    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        stub = pb_grpc.DatasetsStub(channel)
        upload = stub.ProposeSchema.future(never_ending(), metadata=[("authorization", f"Bearer {key}")])
        assert any(list(ports.scratch.rglob("table")) or stopped.wait(0.05) for _ in range(200))
        server.stop(0.0)
        assert upload.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)
        stopped.set()
    ours = [thread for thread in threading.enumerate() if thread.name.startswith("grpc_") and thread not in before]
    for thread in ours:
        thread.join(5.0)
    assert not [thread for thread in ours if thread.is_alive()]
    assert not list(ports.scratch.iterdir())
