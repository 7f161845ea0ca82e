"""Finds a statement on a tenant's table that does not say whose rows it means. Stands before every contract test."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import operators, visitors

from service.store.tables import METADATA
from service.store.wall import ACROSS, walled

_ACTS = ("SELECT", "INSERT", "UPDATE", "DELETE")


class Unscoped(AssertionError):
    """A statement on a tenant's table without its tenant."""


def watch(engine: sa.Engine) -> None:
    """From now on a statement that names no tenant raises ``Unscoped``, unless it is marked as meant for all."""

    @sa.event.listens_for(engine, "before_execute")
    def check(_connection: Any, statement: Any, many: Any, one: Any, options: Any) -> None:
        if not options.get(ACROSS) and (found := unscoped(statement, many or ([one] if one else []))):
            raise Unscoped(f"no tenant for {', '.join(found)} in: {statement}")

    @sa.event.listens_for(engine, "before_cursor_execute")
    def check_text(_connection: Any, _cursor: Any, text: str, _values: Any, context: Any, _many: Any) -> None:
        words = text.split()
        is_text = context.compiled is None or isinstance(context.compiled.statement, sa.TextClause)
        if is_text and words[0].upper() in _ACTS and (found := set(walled()) & set(words)):
            raise Unscoped(f"plain text on {', '.join(found)}: {text}")


def unscoped(statement: Any, values: list[dict[str, Any]] | None = None) -> list[str]:
    """The tables of tenants in a statement, or in one within it, that no condition ties to a tenant."""
    found: list[str] = []
    for part in visitors.iterate(statement):
        if isinstance(part, sa.Select):
            found += _missing(part.get_final_froms(), part.whereclause)
        elif isinstance(part, sa.Update | sa.Delete):
            found += _missing([part.table], part.whereclause)
        elif isinstance(part, sa.Insert) and part.table.name in walled():
            inserted = {getattr(column, "name", column) for column in part._values or ()} | {
                name for row in values or [] for name in row
            }
            found += [] if "tenant" in inserted else [part.table.name]
    return found


def _missing(froms: Any, where: Any) -> list[str]:
    tables = {table for one in froms for table in visitors.iterate(one) if isinstance(table, sa.Table)}
    tied = {column.table for column in _equals(where) if column.name == "tenant"}
    return sorted(table.name for table in tables & _tables() - tied)


def _tables() -> set[sa.Table]:
    return {METADATA.tables[name] for name in walled()}


def _equals(where: Any) -> list[Any]:
    """Columns that a condition fixes: those that are equal to something in every case, so not behind an OR."""
    if isinstance(where, sa.sql.elements.BooleanClauseList) and where.operator is operators.and_:
        return [column for clause in where.clauses for column in _equals(clause)]
    if isinstance(where, sa.sql.elements.Grouping):
        return _equals(where.element)
    if isinstance(where, sa.sql.elements.BinaryExpression) and where.operator is operators.eq:
        return [side for side in (where.left, where.right) if isinstance(side, sa.Column)]
    return []
