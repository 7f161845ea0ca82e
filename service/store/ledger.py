"""One tenant's accounts in SQL: what ``privacy.ledger`` decides, kept.

The first statement of every call that writes is an UPDATE of the account's row, which locks it until the
transaction ends, on Postgres under READ COMMITTED and on SQLite alike. Only what is read after it is used.
Entries are only ever inserted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from privacy.amount import Amount
from privacy.ledger import GENESIS, Account, EntryKind, LedgerEntry, chained
from service.context import TenantId
from service.store.engine import insert_if_absent
from service.store.tables import ACCOUNTS, ENTRIES
from understudy.errors import Conflict, NotFound, PrivacyParameterError

_MAX_UNITS = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Locked:
    account: Account
    head_digest: str


class SqlLedger:
    """The accounts of ``tenant``, as if there were no others."""

    def __init__(self, connection: sa.Connection, tenant: TenantId) -> None:
        self._connection = connection
        self._tenant = tenant

    def account(self, population: str) -> Account:
        """The account, locked until the transaction ends. Raises NotFound."""
        return self._lock_population(population).account

    def accounts(self) -> Sequence[Account]:
        """The tenant's accounts by population, not locked."""
        query = sa.select(ACCOUNTS).where(ACCOUNTS.c.tenant == self._tenant).order_by(ACCOUNTS.c.population)
        return [_account(row) for row in self._connection.execute(query).mappings()]

    def open(self, population: str, cap: Amount, *, at: datetime) -> Account:
        """The account, opened with this cap if there is none yet. Raises PrivacyParameterError for no such cap."""
        _check_range(cap)
        is_new = insert_if_absent(self._connection, ACCOUNTS, self._empty(population))
        locked = self._lock_population(population)
        if not is_new:
            return locked.account
        return self._append(locked, EntryKind.GRANT, cap, at=at)

    def grant(self, population: str, cap: Amount, *, at: datetime) -> Account:
        """Set the lifetime cap, opening the account if needed. Raises PrivacyParameterError for no such cap."""
        _check_range(cap)
        insert_if_absent(self._connection, ACCOUNTS, self._empty(population))
        return self._append(self._lock_population(population), EntryKind.GRANT, cap, at=at)

    def hold(self, population: str, job_id: str, price: Amount, *, events: str, at: datetime) -> None:
        """Reserve a price.

        Guarantees: once per job; the same hold again changes nothing, while it is held or spent.
        Raises: BudgetExceeded if it does not fit, Conflict if the job held something else or was released,
        NotFound if there is no account, PrivacyParameterError for a price below 0. Nothing is written then.
        """
        _check_range(price)
        locked = self._lock_population(population)
        history = self._history(job_id)
        if history:
            held = history[EntryKind.HOLD]
            if EntryKind.RELEASE in history or (held.population, held.amount) != (population, price):
                raise Conflict("This job has held budget before.")
            return
        locked.account.check(price)
        self._append(locked, EntryKind.HOLD, price, job_id=job_id, events=events, at=at)

    def spend(self, job_id: str, *, at: datetime) -> None:
        """HELD -> SPENT. Idempotent. Raises Conflict if the hold was released or never was."""
        locked = self._lock_job(job_id)
        history = self._history(job_id)
        if locked is None or EntryKind.RELEASE in history:
            raise Conflict("This job holds no budget.")
        if EntryKind.SPEND not in history:
            self._append(locked, EntryKind.SPEND, history[EntryKind.HOLD].amount, job_id=job_id, at=at)

    def release(self, job_id: str, *, at: datetime) -> None:
        """HELD -> RELEASED. Idempotent; a job that has spent stays spent, one that never held stays so."""
        locked = self._lock_job(job_id)
        history = self._history(job_id)
        if locked is None or history.keys() != {EntryKind.HOLD}:
            return
        self._append(locked, EntryKind.RELEASE, history[EntryKind.HOLD].amount, job_id=job_id, at=at)

    def entries(self, population: str) -> Sequence[LedgerEntry]:
        """The account's history, oldest first; empty if there is no account."""
        mine = (ENTRIES.c.tenant == self._tenant) & (ENTRIES.c.population == population)
        rows = self._connection.execute(sa.select(ENTRIES).where(mine).order_by(ENTRIES.c.n))
        return [_entry(row) for row in rows.mappings()]

    def _lock_population(self, population: str) -> _Locked:
        locked = self._lock(ACCOUNTS.c.population == population)
        if locked is None:
            raise NotFound("There is no budget account for this population.")
        return locked

    def _lock_job(self, job_id: str) -> _Locked | None:
        """The account that the job's hold is in. A hold never moves, so finding it needs no lock."""
        hold = self._of_job(job_id) & (ENTRIES.c.kind == EntryKind.HOLD.value)
        return self._lock(ACCOUNTS.c.population == sa.select(ENTRIES.c.population).where(hold).scalar_subquery())

    def _lock(self, which: sa.ColumnElement[bool]) -> _Locked | None:
        lock = sa.update(ACCOUNTS).where(ACCOUNTS.c.tenant == self._tenant, which)
        lock_and_read = lock.values(version=ACCOUNTS.c.version + 1).returning(*ACCOUNTS.c)
        row = self._connection.execute(lock_and_read).mappings().one_or_none()
        return None if row is None else _Locked(account=_account(row), head_digest=row["head_digest"])

    def _of_job(self, job_id: str) -> sa.ColumnElement[bool]:
        return (ENTRIES.c.tenant == self._tenant) & (ENTRIES.c.job_id == job_id)

    def _history(self, job_id: str) -> dict[EntryKind, LedgerEntry]:
        rows = self._connection.execute(sa.select(ENTRIES).where(self._of_job(job_id))).mappings()
        return {entry.kind: entry for entry in map(_entry, rows)}

    def _append(
        self,
        locked: _Locked,
        kind: EntryKind,
        amount: Amount,
        *,
        at: datetime,
        job_id: str | None = None,
        events: str = "",
    ) -> Account:
        account = locked.account.after(kind, amount)
        entry = chained(
            LedgerEntry(
                n=account.n_entries,
                population=account.population,
                kind=kind,
                job_id=job_id,
                amount=amount,
                events=events,
                at=at,
                previous_digest=locked.head_digest,
                digest="",
            )
        )
        # The key also catches a job that holds in two accounts at once, whose locks do not exclude each other.
        if not insert_if_absent(self._connection, ENTRIES, {"tenant": self._tenant} | _entry_columns(entry)):
            raise Conflict("This job has held budget before.")
        mine = (ACCOUNTS.c.tenant == self._tenant) & (ACCOUNTS.c.population == account.population)
        self._connection.execute(sa.update(ACCOUNTS).where(mine).values(_account_columns(account, entry.digest)))
        return account

    def _empty(self, population: str) -> dict[str, object]:
        nothing = Account(population=population, cap=Amount(), held=Amount(), spent=Amount())
        return {"tenant": self._tenant, "version": 0} | _account_columns(nothing, GENESIS)


