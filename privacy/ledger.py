"""The budget of a tenant: a tree of scopes, what may be spent in each, what is held, what is spent. No I/O here.

tenant > population > project. A charge counts in every scope on its path, or in none. The service stores what this
module decides. Adapters implement ``LedgerStore`` so that every call that writes is one step of a transaction whose
first statement locks the tenant's ledger.

A price is HELD when a job is accepted, SPENT in a committed transaction before the first number is derived from
rows, and RELEASED only if that never happened. What is spent is never refunded, whatever is erased.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from privacy.amount import UNLIMITED, Amount, Charge
from privacy.composition import Composition, conversion_delta, position
from understudy.errors import BudgetExceeded, PrivacyParameterError
from understudy.messages import DEFAULT_DELTA_CAP, DEFAULT_EPSILON_CAP

GENESIS = ""
"""What the first entry of a ledger names as the digest before it."""

NOTHING = Charge()


class EntryKind(StrEnum):
    """What an entry of the ledger says. Never removed, never changed in meaning."""

    GRANT = "grant"
    HOLD = "hold"
    SPEND = "spend"
    RELEASE = "release"
    RESTORE = "restore"
    """An operator accepted a database that was behind its anchor."""


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """A place in the tree. No population: the tenant itself. No project: the population.

    Sorted scopes have every parent before its children: the order in which accounts are locked.
    """

    population: str = ""
    project: str = ""

    def __post_init__(self) -> None:
        if self.project and not self.population:
            raise ValueError("a project belongs to a population")

    @property
    def path(self) -> tuple[Scope, ...]:
        """The scopes that a charge here counts in, from the tenant down."""
        steps = (Scope(), Scope(self.population), self)
        return tuple(dict.fromkeys(steps))

    @property
    def kind(self) -> str:
        """``tenant``, ``population`` or ``project``."""
        if self.project:
            return "project"
        return "population" if self.population else "tenant"

    def covers(self, other: Scope) -> bool:
        """True if a charge in the other scope counts here."""
        return self in other.path

    def __str__(self) -> str:
        names = (f"population {self.population}", f"project {self.project}")
        return ", ".join(names[: len(self.path) - 1]) or "tenant"


TENANT = Scope()


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A policy beside the lifetime cap: at most so much epsilon within any ``days`` days.

    It is no guarantee: over its life a scope may spend the whole cap, which stays the bound that is proven.
    """

    days: int
    epsilon: Amount

    def __post_init__(self) -> None:
        if not (1 <= self.days <= 36_500 and self.epsilon.is_storable):
            raise PrivacyParameterError("A window has 1 to 36500 days and an epsilon of at least 0.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a steward grants: the cap for life, how jobs add up, and maybe a window.

    Raises: PrivacyParameterError for a cap that cannot be, or one at which zCDP has no epsilon.
    """

    cap: Amount = UNLIMITED
    composition: Composition = Composition.BASIC
    window: Window | None = None

    def __post_init__(self) -> None:
        if not self.cap.is_storable:
            raise PrivacyParameterError("An amount of epsilon and delta is at least 0 and not astronomic.")
        if self.composition is Composition.ZCDP and not (self.is_limited and 2 <= self.cap.delta_atto < 10**18):
            raise PrivacyParameterError("A scope that adds up zCDP needs a cap with a delta above 0 and below 1.")

    @property
    def is_limited(self) -> bool:
        """False for a scope that only keeps count."""
        return self.cap != UNLIMITED

    def as_dict(self) -> dict[str, object]:
        """Plain JSON, persisted in the chain's digests; only grows."""
        window = None if self.window is None else [self.window.days, str(self.window.epsilon.epsilon_nano)]
        cap = [str(self.cap.epsilon_nano), str(self.cap.delta_atto)]
        return {"cap": cap, "composition": self.composition.value, "window": window}


def default_terms(scope: Scope) -> Terms:
    """What a scope gets when a job names it first: a population a cap, a tenant and a project only an account."""
    is_population = scope.kind == "population"
    return Terms(cap=Amount.cap(DEFAULT_EPSILON_CAP, DEFAULT_DELTA_CAP) if is_population else UNLIMITED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A scope's budget for life."""

    scope: Scope
    terms: Terms
    held: Charge = NOTHING
    spent: Charge = NOTHING
    n_entries: int = 0

    @property
    def cap(self) -> Amount:
        """The lifetime cap."""
        return self.terms.cap

    def position(self, total: Charge) -> Amount:
        """The (epsilon, delta) of a sum of charges in this scope. Raises PrivacyParameterError (event-unknown)."""
        return position(self.terms.composition, total, self.cap)

    @property
    def conversion_delta(self) -> Amount:
        """The delta at which this scope turns rho into epsilon, if it adds up zCDP."""
        return conversion_delta(self.cap)

    @property
    def left(self) -> Amount:
        """The cap less what is held and spent. Under basic sums, exactly what a new job may still ask for."""
        return self.cap - self.position(self.held + self.spent)

    def check(self, charge: Charge, recent: Charge = NOTHING) -> None:
        """Whether a charge may be held; ``recent`` is what was charged within the window, if there is one.

        Raises: BudgetExceeded, with the scope, requested and left; PrivacyParameterError (event-unknown) if this
        scope cannot add the charge up.
        """
        total = self.held + self.spent + charge
        if not (total.is_storable and self.position(total).fits(self.cap)):
            raise self._exceeded(charge, self.left)
        if self.terms.window is not None:
            allowed = self.terms.window.epsilon.epsilon_nano
            if self.position(recent + charge).epsilon_nano > allowed:
                left = Amount(allowed - self.position(recent).epsilon_nano, self.left.delta_atto)
                raise self._exceeded(charge, left, {"window_days": str(self.terms.window.days)})

    def _exceeded(self, charge: Charge, left: Amount, more: dict[str, str] | None = None) -> BudgetExceeded:
        in_zcdp = self.terms.composition is Composition.ZCDP and charge.zcdp is not None
        requested = self.position(charge) if in_zcdp else charge.dp
        facts = {
            "scope": str(self.scope),
            "population": self.scope.population,
            "project": self.scope.project,
            "composition": self.terms.composition.value,
            "epsilon_requested": charge.dp.epsilon_text,
            "epsilon_left": Amount(max(0, left.epsilon_nano), 0).epsilon_text,
            "delta_requested": requested.delta_text,
            "delta_left": Amount(0, max(0, left.delta_atto)).delta_text,
        }
        if in_zcdp and charge.zcdp is not None and self.spent.zcdp is not None and self.held.zcdp is not None:
            facts["rho_requested"] = charge.zcdp.rho_text
            facts["rho_used"] = (self.spent.zcdp + self.held.zcdp).rho_text
        known = {name: fact for name, fact in (facts | (more or {})).items() if fact}
        return BudgetExceeded(f"The budget of this scope cannot cover the job: {self.scope.kind}.", facts=known)

    def after(self, entry: LedgerEntry) -> Account:
        """The account with one more entry; arithmetic only, whether it may be so is asked before.

        An entry of a scope that this one does not cover changes nothing, and so does a grant of another scope.
        """
        account = replace(self, n_entries=self.n_entries + 1)
        if entry.kind is EntryKind.GRANT:
            return replace(account, terms=entry.terms) if entry.scope == self.scope and entry.terms else self
        if entry.kind is EntryKind.RESTORE or not self.scope.covers(entry.scope):
            return self
        if entry.kind is EntryKind.HOLD:
            return replace(account, held=self.held + entry.charge)
        spent = self.spent + entry.charge if entry.kind is EntryKind.SPEND else self.spent
        return replace(account, held=self.held - entry.charge, spent=spent)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One line of a tenant's history. ``digest`` chains it to the line before: see ``chained``.

    ``scope`` is the deepest one charged; the charge counts on its whole path. ``terms`` are those of a grant.
    """

    n: int
    tenant: str
    scope: Scope
    kind: EntryKind
    job_id: str | None
    charge: Charge
    terms: Terms | None
    events: str
    at: datetime
    previous_digest: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The end of a tenant's chain: how many entries there are, and the digest of the last."""

    n: int = 0
    digest: str = GENESIS


def chained(entry: LedgerEntry) -> LedgerEntry:
    """The entry with its digest: SHA-256 over canonical JSON of all its other fields.

    Canonical: keys sorted, no blanks, ASCII, amounts as decimal text, time as ISO 8601 in UTC with
    microseconds. The form is persisted by its digests: it never changes, a new one gets another ``v``.
    """
    zcdp = entry.charge.zcdp
    form = {
        "v": 2,
        "n": entry.n,
        "tenant": entry.tenant,
        "population": entry.scope.population,
        "project": entry.scope.project,
        "kind": str(entry.kind),
        "job_id": entry.job_id,
        "epsilon_nano": str(entry.charge.dp.epsilon_nano),
        "delta_atto": str(entry.charge.dp.delta_atto),
        "zcdp": None if zcdp is None else [str(zcdp.rho_pico), str(zcdp.delta_atto)],
        "terms": None if entry.terms is None else entry.terms.as_dict(),
        "events": entry.events,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "previous_digest": entry.previous_digest,
    }
    text = json.dumps(form, sort_keys=True, separators=(",", ":"))
    return replace(entry, digest=hashlib.sha256(text.encode("ascii")).hexdigest())


def verify(entries: Sequence[LedgerEntry]) -> bool:
    """True if these are entries 1, 2, ... of one tenant, each unchanged and linked to the one before.

    Guarantees: a changed, removed, inserted or reordered entry is noticed. Entries cut off at the end
    are not: for that, compare the last digest with one that was anchored elsewhere.
    """
    previous = GENESIS
    for n, entry in enumerate(entries, start=1):
        known = entry.n == n and entry.tenant == entries[0].tenant and entry.previous_digest == previous
        if not known or chained(entry) != entry:
            return False
        previous = entry.digest
    return True


def replay(entries: Iterable[LedgerEntry]) -> dict[Scope, Account]:
    """The accounts that a tenant's entries, oldest first, add up to."""
    accounts: dict[Scope, Account] = {}
    for entry in entries:
        if entry.kind is EntryKind.GRANT and entry.terms is not None:
            accounts.setdefault(entry.scope, Account(scope=entry.scope, terms=entry.terms))
            touched: tuple[Scope, ...] = (entry.scope,)
        else:
            touched = entry.scope.path
        for scope in touched:
            if scope in accounts:
                accounts[scope] = accounts[scope].after(entry)
    return accounts


def window_start(window: Window, now: datetime) -> datetime:
    """The moment at which a window that ends now begins."""
    return now - timedelta(days=window.days)


class LedgerStore(Protocol):
    """One tenant's ledger, inside one transaction. Calls that write lock it first; calls that read do not."""

    def account(self, scope: Scope) -> Account:
        """Raises NotFound."""

    def accounts(self) -> Sequence[Account]:
        """Every account, parents before children."""

    def open(self, scope: Scope, *, at: datetime) -> Account:
        """The account. It and its parents are opened with ``default_terms`` where there is none yet."""

    def grant(self, scope: Scope, terms: Terms, *, at: datetime, events: str = "") -> Account:
        """Set the terms, opening the account if needed. A cap below what is spent leaves nothing.

        ``events``: JSON of what else was decided with it, for the record.

        Raises: Conflict (composition-fixed) for another composition once a job was charged.
        """

    def hold(self, scope: Scope, job_id: str, charge: Charge, *, events: str, at: datetime) -> None:
        """Reserve a price in every scope on the path. Raises BudgetExceeded, naming the scope; writes nothing then."""

    def spend(self, job_id: str, *, at: datetime) -> None:
        """HELD -> SPENT. Idempotent. Raises Conflict if the hold was released or never was."""

    def release(self, job_id: str, *, at: datetime) -> None:
        """HELD -> RELEASED. Idempotent; a job that has spent stays spent."""

    def has_spent(self, job_id: str) -> bool:
        """True if this job's price is spent."""

    def restored(self, anchored: Head, *, at: datetime) -> None:
        """Write down that an operator accepted this ledger although its anchor was ahead."""

    def recent(self, scope: Scope, since: datetime) -> Charge:
        """What was held after ``since`` and not released."""

    def entries(self, scope: Scope = TENANT, *, after: int = 0, limit: int | None = None) -> Sequence[LedgerEntry]:
        """History of a scope and all below it, oldest first, from the entry after number ``after``."""

    def open_holds(self) -> Sequence[LedgerEntry]:
        """Holds that were neither spent nor released, oldest first."""

    def head(self) -> Head:
        """The end of the chain."""
