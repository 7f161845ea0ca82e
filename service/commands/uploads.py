"""Sending a table in pieces: a connection that breaks costs what was under way, not what has arrived.

What arrives is encrypted as any blob, in parts; when the sender says that the table is whole, the parts are joined in
scratch, held against the sender's digest, and taken in. Whoever has lost the thread asks how far the service has come.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

from service.audit import AuditEvent, Outcome
from service.commands import datasets
from service.commands.ids import rfc3339
from service.context import RequestContext, TenantId
from service.intake import Received, Room, check_empty
from service.ports import BlobWriter, Dataset, Ports, UploadPart
from service.telemetry import event
from understudy.errors import Conflict, Failed, InputRefused, UsageError
from understudy.messages import DatasetState, DatasetView, UploadView

PART_BYTES = 64 << 20
"""A part is closed at this size, so that a process which dies loses no more."""

KEPT = timedelta(hours=24)
"""Half an upload goes when nothing has come for so long."""

_SEALED = -1
"""The start of a part that holds nothing: it says that somebody is taking the table in."""

_SEAL_HOLDS = timedelta(hours=1)
_CHUNK_BYTES = 1 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}")


def checked_digest(sha256: str) -> str:
    """A SHA-256 in hexadecimal letters, or nothing. Raises UsageError (request-invalid)."""
    if sha256 and not _SHA256.fullmatch(sha256.lower()):
        raise UsageError("A digest is a SHA-256.", code="request-invalid")
    return sha256.lower()


def check_digest(received: Received, sha256: str) -> None:
    """Raises: InputRefused (digest-mismatch) if these are not the bytes that the sender meant."""
    if sha256 and received.sha256 != sha256:
        raise InputRefused("The bytes that arrived are not those of the digest.", code="digest-mismatch")


def state(context: RequestContext, dataset_id: str, ports: Ports) -> UploadView:
    """How far an upload has come. Raises NotFound."""
    with ports.database.read() as tx:
        stores = tx.for_tenant(context.tenant)
        dataset, parts = stores.datasets.get(dataset_id), _content(stores.uploads.parts(dataset_id))
    last = max((part.received_at for part in parts), default=None)
    return UploadView(
        dataset_id=dataset.id,
        state=dataset.state,
        offset_bytes=_end(parts) if dataset.state is DatasetState.EMPTY else dataset.size_bytes,
        expires_at="" if last is None else rfc3339(last + KEPT),
    )


class Appending:
    """Receives bytes from an offset on. What was written when it is closed stays, however it came to that."""

    def __init__(self, dataset: Dataset, offset: int, ports: Ports) -> None:
        self._dataset = dataset
        self._ports = ports
        self._start = self.size_bytes = offset
        self._room = Room(TenantId(dataset.tenant), ports)
        self._open = ExitStack()
        self._writer: BlobWriter | None = None
        self._key = ""

    def write(self, chunk: bytes) -> None:
        """Raises: InputRefused (too-large) as soon as the cap is passed; Conflict with upload-offset-taken, or with
        tenant-storage-full, and then what had arrived before stays.
        """
        self._room.take(len(chunk))
        if self.size_bytes + len(chunk) > self._ports.settings.max_upload_bytes:
            raise InputRefused("The table has more bytes than this service takes.", code="too-large")
        if not chunk:
            return
        if self._writer is None:
            self._key = f"{_folder(self._dataset)}/{self._start:016d}-{self._ports.entropy(8).hex()}"
            self._writer = self._open.enter_context(self._ports.blobs.create(self._key))
        self._writer.write(chunk)
        self.size_bytes += len(chunk)
        if self.size_bytes - self._start >= PART_BYTES:
            self.close()

    def close(self) -> None:
        """Keep what was written as a part. Raises Conflict (upload-offset-taken)."""
        if self._writer is None:
            return
        self._writer = None
        self._open.close()
        part = UploadPart(start=self._start, end=self.size_bytes, blob=self._key, received_at=self._ports.clock.now())
        try:
            with self._ports.database.begin() as tx:
                stores = tx.for_tenant(TenantId(self._dataset.tenant))
                stores.datasets.get(self._dataset.id)
                stores.uploads.add(self._dataset.id, part)
        except BaseException:
            self._ports.blobs.remove(self._key)
            raise
        self._start = self.size_bytes

    def drop(self) -> None:
        """Forget the part under way."""
        self._writer = None
        with contextlib.suppress(_Dropped), self._open:
            raise _Dropped


class _Dropped(Exception):
    """Ends a blob's writing without publishing it."""


@contextmanager
def appending(context: RequestContext, dataset_id: str, offset: int, ports: Ports) -> Iterator[Appending]:
    """Take bytes of an empty dataset from ``offset`` on, which is where those that are there end.

    What has arrived when the block ends stays. After an error of ours nothing stays of the whole upload.
    Raises: NotFound; Conflict with dataset-has-content, upload-finishing, or upload-offset-wrong and the offset.
    """
    with ports.database.read() as tx:
        stores = tx.for_tenant(context.tenant)
        dataset, parts = stores.datasets.get(dataset_id), stores.uploads.parts(dataset_id)
        datasets.check_not_pulled(dataset_id, stores)
    _check_open(dataset, parts, ports)
    if offset != _end(_content(parts)):
        raise Conflict(
            "The bytes that are there do not end where these begin.",
            code="upload-offset-wrong",
            facts={"offset_bytes": str(_end(_content(parts)))},
        )
    receiver = Appending(dataset, offset, ports)
    try:
        yield receiver
        receiver.close()
    except InputRefused:
        receiver.drop()
        forget(dataset, ports)
        raise
    except BaseException:
        receiver.drop()
        raise


