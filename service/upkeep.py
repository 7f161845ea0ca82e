"""The operator's commands for the house itself: doctor and migrate. See ``cli`` for why imports stand within."""

from __future__ import annotations

import os
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from service.settings import Settings

_COLOURS = {"ok": "green", "warning": "yellow", "fault": "red"}


def doctor(
    quiet: Annotated[bool, typer.Option("--quiet", help="Print what is wrong, and nothing if all is well.")] = False,
) -> None:
    """Check versions, disk, keys, clock, database, ledgers, blobs and child processes. Exits with 1 after a fault."""
    from service.doctor import Verdict, examine

    table = Table("check", "", Column("detail", overflow="fold"), show_header=False, box=None)
    has_fault = False
    for found in examine(Settings.from_environment(os.environ)):
        has_fault |= found.verdict is Verdict.FAULT
        if found.verdict is Verdict.FAULT or not quiet:
            table.add_row(found.check, f"[{_COLOURS[found.verdict]}]{found.verdict}[/]", found.detail)
    if table.row_count:
        Console().print(table)
    if has_fault:
        raise typer.Exit(1)


def migrate(
    to: Annotated[
        str, typer.Option("--to", help="Go back to this revision, such as 0001; what only newer tables hold is lost.")
    ] = "",
) -> None:
    """Bring the database's tables to this release, the job engine's too. Stop the service and take a backup first.

    SQLite is brought up by 'serve' itself; Postgres only here, so that one process decides when.
    """
    from service.store.engine import open_engine
    from service.store.migration import SchemaState, downgrade, upgrade
    from service.worker import DbosQueue

    engine = open_engine(Settings.from_environment(os.environ).url)
    try:
        if to:
            downgrade(engine, to)
            print(f"the tables are those of revision {to}")
        else:
            found = upgrade(engine)
            queue = DbosQueue(engine)
            queue.prepare()
            queue.close()
            print("nothing to do" if found is SchemaState.CURRENT else "the tables are this release's")
    finally:
        engine.dispose()
