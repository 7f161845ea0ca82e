"""Work on hostile or private rows in a process of its own, from the parent's side.

``run_child`` starts ``python -m MODULE TASK``, hands it one JSON request and reads JSON lines back: progress counters
and one last result or error. The child (see ``sandbox_child``) caps its own memory, CPU and file size before it reads
the request; it has its own session, an empty temporary directory as home, and a minimal environment without the
service's secrets. It dies with its parent: its standard input is a life line that ends when the parent does.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from understudy.errors import ERRORS, Failed, Place, UnderstudyError

GIB = 1 << 30
MAX_LINE_BYTES = 64 << 20
TICK_S = 0.2
GRACE_S = 2.0

Progress = Callable[[int, str], None]
"""Called with percent (0 to 100) and the stage's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildLimits:
    """What one child may use. ``wall_s`` None means no limit on time as the wall clock shows it.

    Without ``network`` it has none where the kernel lets us take it away; see ``sandbox_child.cut_network``.
    """

    memory_bytes: int = 8 * GIB
    cpu_s: int = 24 * 3600
    file_bytes: int = 64 * GIB
    wall_s: float | None = None
    log_bytes: int = 1 << 18
    open_files: int = 1024
    network: bool = False
    threads: int = 1


EXHAUSTED = "exhausted"
"""The ``class`` of a child's error line that says: memory, CPU or file size ran out."""

_EXHAUSTING = {signal.SIGKILL, signal.SIGXCPU, signal.SIGXFSZ, signal.SIGABRT}
"""Signals by which the kernel, or C++ without memory, ends a child that took too much."""

_CRASHING = {signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGTRAP}
"""Signals by which a library ends that a file has led astray."""


def run_child(
    module: str,
    request: Mapping[str, object],
    *,
    task: str = "",
    limits: ChildLimits | None = None,
    on_progress: Progress | None = None,
    is_cancelled: Callable[[], bool] | None = None,
    on_exhausted: UnderstudyError | None = None,
    on_crash: UnderstudyError | None = None,
    log: Path | None = None,
    environment: Mapping[str, str] | None = None,
    scratch: Path | None = None,
) -> dict[str, object]:
    """Run one task in a child process and return its result.

    ``on_exhausted`` is raised when the child ran out of memory, CPU or file size (default: Failed, code exhausted),
    ``on_crash`` when code of a library crashed (default: Failed, code no-answer).
    ``log`` gets the first ``limits.log_bytes`` of the child's standard error, readable by the owner only; it may hold
    library text about private rows and is never part of an error. ``environment`` adds variables. In ``scratch`` the
    child's own directory is made, which libraries may spill rows to.
    Guarantees: when this returns or raises, the child and all that it started are dead and its directory is gone.
    Raises: the UnderstudyError that the child answered with; Failed, with code cancelled, timed-out or failed; what
    ``on_progress`` raises.
    """
    limits = limits or ChildLimits()
    exhausted = on_exhausted or Failed("The work took more memory or time than it may.", code=EXHAUSTED)
    with tempfile.TemporaryDirectory(prefix="understudy-child-", dir=scratch) as home:
        command = [sys.executable, "-P", "-s", "-m", module, *([task] if task else [])]
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module, no shell
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=home,
            env=_environment(home, limits, environment or {}),
            start_new_session=True,
        )
        try:
            _send(process, request, limits)
            answer = _Conversation(process, limits, on_progress, is_cancelled, log).answer()
            _wait_for_exit(process, GRACE_S)
        finally:
            _end(process)
    return _outcome(answer, process.returncode, exhausted, on_crash)


def _environment(home: str, limits: ChildLimits, extra: Mapping[str, str]) -> dict[str, str]:
    threads = str(limits.threads)
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": home,
        "TMPDIR": home,
        "LANG": "C.UTF-8",
        "PYTHONPATH": os.pathsep.join(_own_paths()),
        "PYTHONUNBUFFERED": "1",
        # Address space is what is capped: pools that reserve more than they use would meet the cap too soon.
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "MALLOC_ARENA_MAX": "2",
        **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), threads),
        **extra,
    }


def _own_paths() -> list[str]:
    """Where the parent imports from, apart from what the interpreter itself brings."""
    roots = {Path(prefix).resolve() for prefix in (sys.prefix, sys.base_prefix)}
    paths = [Path(entry or ".").resolve() for entry in sys.path]
    return [str(path) for path in paths if path.is_dir() and not roots.intersection((path, *path.parents))]


def _send(process: subprocess.Popen[bytes], request: Mapping[str, object], limits: ChildLimits) -> None:
    line = json.dumps({"limits": asdict(limits), "request": dict(request)}).encode() + b"\n"
    assert process.stdin is not None
    # A child that is dead already says more by its exit than the broken pipe does.
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(line)
        process.stdin.flush()


