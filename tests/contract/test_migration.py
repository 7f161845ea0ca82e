"""The tables' revisions on every database: from the first landing to now and back, and what is refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from alembic import command

from service.store import migration
from service.store.engine import open_engine
from service.store.migration import SchemaState, differences, downgrade, schema_state, upgrade
from understudy.errors import Failed

FIRST = "0001"


def first_landing(engine: sa.Engine) -> None:
    """The tables as the first landing made them, before there was any numbering, with one tenant in them."""
    with engine.begin() as connection:
        command.upgrade(migration._config(connection), FIRST)
        connection.exec_driver_sql("DROP TABLE alembic_version")
        connection.exec_driver_sql("INSERT INTO tenants VALUES ('ward', '2026-11-01 00:00:00')")


def tenants(engine: sa.Engine) -> list[str]:
    with engine.connect() as connection:
        return [row[0] for row in connection.exec_driver_sql("SELECT tenant FROM tenants")]


def test_a_new_database_gets_the_tables_of_this_release(engine: sa.Engine) -> None:
    assert schema_state(engine) is SchemaState.EMPTY
    assert upgrade(engine) is SchemaState.EMPTY
    assert schema_state(engine) is SchemaState.CURRENT
    assert differences(engine) == []


def test_the_revisions_end_in_the_same_tables_and_keep_what_was_there(engine: sa.Engine) -> None:
    first_landing(engine)
    assert schema_state(engine) is SchemaState.BEHIND
    assert upgrade(engine) is SchemaState.BEHIND
    assert schema_state(engine) is SchemaState.CURRENT
    assert differences(engine) == []
    assert tenants(engine) == ["ward"]


def test_a_release_can_be_rolled_back_and_tried_again(engine: sa.Engine) -> None:
    first_landing(engine)
    upgrade(engine)
    downgrade(engine, FIRST)
    assert schema_state(engine) is SchemaState.BEHIND
    assert tenants(engine) == ["ward"]
    upgrade(engine)
    assert differences(engine) == []


def test_a_column_that_no_revision_makes_is_found(engine: sa.Engine) -> None:
    upgrade(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE tenants DROP COLUMN created_at")
    assert len(differences(engine)) == 1


def test_the_tables_of_a_newer_release_are_left_alone(engine: sa.Engine) -> None:
    upgrade(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    assert schema_state(engine) is SchemaState.NEWER
    with pytest.raises(Failed) as refused:
        upgrade(engine)
    assert refused.value.reason == "schema-newer"


def test_an_unknown_revision_is_refused(engine: sa.Engine) -> None:
    upgrade(engine)
    with pytest.raises(Failed) as refused:
        downgrade(engine, "0000")
    assert refused.value.reason == "schema-unknown"


def test_processes_that_start_at_once_make_the_tables_once(url: str) -> None:
    engines = [open_engine(url) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(upgrade, engines))
    assert sorted(found) == ["current", "current", "current", "empty"]
    for engine in engines:
        engine.dispose()


def test_an_upgrade_that_breaks_leaves_the_old_tables(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    first_landing(engine)
    run = command.upgrade

    def broken(config: object, revision: str) -> None:
        run(config, revision)  # type: ignore[arg-type]
        raise OSError("the disk is full")

    monkeypatch.setattr(command, "upgrade", broken)
    with pytest.raises(OSError, match="full"):
        upgrade(engine)
    monkeypatch.undo()
    assert schema_state(engine) is SchemaState.BEHIND
    upgrade(engine)
    assert differences(engine) == []
