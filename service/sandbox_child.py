"""Work on hostile or private rows in a process of its own, from the child's side. See ``sandbox``.

A child's module is a name -> function table and a call of ``serve_child``. Standard output belongs to the protocol: it
is moved out of the way first, so that a library which prints cannot break it.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import os
import resource
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn

from service.sandbox import EXHAUSTED, Progress, encode_error
from understudy.errors import Failed, UnderstudyError

Handler = Callable[[Mapping[str, object], Progress], dict[str, object]]
"""A task: request and progress in, result out; both are JSON."""

PARENT_GONE = 9


def serve_child(handlers: Mapping[str, Handler]) -> NoReturn:
    """Answer the one request on standard input with the handler that the command line names, and exit.

    Limits hold before the request is looked at. An error of ours is answered as it is. Any other is answered as Failed:
    its type and the lines of code it passed go to standard error, its text, which may quote rows, goes nowhere.
    """
    with os.fdopen(os.dup(1), "wb", buffering=0) as answers:
        os.dup2(2, 1)
        os.umask(0o077)  # what a child writes holds rows
        line = _first_line()
        envelope = json.loads(line)
        if not envelope["limits"]["network"]:
            cut_network()  # before there is a second thread, or the kernel refuses
        threading.Thread(target=_watch_life_line, daemon=True).start()
        _limit(envelope["limits"])
        task = sys.argv[1] if len(sys.argv) > 1 else ""
        message = _attempt(handlers, task, envelope["request"], _sender(answers.write))
        answers.write(_line(message))
    sys.stderr.flush()
    # Threads of libraries may be alive; nothing here needs an orderly end.
    os._exit(0)


_CLONE_NEWUSER, _CLONE_NEWNET = 0x1000_0000, 0x4000_0000


def cut_network() -> bool:
    """Leave this process in a network of its own that has no way out, not even to this machine, for good.

    False where the kernel, or the container's policy, does not let an ordinary process do so; it goes on with the
    network that it has then. Abstract sockets go with the network; files and sockets on disk stay within reach.
    """
    user, group = os.getuid(), os.getgid()
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        return False
    # Keep the own user's number: without a map it would read as nobody's.
    with contextlib.suppress(OSError):
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    return True


def _attempt(
    handlers: Mapping[str, Handler], task: str, request: Mapping[str, object], progress: Progress
) -> dict[str, object]:
    try:
        if task not in handlers:
            raise Failed("This task is not known.")
        return {"result": handlers[task](request, progress)}
    except UnderstudyError as error:
        return {"error": encode_error(error)}
    except MemoryError:
        return {"error": {"class": EXHAUSTED}}
    except OSError as error:
        _trace(error)
        return {"error": {"class": EXHAUSTED} if error.errno == errno.EFBIG else encode_error(_failed(error))}
    except Exception as error:
        _trace(error)
        return {"error": encode_error(_failed())}


def _failed(error: BaseException | None = None) -> Failed:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Failed("The service has no room left on its disk. Nothing was published.", code="disk-full")
    return Failed("Something broke on our side.")


def _trace(error: BaseException) -> None:
    """Type and code lines of an error, without its text."""
    print(type(error).__qualname__, file=sys.stderr)
    for frame in traceback.extract_tb(error.__traceback__):
        print(f"  {frame.filename}:{frame.lineno} {frame.name}", file=sys.stderr)


def _sender(write: Callable[[bytes], object]) -> Progress:
    last: list[tuple[int, str]] = []

    def progress(percent: int, stage: str) -> None:
        if last != [(percent, stage)]:
            last[:] = [(percent, stage)]
            write(_line({"progress": percent, "stage": stage}))

    return progress


def _line(message: Mapping[str, object]) -> bytes:
    return json.dumps(message).encode() + b"\n"


def _first_line() -> bytes:
    """Read the request byte-exactly from the descriptor: what follows is the life line, not for a buffer."""
    line = bytearray()
    while not line.endswith(b"\n"):
        chunk = os.read(0, 1 << 16)
        if not chunk:
            os._exit(PARENT_GONE)
        line += chunk
    return bytes(line)


def _watch_life_line() -> None:
    os.read(0, 1)
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(PARENT_GONE)


def _limit(limits: Mapping[str, int]) -> None:
    caps = {
        resource.RLIMIT_AS: limits["memory_bytes"],
        resource.RLIMIT_CPU: limits["cpu_s"],
        resource.RLIMIT_FSIZE: limits["file_bytes"],
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: limits["open_files"],
    }
    for kind, cap in caps.items():
        _, hard = resource.getrlimit(kind)
        lowest = cap if hard == resource.RLIM_INFINITY else min(cap, hard)
        resource.setrlimit(kind, (lowest, lowest))