def _check_range(amount: Amount) -> None:
    if not (0 <= amount.epsilon_nano <= _MAX_UNITS and 0 <= amount.delta_atto <= _MAX_UNITS):
        raise PrivacyParameterError("An amount of epsilon and delta is at least 0 and not astronomic.")


def _account(row: sa.RowMapping) -> Account:
    return Account(
        population=row["population"],
        cap=Amount(row["cap_epsilon_nano"], row["cap_delta_atto"]),
        held=Amount(row["held_epsilon_nano"], row["held_delta_atto"]),
        spent=Amount(row["spent_epsilon_nano"], row["spent_delta_atto"]),
        n_entries=row["n_entries"],
    )


def _account_columns(account: Account, head_digest: str) -> dict[str, object]:
    return {
        "population": account.population,
        "cap_epsilon_nano": account.cap.epsilon_nano,
        "cap_delta_atto": account.cap.delta_atto,
        "held_epsilon_nano": account.held.epsilon_nano,
        "held_delta_atto": account.held.delta_atto,
        "spent_epsilon_nano": account.spent.epsilon_nano,
        "spent_delta_atto": account.spent.delta_atto,
        "n_entries": account.n_entries,
        "head_digest": head_digest,
    }


def _entry(row: sa.RowMapping) -> LedgerEntry:
    return LedgerEntry(
        n=row["n"],
        population=row["population"],
        kind=EntryKind(row["kind"]),
        job_id=row["job_id"],
        amount=Amount(row["epsilon_nano"], row["delta_atto"]),
        events=row["events"],
        at=row["at"],
        previous_digest=row["previous_digest"],
        digest=row["digest"],
    )


def _entry_columns(entry: LedgerEntry) -> dict[str, object]:
    return {
        "n": entry.n,
        "population": entry.population,
        "kind": entry.kind.value,
        "job_id": entry.job_id,
        "epsilon_nano": entry.amount.epsilon_nano,
        "delta_atto": entry.amount.delta_atto,
        "events": entry.events,
        "at": entry.at,
        "previous_digest": entry.previous_digest,
        "digest": entry.digest,
    }
