"""The door to a sealed engine: codes in, codes out, and nothing else of the process ever comes through.

The engine runs in a child process under the Python of its own environment, without network, unable to start processes
of its own, and with capped memory, processor and files (``worker.jail``). Its outputs are closed, its environment is
empty, its exceptions stay with it; of a failure one of the codes below is told. Nothing that it wrote is unpickled;
what it gives back is codes of the domain, in exactly the number that was asked for, or it is a failure. The caller has
paid for all of it before.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.errors import Failed

GIB = 1 << 30
_TICK_S = 0.02
_START = (
    "import sys; sys.path.insert(0, sys.argv[1]); from worker.main import main; main(sys.argv[2], int(sys.argv[3]))"
)
_MESSAGES = {
    "sealed-failed": "The sealed engine failed. What was paid stays paid.",
    "sealed-exhausted": "The sealed engine took more memory or processor time than it may.",
    "sealed-timed-out": "The sealed engine took longer than it may.",
    "sealed-open": "This machine can shut no network off from a process, so no sealed engine may run.",
    "sealed-answer": "The sealed engine did not give back codes of its domain.",
}
_WORDS = {"failed": "sealed-failed", "exhausted": "sealed-exhausted", "open": "sealed-open"}
_EXHAUSTING = (signal.SIGKILL, signal.SIGXCPU, signal.SIGXFSZ, signal.SIGABRT, signal.SIGSEGV)


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedLimits:
    """What one sealed process may use. Sizes in bytes, times in seconds."""

    memory_bytes: int = 16 * GIB
    cpu_s: int = 8 * 3600
    file_bytes: int = 4 * GIB
    wall_s: float = 8 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """An engine's program: the Python of its environment, and the folder that has the package ``worker``."""

    python: Path
    code: Path = Path(__file__).parent
    limits: SealedLimits = SealedLimits()
    threads: int = 1


@dataclass(frozen=True, slots=True)
class Made:
    """What came back. ``codes``: int64 (rows, columns). ``network``: how it was shut off."""

    codes: NDArray[np.int64]
    network: str


def own_python() -> Path:
    """The interpreter that runs this, for engines without an environment of their own."""
    return Path(sys.executable)


def run(
    sealed: Sealed, folder: Path, runner: str, task: Mapping[str, Any], *, sizes: tuple[int, ...], n_rows: int
) -> Made:
    """Run one task on the file ``codes.npz`` in ``folder``, which is the child's alone until this returns.

    Guarantees: when this returns or raises, the child has ended; ``codes`` has shape (n_rows, len(sizes)), each
    column within its size.
    Raises: Failed with one of the codes sealed-failed, sealed-exhausted, sealed-timed-out, sealed-open,
    sealed-answer, and a fixed message.
    """
    request = {"limits": asdict(sealed.limits), "runner": runner, "task": dict(task)}
    (folder / "request.json").write_text(json.dumps(request), encoding="utf-8")
    code = _wait(_start(sealed, folder), sealed.limits.wall_s)
    answer = _answer(folder)
    if answer is None:
        raise _failure("sealed-exhausted" if -code in _EXHAUSTING else "sealed-failed")
    if "error" in answer:
        raise _failure(_WORDS.get(str(answer["error"]), "sealed-failed"))
    return Made(_codes(folder / "made.npz", sizes, n_rows), str(answer.get("network", ""))[:40])


def _failure(code: str) -> Failed:
    return Failed(_MESSAGES[code], code=code)


def _start(sealed: Sealed, folder: Path) -> subprocess.Popen[bytes]:
    """In our process group, so that whoever ends us ends it too. Raises: Failed (sealed-failed)."""
    command = [str(sealed.python), "-I", "-B", "-c", _START, str(sealed.code), str(folder), str(os.getpid())]
    try:
        return subprocess.Popen(  # noqa: S603 - our own program, no shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=_environment(folder, sealed.threads),
            close_fds=True,
        )
    except OSError:
        raise _failure("sealed-failed") from None


def _environment(folder: Path, threads: int) -> dict[str, str]:
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
    return {
        "PATH": os.defpath,
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LANG": "C.UTF-8",
        "JAX_PLATFORMS": "cpu",
        "JOBLIB_MULTIPROCESSING": "0",
        "MALLOC_ARENA_MAX": "2",
        **dict.fromkeys(names, str(threads)),
    }


def _wait(process: subprocess.Popen[bytes], wall_s: float) -> int:
    deadline = time.monotonic() + wall_s
    try:
        while (code := process.poll()) is None:
            if time.monotonic() > deadline:
                raise _failure("sealed-timed-out")
            time.sleep(_TICK_S)
        return code
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _answer(folder: Path) -> dict[str, object] | None:
    try:
        found = json.loads((folder / "answer.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _codes(path: Path, sizes: tuple[int, ...], n_rows: int) -> NDArray[np.int64]:
    """The codes of a file that nobody trusts: no pickle, no more bytes than codes need, none out of its column."""
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > 8 * n_rows * len(sizes) + 4096:
                raise _failure("sealed-answer")
        with np.load(path, allow_pickle=False) as stored:
            codes = stored["codes"]
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError):
        raise _failure("sealed-answer") from None
    if codes.shape != (n_rows, len(sizes)) or not np.issubdtype(codes.dtype, np.integer):
        raise _failure("sealed-answer")
    if codes.size and ((codes < 0) | (codes >= np.asarray(sizes))).any():
        raise _failure("sealed-answer")
    return np.asarray(codes, dtype=np.int64)
