"""The audit log of a tenant: who did what, when, and whether it was allowed. No I/O here.

A chain like the ledger's: every entry has the digest of the one before it, so that none can be changed, left out or
put in without notice. An entry never holds a cell value: its fields are names of operations, codes, our own ids and
names that the owner declared. Anything else is a programming error and is refused.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol

from service.context import TenantId

GENESIS = ""
"""What the first entry of a chain names as the digest before it."""

_WORD = re.compile(r"[a-z][a-z0-9_.-]{0,79}")
_MAX_TEXT = 250


class Outcome(StrEnum):
    """How an act ended. Never removed, never changed in meaning."""

    SUCCESS = "success"
    DENIED = "denied"
    """The caller is known and may not do this."""
    REFUSED = "refused"
    """The caller may, and the request was wrong or came at the wrong time."""
    FAILED = "failed"
    """Something broke on our side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """One act. ``action`` is an operation of ``service.auth.access``, or a word of a step, for example ``sweep``.

    ``actor``: ``key:<id>``, ``oidc:<subject>``, or ``service`` for what it does by itself. ``entity``: one of our
    ids, or a name that the owner declared, such as a population's; never anything read from a table.
    ``code``: the stable code of the error, if there was one.
    Raises: ValueError for a field that does not look like that.
    """

    at: datetime
    actor: str
    action: str
    outcome: Outcome
    entity: str = ""
    code: str = ""
    request_id: str = ""

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError("a moment without a time zone")
        if _WORD.fullmatch(self.action) is None or (self.code and _WORD.fullmatch(self.code) is None):
            raise ValueError("an action or a code is one word")
        for text in (self.actor, self.entity, self.request_id):
            if len(text) > _MAX_TEXT or not text.isprintable():
                raise ValueError("not a name")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """An event in its place: entry ``n`` (from 1) of a tenant's chain."""

    n: int
    tenant: TenantId
    event: AuditEvent
    previous_digest: str
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditState:
    """What a check of a whole log found. ``faults`` is empty if it stands as it was written."""

    n_entries: int
    head: str
    faults: tuple[str, ...] = ()


class AuditStore(Protocol):
    """One tenant's audit log. Nothing in it can be changed or removed through here."""

    def append(self, event: AuditEvent) -> AuditEntry:
        """Add an event at the end. Locks the end until the transaction is over, so append after the ledger's calls."""

    def entries(self, after: int = 0, limit: int | None = None) -> Sequence[AuditEntry]:
        """Entries ``after + 1`` and on, in order."""

    def check(self) -> AuditState:
        """Read the whole log and compare it with its chain and its end."""


def chained(entry: AuditEntry) -> AuditEntry:
    """The entry with its digest: SHA-256 over canonical JSON of all its other fields.

    The form is persisted by its digests: it never changes, a new one gets another ``v``.
    """
    form = {
        "v": 1,
        "n": entry.n,
        "tenant": entry.tenant,
        "at": entry.event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": entry.event.actor,
        "action": entry.event.action,
        "outcome": str(entry.event.outcome),
        "entity": entry.event.entity,
        "code": entry.event.code,
        "request_id": entry.event.request_id,
        "previous_digest": entry.previous_digest,
    }
    text = json.dumps(form, sort_keys=True, separators=(",", ":"))
    return replace(entry, digest=hashlib.sha256(text.encode("ascii")).hexdigest())


def check(entries: Iterable[AuditEntry], *, n_entries: int, head: str) -> AuditState:
    """Compare a whole log with its chain, and with the end that is kept apart from it.

    Guarantees: an entry that was changed, removed, put in or moved is a fault, the last ones too. Whoever can write
    both tables can forge a whole new chain: for that, compare with a copy that was sent elsewhere (syslog, export).
    """
    previous, n = GENESIS, 0
    for n, entry in enumerate(entries, start=1):
        if entry.n != n or entry.previous_digest != previous or chained(entry).digest != entry.digest:
            return AuditState(n_entries=n_entries, head=head, faults=(f"entry {n} is not what was written",))
        previous = entry.digest
    is_whole = (n, previous) == (n_entries, head)
    return AuditState(n_entries=n, head=head, faults=() if is_whole else ("the last entries are not there",))
