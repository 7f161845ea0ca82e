"""Shuts a process off: no network, no process of its own, capped memory, processor and files, an end with its parent.

A process that it started would outlive it with rows in its memory, and its caps would not be this one's. Linux only.
Called before anything else is imported: the kernel gives a new user namespace to a single thread only.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal
import struct
from pathlib import Path

_NEW_USER, _NEW_NET = 0x10000000, 0x40000000
_DEATH_SIGNAL, _NO_NEW_PRIVILEGES, _SECCOMP, _FILTER = 1, 38, 22, 2
_ALLOW, _REFUSE, _UNKNOWN = 0x7FFF0000, 0x00050000 | 13, 0x00050000 | 38
"""Seccomp's answers: go on; return EACCES; return ENOSYS, at which the C library asks for a thread by ``clone``."""
_LOAD, _EQUAL, _AT_LEAST, _HAS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_MACHINE, _CALL, _FIRST_ARGUMENT = 4, 0, 16
_IO_URING_SETUP, _CLONE3 = 425, 435
_IS_THREAD = 0x00010000
_X32 = 0x40000000
_ARCHITECTURES = {"x86_64": (0xC000003E, 41, 56, (57, 58)), "aarch64": (0xC00000B7, 198, 220, ())}
"""Of each machine: seccomp's name of it, and the numbers of its calls ``socket``, ``clone``, ``fork`` and ``vfork``."""


def shut(limits: dict[str, int], parent: int) -> str:
    """Shut this process off. Returns how the network is shut: "namespace", "filter", both, or "" if neither could be.

    ``limits``: memory_bytes, cpu_s, file_bytes. ``parent``: the process id by whose end this one ends.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(9)
    ways = [name for name, closed in (("namespace", _leave_network(libc)), ("filter", _refuse_calls(libc))) if closed]
    _cap(limits)
    return "+".join(ways)


def _leave_network(libc: ctypes.CDLL) -> bool:
    """A network of our own without any interface, in a user namespace that maps us to ourselves."""
    user, group = os.getuid(), os.getgid()
    if libc.unshare(_NEW_USER | _NEW_NET) != 0:
        return False
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        try:
            Path(f"/proc/self/{name}").write_text(text)
        except OSError:
            return True  # the network is gone already; names of owners are for show
    return True


def _refuse_calls(libc: ctypes.CDLL) -> bool:
    """A filter in the kernel: no call can make a socket, also not through io_uring, nor a process; threads it can."""
    known = _ARCHITECTURES.get(platform.machine())
    if known is None:
        return False
    steps = _steps(*known)
    code = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *step) for step in steps))
    program = ctypes.create_string_buffer(struct.pack("<HxxxxxxQ", len(steps), ctypes.addressof(code)))
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        return False
    return bool(libc.prctl(_SECCOMP, _FILTER, program, 0, 0) == 0)


def _steps(machine: int, socket: int, clone: int, forks: tuple[int, ...]) -> list[tuple[int, int, int, int]]:
    """The filter: (operation, steps to skip if so, steps to skip if not, constant)."""
    refused = (socket, _IO_URING_SETUP, *forks)
    allow = 8 + len(refused)
    refuse, unknown = allow + 1, allow + 2
    wanted: list[tuple[int, int | None, int | None, int]] = [  # with the places to go to; None: the next
        (_LOAD, None, None, _MACHINE),
        (_EQUAL, None, refuse, machine),
        (_LOAD, None, None, _CALL),
        (_AT_LEAST, refuse, None, _X32),
        *((_EQUAL, refuse, None, call) for call in refused),
        (_EQUAL, unknown, None, _CLONE3),
        (_EQUAL, None, allow, clone),
        (_LOAD, None, None, _FIRST_ARGUMENT),
        (_HAS, allow, refuse, _IS_THREAD),
    ]
    steps = [
        (operation, _skipped(here, yes), _skipped(here, no), constant)
        for here, (operation, yes, no, constant) in enumerate(wanted)
    ]
    return [*steps, (_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _REFUSE), (_RETURN, 0, 0, _UNKNOWN)]


def _skipped(here: int, place: int | None) -> int:
    """How many steps lie between."""
    return 0 if place is None else place - here - 1


def _cap(limits: dict[str, int]) -> None:
    caps = {
        resource.RLIMIT_AS: limits["memory_bytes"],
        resource.RLIMIT_CPU: limits["cpu_s"],
        resource.RLIMIT_FSIZE: limits["file_bytes"],
        resource.RLIMIT_CORE: 0,
    }
    for kind, cap in caps.items():
        _, hard = resource.getrlimit(kind)
        lowest = cap if hard == resource.RLIM_INFINITY else min(cap, hard)
        resource.setrlimit(kind, (lowest, lowest))
