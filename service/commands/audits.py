"""Reading a tenant's audit log: as FHIR AuditEvents, and whether it stands as it was written."""

from __future__ import annotations

import json
from collections.abc import Iterator

from service.auditforms import fhir
from service.context import RequestContext
from service.ports import Ports
from understudy.errors import UsageError
from understudy.messages import AuditCheck

MAX_ENTRIES = 1000
"""How many entries one answer has at most; ask for the next with ``after``."""


def export(context: RequestContext, ports: Ports, *, after: int = 0, limit: int = MAX_ENTRIES) -> Iterator[str]:
    """Entries ``after + 1`` and on, oldest first, each as one line of JSON, a FHIR R4 AuditEvent.

    Raises: UsageError (page-invalid), before the first line.
    """
    if after < 0 or not 1 <= limit <= MAX_ENTRIES:
        raise UsageError(f"Entries are asked for from 0 on, 1 to {MAX_ENTRIES} at a time.", code="page-invalid")
    with ports.database.read() as tx:
        found = tx.for_tenant(context.tenant).audit.entries(after, limit)
    return (json.dumps(fhir(entry), separators=(",", ":")) for entry in found)


def check(context: RequestContext, ports: Ports) -> AuditCheck:
    """The chain of digests of the whole log, and its end."""
    with ports.database.read() as tx:
        state = tx.for_tenant(context.tenant).audit.check()
    return AuditCheck(ok=not state.faults, n_entries=state.n_entries, head=state.head, faults=list(state.faults))
