"""One page of a tenant's list, by the time a row was made and its id."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from service.context import TenantId
from service.ports import Cut


def page_of(table: sa.Table, tenant: TenantId, cut: Cut) -> sa.Select[Any]:
    """The rows of ``tenant`` that a cut asks for, oldest first. The table has created_at, id, population and state."""
    query = sa.select(table).where(table.c.tenant == tenant)
    if cut.after is not None:
        at, identity = cut.after
        later = sa.or_(table.c.created_at > at, sa.and_(table.c.created_at == at, table.c.id > identity))
        query = query.where(later)
    if cut.population:
        query = query.where(table.c.population == cut.population)
    if cut.state:
        query = query.where(table.c.state == cut.state)
    return query.order_by(table.c.created_at, table.c.id).limit(cut.limit)
