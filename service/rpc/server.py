"""The gRPC server: our services behind the guard, with the standard health and reflection services.

It runs on threads of its own beside whatever else the process does. Without a certificate it speaks plain text:
whoever starts it keeps it on loopback then, or puts a proxy that ends TLS before it.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from service.ports import Ports
from service.rpc.custody import Custody
from service.rpc.generated import understudy_pb2 as pb
from service.rpc.generated import understudy_pb2_grpc as pb_grpc
from service.rpc.guard import Guard
from service.rpc.servicer import Audit, Budgets, Datasets, Jobs, Keys, Scrubs, Service
from understudy.errors import Failed

MAX_RECEIVE_BYTES = 4 * 1024 * 1024
STOP_GRACE_S = 5.0

SERVICES = tuple(service.full_name for service in pb.DESCRIPTOR.services_by_name.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningServer:
    """A server that takes calls on ``port`` until it is stopped."""

    port: int
    _server: grpc.Server
    _health: health.HealthServicer
    _threads: ThreadPoolExecutor

    def stop(self, grace_s: float = STOP_GRACE_S) -> None:
        """Take no more calls, give those under way ``grace_s`` seconds, then end them. Waits for that."""
        self._health.enter_graceful_shutdown()
        self._server.stop(grace_s).wait()
        self._threads.shutdown(wait=False, cancel_futures=True)


def start_server(
    ports: Ports, address: str, *, max_workers: int = 64, tls: tuple[bytes, bytes] | None = None
) -> RunningServer:
    """Serve on ``address``, for example ``127.0.0.1:0`` for a port that is free.

    ``tls`` is (certificate chain, private key), both PEM; None means plain text. Each call takes a thread while it
    lasts, also one that waits; calls beyond ``max_workers`` are refused at once.
    Raises: Failed (grpc-not-started) if the address cannot be had, or the certificate cannot be used.
    """
    threads = ThreadPoolExecutor(max_workers, thread_name_prefix="grpc")
    server = grpc.server(
        threads,
        interceptors=[Guard(ports)],
        maximum_concurrent_rpcs=max_workers,
        options=(
            ("grpc.max_receive_message_length", MAX_RECEIVE_BYTES),
            ("grpc.so_reuseport", 0),  # a second server on this port is a mistake, not a helper
            ("grpc.keepalive_time_ms", 30_000),  # so that a caller who vanished does not keep a thread
            ("grpc.keepalive_timeout_ms", 10_000),
        ),
    )
    checks = _add_services(server)
    try:
        port = _add_port(server, address, tls)
    except RuntimeError:
        threads.shutdown()
        raise Failed(
            "The gRPC server cannot start: its address is taken, or its certificate is not valid.",
            code="grpc-not-started",
        ) from None
    server.start()
    return RunningServer(port=port, _server=server, _health=checks, _threads=threads)


def _add_port(server: grpc.Server, address: str, tls: tuple[bytes, bytes] | None) -> int:
    if tls is None:
        return int(server.add_insecure_port(address))
    chain, key = tls
    return int(server.add_secure_port(address, grpc.ssl_server_credentials([(key, chain)])))


def _add_services(server: grpc.Server) -> health.HealthServicer:
    pb_grpc.add_DatasetsServicer_to_server(Datasets(), server)
    pb_grpc.add_JobsServicer_to_server(Jobs(), server)
    pb_grpc.add_ScrubsServicer_to_server(Scrubs(), server)
    pb_grpc.add_BudgetsServicer_to_server(Budgets(), server)
    pb_grpc.add_KeysServicer_to_server(Keys(), server)
    pb_grpc.add_CustodyServicer_to_server(Custody(), server)
    pb_grpc.add_AuditServicer_to_server(Audit(), server)
    pb_grpc.add_ServiceServicer_to_server(Service(), server)
    checks = health.HealthServicer()
    for name in ("", *SERVICES):
        checks.set(name, health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(checks, server)
    reflection.enable_server_reflection((*SERVICES, health.SERVICE_NAME, reflection.SERVICE_NAME), server)
    return checks
