"""A database with today's tables, as fast as a test can have one."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

import sqlalchemy as sa

from service.store.engine import open_engine
from service.store.migration import upgrade
from service.store.tables import METADATA
from service.store.wall import build


def with_tables(engine: sa.Engine) -> sa.Engine:
    """Give an empty database its tables: SQLite a copy of one that ``upgrade`` has made, once in a process.

    On Postgres they are made one by one, without the number of a revision.
    """
    if engine.dialect.name == "sqlite":
        Path(str(engine.url.database)).write_bytes(_made_by_upgrade())
    else:
        with engine.begin() as connection:
            METADATA.create_all(connection)
            build(connection)
    return engine


@functools.cache
def _made_by_upgrade() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "tables.sqlite3"
        engine = open_engine(f"sqlite:///{file}")
        upgrade(engine)
        engine.dispose()  # the last connection brings everything into the file
        return file.read_bytes()
