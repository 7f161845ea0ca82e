"""One tenant's datasets in SQL."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from service.context import TenantId
from service.ports import Cut, Dataset
from service.store.engine import insert_if_absent
from service.store.paging import page_of
from service.store.tables import DATASETS
from understudy.errors import Conflict, Forbidden, NotFound
from understudy.messages import DatasetState, TableFormat


class SqlDatasets:
    """The datasets of ``tenant``, as if there were no others."""

    def __init__(self, connection: sa.Connection, tenant: TenantId) -> None:
        self._connection = connection
        self._tenant = tenant

    def add(self, dataset: Dataset) -> None:
        """Raises Conflict if the id is taken."""
        if not insert_if_absent(self._connection, DATASETS, self._values(dataset)):
            raise Conflict("A dataset of this id exists.")

    def get(self, dataset_id: str) -> Dataset:
        """Raises NotFound, for another tenant's dataset too."""
        row = self._connection.execute(sa.select(DATASETS).where(self._mine(dataset_id))).one_or_none()
        if row is None:
            raise _not_found()
        return _dataset(row)

    def put(self, dataset: Dataset) -> None:
        """Replace a dataset that exists. Raises NotFound."""
        change = sa.update(DATASETS).where(self._mine(dataset.id)).values(self._values(dataset))
        if self._connection.execute(change).rowcount == 0:
            raise _not_found()

    def remove(self, dataset_id: str) -> None:
        """Raises NotFound. Its jobs stay, and still count as attempts on the same content."""
        if self._connection.execute(sa.delete(DATASETS).where(self._mine(dataset_id))).rowcount == 0:
            raise _not_found()

    def page(self, cut: Cut) -> Sequence[Dataset]:
        """The rows that a cut asks for, oldest first."""
        return [_dataset(row) for row in self._connection.execute(page_of(DATASETS, self._tenant, cut))]

    def all(self) -> Sequence[Dataset]:
        """The tenant's datasets, oldest first."""
        query = sa.select(DATASETS).where(DATASETS.c.tenant == self._tenant)
        rows = self._connection.execute(query.order_by(DATASETS.c.created_at, DATASETS.c.id))
        return [_dataset(row) for row in rows]

    def stored_bytes(self) -> int:
        """The size of all tables whose rows are there, as they were uploaded."""
        mine = (DATASETS.c.tenant == self._tenant) & (DATASETS.c.state == DatasetState.READY.value)
        size = sa.select(sa.func.coalesce(sa.func.sum(DATASETS.c.size_bytes), 0)).where(mine)
        return int(self._connection.scalar(size) or 0)

    def _mine(self, dataset_id: str) -> sa.ColumnElement[bool]:
        return (DATASETS.c.tenant == self._tenant) & (DATASETS.c.id == dataset_id)

    def _values(self, dataset: Dataset) -> dict[str, object]:
        if dataset.tenant != self._tenant:
            raise Forbidden("This dataset is another tenant's.")
        return {
            "tenant": dataset.tenant,
            "id": dataset.id,
            "population": dataset.population,
            "format": dataset.format.value,
            "schema": dataset.schema,
            "created_at": dataset.created_at,
            "state": dataset.state.value,
            "blob": dataset.blob,
            "size_bytes": dataset.size_bytes,
            "sha256": dataset.sha256,
            "keep_raw": dataset.keep_raw,
            "idle_since": dataset.idle_since,
            "release_of": dataset.release_of,
            "generation": dataset.generation,
            "sheet": dataset.sheet,
            "source": dataset.source,
            "source_version": dataset.source_version,
        }


def _dataset(row: sa.Row[tuple[object, ...]]) -> Dataset:
    fields = row._asdict()
    return Dataset(
        **fields
        | {"format": TableFormat(fields["format"]), "state": DatasetState(fields["state"])}  # columns are fields
    )


def _not_found() -> NotFound:
    return NotFound("There is no such dataset.")
