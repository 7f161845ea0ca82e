"""Which job a tenant's Idempotency-Keys have made, in SQL. Digests only."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from service.context import TenantId
from service.ports import Repeat
from service.store.engine import insert_if_absent
from service.store.tables import METADATA, UtcDateTime
from understudy.errors import Conflict

REPEATS = sa.Table(
    "idempotency_keys",
    METADATA,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("key_sha256", sa.Text, primary_key=True),
    sa.Column("request_sha256", sa.Text, nullable=False),
    sa.Column("job_id", sa.Text, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
)


class SqlRepeats:
    """The keys of ``tenant``, as if there were no others."""

    def __init__(self, connection: sa.Connection, tenant: TenantId) -> None:
        self._connection = connection
        self._tenant = tenant

    def find(self, key_sha256: str) -> Repeat | None:
        """What was first asked with this key."""
        mine = (REPEATS.c.tenant == self._tenant) & (REPEATS.c.key_sha256 == key_sha256)
        row = self._connection.execute(sa.select(REPEATS).where(mine)).one_or_none()
        if row is None:
            return None
        return Repeat(key_sha256=row.key_sha256, request_sha256=row.request_sha256, job_id=row.job_id)

    def add(self, repeat: Repeat, job_id: str, at: datetime) -> None:
        """Raises Conflict if the key was used meanwhile."""
        values: dict[str, object] = {
            "tenant": self._tenant,
            "key_sha256": repeat.key_sha256,
            "request_sha256": repeat.request_sha256,
            "job_id": job_id,
            "created_at": at,
        }
        if not insert_if_absent(self._connection, REPEATS, values):
            raise Conflict("This Idempotency-Key is in use.", code="idempotency-key-in-use")
