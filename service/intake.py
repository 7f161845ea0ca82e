"""Bytes of a table that are here -> a dataset whose rows can be used. The same for what is sent and what is pulled.

It decodes in a child process, keeps the canonical rows, and knows a release of our own again. What becomes of the
dataset when its table is refused is the caller's to decide.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from privacy.resemblance import RowSketch, best_match
from privacy.sketch import Sketch
from service.context import TenantId
from service.lineage import sketch_key
from service.ports import BlobWriter, Dataset, Ports, Release, TenantStores, keep
from understudy.errors import Conflict, InputRefused
from understudy.messages import DatasetState

FULL = "tenant-storage-full"

Decode = Callable[[str, dict[str, object]], dict[str, object]]
"""Runs a task in a child process: its name and request in, its answer out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What is known of bytes that have arrived whole."""

    size_bytes: int
    sha256: str


class Room:
    """What a tenant may still send, from the moment at which it was asked for.

    Uploads of one tenant that run beside each other see what was there when each began, so together they may pass the
    cap by less than they are.
    """

    def __init__(self, tenant: TenantId, ports: Ports) -> None:
        """Raises Conflict (tenant-storage-full) if there is no room for a single byte."""
        with ports.database.read() as tx:
            stores = tx.for_tenant(tenant)
            used = stores.datasets.stored_bytes() + stores.uploads.stored_bytes()
        self._limit_bytes = ports.settings.max_tenant_bytes
        self._left_bytes = self._limit_bytes - used
        if self._left_bytes <= 0:
            raise self._full()

    def take(self, size_bytes: int) -> None:
        """Raises Conflict (tenant-storage-full) if there is no room for these bytes too."""
        self._left_bytes -= size_bytes
        if self._left_bytes < 0:
            raise self._full()

    def _full(self) -> Conflict:
        limit = {"limit_bytes": f"{self._limit_bytes}"}
        return Conflict("The tenant keeps as many bytes as it may: remove tables first.", code=FULL, facts=limit)


class Upload:
    """Receives the bytes of a dataset, counting and hashing them as they pass."""

    def __init__(self, writer: BlobWriter, max_bytes: int, room: Room | None = None) -> None:
        self._writer = writer
        self._room = room
        self._max_bytes = max_bytes
        self._sha256 = hashlib.sha256()
        self.size_bytes = 0

    def write(self, chunk: bytes) -> None:
        """Raises: InputRefused (too-large) as soon as the cap is passed; Conflict (tenant-storage-full)."""
        if self._room is not None:
            self._room.take(len(chunk))
        self.size_bytes += len(chunk)
        if self.size_bytes > self._max_bytes:
            raise InputRefused("The table has more bytes than this service takes.", code="too-large")
        self._sha256.update(chunk)
        self._writer.write(chunk)

    @property
    def sha256(self) -> str:
        """Digest of what was received so far."""
        return self._sha256.hexdigest()

    @property
    def received(self) -> Received:
        """What was received, once it is whole."""
        return Received(size_bytes=self.size_bytes, sha256=self.sha256)


def check_empty(dataset: Dataset) -> None:
    """Raises Conflict (dataset-has-content) if the content has come, even if it has gone since."""
    if dataset.state is not DatasetState.EMPTY:
        raise Conflict("The dataset has its content already.", code="dataset-has-content")


def folder_of(tenant: str, dataset_id: str) -> str:
    """What the keys of all blobs of a dataset begin with."""
    return f"{tenant}/datasets/{dataset_id}"


def take_in(
    dataset: Dataset,
    upload: Received,
    source: Path,
    ports: Ports,
    *,
    decode: Decode,
    noted: Callable[[TenantStores], None] | None = None,
) -> Dataset:
    """Check every row, keep the rows, make the dataset ready; ``noted`` is called in the transaction that does so.

    Raises: InputRefused with the places; Conflict (dataset-has-content) if another table came meanwhile. No row is kept
    then, and the dataset is as it was.
    """
    # Under a name of its own, so that of two tables which come at once the one that loses takes nothing along.
    key = f"{folder_of(dataset.tenant, dataset.id)}/{ports.entropy(4).hex()}/canonical.parquet"
    try:
        with ports.span("intake", trace=dataset.id, dataset=dataset.id, size_bytes=upload.size_bytes):
            sketch, rows = _ingest(dataset, source, key, ports, decode)
        ready = replace(dataset, state=DatasetState.READY, blob=key, size_bytes=upload.size_bytes, sha256=upload.sha256)
        with ports.database.read() as tx:  # every release's sketch: not while others wait
            releases = tx.for_tenant(TenantId(dataset.tenant)).releases.all() if rows else ()
        ready = _with_lineage(ready, _release_that_is(rows, releases))
        with ports.database.begin() as tx:
            stores = tx.for_tenant(TenantId(dataset.tenant))
            check_empty(stores.datasets.get(dataset.id))
            stores.datasets.put(ready)
            if sketch.hashes:
                stores.overlaps.add(ready.population, sketch)
            if noted is not None:
                noted(stores)
    except BaseException:
        ports.blobs.remove(key)
        raise
    return ready


def _with_lineage(dataset: Dataset, release: Release | None) -> Dataset:
    if release is None:
        return dataset
    return replace(dataset, release_of=release.job_id, generation=release.generation)


def _release_that_is(sketch: str, releases: Sequence[Release]) -> Release | None:
    """The release that a table of this sketch is, or a good part of."""
    by_job = {release.job_id: release for release in releases if release.sketch}
    known = [(job_id, RowSketch.from_text(release.sketch)) for job_id, release in by_job.items()]
    found = best_match(RowSketch.from_text(sketch), known)
    return None if found is None else by_job[found]


def _ingest(dataset: Dataset, source: Path, key: str, ports: Ports, decode: Decode) -> tuple[Sketch, str]:
    """(who is in the table, how its rows are known again)"""
    with ports.folder("ingest") as folder:
        request: dict[str, object] = {
            "source": str(source),
            "out": str(folder / "canonical.parquet"),
            "format": dataset.format.value,
            "sheet": dataset.sheet,
            "schema": dataset.schema,
            "max_bytes": ports.settings.max_upload_bytes,
            "sketch_key": sketch_key(dataset.tenant, ports).hex(),
            "overlap_key": ports.keys.population_key(dataset.tenant, "", "overlap").hex(),
        }
        answer = decode("ingest", request)
        keep(folder / "canonical.parquet", key, ports)
    return Sketch.from_text(str(answer.get("sketch", ""))), str(answer.get("rows", ""))
