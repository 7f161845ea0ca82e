"""The parts of uploads that are under way, in SQL: where each begins and ends, and which blob holds it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from service.context import TenantId
from service.ports import UploadPart
from service.store.engine import insert_if_absent
from service.store.tables import METADATA, UtcDateTime
from understudy.errors import Conflict

UPLOAD_PARTS = sa.Table(
    "upload_parts",
    METADATA,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("dataset_id", sa.Text, primary_key=True),
    # Of two writers at the same place one is refused, so that parts never overlap and never leave a gap.
    sa.Column("start_bytes", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("end_bytes", sa.BigInteger, nullable=False),
    sa.Column("blob", sa.Text, nullable=False),
    sa.Column("received_at", UtcDateTime, nullable=False),
)


class SqlUploads:
    """The uploads of ``tenant``, as if there were no others."""

    def __init__(self, connection: sa.Connection, tenant: TenantId) -> None:
        self._connection = connection
        self._tenant = tenant

    def parts(self, dataset_id: str) -> Sequence[UploadPart]:
        """In their order; empty if nothing has arrived."""
        query = sa.select(UPLOAD_PARTS).where(self._mine(dataset_id)).order_by(UPLOAD_PARTS.c.start_bytes)
        return [
            UploadPart(start=row.start_bytes, end=row.end_bytes, blob=row.blob, received_at=row.received_at)
            for row in self._connection.execute(query)
        ]

    def add(self, dataset_id: str, part: UploadPart) -> None:
        """Raises Conflict (upload-offset-taken) if another part begins there."""
        values: dict[str, object] = {
            "tenant": self._tenant,
            "dataset_id": dataset_id,
            "start_bytes": part.start,
            "end_bytes": part.end,
            "blob": part.blob,
            "received_at": part.received_at,
        }
        if not insert_if_absent(self._connection, UPLOAD_PARTS, values):
            raise Conflict("Somebody else sends the same bytes of this table.", code="upload-offset-taken")

    def clear(self, dataset_id: str) -> None:
        """Forget the parts of a dataset; it is no error if there are none."""
        self._connection.execute(sa.delete(UPLOAD_PARTS).where(self._mine(dataset_id)))

    def stored_bytes(self) -> int:
        """The size of all parts."""
        mine = (UPLOAD_PARTS.c.tenant == self._tenant) & (UPLOAD_PARTS.c.start_bytes >= 0)
        size = sa.select(sa.func.coalesce(sa.func.sum(UPLOAD_PARTS.c.end_bytes - UPLOAD_PARTS.c.start_bytes), 0))
        return int(self._connection.scalar(size.where(mine)) or 0)

    def still_since(self, moment: datetime) -> Sequence[str]:
        """The datasets whose last part came at this moment or before."""
        last = sa.func.max(UPLOAD_PARTS.c.received_at)
        query = sa.select(UPLOAD_PARTS.c.dataset_id).where(UPLOAD_PARTS.c.tenant == self._tenant)
        query = query.group_by(UPLOAD_PARTS.c.dataset_id).having(last <= moment)
        return list(self._connection.scalars(query))

    def _mine(self, dataset_id: str) -> sa.ColumnElement[bool]:
        return (UPLOAD_PARTS.c.tenant == self._tenant) & (UPLOAD_PARTS.c.dataset_id == dataset_id)
