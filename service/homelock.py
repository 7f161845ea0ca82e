"""One process at a time owns a home directory: two would run the same jobs twice."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from understudy.errors import Conflict

_POLL_S = 0.2


@contextlib.contextmanager
def owned(home: Path, *, role: str, wait_s: float) -> Iterator[None]:
    """Hold the home's lock for the block; the kernel drops it when the process dies, however it dies.

    Raises: Conflict if a service holds it, or another command still does after ``wait_s``.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _acquire(descriptor, time.monotonic() + wait_s)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, role.encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if os.pread(descriptor, 16, 0) == b"serve":
                raise Conflict(
                    "A running service owns this UNDERSTUDY_HOME; give its address with --url.", code="home-in-use"
                ) from None
            if time.monotonic() >= deadline:
                raise Conflict("Another command uses this UNDERSTUDY_HOME.", code="home-in-use") from None
            time.sleep(_POLL_S)
