"""The database behind the ports: transactions, and in them the stores of one tenant at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext

import sqlalchemy as sa

from privacy.ledger import Head
from service.audit import AuditEntry
from service.context import TenantId
from service.ports import Anchor, AuditFeed
from service.store.audit import SqlAudit
from service.store.datasets import SqlDatasets
from service.store.engine import LOCK_WAIT_MS, is_full, passes, read_only, start_transaction
from service.store.jobs import OPEN_STATES, SqlJobs
from service.store.keyring import SqlKeys
from service.store.ledger import SqlLedger
from service.store.ledger_tables import LEDGERS
from service.store.overlaps import SqlOverlaps
from service.store.releases import SqlReleases, SqlRetention
from service.store.repeats import SqlRepeats
from service.store.tables import JOBS
from service.store.tenants import SqlTenants
from service.store.uploads import SqlUploads
from service.store.wall import across, enter
from understudy.errors import Failed

FULL = "database-full"


@contextmanager
def _saying_if_full() -> Iterator[None]:
    try:
        yield
    except sa.exc.DBAPIError as error:
        if not is_full(error):
            raise
        raise Failed("The database has no room left on its disk. Nothing was written.", code=FULL) from None


class SqlTenantStores:
    """Everything of one tenant, inside one transaction; every statement names the tenant."""

    def __init__(
        self, connection: sa.Connection, tenant: TenantId, heads: dict[TenantId, Head], audited: list[AuditEntry]
    ) -> None:
        self.audit = SqlAudit(connection, tenant, on_entry=audited.append)
        self.api_keys = SqlKeys(connection, tenant)
        self.repeats = SqlRepeats(connection, tenant)
        self.uploads = SqlUploads(connection, tenant)
        self.datasets = SqlDatasets(connection, tenant)
        self.jobs = SqlJobs(connection, tenant)
        self.overlaps = SqlOverlaps(connection, tenant)
        self.releases = SqlReleases(connection, tenant)
        self.retention = SqlRetention(connection, tenant)
        self.ledger = SqlLedger(connection, tenant, on_head=heads.__setitem__)


class SqlTransaction:
    """One transaction. ``connection`` is SQLAlchemy's, for a queue that enqueues in the same one."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self.tenants = SqlTenants(connection)
        self.heads: dict[TenantId, Head] = {}
        """The ends of the ledgers that were written here."""
        self.audited: list[AuditEntry] = []
        """What was added to audit logs here."""

    def for_tenant(self, tenant: TenantId) -> SqlTenantStores:
        """The stores of this tenant and of no other. One tenant at a time: those of an earlier call go blind."""
        enter(self.connection, tenant)
        return SqlTenantStores(self.connection, tenant, self.heads, self.audited)


class SqlDatabase:
    """Transactions on an engine made by ``open_engine``. What they add to a ledger is anchored once committed."""

    def __init__(self, engine: sa.Engine, anchor: Anchor | None = None, feed: AuditFeed | None = None) -> None:
        self._engine = engine
        self._feed = feed
        self.anchor = anchor
        self._one_by_one = threading.Lock()

    @contextmanager
    def begin(self) -> Iterator[SqlTransaction]:
        """A transaction that commits at the end of the block and rolls back on any exception.

        Guarantees: serial on SQLite, where it holds the write lock from its start, so keep the block short; on
        Postgres READ COMMITTED, and serial with every other that touches the same account.
        Raises: Failed (database-full) if there is no room for what was to be written; then nothing was.
        """
        with self._turn(), _saying_if_full(), self._engine.begin() as connection:
            start_transaction(connection)
            transaction = SqlTransaction(connection)
            yield transaction
        if self.anchor is not None:
            for tenant, head in transaction.heads.items():
                self.anchor.write(tenant, head)
        if self._feed is not None:
            for entry in transaction.audited:
                self._feed(entry)

    @contextmanager
    def read(self) -> Iterator[SqlTransaction]:
        """A transaction that sees one moment, takes no lock that a writer waits for, and cannot write."""
        with self._engine.connect() as connection, read_only(connection):
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

    def close(self) -> None:
        """Send on what is committed and has not left yet. The connections are closed by who opened them."""
        if self._feed is not None:
            self._feed.close()

    def ledger_tenants(self) -> Sequence[TenantId]:
        """Every tenant that has a ledger.  # cross-tenant: anchors, recovery"""
        query = sa.select(LEDGERS.c.tenant).order_by(LEDGERS.c.tenant)
        with self._engine.begin() as connection, across(connection) as options:
            return [TenantId(name) for name in connection.scalars(query.execution_options(**options))]

    def is_passing(self, error: Exception) -> bool:
        """True if the same again may well succeed: no connection, a lock that was not had in time. Not a full disk."""
        return passes(error)

    def is_full(self, error: Exception) -> bool:
        """True if the database has no room left: what was to be written was not, and may be once there is room."""
        return is_full(error) or (isinstance(error, Failed) and error.reason == FULL)

    def open_jobs(self) -> Sequence[tuple[TenantId, str]]:
        """(tenant, job id) of every unfinished job, oldest first.  # cross-tenant: recovery"""
        query = sa.select(JOBS.c.tenant, JOBS.c.id).where(JOBS.c.state.in_(OPEN_STATES))
        query = query.order_by(JOBS.c.created_at, JOBS.c.id)
        with self._engine.begin() as connection, across(connection) as options:
            rows = connection.execute(query.execution_options(**options)).all()
        return [(TenantId(tenant), job_id) for tenant, job_id in rows]
