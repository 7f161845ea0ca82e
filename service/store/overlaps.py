"""Which populations of a tenant hold the same people, and what a steward decided about it. Survives the datasets."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from privacy.sketch import Sketch
from service.context import TenantId
from service.store.engine import insert_if_absent
from service.store.ledger_tables import OVERLAPS, SKETCHES
from service.store.tables import TENANTS


class SqlOverlaps:
    """The sketches of ``tenant``'s populations, as if there were no others."""

    def __init__(self, connection: sa.Connection, tenant: TenantId) -> None:
        self._connection = connection
        self._tenant = tenant

    def add(self, population: str, sketch: Sketch) -> None:
        """Add a table's units to their population, and note every other population that holds the same people.

        The population that came later is the one that waits for a decision.
        """
        # Locks the tenant's row: of two uploads at once, one must see the other's sketch.
        lock = sa.update(TENANTS).where(TENANTS.c.tenant == self._tenant).values(created_at=TENANTS.c.created_at)
        self._connection.execute(lock)
        known = self._known()
        for other, its in known.items():
            if other != population and sketch.is_same_people(its):
                row: dict[str, object] = {"tenant": self._tenant, "population": population, "other": other}
                insert_if_absent(self._connection, OVERLAPS, row | {"is_decided": False})
        text = known.get(population, Sketch()).merged(sketch).as_text()
        key: dict[str, object] = {"tenant": self._tenant, "population": population}
        if not insert_if_absent(self._connection, SKETCHES, key | {"sketch": text}):
            mine = (SKETCHES.c.tenant == self._tenant) & (SKETCHES.c.population == population)
            self._connection.execute(sa.update(SKETCHES).where(mine).values(sketch=text))

    def undecided(self, population: str) -> Sequence[str]:
        """The populations that this one seems to be, about which nobody has decided."""
        query = sa.select(OVERLAPS.c.other).where(self._of(population), OVERLAPS.c.is_decided.is_(False))
        return list(self._connection.scalars(query.order_by(OVERLAPS.c.other)))

    def decide(self, population: str, other: str) -> None:
        """A steward says that these are different people."""
        decided = sa.update(OVERLAPS).where(self._of(population), OVERLAPS.c.other == other)
        self._connection.execute(decided.values(is_decided=True))

    def _of(self, population: str) -> sa.ColumnElement[bool]:
        return (OVERLAPS.c.tenant == self._tenant) & (OVERLAPS.c.population == population)

    def _known(self) -> dict[str, Sketch]:
        rows = self._connection.execute(sa.select(SKETCHES).where(SKETCHES.c.tenant == self._tenant)).mappings()
        return {row["population"]: Sketch.from_text(row["sketch"]) for row in rows}
