"""A network that can be cut: a TCP proxy that drops both sides of a connection after so many bytes."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_RESET = struct.pack("ii", 1, 0)
"""Linger for no time: closing sends RST, as a cable that was cut looks to whoever goes on sending."""


class Network:
    """Everything from ``port`` to the server's port; the first connection is cut after ``after_bytes``."""

    def __init__(self, server_port: int, after_bytes: int) -> None:
        self._server_port, self._left = server_port, after_bytes
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        self.n_connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """No more connections."""
        self._door.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._door.accept()
                self.n_connections += 1
                far = socket.create_connection(("127.0.0.1", self._server_port))
                is_doomed = self.n_connections == 1
                threading.Thread(target=self._carry, args=(near, far, is_doomed), daemon=True).start()
                threading.Thread(target=self._carry, args=(far, near, False), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, is_doomed: bool) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(1 << 14):
                if is_doomed and len(chunk) > self._left:
                    break
                self._left -= len(chunk) if is_doomed else 0
                target.sendall(chunk)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                end.close()


@contextmanager
def network(server_port: int, *, after_bytes: int) -> Iterator[Network]:
    """The network for the block."""
    made = Network(server_port, after_bytes)
    try:
        yield made
    finally:
        made.close()
