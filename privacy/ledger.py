"""The budget of a population: what may be spent, what is held, what is spent. No I/O here.

The service stores what this module decides. Adapters implement ``LedgerStore`` so that every call is
one step of a transaction whose first statement locks the account.

A price is HELD when a job is accepted, SPENT in a committed transaction before the first number is
derived from rows, and RELEASED only if that never happened. What is spent is never refunded.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol

from privacy.amount import Amount
from understudy.errors import BudgetExceeded

BASIC_COMPOSITION = (
    "basic sums of epsilon and delta, valid for fully adaptive jobs "
    "(Rogers, Roth, Ullman, Vadhan 2016, arXiv:1605.08294)"
)


GENESIS = ""
"""What the first entry of an account names as the digest before it."""


class EntryKind(StrEnum):
    """What an entry of the ledger says. Never removed, never changed in meaning."""

    GRANT = "grant"
    HOLD = "hold"
    SPEND = "spend"
    RELEASE = "release"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A population's budget for life."""

    population: str
    cap: Amount
    held: Amount
    spent: Amount
    n_entries: int = 0

    @property
    def left(self) -> Amount:
        """What a new job may still ask for."""
        return self.cap - self.held - self.spent

    def check(self, price: Amount) -> None:
        """Raises: BudgetExceeded, with requested and left, if the price does not fit."""
        if price.fits(self.left):
            return
        raise BudgetExceeded(
            "The population's budget cannot cover this job.",
            facts={
                "population": self.population,
                "epsilon_requested": price.epsilon_text,
                "epsilon_left": self.left.epsilon_text,
                "delta_requested": price.delta_text,
                "delta_left": self.left.delta_text,
            },
        )

    def after(self, kind: EntryKind, amount: Amount) -> Account:
        """The account with one more entry; arithmetic only, whether it may be so is asked before."""
        n_entries = self.n_entries + 1
        if kind is EntryKind.GRANT:
            return replace(self, cap=amount, n_entries=n_entries)
        if kind is EntryKind.HOLD:
            return replace(self, held=self.held + amount, n_entries=n_entries)
        spent = self.spent + amount if kind is EntryKind.SPEND else self.spent
        return replace(self, held=self.held - amount, spent=spent, n_entries=n_entries)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One line of an account's history. ``digest`` chains it to the line before: see ``chained``."""

    n: int
    population: str
    kind: EntryKind
    job_id: str | None
    amount: Amount
    events: str
    at: datetime
    previous_digest: str
    digest: str


def chained(entry: LedgerEntry) -> LedgerEntry:
    """The entry with its digest: SHA-256 over canonical JSON of all its other fields.

    Canonical: keys sorted, no blanks, ASCII, amounts as decimal text, time as ISO 8601 in UTC with
    microseconds. The form is persisted by its digests: it never changes, a new one gets another ``v``.
    """
    form = {
        "v": 1,
        "n": entry.n,
        "population": entry.population,
        "kind": str(entry.kind),
        "job_id": entry.job_id,
        "epsilon_nano": str(entry.amount.epsilon_nano),
        "delta_atto": str(entry.amount.delta_atto),
        "events": entry.events,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "previous_digest": entry.previous_digest,
    }
    text = json.dumps(form, sort_keys=True, separators=(",", ":"))
    return replace(entry, digest=hashlib.sha256(text.encode("ascii")).hexdigest())


def verify(entries: Sequence[LedgerEntry]) -> bool:
    """True if these are entries 1, 2, ... of one account, each unchanged and linked to the one before.

    Guarantees: a changed, removed, inserted or reordered entry is noticed. Entries cut off at the end
    are not: for that, compare the last digest with one that was anchored elsewhere.
    """
    previous = GENESIS
    for n, entry in enumerate(entries, start=1):
        known = entry.n == n and entry.population == entries[0].population and entry.previous_digest == previous
        if not known or chained(entry) != entry:
            return False
        previous = entry.digest
    return True


def replay(population: str, entries: Sequence[LedgerEntry]) -> Account:
    """The account that these entries, oldest first, add up to."""
    account = Account(population=population, cap=Amount(), held=Amount(), spent=Amount())
    for entry in entries:
        account = account.after(entry.kind, entry.amount)
    return account


class LedgerStore(Protocol):
    """One tenant's accounts, inside one transaction."""

    def account(self, population: str) -> Account:
        """The account, locked until the transaction ends. Raises NotFound."""

    def accounts(self) -> Sequence[Account]: ...

    def open(self, population: str, cap: Amount, *, at: datetime) -> Account:
        """The account, opened with this cap if there is none yet."""

    def grant(self, population: str, cap: Amount, *, at: datetime) -> Account:
        """Set the lifetime cap, opening the account if needed. A cap below what is spent leaves nothing."""

    def hold(self, population: str, job_id: str, price: Amount, *, events: str, at: datetime) -> None:
        """Reserve a price. Raises BudgetExceeded and writes nothing if it does not fit."""

    def spend(self, job_id: str, *, at: datetime) -> None:
        """HELD -> SPENT. Idempotent. Raises Conflict if the hold was released or never was."""

    def release(self, job_id: str, *, at: datetime) -> None:
        """HELD -> RELEASED. Idempotent; a job that has spent stays spent."""

    def entries(self, population: str) -> Sequence[LedgerEntry]:
        """The account's history, oldest first."""
