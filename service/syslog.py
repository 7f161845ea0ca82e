"""A copy of the audit log, line by line, to a syslog server or a file, from a thread of its own.

Whoever can write the database can forge its chain; not what has left the machine. Entries are numbered, so that the
receiver sees a gap: the export has what did not arrive.
"""

from __future__ import annotations

import os
import queue
import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from service.audit import AuditEntry
from service.auditforms import syslog
from service.telemetry import event, redacted
from understudy.errors import UsageError

_BACKLOG = 10_000
_TIMEOUT_S = 5.0


class Line(Protocol):
    """Takes one line away. May raise OSError; is asked again with the next line then."""

    def __call__(self, line: bytes) -> None: ...


class SyslogFeed:
    """Takes entries without waiting and sends them in order. Close it to send what is left."""

    def __init__(self, send: Line, *, host: str | None = None) -> None:
        self._send = send
        self._host = host or socket.gethostname() or "-"
        self._waiting: queue.Queue[bytes | None] = queue.Queue(_BACKLOG)
        self._thread = threading.Thread(target=self._work, name="syslog", daemon=True)
        self._thread.start()

    def __call__(self, entry: AuditEntry) -> None:
        """Never raises and never waits."""
        try:
            self._waiting.put_nowait(syslog(entry, host=self._host).encode())
        except queue.Full:
            event("audit.not_sent", entry=entry.n)

    def close(self) -> None:
        """Send what is waiting, then end."""
        self._waiting.put(None)
        self._thread.join(2 * _TIMEOUT_S)

    def _work(self) -> None:
        while (line := self._waiting.get()) is not None:
            try:
                self._send(line)
            except OSError as error:
                event("audit.not_sent", **redacted(error))


def sender(url: str) -> Line:
    """``file:///path``, ``udp://host:514``, ``tcp://host:601`` or ``tls://host:6514`` (RFC 5424, 5426, 6587, 5425).

    Raises: UsageError (settings-invalid) for anything else.
    """
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.path:
        return _file(Path(parts.path))
    try:
        address = (parts.hostname or "", parts.port or {"udp": 514, "tcp": 601, "tls": 6514}[parts.scheme])
    except (KeyError, ValueError):
        address = ("", 0)
    if not address[0]:
        raise UsageError("UNDERSTUDY_AUDIT_SYSLOG is a file, udp, tcp or tls address.", code="settings-invalid")
    return _udp(address) if parts.scheme == "udp" else _Stream(address, is_tls=parts.scheme == "tls")


def _file(path: Path) -> Line:
    def write(line: bytes) -> None:
        # Opened for every line, so that a rotated file is not written on.
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, line + b"\n")
        finally:
            os.close(descriptor)

    return write


def _udp(address: tuple[str, int]) -> Line:
    def write(line: bytes) -> None:
        family = socket.getaddrinfo(*address, type=socket.SOCK_DGRAM)[0][0]
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.sendto(line, address)

    return write


class _Stream:
    """One connection, made anew when it breaks; lines are framed by their length."""

    def __init__(
        self, address: tuple[str, int], *, is_tls: bool, context: Callable[[], ssl.SSLContext] | None = None
    ) -> None:
        self._address = address
        self._context = (context or ssl.create_default_context) if is_tls else None
        self._socket: socket.socket | None = None

    def __call__(self, line: bytes) -> None:
        framed = b"%d %s" % (len(line), line)
        try:
            self._connected().sendall(framed)
        except OSError:
            self._drop()
            self._connected().sendall(framed)

    def _connected(self) -> socket.socket:
        if self._socket is None:
            plain = socket.create_connection(self._address, timeout=_TIMEOUT_S)
            wrapped = (
                plain if self._context is None else self._context().wrap_socket(plain, server_hostname=self._address[0])
            )
            self._socket = wrapped
        return self._socket

    def _drop(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
