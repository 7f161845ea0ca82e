"""One tenant's API keys in SQL. Only digests of secrets are kept; a revoked key keeps its line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service.context import TenantId
from service.ports import ApiKey
from service.store.engine import insert_if_absent
from service.store.tables import API_KEYS
from understudy.errors import Conflict, Forbidden, NotFound
from understudy.messages import Role


class SqlKeys:
    """The keys of ``tenant``, as if there were no others."""

    def __init__(self, connection: sa.Connection, tenant: TenantId) -> None:
        self._connection = connection
        self._tenant = tenant

    def add(self, key: ApiKey) -> None:
        """Raises Conflict if the key's id is taken."""
        if key.tenant != self._tenant:
            raise Forbidden("This key is another tenant's.")
        if not insert_if_absent(self._connection, API_KEYS, _columns(key)):
            raise Conflict("A key of this id exists.")

    def all(self) -> Sequence[ApiKey]:
        """Oldest first, those that are revoked too."""
        query = sa.select(API_KEYS).where(API_KEYS.c.tenant == self._tenant)
        return [key_of(row) for row in self._connection.execute(query.order_by(API_KEYS.c.created_at, API_KEYS.c.id))]

    def revoke(self, key_id: str, at: datetime) -> None:
        """Raises NotFound, for another tenant's key too. A key that is revoked already stays as it is."""
        mine = (API_KEYS.c.tenant == self._tenant) & (API_KEYS.c.id == key_id)
        if self._connection.scalar(sa.select(API_KEYS.c.id).where(mine)) is None:
            raise NotFound("There is no such key.")
        change = sa.update(API_KEYS).where(mine, API_KEYS.c.revoked_at.is_(None))
        self._connection.execute(change.values(revoked_at=at))


def key_of(row: sa.Row[Any]) -> ApiKey:
    """A row of the table as a key."""
    return ApiKey(
        id=row.id,
        tenant=TenantId(row.tenant),
        secret_sha256=row.secret_sha256,
        created_at=row.created_at,
        name=row.name,
        roles=tuple(Role(role) for role in row.roles.split()),
        scopes=tuple(row.scopes.split()),
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )


def _columns(key: ApiKey) -> dict[str, object]:
    return {
        "id": key.id,
        "tenant": key.tenant,
        "secret_sha256": key.secret_sha256,
        "created_at": key.created_at,
        "name": key.name,
        "roles": " ".join(key.roles),
        "scopes": " ".join(key.scopes),
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
        "revoked_at": key.revoked_at,
    }