def _wait_for_exit(process: subprocess.Popen[bytes], timeout_s: float) -> None:
    """Give the child time to end by itself, without reaping it: as long as it is a zombie its group's id is its own."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
            return
        time.sleep(0.005)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the whole group, even after a good answer: nothing that the child started may outlive it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()


@dataclass(slots=True)
class _Conversation:
    """Reads a child's lines until it answers or ends, within the clock and the caller's patience."""

    process: subprocess.Popen[bytes]
    limits: ChildLimits
    on_progress: Progress | None
    is_cancelled: Callable[[], bool] | None
    log: Path | None
    pending: bytearray = field(default_factory=bytearray)

    def answer(self) -> dict[str, object] | None:
        """The child's last line, or None if it ended without one."""
        for line in self._lines():
            message = _parse(line)
            if "progress" in message:
                if self.on_progress is not None:
                    percent = message["progress"]
                    assert isinstance(percent, int)
                    self.on_progress(max(0, min(100, percent)), str(message.get("stage", "")))
            else:
                return message
        return None

    def _lines(self) -> Iterator[bytes]:
        stdout, stderr = self.process.stdout, self.process.stderr
        assert stdout is not None
        assert stderr is not None
        deadline = None if self.limits.wall_s is None else time.monotonic() + self.limits.wall_s
        with selectors.DefaultSelector() as selector, _log_file(self.log) as log:
            selector.register(stdout, selectors.EVENT_READ)
            selector.register(stderr, selectors.EVENT_READ)
            room = self.limits.log_bytes
            while stdout in (key.fileobj for key in selector.get_map().values()):
                self._check(deadline)
                # Standard error first: what was written before an answer is in the log before the answer is believed.
                for key, _ in sorted(selector.select(TICK_S), key=lambda ready: ready[0].fileobj is stdout):
                    chunk = os.read(key.fd, 1 << 16)
                    if not chunk:
                        selector.unregister(key.fileobj)
                    elif key.fileobj is stderr:
                        log.write(chunk[:room])
                        room = max(0, room - len(chunk))
                    else:
                        yield from self._split(chunk)

    def _check(self, deadline: float | None) -> None:
        if self.is_cancelled is not None and self.is_cancelled():
            raise Failed("The work was cancelled.", code="cancelled")
        if deadline is not None and time.monotonic() > deadline:
            raise Failed("The work took longer than it may.", code="timed-out")

    def _split(self, chunk: bytes) -> Iterator[bytes]:
        self.pending += chunk
        if len(self.pending) > MAX_LINE_BYTES:
            raise Failed("The work's answer is too long.")
        if b"\n" not in chunk:
            return
        *lines, rest = self.pending.split(b"\n")
        self.pending = bytearray(rest)
        yield from (bytes(line) for line in lines if line)


@contextlib.contextmanager
def _log_file(path: Path | None) -> Iterator[IO[bytes]]:
    target = Path(os.devnull) if path is None else path
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "wb", buffering=0) as log:
        yield log


def _parse(line: bytes) -> dict[str, object]:
    try:
        message = json.loads(line)
    except ValueError:
        message = None
    if not isinstance(message, dict):
        raise Failed("The work's answer cannot be read.")
    return message


def _outcome(
    answer: dict[str, object] | None, code: int, exhausted: UnderstudyError, crash: UnderstudyError | None
) -> dict[str, object]:
    if answer is None:
        if crash is not None and -code in _CRASHING:
            raise crash
        raise exhausted if -code in _EXHAUSTING else Failed("The work ended without an answer.", code="no-answer")
    result, error = answer.get("result"), answer.get("error")
    if isinstance(result, dict):
        return result
    if not isinstance(error, dict):
        raise Failed("The work's answer cannot be read.")
    if error.get("class") == EXHAUSTED:
        raise exhausted
    raise decode_error(error)


def encode_error(error: UnderstudyError) -> dict[str, object]:
    """An error as JSON; ``decode_error`` gives it back with class, reason, places and facts."""
    return {
        "class": type(error).code,
        "message": error.message,
        "code": error.reason,
        "where": [place.as_dict() for place in error.where],
        "facts": error.facts,
    }


def decode_error(document: Mapping[str, object]) -> UnderstudyError:
    """The error that ``encode_error`` wrote. An unknown class is Failed."""
    kind = ERRORS.get(str(document.get("class")), Failed)
    where, facts = document.get("where"), document.get("facts")
    places = tuple(Place(**place) for place in where) if isinstance(where, list) else ()
    return kind(
        str(document.get("message", "")),
        code=str(document.get("code", kind.code)),
        where=places,
        facts=facts if isinstance(facts, dict) else {},
    )
