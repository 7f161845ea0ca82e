"""The operator's commands: serve, worker, tenant-add, accept-restore.

The service is imported where a command runs it: it takes seconds, and help and a wrong option need none of it.
"""

from __future__ import annotations

import ipaddress
import os
import signal
import sys
import threading
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from service.settings import Settings
from service.telemetry import log_to_stderr
from understudy.errors import Conflict, UsageError

_BODY_TIMEOUT_S = 75
_ID_WAIT_S = 15.0


def serve(
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="HTTP port.")] = 8642,
    grpc_port: Annotated[int, typer.Option("--grpc-port", help="gRPC port; 0 for none.")] = 8643,
    tls_cert: Annotated[Path | None, typer.Option("--tls-cert", help="Certificate chain, PEM.")] = None,
    tls_key: Annotated[Path | None, typer.Option("--tls-key", help="Private key, PEM.")] = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Allow plain HTTP beyond this machine, behind a TLS proxy only.")
    ] = False,
    admin_port: Annotated[int, typer.Option("--admin-port", help="Port of Prometheus metrics; 0 for none.")] = 0,
    admin_host: Annotated[str, typer.Option("--admin-host", help="Address that metrics are served on.")] = "127.0.0.1",
    no_worker: Annotated[
        bool, typer.Option("--no-worker", help="Only take requests; 'understudy worker' processes run the jobs.")
    ] = False,
) -> None:
    """Run the service: HTTP and gRPC, and a worker for its jobs. State lives under UNDERSTUDY_HOME.

    Metrics, if asked for, are answered on a port of their own, to this machine only unless --admin-host says more.
    """
    import uvicorn

    from service.bootstrap import running, serving
    from service.commands.tenants import make_bootstrap
    from service.rest.app import create_app
    from service.rpc.server import start_server

    has_tls = tls_cert is not None and tls_key is not None
    if not (_is_loopback(host) or has_tls or insecure):
        raise UsageError("Beyond this machine the service needs --tls-cert and --tls-key.", code="tls-missing")
    settings = Settings.from_environment(os.environ)
    log_to_stderr()
    with serving(settings) if no_worker else running(settings, role="serve") as ports:
        if (credential := make_bootstrap(ports)) is not None:
            print(f"bootstrap credential (shown once, opens the first tenant): {credential}", flush=True)
        rpc = start_server(ports, f"{host}:{grpc_port}", tls=_pem(tls_cert, tls_key)) if grpc_port else None
        config = uvicorn.Config(
            create_app(ports),
            host=host,
            port=port,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_keep_alive=_BODY_TIMEOUT_S,
            ssl_certfile=str(tls_cert) if has_tls else None,
            ssl_keyfile=str(tls_key) if has_tls else None,
        )
        scheme = "https" if has_tls else "http"
        print(
            f"understudy serves {scheme}://{host}:{port}" + (f" and grpc {host}:{grpc_port}" if rpc else ""), flush=True
        )
        # uvicorn raises the signal that stopped it once more; by then the rest has to be put away in order.
        signal.signal(signal.SIGTERM, lambda _signal, _frame: None)
        try:
            with ports.metrics.served(admin_host, admin_port) if ports.metrics and admin_port else nullcontext():
                uvicorn.Server(config).run()
        finally:
            if rpc is not None:
                rpc.stop()
            sys.stdout.flush()


def worker(
    worker_id: Annotated[
        str, typer.Option("--id", help="A name of its own, the same at every start: 'HOST-1', or the pod's name.")
    ],
) -> None:
    """Run jobs, and nothing else, beside 'understudy serve'. Any number of workers may share a database.

    SIGTERM ends it at once: its jobs resume in another worker, or when it comes back.
    """
    from service.bootstrap import running

    settings = Settings.from_environment(os.environ)
    log_to_stderr()
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _signal, _frame: over.set())
    with running(settings, role="worker", worker_id=worker_id, wait_s=_ID_WAIT_S) as ports:
        print(f"understudy works as {worker_id}", flush=True)
        while ports.checks["worker"]() and not over.wait(1.0):
            pass
    if not over.is_set():
        raise Conflict("Another process has taken over this worker's id.", code="worker-replaced")


def tenant_add(name: Annotated[str, typer.Argument(help="Letters, digits, '-' and '_'.")]) -> None:
    """Open a tenant from the service's own machine and print its API key, this one time.

    Whoever can write UNDERSTUDY_HOME is the operator; it works while the service runs.
    """
    from service.bootstrap import built
    from service.commands.tenants import open_tenant

    with built(Settings.from_environment(os.environ)) as (ports, _, _):
        print(open_tenant(name, ports))


def accept_restore_of(tenant: Annotated[str, typer.Argument(help="The tenant that the service named.")]) -> None:
    """Go on with a restored database although its ledger is behind its anchor. Read docs/budget.md first.

    What was charged since that backup is not in it: lower the caps by that much. The ledger keeps a line of this.
    """
    from service.bootstrap import built
    from service.commands.anchors import accept_restore

    with built(Settings.from_environment(os.environ)) as (ports, _, _):
        lost = accept_restore(tenant, ports)
    print(f"accepted; {lost} entries of the ledger are lost for good")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _pem(cert: Path | None, key: Path | None) -> tuple[bytes, bytes] | None:
    return (cert.read_bytes(), key.read_bytes()) if cert is not None and key is not None else None
