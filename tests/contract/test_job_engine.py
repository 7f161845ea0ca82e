"""What ``service.worker`` calls of DBOS without its leave is still there, with the arguments that it is called with."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest
from dbos import DBOS
from dbos._context import current_owner_xid
from dbos._sys_db import SystemDatabase
from dbos._sys_db_postgres import PostgresSystemDatabase
from dbos._sys_db_sqlite import SQLiteSystemDatabase

PRIVATE: tuple[tuple[Callable[..., Any], tuple[object, ...]], ...] = (
    (SystemDatabase._check_owner_txn, ("self", "connection", "job", "owner")),
    (SystemDatabase._apply_caller_schema, ("self", "connection")),
    (DBOS._recover_pending_workflows, (["worker"],)),
    (SQLiteSystemDatabase.run_migrations, ("self",)),
    (PostgresSystemDatabase.run_migrations, ("self",)),
    (current_owner_xid, ("job",)),
)


def takes(function: Callable[..., Any], arguments: tuple[object, ...]) -> bool:
    try:
        inspect.signature(function).bind(*arguments)
    except TypeError:
        return False
    return True


@pytest.mark.parametrize(("function", "arguments"), PRIVATE, ids=lambda part: getattr(part, "__name__", ""))
def test_a_private_call_takes_what_it_is_given(function: Callable[..., Any], arguments: tuple[object, ...]) -> None:
    assert takes(function, arguments)


def test_one_that_takes_less_would_be_found() -> None:
    assert not takes(SystemDatabase._apply_caller_schema, ("self", "connection", "more"))


def test_who_works_on_no_workflow_owns_none() -> None:
    assert current_owner_xid("job") is None
