"""At start: is any tenant's ledger behind what was anchored outside the database? A restored backup would be.

A backup of the database that is older than the last charge makes spent budget look unspent. The anchor remembers
how far each ledger had come. Whoever must go on with such a backup says so with ``accept_restore``, which writes it
into the ledger.
"""

from __future__ import annotations

from privacy.ledger import Head, LedgerEntry
from service.audit import AuditEvent, Outcome
from service.auth import tenant_id
from service.context import TenantId
from service.ports import Ports
from service.telemetry import event
from understudy.errors import Conflict, Failed


def check_anchors(ports: Ports) -> None:
    """Compare every ledger with its anchor, and bring the anchors up to date.

    Raises: Failed (ledger-behind-anchor) if an anchored entry is not in the database, or is another one there.
    """
    anchor = ports.database.anchor
    if anchor is None:
        return
    for tenant in sorted({*anchor.tenants(), *ports.database.ledger_tenants()}):
        known, head = anchor.read(tenant), _head(tenant, ports)
        if known is None:
            event("ledger.anchor_started", tenant=tenant, entry=head.n)
        elif not holds(tenant, known, ports):
            event("ledger.behind_anchor", tenant=tenant, entry=head.n, anchored=known.n)
            raise Failed(
                "The ledger is behind its anchor: this database is older than what was spent. See docs/budget.md.",
                code="ledger-behind-anchor",
                facts={"tenant": tenant, "entries": str(head.n), "anchored_entries": str(known.n)},
            )
        anchor.write(tenant, head)


def holds(tenant: TenantId, anchored: Head, ports: Ports) -> bool:
    """True if the anchored entry is in the tenant's ledger, unchanged."""
    if anchored.n == 0:
        return True
    with ports.database.read() as tx:
        found = tx.for_tenant(tenant).ledger.entries(after=anchored.n - 1, limit=1)
    return [_end(entry) for entry in found] == [anchored]


def accept_restore(name: str, ports: Ports) -> int:
    """Go on with a ledger that is behind its anchor; how many entries were lost. Never reachable over a wire.

    The ledger gets an entry that names the anchored end, so that every later reader sees it.
    Raises: Conflict (ledger-not-behind) if there is nothing to accept.
    """
    tenant, anchor = tenant_id(name), ports.database.anchor
    known = None if anchor is None else anchor.read(tenant)
    if anchor is None or known is None or holds(tenant, known, ports):
        raise Conflict("This ledger is not behind its anchor.", code="ledger-not-behind")
    lost = known.n - _head(tenant, ports).n
    with ports.database.begin() as tx:
        stores, now = tx.for_tenant(tenant), ports.clock.now()
        stores.ledger.restored(known, at=now)
        stores.audit.append(
            AuditEvent(at=now, actor="operator", action="accept_restore", outcome=Outcome.SUCCESS, entity=tenant)
        )
    anchor.reset(tenant, _head(tenant, ports))
    event("ledger.restore_accepted", tenant=tenant, lost=lost)
    return max(0, lost)


def _head(tenant: TenantId, ports: Ports) -> Head:
    with ports.database.read() as tx:
        return tx.for_tenant(tenant).ledger.head()


def _end(entry: LedgerEntry) -> Head:
    return Head(n=entry.n, digest=entry.digest)