def complete(context: RequestContext, dataset_id: str, sha256: str, ports: Ports) -> DatasetView:
    """The table is whole: join it, check it, take it in.

    Raises: InputRefused (digest-mismatch), and as ``datasets.finish``; then what had arrived is gone. Conflict
    (upload-finishing) while another call does this.
    """
    dataset, parts = _seal(context, dataset_id, ports)
    try:
        with _joined(parts, ports) as (source, received):
            check_digest(received, sha256)
            view = datasets.finish(context, dataset_id, received, source, ports)
    except BaseException:
        forget(dataset, ports)
        raise
    forget(dataset, ports)
    return view


def progress_view(context: RequestContext, dataset_id: str, ports: Ports, offset: int) -> DatasetView:
    """A dataset that waits for more bytes."""
    view = datasets.view(datasets.get(context, dataset_id, ports))
    return view.model_copy(update={"size_bytes": offset})


def forget(dataset: Dataset, ports: Ports) -> None:
    """Remove every part of an upload."""
    with ports.database.begin() as tx:
        tx.for_tenant(TenantId(dataset.tenant)).uploads.clear(dataset.id)
    ports.blobs.remove(_folder(dataset))


def sweep(tenant: TenantId, ports: Ports) -> int:
    """Remove the halves of uploads that nobody goes on with; how many. Each is in the audit log."""
    now = ports.clock.now()
    with ports.database.read() as tx:
        still = tx.for_tenant(tenant).uploads.still_since(now - KEPT)
    for dataset_id in still:
        with ports.database.begin() as tx:
            stores = tx.for_tenant(tenant)
            stores.uploads.clear(dataset_id)
            act = AuditEvent(
                at=now, actor="service", action="upload.expired", outcome=Outcome.SUCCESS, entity=dataset_id
            )
            stores.audit.append(act)
        ports.blobs.remove(f"{tenant}/datasets/{dataset_id}/parts")
        event("upload.expired", tenant=tenant, dataset=dataset_id)
    return len(still)


def _check_open(dataset: Dataset, parts: Sequence[UploadPart], ports: Ports) -> None:
    """Raises Conflict (dataset-has-content, upload-finishing) if no more bytes may come."""
    check_empty(dataset)
    if _is_sealed(parts, ports):
        raise _finishing()


def _seal(context: RequestContext, dataset_id: str, ports: Ports) -> tuple[Dataset, Sequence[UploadPart]]:
    """From here on nobody else writes or finishes this upload."""
    with ports.database.begin() as tx:
        stores = tx.for_tenant(context.tenant)
        dataset, parts = stores.datasets.get(dataset_id), stores.uploads.parts(dataset_id)
        _check_open(dataset, parts, ports)
        content = _content(parts)
        if len(content) == len(parts):
            seal = UploadPart(start=_SEALED, end=0, blob="", received_at=ports.clock.now())
            with _as_finishing():
                stores.uploads.add(dataset_id, seal)
    return dataset, content


@contextmanager
def _as_finishing() -> Iterator[None]:
    try:
        yield
    except Conflict:
        raise _finishing() from None


def _finishing() -> Conflict:
    return Conflict("The table is being taken in.", code="upload-finishing")


def _is_sealed(parts: Sequence[UploadPart], ports: Ports) -> bool:
    """Somebody finishes this upload; a seal that is an hour old is a dead process's."""
    now = ports.clock.now()
    return any(part.start == _SEALED and now - part.received_at < _SEAL_HOLDS for part in parts)


@contextmanager
def _joined(parts: Sequence[UploadPart], ports: Ports) -> Iterator[tuple[Path, Received]]:
    """The parts as one file in scratch, decrypted, gone at the end of the block."""
    with ports.folder("upload") as folder:
        whole, sha256, size = folder / "raw", hashlib.sha256(), 0
        with whole.open("wb") as file:
            for part in parts:
                with ports.blobs.open(part.blob) as blob:
                    while chunk := blob.read(_CHUNK_BYTES):
                        file.write(chunk)
                        sha256.update(chunk)
                        size += len(chunk)
        if size != _end(parts):
            raise Failed("A part of the upload is not as long as it was.", code="blob-damaged")
        yield whole, Received(size_bytes=size, sha256=sha256.hexdigest())


def _content(parts: Sequence[UploadPart]) -> Sequence[UploadPart]:
    return [part for part in parts if part.start != _SEALED]


def _end(parts: Sequence[UploadPart]) -> int:
    return max((part.end for part in parts), default=0)


def _folder(dataset: Dataset) -> str:
    return f"{dataset.tenant}/datasets/{dataset.id}/parts"
