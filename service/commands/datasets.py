"""Declaring a table and taking its content in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from privacy.sketch import Sketch
from service.commands.ids import new_id, rfc3339
from service.commands.pages import DEFAULT_LIMIT, cut_of, page_of
from service.commands.quota import Room
from service.commands.releases import release_that_is
from service.context import RequestContext
from service.lineage import sketch_key
from service.ports import BlobWriter, Dataset, Ports, Release, keep
from service.retention import check_raw
from understudy.errors import Conflict, InputRefused
from understudy.messages import DatasetCreate, DatasetList, DatasetState, DatasetView
from understudy.schema import TableSchema


def create(context: RequestContext, message: DatasetCreate, ports: Ports) -> DatasetView:
    """Declare a table. Its schema is checked here; its content comes with ``Upload``."""
    schema = TableSchema.parse(message.table_schema)
    now = ports.clock.now()
    dataset = Dataset(
        id=new_id("ds", at=now, entropy=ports.entropy),
        tenant=context.tenant,
        population=schema.population,
        format=message.format,
        schema=schema.as_dict(),
        created_at=now,
        keep_raw=check_raw(message.keep_raw) if message.keep_raw else "",
        sheet=message.sheet,
    )
    with ports.database.begin() as tx:
        tx.for_tenant(context.tenant).datasets.add(dataset)
    return view(dataset)


def get(context: RequestContext, dataset_id: str, ports: Ports) -> Dataset:
    """Raises NotFound."""
    with ports.database.begin() as tx:
        return tx.for_tenant(context.tenant).datasets.get(dataset_id)


def page(
    context: RequestContext,
    ports: Ports,
    *,
    limit: int = DEFAULT_LIMIT,
    cursor: str = "",
    population: str = "",
    state: DatasetState | None = None,
) -> DatasetList:
    """One page of the tenant's datasets, oldest first. Raises UsageError (page-invalid)."""
    cut = cut_of(limit=limit, cursor=cursor, population=population, state="" if state is None else state.value)
    with ports.database.read() as tx:
        found, following = page_of(cut, tx.for_tenant(context.tenant).datasets.page)
    return DatasetList(datasets=[view(dataset) for dataset in found], next_cursor=following)


def remove(context: RequestContext, dataset_id: str, ports: Ports) -> None:
    """Remove a dataset and its bytes. What was spent on its population stays spent."""
    with ports.database.begin() as tx:
        stores = tx.for_tenant(context.tenant)
        stores.datasets.get(dataset_id)
        if any(dataset_id in job.datasets and not job.state.is_final for job in stores.jobs.all()):
            raise Conflict("An unfinished job uses this dataset.", code="dataset-in-use")
        stores.datasets.remove(dataset_id)
        stores.uploads.clear(dataset_id)
    ports.blobs.remove(_folder(context.tenant, dataset_id))


def ready(context: RequestContext, dataset_id: str, ports: Ports) -> Dataset:
    """A dataset whose rows are there. Raises NotFound; Conflict (dataset-empty)."""
    dataset = get(context, dataset_id, ports)
    check_ready(dataset)
    return dataset


def check_ready(dataset: Dataset) -> None:
    """Raises Conflict: dataset-empty before its content came, dataset-expired once retention has removed its rows."""
    if dataset.state is DatasetState.EXPIRED:
        raise Conflict(
            "The rows of this dataset were removed, as the retention policy says: upload the table again.",
            code="dataset-expired",
        )
    if dataset.state is not DatasetState.READY:
        raise Conflict("The dataset has no content yet.", code="dataset-empty")


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What is known of bytes that have arrived whole."""

    size_bytes: int
    sha256: str


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


@contextmanager
def receiving(context: RequestContext, dataset_id: str, ports: Ports) -> Iterator[Upload]:
    """Take the content of an empty dataset in one go; nothing is kept if the block raises."""
    dataset = get(context, dataset_id, ports)
    check_empty(dataset)
    room = Room(context.tenant, ports)
    with ports.blobs.create(_raw(dataset)) as writer:
        yield Upload(writer, ports.settings.max_upload_bytes, room)


def finish_upload(context: RequestContext, dataset_id: str, upload: Upload, ports: Ports) -> DatasetView:
    """``finish`` with what ``receiving`` has received."""
    dataset = get(context, dataset_id, ports)
    with ports.blobs.local(_raw(dataset)) as source:
        view = finish(context, dataset_id, upload.received, source, ports)
    ports.blobs.remove(_raw(dataset))
    return view


def finish(context: RequestContext, dataset_id: str, upload: Received, source: Path, ports: Ports) -> DatasetView:
    """Check what was received, row by row, and keep it in canonical form.

    Raises: InputRefused with the places; then the dataset and its bytes are gone.
    """
    dataset = get(context, dataset_id, ports)
    try:
        sketch, rows = _ingest(dataset, source, ports)
    except BaseException:
        with ports.database.begin() as tx:
            stores = tx.for_tenant(context.tenant)
            stores.datasets.remove(dataset_id)
            stores.uploads.clear(dataset_id)
        ports.blobs.remove(_folder(context.tenant, dataset_id))
        raise
    ready = replace(
        dataset,
        state=DatasetState.READY,
        blob=_canonical(dataset),
        size_bytes=upload.size_bytes,
        sha256=upload.sha256,
    )
    with ports.database.read() as tx:  # every release's sketch: not while others wait
        releases = tx.for_tenant(context.tenant).releases.all() if rows else ()
    ready = _with_lineage(ready, release_that_is(rows, releases))
    with ports.database.begin() as tx:
        stores = tx.for_tenant(context.tenant)
        stores.datasets.put(ready)
        if sketch.hashes:
            stores.overlaps.add(ready.population, sketch)
    return view(ready)


def _with_lineage(dataset: Dataset, release: Release | None) -> Dataset:
    if release is None:
        return dataset
    return replace(dataset, release_of=release.job_id, generation=release.generation)


def _ingest(dataset: Dataset, source: Path, ports: Ports) -> tuple[Sketch, str]:
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
        answer = ports.sandbox("ingest", request, on_progress=lambda _stage, _percent: None)
        keep(folder / "canonical.parquet", _canonical(dataset), ports)
    return Sketch.from_text(str(answer.get("sketch", ""))), str(answer.get("rows", ""))


def view(dataset: Dataset) -> DatasetView:
    """A dataset as the wire shows it."""
    fields = dataset.schema["fields"]
    return DatasetView(
        id=dataset.id,
        state=dataset.state,
        population=dataset.population,
        format=dataset.format,
        n_columns=len(fields) if isinstance(fields, list) else 0,
        size_bytes=dataset.size_bytes,
        sha256=dataset.sha256,
        keep_raw=dataset.keep_raw,
        release_of=dataset.release_of,
        generation=dataset.generation,
        created_at=rfc3339(dataset.created_at),
    )


def _folder(tenant: str, dataset_id: str) -> str:
    return f"{tenant}/datasets/{dataset_id}"


def _raw(dataset: Dataset) -> str:
    return f"{_folder(dataset.tenant, dataset.id)}/raw"


def _canonical(dataset: Dataset) -> str:
    return f"{_folder(dataset.tenant, dataset.id)}/canonical.parquet"


def local_copy(dataset: Dataset, ports: Ports) -> AbstractContextManager[Path]:
    """The canonical table as a local file, to read only, for the block."""
    return ports.blobs.local(_canonical(dataset))
