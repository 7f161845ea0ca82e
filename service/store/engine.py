"""Opening a database: SQLite for one machine, Postgres for many. One engine serves our tables and the job queue.

SQLite traps that this file answers: the driver leaves durability and locking at weak defaults, and releases
before 3.42 lack ``unixepoch('subsec')``, which the queue's tables use. No network file systems.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from understudy.errors import Failed

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

SQLITE_AT_LEAST = (3, 35)
"""The first release with RETURNING."""

SQLITE_HAS_SUBSEC = (3, 42)
LOCK_WAIT_MS = 30_000
IDLE_IN_TRANSACTION_MS = 60_000

_MIGRATION_LOCK = 0x756E6465727374  # any number that is ours

_DISK_FULL = "53100"  # Postgres' name for it

_POSTGRES_NAMES = ("postgres", "postgresql", "postgresql+psycopg")
_PRAGMAS = (
    f"busy_timeout={LOCK_WAIT_MS}",
    "foreign_keys=ON",
    "journal_mode=WAL",
    "synchronous=FULL",  # a commit that was answered survives a power cut
)


def open_engine(url: str) -> sa.Engine:
    """An engine for ``sqlite:///file`` or ``postgresql://...``; connects at first use.

    Guarantees: a new SQLite file is readable by its owner only.
    Raises: Failed for another kind of database, or a SQLite too old.
    """
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(parsed)
    if parsed.drivername in _POSTGRES_NAMES:
        return _open_postgres(parsed.set(drivername="postgresql+psycopg"))
    raise Failed("The database is SQLite or PostgreSQL.")


def _open_sqlite(url: sa.URL) -> sa.Engine:
    if sqlite3.sqlite_version_info < SQLITE_AT_LEAST:
        raise Failed("SQLite 3.35 or newer is needed.", facts={"found": sqlite3.sqlite_version})
    if not url.database or url.database == ":memory:":
        raise Failed("SQLite needs a file: a database in memory is another one for each thread.")
    file = Path(url.database)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.touch(mode=0o600, exist_ok=True)
    engine = sa.create_engine(url, pool_size=10, max_overflow=30)
    sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(engine, "handle_error", _let_the_queue_wait)
    return engine


def _open_postgres(url: sa.URL) -> sa.Engine:
    # Lock-first statements make READ COMMITTED enough; a server whose default is stricter would answer
    # a concurrent hold with a serialisation failure instead of making it wait.
    engine = sa.create_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=30, isolation_level="READ COMMITTED")
    sa.event.listen(engine, "connect", _prepare_postgres)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = "IMMEDIATE"
    if sqlite3.sqlite_version_info < SQLITE_HAS_SUBSEC:
        connection.create_function("unixepoch", 1, _unixepoch)
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _let_the_queue_wait(context: sa.engine.ExceptionContext) -> None:
    """The job engine tries again for ever while SQLite is locked, which it knows by this text, and while Postgres has
    no room, but gives a workflow up when SQLite has none: it would stand still until its worker starts anew.
    """
    error = context.original_exception
    if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
        error.args = ("database is locked: no room is left on its disk",)


def _prepare_postgres(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    """A process that freezes in the middle of a transaction must not keep its locks: our transactions are short."""
    cursor = connection.cursor()
    cursor.execute(f"SET idle_in_transaction_session_timeout = {IDLE_IN_TRANSACTION_MS}")
    cursor.close()
    connection.commit()


def _unixepoch(modifier: str) -> float | None:
    """The one form of SQLite 3.42's function that is used here: the present time, with or without fractions."""
    if modifier in ("subsec", "subsecond"):
        return time.time()
    return int(time.time()) if modifier == "now" else None


def start_transaction(connection: sa.Connection) -> None:
    """Make the transaction that ``connection`` is in a serial one; call before its first statement.

    On SQLite it takes the write lock now. The driver would run a leading SELECT outside of any transaction, so that
    what was read could be stale when it is written back. Postgres needs nothing: what must be serial locks its row.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")


@contextmanager
def read_only(connection: sa.Connection) -> Iterator[None]:
    """A transaction for the block that sees one moment of the database and cannot write.

    On SQLite a deferred one: with a write-ahead log it neither waits for a writer nor makes one wait.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA query_only=ON")
        try:
            connection.exec_driver_sql("BEGIN DEFERRED")
            yield
        finally:
            connection.rollback()
            connection.exec_driver_sql("PRAGMA query_only=OFF")
            connection.rollback()
        return
    connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    with connection.begin():
        yield


def insert_if_absent(connection: sa.Connection, table: sa.Table, values: dict[str, object]) -> bool:
    """Insert a row unless one with a key of its own is there; True if it was inserted.

    Guarantees: waits for a concurrent insert of the same key; never spoils the transaction.
    """
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    # RETURNING says what happened; the row count of an INSERT is not known with every driver.
    returning = dialect.insert(table).values(values).on_conflict_do_nothing().returning(sa.literal_column("1"))
    return connection.execute(returning).first() is not None


def passes(error: Exception) -> bool:
    """True for an error of the database that may be gone at the next try: unreachable, busy, a connection cut off.

    A full disk is not among them: who waits for room must be told.
    """
    if not isinstance(error, sa.exc.DBAPIError):
        return isinstance(error, sa.exc.TimeoutError)  # no connection was free
    if isinstance(error.orig, sqlite3.Error):
        return getattr(error.orig, "sqlite_errorcode", None) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
    state = getattr(error.orig, "sqlstate", None)
    return error.connection_invalidated or (isinstance(error, sa.exc.OperationalError) and state != _DISK_FULL)


def is_full(error: Exception) -> bool:
    """True if the database has no room left on its disk."""
    if not isinstance(error, sa.exc.DBAPIError):
        return False
    if isinstance(error.orig, sqlite3.Error):
        return getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
    return getattr(error.orig, "sqlstate", None) == _DISK_FULL


def lock_for_migration(connection: sa.Connection) -> None:
    """Let one process at a time change the tables, until its transaction ends. SQLite does so anyway."""
    if connection.dialect.name != "sqlite":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
