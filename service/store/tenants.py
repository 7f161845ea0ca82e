"""Tenants, their keys and the bootstrap credential in SQL. Only digests of secrets are kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from service.context import TenantId
from service.ports import ApiKey
from service.store.engine import insert_if_absent
from service.store.keyring import SqlKeys, key_of
from service.store.tables import API_KEYS, BOOTSTRAP, TENANTS
from understudy.errors import Conflict


class SqlTenants:
    """The only store that crosses tenants: it answers whose a key is."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, tenant: TenantId, created_at: datetime) -> None:
        """Raises Conflict if the name is taken."""
        if not insert_if_absent(self._connection, TENANTS, {"tenant": tenant, "created_at": created_at}):
            raise Conflict("A tenant of this name exists.")

    def names(self) -> Sequence[TenantId]:
        """All tenants, by name."""
        query = sa.select(TENANTS.c.tenant).order_by(TENANTS.c.tenant)
        return [TenantId(name) for name in self._connection.scalars(query)]

    def add_key(self, key: ApiKey) -> None:
        """Raises Conflict if the key's id is taken."""
        SqlKeys(self._connection, key.tenant).add(key)

    def find_key(self, key_id: str) -> ApiKey | None:
        """The key, whoever's it is."""
        row = self._connection.execute(sa.select(API_KEYS).where(API_KEYS.c.id == key_id)).one_or_none()
        return None if row is None else key_of(row)

    def used_key(self, key_id: str, at: datetime) -> None:
        """Remember when a key was last used."""
        self._connection.execute(sa.update(API_KEYS).where(API_KEYS.c.id == key_id).values(last_used_at=at))

    def set_bootstrap(self, secret_sha256: str) -> None:
        """Keep the digest of the credential that may open the first tenant.

        Raises: Conflict if one was ever made, by another process at the same time too.
        """
        values: dict[str, object] = {"singleton": 1, "secret_sha256": secret_sha256, "used": False}
        if not insert_if_absent(self._connection, BOOTSTRAP, values):
            raise Conflict("The bootstrap credential was made before.")

    def take_bootstrap(self, secret_sha256: str) -> bool:
        """True once, for the digest that was set; it is used up then."""
        unused = (BOOTSTRAP.c.secret_sha256 == secret_sha256) & BOOTSTRAP.c.used.is_(False)
        return self._connection.execute(sa.update(BOOTSTRAP).where(unused).values(used=True)).rowcount == 1

    def has_bootstrap(self) -> bool:
        """True if a bootstrap credential was ever made, used or not."""
        return self._connection.scalar(sa.select(BOOTSTRAP.c.singleton)) is not None
