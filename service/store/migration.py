"""Bringing the tables to the release that runs, and back: Alembic's revisions, one process at a time.

A new database gets today's tables at once and the newest revision's number; a test holds that the revisions, run one
by one, give the same tables. A database from before the numbering has the tables of revision 0001.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import service.store.sql  # noqa: F401 - loads every table
from service.store.engine import lock_for_migration, start_transaction
from service.store.tables import METADATA
from service.store.wall import across, build
from understudy.errors import Failed

_SCRIPTS = Path(__file__).parent / "migrations"
_FIRST = "0001"
_SIGN = "tenants"
"""A table that every release has had."""


class SchemaState(StrEnum):
    """How a database's tables stand to this release."""

    EMPTY = "empty"
    BEHIND = "behind"
    CURRENT = "current"
    NEWER = "newer"


def schema_state(engine: sa.Engine) -> SchemaState:
    """Whether this release can work with the tables as they are. Changes nothing."""
    with engine.connect() as connection:
        return _state(connection)


def upgrade(engine: sa.Engine) -> SchemaState:
    """Make the tables, or run the revisions that are missing; returns what was found before.

    Guarantees: all or nothing; processes that do so at once wait for each other.
    Raises: Failed (schema-newer) if a newer release has written this database.
    """
    with engine.begin() as connection:
        start_transaction(connection)
        lock_for_migration(connection)
        found = _state(connection)
        if found is SchemaState.NEWER:
            raise Failed("The database was written by a newer release of Understudy.", code="schema-newer")
        config = _config(connection)
        if found is SchemaState.EMPTY:
            METADATA.create_all(connection)
            command.stamp(config, "head")
        elif found is SchemaState.BEHIND:
            if _revision(connection) is None:
                command.stamp(config, _FIRST)
            with across(connection):  # a revision may have to change rows of every tenant
                command.upgrade(config, "head")
        build(connection)
    return found


def downgrade(engine: sa.Engine, revision: str) -> None:
    """Go back to an older release's tables. What only newer tables hold is lost: take a backup first.

    Raises: Failed (schema-unknown) for a number that is no revision.
    """
    if revision not in _known():
        raise Failed("There is no such revision of the tables.", code="schema-unknown")
    with engine.begin() as connection:
        start_transaction(connection)
        lock_for_migration(connection)
        command.downgrade(_config(connection), revision)


def differences(engine: sa.Engine) -> list[object]:
    """What the database's tables lack or have beside those of this release; empty if nothing."""
    with engine.connect() as connection:
        ours = {table.name for table in METADATA.sorted_tables}

        def is_ours(_item: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
            return kind != "table" or name in ours  # the job engine keeps its tables beside ours

        options = {"include_object": is_ours, "compare_type": False}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), METADATA))


def _state(connection: sa.Connection) -> SchemaState:
    revision = _revision(connection)
    if revision is None:
        return SchemaState.BEHIND if sa.inspect(connection).has_table(_SIGN) else SchemaState.EMPTY
    if revision not in _known():
        return SchemaState.NEWER
    return SchemaState.CURRENT if revision == _scripts().get_current_head() else SchemaState.BEHIND


def _revision(connection: sa.Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _known() -> set[str]:
    return {script.revision for script in _scripts().walk_revisions()}


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(_SCRIPTS))


def _config(connection: sa.Connection) -> Config:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    return config
