"""Counters for the operator, as Prometheus reads them: the only door to ``prometheus_client``.

No label says whose a request was: only its door, its operation and how it ended. Served on a port of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, start_http_server

_SECONDS = (0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0)


class Metrics:
    """Counters of one process, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry(auto_describe=True)
        labels = ("door", "operation", "outcome")
        self._requests = Counter("understudy_requests", "Requests by how they ended.", labels, registry=self._registry)
        self._seconds = Histogram(
            "understudy_request_seconds",
            "Time until the answer began.",
            ("door", "operation"),
            registry=self._registry,
            buckets=_SECONDS,
        )

    def request(self, door: str, operation: str, outcome: str, seconds: float) -> None:
        """Count a request. All three names come from fixed lists, never from a caller."""
        self._requests.labels(door, operation, outcome).inc()
        self._seconds.labels(door, operation).observe(seconds)

    def text(self) -> str:
        """Everything, in Prometheus' text form."""
        return generate_latest(self._registry).decode()

    @contextmanager
    def served(self, host: str, port: int) -> Iterator[int]:
        """Answer on a port of its own while the block lasts; gives the port, which 0 lets the system choose."""
        server, thread = start_http_server(port, host, registry=self._registry)
        try:
            yield int(server.server_port)
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
