"""Which processes run jobs, and when each was last seen. Not of any tenant.

All times are the database's own, so that workers on machines whose clocks differ agree on who is gone.

On SQLite the register is a file beside the database: there one process at a time may write, and a worker that waits
for its turn, or one that froze with the lock in its hand, must not make the others look dead.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa

from service.store.engine import insert_if_absent, open_engine, start_transaction
from service.store.tables import WORKERS

REGISTER_SUFFIX = ".workers"
"""What the register of a SQLite database is named after it. It need not be in a backup."""


class SqlWorkers:
    """The register of workers in the database of ``engine``, or beside it."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._is_apart = engine.dialect.name == "sqlite"
        if self._is_apart:
            file = Path(str(engine.url.database))
            self._engine = open_engine(f"sqlite:///{file.with_name(file.name + REGISTER_SUFFIX)}")
            with self._engine.begin() as connection:
                start_transaction(connection)
                WORKERS.create(connection, checkfirst=True)

    def close(self) -> None:
        """Let go of a register that is apart from the database."""
        if self._is_apart:
            self._engine.dispose()

    def enter(self, worker_id: str, incarnation: str) -> None:
        """This process is the worker of this id from now on; an earlier one of it will notice and stop."""
        with self._engine.begin() as connection:
            start_transaction(connection)
            now = self._now(connection)
            row: dict[str, object] = {"incarnation": incarnation, "started_at": now, "seen_at": now}
            if not insert_if_absent(connection, WORKERS, {"id": worker_id, **row}):
                connection.execute(sa.update(WORKERS).where(WORKERS.c.id == worker_id).values(**row))

    def beat(self, worker_id: str, incarnation: str) -> bool:
        """Still there. False if another process has this id now."""
        return self._see(worker_id, incarnation, leaving=False)

    def leave(self, worker_id: str, incarnation: str) -> None:
        """Stopped in order: what it has not finished may be taken up by others at once."""
        self._see(worker_id, incarnation, leaving=True)

    def alive(self, *, within_s: float) -> Sequence[str]:
        """Workers that were seen within the last ``within_s`` seconds."""
        with self._engine.begin() as connection:
            start_transaction(connection)
            since = self._now(connection) - within_s
            query = sa.select(WORKERS.c.id).where(WORKERS.c.seen_at >= since)
            return list(connection.scalars(query.order_by(WORKERS.c.id)))

    def _see(self, worker_id: str, incarnation: str, *, leaving: bool) -> bool:
        with self._engine.begin() as connection:
            start_transaction(connection)
            mine = (WORKERS.c.id == worker_id) & (WORKERS.c.incarnation == incarnation)
            seen = 0.0 if leaving else self._now(connection)
            return connection.execute(sa.update(WORKERS).where(mine).values(seen_at=seen)).rowcount == 1

    def _now(self, connection: sa.Connection) -> float:
        is_sqlite = connection.dialect.name == "sqlite"
        text = "(julianday('now') - 2440587.5) * 86400.0" if is_sqlite else "extract(epoch from clock_timestamp())"
        return float(connection.scalar(sa.select(sa.literal_column(text))) or 0.0)
