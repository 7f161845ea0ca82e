"""Declaring a table and taking its content in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

from service.commands.ids import new_id, rfc3339
from service.commands.pages import DEFAULT_LIMIT, cut_of, page_of
from service.context import RequestContext
from service.intake import Received, Room, Upload, check_empty, folder_of, take_in
from service.ports import Dataset, Ports, TenantStores
from service.retention import check_raw
from understudy.errors import Conflict
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
            raise _in_use()
        stores.datasets.remove(dataset_id)
        stores.uploads.clear(dataset_id)
    ports.blobs.remove(folder_of(context.tenant, dataset_id))


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


def check_not_pulled(dataset_id: str, stores: TenantStores) -> None:
    """Raises Conflict (dataset-in-use) while a job pulls the table from elsewhere."""
    if any(use.is_open and use.dataset_id == dataset_id for use in stores.jobs.uses()):
        raise _in_use()


def _in_use() -> Conflict:
    return Conflict("An unfinished job uses this dataset.", code="dataset-in-use")


@contextmanager
def receiving(context: RequestContext, dataset_id: str, ports: Ports) -> Iterator[Upload]:
    """Take the content of an empty dataset in one go; nothing is kept if the block raises."""
    with ports.database.read() as tx:
        stores = tx.for_tenant(context.tenant)
        dataset = stores.datasets.get(dataset_id)
        check_empty(dataset)
        check_not_pulled(dataset_id, stores)
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

    Raises: InputRefused with the places; then the dataset and its bytes are gone. Conflict (dataset-has-content) if
    another table came meanwhile, which stays.
    """
    dataset = get(context, dataset_id, ports)
    decode = partial(ports.sandbox, on_progress=lambda _stage, _percent: None)
    try:
        return view(take_in(dataset, upload, source, ports, decode=decode))
    except Conflict:
        raise
    except BaseException:
        with ports.database.begin() as tx:
            stores = tx.for_tenant(context.tenant)
            stores.datasets.remove(dataset_id)
            stores.uploads.clear(dataset_id)
        ports.blobs.remove(folder_of(context.tenant, dataset_id))
        raise


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
        source=dataset.source,
        source_version=dataset.source_version,
        created_at=rfc3339(dataset.created_at),
    )


def _raw(dataset: Dataset) -> str:
    return f"{folder_of(dataset.tenant, dataset.id)}/raw"


def local_copy(dataset: Dataset, ports: Ports) -> AbstractContextManager[Path]:
    """The rows of a dataset that is ready as a local file, to read only, for the block."""
    return ports.blobs.local(dataset.blob or "")
