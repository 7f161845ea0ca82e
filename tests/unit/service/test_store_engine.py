"""How a database is opened: what SQLite must be told, and what is refused."""

from __future__ import annotations

import stat
import time
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from service.store import engine as store_engine
from service.store.clock import SystemClock
from service.store.engine import open_engine
from understudy.errors import Failed


@pytest.fixture
def engine(tmp_path: Path, durable_pragmas: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> sa.Engine:
    monkeypatch.setattr(store_engine, "_PRAGMAS", durable_pragmas)
    return open_engine(f"sqlite:///{tmp_path}/state/understudy.db")


@pytest.mark.parametrize(
    ("pragma", "value"), [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 30_000)]
)
def test_every_sqlite_connection_is_durable_and_waits(engine: sa.Engine, pragma: str, value: object) -> None:
    with engine.connect() as first, engine.connect() as second:
        for connection in (first, second):
            assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value


def test_sqlite_has_the_clock_that_the_queue_needs(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        now = connection.exec_driver_sql("SELECT unixepoch('subsec')").scalar_one()
    assert isinstance(now, float)
    assert abs(now - time.time()) < 60


def test_the_files_are_for_the_owner_only(engine: sa.Engine, tmp_path: Path) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (x)")
        files = sorted((tmp_path / "state").iterdir())
        assert len(files) > 1
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://host/name"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(Failed):
        open_engine(url)


@pytest.mark.parametrize("url", ["postgresql://u:p@host/name", "postgres://u:p@host/name"])
def test_postgres_is_opened_at_first_use_with_one_driver(url: str) -> None:
    engine = open_engine(url)
    assert engine.url.drivername == "postgresql+psycopg"
    assert engine.url.render_as_string(hide_password=False).endswith("u:p@host/name")


def test_the_clock_tells_utc() -> None:
    assert SystemClock().now().utcoffset() == timedelta(0)
