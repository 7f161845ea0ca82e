"""Alembic's entry: runs the revisions on the connection that it is handed, in the transaction that is open there."""

from __future__ import annotations

from alembic import context

import service.store.sql  # noqa: F401 - loads every table
from service.store.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,  # SQLite changes a table by making it anew
    compare_type=False,
)
context.run_migrations()
