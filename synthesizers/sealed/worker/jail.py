"""Shuts a process off: no network, capped memory, processor and files, an end with its parent. Linux only.

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
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | 13
"""Seccomp's answers: go on; return EACCES."""
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_IO_URING_SETUP = 425
_X32 = 0x40000000
_ARCHITECTURES = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
"""Of each machine: seccomp's name of it, and the number of its call ``socket``."""


def shut(limits: dict[str, int], parent: int) -> str:
    """Shut this process off. Returns how the network is shut: "namespace", "filter", both, or "" if neither could be.

    ``limits``: memory_bytes, cpu_s, file_bytes. ``parent``: the process id by whose end this one ends.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(9)
    ways = [name for name, closed in (("namespace", _leave_network(libc)), ("filter", _refuse_sockets(libc))) if closed]
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


def _refuse_sockets(libc: ctypes.CDLL) -> bool:
    """A filter in the kernel: no call can make a socket, also not one that asks through io_uring."""
    known = _ARCHITECTURES.get(platform.machine())
    if known is None:
        return False
    architecture, socket = known
    steps = [
        (_LOAD, 0, 0, 4),
        (_EQUAL, 0, 5, architecture),
        (_LOAD, 0, 0, 0),
        (_AT_LEAST, 3, 0, _X32),
        (_EQUAL, 2, 0, socket),
        (_EQUAL, 1, 0, _IO_URING_SETUP),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *step) for step in steps))
    program = ctypes.create_string_buffer(struct.pack("<HxxxxxxQ", len(steps), ctypes.addressof(code)))
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        return False
    return bool(libc.prctl(_SECCOMP, _FILTER, program, 0, 0) == 0)


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
