"""The second wall between tenants, on Postgres: row-level security on every table that holds a tenant's rows.

The first wall is that every statement names its tenant. Should one forget, the database shows it the rows of the
transaction's tenant and no others; a transaction that has named none sees nothing. Whoever works for all tenants at
once, which only recovery and start-up do, says so with ``across``.

It binds the owner of the tables too, but not a superuser, nor a role with BYPASSRLS: connect as neither. ``stands``
tells. Backups and restores need such a role, or the setting ``understudy.tenant`` as ``*``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from service.context import TenantId
from service.store.tables import METADATA

SETTING = "understudy.tenant"
EVERYBODY = "*"
POLICY = "of_tenant"

BEFORE_IDENTITY = frozenset({"tenants", "api_keys"})
"""These answer whose a credential is, when no tenant is known yet. They hold names and digests, no rows of anybody."""

ACROSS = "across_tenants"
"""The execution option of a statement that is meant for all tenants."""


def walled() -> list[str]:
    """The tables behind the wall: all that have a tenant, but for those that are asked before one is known."""
    return sorted(
        table.name for table in METADATA.tables.values() if "tenant" in table.c and table.name not in BEFORE_IDENTITY
    )


def build(connection: sa.Connection) -> None:
    """Raise the wall where it does not stand yet. Nothing to do on SQLite, which has none."""
    if connection.dialect.name != "postgresql":
        return
    query = sa.text("SELECT tablename FROM pg_policies WHERE policyname = :policy AND schemaname = current_schema()")
    standing = set(connection.scalars(query, {"policy": POLICY}))
    mine = f"current_setting('{SETTING}', true)"
    for table in walled():
        if table not in standing and sa.inspect(connection).has_table(table):
            connection.exec_driver_sql(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            connection.exec_driver_sql(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
            connection.exec_driver_sql(
                f"CREATE POLICY {POLICY} ON {table} USING (tenant = {mine} OR {mine} = '{EVERYBODY}')"
            )


def stands(connection: sa.Connection) -> bool:
    """True if this connection meets the wall; False on SQLite, and for a role that is above it."""
    if connection.dialect.name != "postgresql":
        return False
    active = sa.text("SELECT bool_and(row_security_active(name)) FROM unnest(CAST(:names AS text[])) AS name")
    return bool(connection.scalar(active, {"names": walled()}))


def enter(connection: sa.Connection, tenant: TenantId) -> None:
    """From now on, and to its end, the transaction sees this tenant's rows only."""
    _set(connection, tenant)


@contextmanager
def across(connection: sa.Connection) -> Iterator[dict[str, Any]]:
    """For the block the transaction sees all tenants. Yields the execution options that its statements need."""
    _set(connection, EVERYBODY)
    yield {ACROSS: True}
    _set(connection, "")


def _set(connection: sa.Connection, value: str) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.set_config(SETTING, value, True)))
