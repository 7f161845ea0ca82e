"""One tenant's ledger in SQL: what ``privacy.ledger`` decides, kept.

The first statement of every call that writes is an UPDATE of the tenant's row, which locks its ledger until the
transaction ends, on Postgres under READ COMMITTED and on SQLite alike. Only what is read after it is used. That one
lock stands before all of a tenant's accounts, so no two charges can wait for each other. Entries are only ever
inserted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import sqlalchemy as sa

from privacy.amount import Charge
from privacy.ledger import (
    GENESIS,
    NOTHING,
    TENANT,
    Account,
    EntryKind,
    Head,
    LedgerEntry,
    Scope,
    Terms,
    chained,
    default_terms,
    window_start,
)
from service.context import TenantId
from service.store.engine import insert_if_absent
from service.store.ledger_rows import (
    account_columns,
    account_key,
    account_of,
    charge_of_row,
    entry_columns,
    entry_of,
    head_of,
    in_scope,
    is_scope,
)
from service.store.ledger_tables import ACCOUNTS, ENTRIES, LEDGERS
from understudy.errors import Conflict, NotFound, PrivacyParameterError

History = dict[EntryKind, LedgerEntry]

_MOVE = sa.update(ACCOUNTS).where(
    ACCOUNTS.c.tenant == sa.bindparam("of_tenant"),
    ACCOUNTS.c.population == sa.bindparam("of_population"),
    ACCOUNTS.c.project == sa.bindparam("of_project"),
)


class SqlLedger:
    """The ledger of ``tenant``, as if there were no others. ``on_head`` hears of each entry that was added."""

    def __init__(
        self, connection: sa.Connection, tenant: TenantId, on_head: Callable[[TenantId, Head], None] | None = None
    ) -> None:
        self._connection = connection
        self._tenant = tenant
        self._on_head = on_head or (lambda _tenant, _head: None)

    def account(self, scope: Scope) -> Account:
        """Raises NotFound."""
        found = self._find(scope)
        if found is None:
            raise _not_found(scope)
        return found

    def accounts(self) -> Sequence[Account]:
        """Every account, parents before children."""
        query = sa.select(ACCOUNTS).where(ACCOUNTS.c.tenant == self._tenant)
        return sorted(map(account_of, self._connection.execute(query).mappings()), key=lambda account: account.scope)

    def open(self, scope: Scope, *, at: datetime) -> Account:
        """The account. It and its parents are opened with ``default_terms`` where there is none yet."""
        head = self._lock_or_make()
        for step in scope.path:
            if self._find(step) is None:
                head = self._grant(head, step, default_terms(step), at=at)
        return self.account(scope)

    def grant(self, scope: Scope, terms: Terms, *, at: datetime, events: str = "") -> Account:
        """Set the terms, opening the account if needed. A cap below what is spent leaves nothing.

        Raises: Conflict (composition-fixed) for another composition once a job was charged.
        """
        head = self._lock_or_make()
        for parent in scope.path[:-1]:
            if self._find(parent) is None:
                head = self._grant(head, parent, default_terms(parent), at=at)
        known = self._find(scope)
        if known is not None and terms.composition is not known.terms.composition and self._was_charged(scope):
            raise Conflict("How jobs add up is fixed with the first job of a scope.", code="composition-fixed")
        self._grant(head, scope, terms, at=at, events=events)
        return self.account(scope)

    def hold(self, scope: Scope, job_id: str, charge: Charge, *, events: str, at: datetime) -> None:
        """Reserve a price in every scope on the path.

        Guarantees: once per job; the same hold again changes nothing, while it is held or spent.
        Raises: BudgetExceeded, naming the scope, if it does not fit somewhere; Conflict if the job held something
        else or was released; NotFound if there is no account; PrivacyParameterError for a price below 0, or one
        that a scope cannot add up. Nothing is written then.
        """
        if not charge.is_storable:
            raise PrivacyParameterError("An amount of epsilon and delta is at least 0 and not astronomic.")
        head = self._lock()
        if head is None:
            raise _not_found(scope)
        history = self._history(job_id)
        if history:
            held = history[EntryKind.HOLD]
            if EntryKind.RELEASE in history or (held.scope, held.charge) != (scope, charge):
                raise Conflict("This job has held budget before.")
            return
        accounts = self._path(scope)
        if len(accounts) < len(scope.path):
            raise _not_found(scope)
        for account in reversed(accounts):
            window = account.terms.window
            recent = NOTHING if window is None else self.recent(account.scope, window_start(window, at))
            account.check(charge, recent)
        self._append(head, scope, EntryKind.HOLD, charge, at=at, job_id=job_id, events=events, accounts=accounts)

    def spend(self, job_id: str, *, at: datetime) -> None:
        """HELD -> SPENT. Idempotent. Raises Conflict if the hold was released or never was."""
        head, history = self._lock(), self._history(job_id)
        if head is None or not history or EntryKind.RELEASE in history:
            raise Conflict("This job holds no budget.")
        if EntryKind.SPEND not in history:
            self._close(head, history[EntryKind.HOLD], EntryKind.SPEND, at=at)

    def release(self, job_id: str, *, at: datetime) -> None:
        """HELD -> RELEASED. Idempotent; a job that has spent stays spent, one that never held stays so."""
        head, history = self._lock(), self._history(job_id)
        if head is not None and history.keys() == {EntryKind.HOLD}:
            self._close(head, history[EntryKind.HOLD], EntryKind.RELEASE, at=at)

    def has_spent(self, job_id: str) -> bool:
        """True if this job's price is spent."""
        return EntryKind.SPEND in self._history(job_id)

    def restored(self, anchored: Head, *, at: datetime) -> None:
        """Write down that an operator accepted this ledger although its anchor was ahead."""
        events = f'{{"anchored_n":{anchored.n},"anchored_digest":"{anchored.digest}"}}'
        self._append(self._lock_or_make(), TENANT, EntryKind.RESTORE, NOTHING, at=at, events=events)

    def recent(self, scope: Scope, since: datetime) -> Charge:
        """What was held after ``since`` and not released."""
        released = self._jobs_with(EntryKind.RELEASE)
        query = sa.select(ENTRIES).where(
            self._mine, in_scope(scope), ENTRIES.c.at > since, ENTRIES.c.kind == EntryKind.HOLD.value
        )
        rows = self._connection.execute(query.where(ENTRIES.c.job_id.not_in(released))).mappings()
        return sum(map(charge_of_row, rows), NOTHING)

    def entries(self, scope: Scope = TENANT, *, after: int = 0, limit: int | None = None) -> Sequence[LedgerEntry]:
        """History of a scope and all below it, oldest first, from the entry after number ``after``."""
        query = sa.select(ENTRIES).where(self._mine, in_scope(scope), ENTRIES.c.n > after)
        rows = self._connection.execute(query.order_by(ENTRIES.c.n).limit(limit)).mappings()
        return [entry_of(row) for row in rows]

    def open_holds(self) -> Sequence[LedgerEntry]:
        """Holds that were neither spent nor released, oldest first."""
        ended = self._jobs_with(EntryKind.SPEND, EntryKind.RELEASE)
        query = sa.select(ENTRIES).where(
            self._mine, ENTRIES.c.kind == EntryKind.HOLD.value, ENTRIES.c.job_id.not_in(ended)
        )
        return [entry_of(row) for row in self._connection.execute(query.order_by(ENTRIES.c.n)).mappings()]

    def head(self) -> Head:
        """The end of the chain."""
        query = sa.select(LEDGERS).where(LEDGERS.c.tenant == self._tenant)
        row = self._connection.execute(query).mappings().one_or_none()
        return Head() if row is None else head_of(row)

    @property
    def _mine(self) -> sa.ColumnElement[bool]:
        return ENTRIES.c.tenant == self._tenant

    def _find(self, scope: Scope) -> Account | None:
        query = sa.select(ACCOUNTS).where(ACCOUNTS.c.tenant == self._tenant, is_scope(scope))
        row = self._connection.execute(query).mappings().one_or_none()
        return None if row is None else account_of(row)

    def _lock(self) -> Head | None:
        """Lock the ledger and read its head; None if there is no ledger."""
        lock = sa.update(LEDGERS).where(LEDGERS.c.tenant == self._tenant).values(version=LEDGERS.c.version + 1)
        row = self._connection.execute(lock.returning(*LEDGERS.c)).mappings().one_or_none()
        return None if row is None else head_of(row)

    def _lock_or_make(self) -> Head:
        if (head := self._lock()) is not None:
            return head
        empty: dict[str, object] = {"tenant": self._tenant, "version": 0, "n_entries": 0, "head_digest": GENESIS}
        insert_if_absent(self._connection, LEDGERS, empty)  # waits for whoever else makes it
        return self._lock() or Head()

    def _was_charged(self, scope: Scope) -> bool:
        query = sa.select(ENTRIES.c.n).where(self._mine, in_scope(scope), ENTRIES.c.job_id.is_not(None)).limit(1)
        return self._connection.execute(query).first() is not None

    def _jobs_with(self, *kinds: EntryKind) -> sa.Select[tuple[str]]:
        return sa.select(ENTRIES.c.job_id).where(self._mine, ENTRIES.c.kind.in_([kind.value for kind in kinds]))

    def _history(self, job_id: str) -> History:
        query = sa.select(ENTRIES).where(self._mine, ENTRIES.c.job_id == job_id)
        return {entry.kind: entry for entry in map(entry_of, self._connection.execute(query).mappings())}

    def _grant(self, head: Head, scope: Scope, terms: Terms, *, at: datetime, events: str = "") -> Head:
        columns = {"tenant": self._tenant} | account_columns(Account(scope=scope, terms=terms))
        insert_if_absent(self._connection, ACCOUNTS, columns)
        return self._append(head, scope, EntryKind.GRANT, NOTHING, at=at, terms=terms, events=events)

    def _close(self, head: Head, hold: LedgerEntry, kind: EntryKind, *, at: datetime) -> None:
        self._append(head, hold.scope, kind, hold.charge, at=at, job_id=hold.job_id)

    def _append(
        self,
        head: Head,
        scope: Scope,
        kind: EntryKind,
        charge: Charge,
        *,
        at: datetime,
        job_id: str | None = None,
        terms: Terms | None = None,
        events: str = "",
        accounts: Sequence[Account] | None = None,
    ) -> Head:
        entry = chained(
            LedgerEntry(
                n=head.n + 1,
                tenant=self._tenant,
                scope=scope,
                kind=kind,
                job_id=job_id,
                charge=charge,
                terms=terms,
                events=events,
                at=at,
                previous_digest=head.digest,
                digest="",
            )
        )
        self._connection.execute(sa.insert(ENTRIES).values(entry_columns(entry)))
        moves = [(known, known.after(entry)) for known in (self._path(scope) if accounts is None else accounts)]
        if moved := [after for known, after in moves if after != known]:
            # All in one go: one round trip to a database that is elsewhere.
            self._connection.execute(_MOVE, [account_key(self._tenant, after) for after in moved])
        new = Head(n=entry.n, digest=entry.digest)
        mine = sa.update(LEDGERS).where(LEDGERS.c.tenant == self._tenant)
        self._connection.execute(mine.values(n_entries=new.n, head_digest=new.digest))
        self._on_head(self._tenant, new)
        return new

    def _path(self, scope: Scope) -> list[Account]:
        """The accounts on a scope's path that are open, parents first."""
        steps = sa.or_(*(is_scope(step) for step in scope.path))
        rows = self._connection.execute(sa.select(ACCOUNTS).where(ACCOUNTS.c.tenant == self._tenant, steps)).mappings()
        return sorted(map(account_of, rows), key=lambda account: account.scope)


def _not_found(scope: Scope) -> NotFound:
    return NotFound(f"There is no budget account for this {scope.kind}.")
