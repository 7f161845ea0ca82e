"""One process at a time has a name in a home directory: two of one name would run the same jobs twice.

Processes of different names may share a home: the database decides who runs a job, and each has scratch space of its
own. The lock is the kernel's, so it holds on one machine; on network file systems it is as good as theirs.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

from understudy.errors import Conflict, UsageError

LOCAL = "local"
"""The name of the one process that serves and works, and of commands that do without a service."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_POLL_S = 0.2
_MAX_SAME = 64


@contextlib.contextmanager
def owned(home: Path, *, role: str, wait_s: float, name: str = LOCAL) -> Iterator[None]:
    """Hold a name in this home for the block; the kernel drops it when the process dies, however it dies.

    Raises: Conflict (home-in-use) if a service holds it, or another command still does after ``wait_s``; UsageError
    for a name that is none.
    """
    if _NAME.fullmatch(name) is None:
        raise UsageError("A worker's id has 1 to 63 letters, digits, '.', '_' and '-'.", code="worker-id-invalid")
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(_lock_of(home, name), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _acquire(descriptor, time.monotonic() + wait_s)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, role.encode(), 0)
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def first_free(home: Path, *, role: str) -> Iterator[str]:
    """Hold the first name ``ROLE-N`` in this home that nobody holds. Raises: Conflict (home-in-use)."""
    with contextlib.ExitStack() as stack:
        for number in range(_MAX_SAME):
            name = f"{role}-{number}"
            with contextlib.suppress(Conflict):
                stack.enter_context(owned(home, role=role, wait_s=0.0, name=name))
                break
        else:
            raise Conflict("Too many processes use this UNDERSTUDY_HOME.", code="home-in-use")
        yield name


def has_run(home: Path, name: str) -> bool:
    """True if a process of this name has ever held it in this home."""
    return _lock_of(home, name).exists()


def _lock_of(home: Path, name: str) -> Path:
    return home / ("lock" if name == LOCAL else f"lock.{name}")


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
                raise Conflict("Another process uses this UNDERSTUDY_HOME.", code="home-in-use") from None
            time.sleep(_POLL_S)
