"""A database with today's tables, as fast as a test can have one, and the ports of a service around it."""

from __future__ import annotations

import functools
import os
import tempfile
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from service.ports import Ports
from service.settings import Settings
from service.store.blobs import LocalBlobs
from service.store.clock import SystemClock
from service.store.engine import open_engine
from service.store.migration import upgrade
from service.store.sql import SqlDatabase
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


def ports_of(database: SqlDatabase, home: Path, **more: Any) -> Ports:
    """Ports with real files below ``home``. There are no queue, sandbox and keys but those that ``more`` names."""
    usual: dict[str, Any] = {
        "blobs": LocalBlobs(home / "blobs"),
        "queue": None,
        "keys": None,
        "clock": SystemClock(),
        "sandbox": None,
        "settings": Settings(home=home),
        "scratch": home / "scratch",
        "entropy": os.urandom,
    }
    return Ports(database=database, **usual | more)


@functools.cache
def _made_by_upgrade() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "tables.sqlite3"
        engine = open_engine(f"sqlite:///{file}")
        upgrade(engine)
        engine.dispose()  # the last connection brings everything into the file
        return file.read_bytes()
