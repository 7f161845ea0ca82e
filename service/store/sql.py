"""The database behind the ports: transactions, and in them the stores of one tenant at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext

import sqlalchemy as sa

from service.context import TenantId
from service.store.datasets import SqlDatasets
from service.store.engine import LOCK_WAIT_MS, lock_for_migration, start_transaction
from service.store.jobs import OPEN_STATES, SqlJobs
from service.store.ledger import SqlLedger
from service.store.tables import JOBS, METADATA
from service.store.tenants import SqlTenants
from understudy.errors import Failed


class SqlTenantStores:
    """Everything of one tenant, inside one transaction; every statement names the tenant."""

    def __init__(self, connection: sa.Connection, tenant: TenantId) -> None:
        self.datasets = SqlDatasets(connection, tenant)
        self.jobs = SqlJobs(connection, tenant)
        self.ledger = SqlLedger(connection, tenant)


class SqlTransaction:
    """One transaction. ``connection`` is SQLAlchemy's, for a queue that enqueues in the same one."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self.tenants = SqlTenants(connection)

    def for_tenant(self, tenant: TenantId) -> SqlTenantStores:
        """The stores of this tenant and of no other."""
        return SqlTenantStores(self.connection, tenant)


class SqlDatabase:
    """Transactions on an engine made by ``open_engine``."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._one_by_one = threading.Lock()

    def create_all(self) -> None:
        """Create the tables that are not there yet; any number of processes may do so at once."""
        with self._engine.begin() as connection:
            start_transaction(connection)
            lock_for_migration(connection)
            METADATA.create_all(connection)

    @contextmanager
    def begin(self) -> Iterator[SqlTransaction]:
        """A transaction that commits at the end of the block and rolls back on any exception.

        Guarantees: serial on SQLite, where it holds the write lock from its start, so keep the block short; on
        Postgres READ COMMITTED, and serial with every other that touches the same account.
        """
        with self._turn(), self._engine.begin() as connection:
            start_transaction(connection)
            yield SqlTransaction(connection)

    def _turn(self) -> AbstractContextManager[object]:
        """On SQLite, threads wait here for each other: its own lock is polled, and starves whoever polls seldom."""
        return self._queue_up() if self._engine.dialect.name == "sqlite" else nullcontext()

    @contextmanager
    def _queue_up(self) -> Iterator[None]:
        if not self._one_by_one.acquire(timeout=LOCK_WAIT_MS / 1000):
            raise Failed("The database is busy.")
        try:
            yield
        finally:
            self._one_by_one.release()

    def open_jobs(self) -> Sequence[tuple[TenantId, str]]:
        """(tenant, job id) of every unfinished job, oldest first.  # cross-tenant: recovery"""
        query = sa.select(JOBS.c.tenant, JOBS.c.id).where(JOBS.c.state.in_(OPEN_STATES))
        with self._engine.begin() as connection:
            rows = connection.execute(query.order_by(JOBS.c.created_at, JOBS.c.id)).all()
        return [(TenantId(tenant), job_id) for tenant, job_id in rows]
