"""One tenant's audit log in SQL: rows are only ever added, and the end is locked while one is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import sqlalchemy as sa

from service.audit import GENESIS, AuditEntry, AuditEvent, AuditState, Outcome, chained, check
from service.context import TenantId
from service.store.audit_tables import AUDIT_ENTRIES, AUDIT_HEADS
from service.store.engine import insert_if_absent

_AT_ONCE = 1000


class SqlAudit:
    """The audit log of ``tenant``. ``on_entry`` hears of each entry that was added; it may yet be rolled back."""

    def __init__(
        self, connection: sa.Connection, tenant: TenantId, on_entry: Callable[[AuditEntry], None] | None = None
    ) -> None:
        self._connection = connection
        self._tenant = tenant
        self._on_entry = on_entry

    def append(self, event: AuditEvent) -> AuditEntry:
        """Add an event at the end. Locks the end until the transaction is over."""
        n, previous = self._lock()
        entry = chained(AuditEntry(n=n + 1, tenant=self._tenant, event=event, previous_digest=previous))
        self._connection.execute(sa.insert(AUDIT_ENTRIES).values(_columns(entry)))
        end = sa.update(AUDIT_HEADS).where(AUDIT_HEADS.c.tenant == self._tenant)
        self._connection.execute(end.values(n_entries=entry.n, head_digest=entry.digest))
        if self._on_entry is not None:
            self._on_entry(entry)
        return entry

    def entries(self, after: int = 0, limit: int | None = None) -> Sequence[AuditEntry]:
        """Entries ``after + 1`` and on, in order."""
        mine = (AUDIT_ENTRIES.c.tenant == self._tenant) & (AUDIT_ENTRIES.c.n > after)
        query = sa.select(AUDIT_ENTRIES).where(mine).order_by(AUDIT_ENTRIES.c.n).limit(limit)
        return [_entry(row) for row in self._connection.execute(query).mappings()]

    def check(self) -> AuditState:
        """Read the whole log and compare it with its chain and its end."""
        n_entries, head = self._end()
        return check(self._all(), n_entries=n_entries, head=head)

    def _all(self) -> Iterator[AuditEntry]:
        """The whole log, a part of it in memory at a time."""
        after = 0
        while found := self.entries(after, _AT_ONCE):
            yield from found
            after = found[-1].n

    def _lock(self) -> tuple[int, str]:
        """The end of the chain, which nobody else can move before this transaction is over."""
        bump = sa.update(AUDIT_HEADS).where(AUDIT_HEADS.c.tenant == self._tenant)
        locked = bump.values(version=AUDIT_HEADS.c.version + 1).returning(AUDIT_HEADS)
        row = self._connection.execute(locked).mappings().one_or_none()
        if row is None:
            first = {"tenant": self._tenant, "version": 0, "n_entries": 0, "head_digest": GENESIS}
            insert_if_absent(self._connection, AUDIT_HEADS, first)
            row = self._connection.execute(locked).mappings().one()
        return row["n_entries"], row["head_digest"]

    def _end(self) -> tuple[int, str]:
        query = sa.select(AUDIT_HEADS).where(AUDIT_HEADS.c.tenant == self._tenant)
        row = self._connection.execute(query).mappings().one_or_none()
        return (0, GENESIS) if row is None else (row["n_entries"], row["head_digest"])


def _columns(entry: AuditEntry) -> dict[str, object]:
    return {
        "tenant": entry.tenant,
        "n": entry.n,
        "at": entry.event.at,
        "actor": entry.event.actor,
        "action": entry.event.action,
        "outcome": entry.event.outcome.value,
        "entity": entry.event.entity,
        "code": entry.event.code,
        "request_id": entry.event.request_id,
        "previous_digest": entry.previous_digest,
        "digest": entry.digest,
    }


def _entry(row: sa.RowMapping) -> AuditEntry:
    return AuditEntry(
        n=row["n"],
        tenant=TenantId(row["tenant"]),
        event=AuditEvent(
            at=row["at"],
            actor=row["actor"],
            action=row["action"],
            outcome=Outcome(row["outcome"]),
            entity=row["entity"],
            code=row["code"],
            request_id=row["request_id"],
        ),
        previous_digest=row["previous_digest"],
        digest=row["digest"],
    )
