"""The ends of the ledgers in files outside the database, best on another disk or a share that only grows.

One file per tenant, only ever appended to: a line of JSON for each end, ``{"n": 7, "digest": "...", "at": "..."}``.
So it also works with the append-only attribute (``chattr +a``), and says when each entry was seen. Each end goes to
the service's log too, from where a log shipper or syslog may carry it further.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from privacy.ledger import Head
from service.context import TenantId
from service.ports import Clock
from service.telemetry import event, redacted
from understudy.errors import Failed

_SUFFIX = ".anchor"
_TAIL_BYTES = 4096


class FileAnchor:
    """Ends of ledgers under ``folder``. Any number of processes may write at once."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        """Raises: Failed (anchor-not-writable) if the folder cannot be written."""
        self._folder = folder
        self._clock = clock
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            writable = os.access(folder, os.W_OK)
        except OSError:
            writable = False
        if not writable:
            raise Failed("The folder of the ledger's anchor cannot be written.", code="anchor-not-writable")

    def read(self, tenant: TenantId) -> Head | None:
        """The furthest end that was written; None if there is none."""
        try:
            with self._path(tenant).open("rb") as file:
                return _last(file.fileno())
        except FileNotFoundError:
            return None

    def write(self, tenant: TenantId, head: Head) -> None:
        """Keep an end, unless one further on is kept already.

        Never raises, since what it follows is committed: a failure is logged, and the next end makes up for it.
        """
        try:
            with self._locked(tenant) as descriptor:
                known = _last(descriptor)
                if known is None or known.n < head.n:
                    self._append(descriptor, head)
                    event("ledger.anchored", tenant=tenant, entry=head.n, digest=head.digest)
        except OSError as error:
            event("ledger.anchor_failed", tenant=tenant, entry=head.n, **redacted(error))

    def reset(self, tenant: TenantId, head: Head) -> None:
        """Begin anew at this end; what was kept stays legible above it."""
        with self._locked(tenant) as descriptor:
            self._append(descriptor, head)

    def tenants(self) -> Sequence[TenantId]:
        """Whose ends are kept."""
        return [TenantId(path.name.removesuffix(_SUFFIX)) for path in sorted(self._folder.glob(f"*{_SUFFIX}"))]

    def _path(self, tenant: TenantId) -> Path:
        return self._folder / f"{tenant}{_SUFFIX}"

    @contextmanager
    def _locked(self, tenant: TenantId) -> Iterator[int]:
        descriptor = os.open(self._path(tenant), os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield descriptor
        finally:
            os.close(descriptor)

    def _append(self, descriptor: int, head: Head) -> None:
        at = self._clock.now().isoformat(timespec="seconds")
        line = json.dumps({"n": head.n, "digest": head.digest, "at": at}) + "\n"
        # A leading line break ends a line that a power cut left half written.
        os.write(descriptor, b"\n" * (not _ends_clean(descriptor)) + line.encode())
        os.fdatasync(descriptor)


def _last(descriptor: int) -> Head | None:
    """The last whole line. Lines only move forward, but for a reset, which is meant to be last."""
    for line in reversed(_tail(descriptor).split(b"\n")[:-1]):
        try:
            document = json.loads(line)
            return Head(n=int(document["n"]), digest=str(document["digest"]))
        except (ValueError, KeyError, TypeError):
            continue  # half a line
    return None


def _ends_clean(descriptor: int) -> bool:
    return _tail(descriptor)[-1:] in (b"", b"\n")


def _tail(descriptor: int) -> bytes:
    size = os.fstat(descriptor).st_size
    return os.pread(descriptor, _TAIL_BYTES, max(0, size - _TAIL_BYTES))
