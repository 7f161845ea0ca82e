"""Rows of the ledger's tables as what ``privacy.ledger`` knows, and back."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa

from privacy.amount import Amount, Charge, Zcdp
from privacy.composition import Composition
from privacy.ledger import Account, EntryKind, Head, LedgerEntry, Scope, Terms, Window
from service.store.ledger_tables import ACCOUNTS, ENTRIES

Columns = dict[str, object]


def is_scope(scope: Scope) -> sa.ColumnElement[bool]:
    """The account of exactly this scope."""
    return (ACCOUNTS.c.population == scope.population) & (ACCOUNTS.c.project == scope.project)


def in_scope(scope: Scope) -> sa.ColumnElement[bool]:
    """Entries of this scope and of all below it."""
    if scope.project:
        return (ENTRIES.c.population == scope.population) & (ENTRIES.c.project == scope.project)
    return ENTRIES.c.population == scope.population if scope.population else sa.true()


def head_of(row: sa.RowMapping) -> Head:
    """The end of a chain."""
    return Head(n=row["n_entries"], digest=row["head_digest"])


def account_of(row: sa.RowMapping) -> Account:
    """An account."""
    days, window = row["window_days"], row["window_epsilon_nano"]
    return Account(
        scope=_scope(row),
        terms=Terms(
            cap=Amount(row["cap_epsilon_nano"], row["cap_delta_atto"]),
            composition=Composition(row["composition"]),
            window=None if days is None else Window(days=days, epsilon=Amount(window, 0)),
        ),
        held=_charge(row, "held_"),
        spent=_charge(row, "spent_"),
        n_entries=row["n_entries"],
    )


def account_columns(account: Account) -> Columns:
    """An account but for its tenant."""
    window = account.terms.window
    return {
        "population": account.scope.population,
        "project": account.scope.project,
        "composition": account.terms.composition.value,
        "cap_epsilon_nano": account.cap.epsilon_nano,
        "cap_delta_atto": account.cap.delta_atto,
        "window_days": None if window is None else window.days,
        "window_epsilon_nano": None if window is None else window.epsilon.epsilon_nano,
        **_charge_columns(account.held, "held_"),
        **_charge_columns(account.spent, "spent_"),
        "n_entries": account.n_entries,
    }


def account_key(tenant: str, account: Account) -> Columns:
    """What changes in an account, with its key under names of their own."""
    columns = account_columns(account)
    key = {"of_tenant": tenant, "of_population": columns.pop("population"), "of_project": columns.pop("project")}
    return columns | key


def entry_of(row: sa.RowMapping) -> LedgerEntry:
    """A line of the history."""
    return LedgerEntry(
        n=row["n"],
        tenant=row["tenant"],
        scope=_scope(row),
        kind=EntryKind(row["kind"]),
        job_id=row["job_id"],
        charge=charge_of_row(row),
        terms=_terms(json.loads(row["terms"])) if row["terms"] else None,
        events=row["events"],
        at=row["at"],
        previous_digest=row["previous_digest"],
        digest=row["digest"],
    )


def entry_columns(entry: LedgerEntry) -> Columns:
    """A line of the history with its tenant."""
    return {
        "tenant": entry.tenant,
        "n": entry.n,
        "population": entry.scope.population,
        "project": entry.scope.project,
        "kind": entry.kind.value,
        "job_id": entry.job_id,
        **_charge_columns(entry.charge, ""),
        "terms": "" if entry.terms is None else json.dumps(entry.terms.as_dict(), sort_keys=True),
        "events": entry.events,
        "at": entry.at,
        "previous_digest": entry.previous_digest,
        "digest": entry.digest,
    }


def charge_of_row(row: sa.RowMapping) -> Charge:
    """The charge of an entry."""
    return _charge(row, "")


def _scope(row: sa.RowMapping) -> Scope:
    return Scope(row["population"], row["project"])


def _charge(row: sa.RowMapping, prefix: str) -> Charge:
    rho, failure = row[f"{prefix}rho_pico"], row[f"{prefix}failure_atto"]
    dp = Amount(row[f"{prefix}epsilon_nano"], row[f"{prefix}delta_atto"])
    return Charge(dp, None if rho is None else Zcdp(rho, failure))


def _charge_columns(charge: Charge, prefix: str) -> Columns:
    return {
        f"{prefix}epsilon_nano": charge.dp.epsilon_nano,
        f"{prefix}delta_atto": charge.dp.delta_atto,
        f"{prefix}rho_pico": None if charge.zcdp is None else charge.zcdp.rho_pico,
        f"{prefix}failure_atto": None if charge.zcdp is None else charge.zcdp.delta_atto,
    }


def _terms(document: dict[str, Any]) -> Terms:
    cap, window = document["cap"], document["window"]
    return Terms(
        cap=Amount(int(cap[0]), int(cap[1])),
        composition=Composition(document["composition"]),
        window=None if window is None else Window(days=window[0], epsilon=Amount(int(window[1]), 0)),
    )
