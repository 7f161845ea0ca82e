"""What each call of the ledger promises, the same on every database."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from privacy.amount import MAX_UNITS, UNLIMITED, Amount, Charge, Zcdp
from privacy.composition import Composition
from privacy.ledger import TENANT, Account, EntryKind, Head, LedgerStore, Scope, Terms, Window, replay, verify
from service.context import TenantId
from service.store.ledger_tables import ENTRIES, LEDGERS
from service.store.sql import SqlDatabase
from service.store.wall import ACROSS
from understudy.errors import BudgetExceeded, Conflict, NotFound, PrivacyParameterError

OURS = TenantId("ours")
THEIRS = TenantId("theirs")
NOW = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)
CAP = Amount.cap(1.0, 1e-5)
TERMS = Terms(cap=CAP)
PRICE = Charge(Amount.price(0.3, 1e-6), Zcdp.price(0.01, 0))
NOTHING = Charge()
P = Scope("p")
Q = Scope("q")
TRIAL = Scope("p", "trial")


def price(epsilon: float, delta: float = 0.0) -> Charge:
    return Charge(Amount.price(epsilon, delta), Zcdp.price(epsilon**2 / 2, 0))


def account(
    spent: Charge = NOTHING, held: Charge = NOTHING, *, n: int, scope: Scope = P, terms: Terms = TERMS
) -> Account:
    return Account(scope=scope, terms=terms, spent=spent, held=held, n_entries=n)


def test_the_first_job_opens_every_scope_on_its_path_with_default_terms(database: SqlDatabase) -> None:
    with database.begin() as tx:
        opened = tx.for_tenant(OURS).ledger.open(TRIAL, at=NOW)
    assert opened == account(n=1, scope=TRIAL, terms=Terms(cap=UNLIMITED))
    with database.begin() as tx:
        ledger = tx.for_tenant(OURS).ledger
        assert ledger.open(TRIAL, at=NOW) == opened
        assert [(known.scope, known.terms.cap) for known in ledger.accounts()] == [
            (TENANT, UNLIMITED),
            (P, Amount.cap(10, 1e-5)),
            (TRIAL, UNLIMITED),
        ]
        assert [entry.kind for entry in ledger.entries()] == [EntryKind.GRANT] * 3


def test_an_account_that_was_never_opened_is_not_found(database: SqlDatabase) -> None:
    with database.begin() as tx:
        ledger = tx.for_tenant(OURS).ledger
        for scope in (TENANT, P):
            with pytest.raises(NotFound):
                ledger.account(scope)
            with pytest.raises(NotFound):
                ledger.hold(scope, "j", PRICE, events="[]", at=NOW)
        assert ledger.entries() == []
        assert ledger.accounts() == []
        assert ledger.head() == Head()
        ledger.open(P, at=NOW)
        with pytest.raises(NotFound):
            ledger.hold(TRIAL, "j", PRICE, events="[]", at=NOW)
        assert len(ledger.entries()) == 2


def test_hold_spend_and_release_move_the_budget_of_the_whole_path(database: SqlDatabase) -> None:
    with database.begin() as tx:
        ledger = tx.for_tenant(OURS).ledger
        ledger.grant(P, TERMS, at=NOW)
        ledger.open(TRIAL, at=NOW)
        ledger.hold(P, "kept", PRICE, events='[["counts",{}]]', at=NOW + timedelta(seconds=1))
        ledger.hold(TRIAL, "given back", PRICE, events="[]", at=NOW)
    with database.begin() as tx:
        ledger = tx.for_tenant(OURS).ledger
        assert ledger.account(P).held == PRICE + PRICE
        assert ledger.account(TRIAL).held == PRICE
        assert [hold.job_id for hold in ledger.open_holds()] == ["kept", "given back"]
        ledger.spend("kept", at=NOW)
        ledger.release("given back", at=NOW)
    with database.read() as tx:
        ledger = tx.for_tenant(OURS).ledger
        accounts, entries = list(ledger.accounts()), ledger.entries()
        assert ledger.open_holds() == []
        assert [entry.job_id for entry in ledger.entries(TRIAL)] == [None, "given back", "given back"]
        assert [entry.n for entry in ledger.entries(P, after=4, limit=2)] == [5, 6]
    assert accounts == [
        account(PRICE, n=5, scope=TENANT, terms=Terms()),
        account(PRICE, n=5),
        account(n=3, scope=TRIAL, terms=Terms()),
    ]
    assert [(entry.kind, entry.job_id, entry.scope) for entry in entries[3:]] == [
        (EntryKind.HOLD, "kept", P),
        (EntryKind.HOLD, "given back", TRIAL),
        (EntryKind.SPEND, "kept", P),
        (EntryKind.RELEASE, "given back", TRIAL),
    ]
    kept = entries[3]
    assert (kept.events, kept.at, kept.charge) == ('[["counts",{}]]', NOW + timedelta(seconds=1), PRICE)
    assert_sound(ledger=None, entries=entries, accounts=accounts)


def assert_sound(ledger: LedgerStore | None, entries: object = None, accounts: object = None) -> None:
    if ledger is not None:
        entries, accounts = ledger.entries(), list(ledger.accounts())
    assert isinstance(entries, list)
    assert verify(entries)
    assert sorted(replay(entries).values(), key=lambda known: known.scope) == accounts


def test_the_scope_that_refuses_is_named_with_what_is_left_and_nothing_is_written(database: SqlDatabase) -> None:
    with database.begin() as tx:
        ledger = tx.for_tenant(OURS).ledger
        ledger.grant(P, TERMS, at=NOW)
        ledger.hold(P, "j1", PRICE, events="[]", at=NOW)
        before = list(ledger.accounts())
        with pytest.raises(BudgetExceeded) as refused:
            ledger.hold(P, "j2", price(0.8), events="[]", at=NOW)
        with pytest.raises(BudgetExceeded):
            ledger.hold(P, "j2", price(0, 1e-4), events="[]", at=NOW)
    with database.begin() as tx:
        ledger = tx.for_tenant(OURS).ledger
        assert list(ledger.accounts()) == before
        assert len(ledger.entries()) == 3
    facts = refused.value.facts
    assert (facts["scope"], facts["population"]) == ("population p", "p")
    assert (facts["epsilon_requested"], facts["epsilon_left"]) == ("0.8", "0.7")


@pytest.mark.parametrize("poor", [TENANT, P, TRIAL], ids=lambda scope: scope.kind)
def test_a_charge_that_one_scope_refuses_moves_none(database: SqlDatabase, poor: Scope) -> None:
    with database.begin() as tx:
        ledger = tx.for_tenant(OURS).ledger
        for scope in TRIAL.path:
            ledger.grant(scope, Terms(cap=Amount.cap(0.1 if scope == poor else 5, 1e-5)), at=NOW)
        with pytest.raises(BudgetExceeded) as refused:
            ledger.hold(TRIAL, "j", PRICE, events="[]", at=NOW)
        assert refused.value.facts["scope"] == str(poor)
        assert all(known.held == NOTHING for known in ledger.accounts())
        if poor == TRIAL:
            ledger.hold(P, "j", PRICE, events="[]", at=NOW)
            assert ledger.account(TRIAL).held == NOTHING
            assert ledger.account(TENANT).held == PRICE


def test_the_last_unit_can_be_spent_and_no_more(database: SqlDatabase) -> None:
    with database.begin() as tx:
        ledger = tx.for_tenant(OURS).ledger
        ledger.grant(P, TERMS, at=NOW)
        for number in range(10):
            ledger.hold(P, f"j{number}", price(0.1), events="[]", at=NOW)
        assert ledger.account(P).left.epsilon_nano == 0
        with pytest.raises(BudgetExceeded):
            ledger.hold(P, "one more", Charge(Amount(1, 0)), events="[]", at=NOW)


def test_the_same_hold_again_changes_nothing(database: SqlDatabase) -> None:
    with database.begin() as tx:
        ledger = tx.for_tenant(OURS).ledger
        ledger.grant(P, TERMS, at=NOW)
        for _ in range(5):
            ledger.hold(P, "j", PRICE, events="[]", at=NOW)
        ledger.spend("j", at=NOW)
        ledger.hold(P, "j", PRICE, events="[]", at=NOW)
        assert ledger.account(P).held == NOTHING
        assert ledger.account(P).spent == PRICE


def test_a_job_holds_one_thing_in_one_scope_once(database: SqlDatabase) -> None:
    with database.begin() as tx:
        ledger = tx.for_tenant(OURS).ledger
        ledger.grant(P, TERMS, at=NOW)
        ledger.grant(Q, TERMS, at=NOW)
        ledger.hold(P, "j", PRICE, events="[]", at=NOW)
        with pytest.raises(Conflict):
            ledger.hold(P, "j", PRICE + PRICE, events="[]", at=NOW)
        with pytest.raises(Conflict):
            ledger.hold(Q, "j", PRICE, events="[]", at=NOW)
        ledger.release("j", at=NOW)
        with pytest.raises(Conflict):
            ledger.hold(P, "j", PRICE, events="[]", at=NOW)
        assert ledger.account(P).held == ledger.account(Q).held == NOTHING


def test_what_is_spent_stays_spent(database: SqlDatabase) -> None:
    with database.begin() as tx:
        ledger = tx.for_tenant(OURS).ledger
        ledger.grant(P, TERMS, at=NOW)
        ledger.hold(P, "j", PRICE, events="[]", at=NOW)
        ledger.spend("j", at=NOW)
        ledger.spend("j", at=NOW)
        ledger.release("j", at=NOW)
        assert ledger.account(P) == account(PRICE, n=3)


def test_what_was_released_or_never_held_cannot_be_spent(database: SqlDatabase) -> None:
    with database.begin() as tx:
        ledger = tx.for_tenant(OURS).ledger
        ledger.release("before there is a ledger", at=NOW)
        with pytest.raises(Conflict):
            ledger.spend("before there is a ledger", at=NOW)
        ledger.grant(P, TERMS, at=NOW)
        ledger.hold(P, "j", PRICE, events="[]", at=NOW)
        ledger.release("j", at=NOW)
        ledger.release("j", at=NOW)
        ledger.release("never held", at=NOW)
        for job_id in ("j", "never held"):
            with pytest.raises(Conflict):
                ledger.spend(job_id, at=NOW)
        assert ledger.account(P) == account(n=3)


def test_a_grant_opens_raises_and_lowers_the_cap(database: SqlDatabase) -> None:
    with database.begin() as tx:
        ledger = tx.for_tenant(OURS).ledger
        assert ledger.grant(P, TERMS, at=NOW).left == CAP
        ledger.hold(P, "j", PRICE, events="[]", at=NOW)
        lowered = ledger.grant(P, Terms(cap=Amount.cap(0.1, 1e-7)), at=NOW)
        assert lowered.left.epsilon_nano < 0
        with pytest.raises(BudgetExceeded):
            ledger.hold(P, "j2", Charge(Amount(1, 0)), events="[]", at=NOW)
        ledger.spend("j", at=NOW)  # what was promised holds
        raised = ledger.grant(P, Terms(cap=Amount.cap(2, 1e-5)), at=NOW)
    assert raised == account(PRICE, n=5, terms=Terms(cap=Amount.cap(2, 1e-5)))


def test_how_jobs_add_up_is_fixed_with_the_first_job(database: SqlDatabase) -> None:
    zcdp = Terms(cap=CAP, composition=Composition.ZCDP)
    with database.begin() as tx:
        ledger = tx.for_tenant(OURS).ledger
        ledger.grant(P, TERMS, at=NOW)
        assert ledger.grant(P, zcdp, at=NOW).terms == zcdp
        ledger.hold(P, "j", PRICE, events="[]", at=NOW)
        ledger.release("j", at=NOW)
        for scope in (P, TENANT):
            other = TERMS if scope == P else zcdp
            with pytest.raises(Conflict) as refused:
                ledger.grant(scope, other, at=NOW)
            assert refused.value.reason == "composition-fixed"
        assert ledger.grant(P, Terms(cap=Amount.cap(2, 1e-5), composition=Composition.ZCDP), at=NOW).cap.epsilon == 2.0


def test_a_zcdp_scope_takes_more_jobs_than_plain_sums_and_refuses_in_the_end(database: SqlDatabase) -> None:
    job = Charge(Amount.price(0.1, 1e-6), Zcdp.price(0.0005, 0))
    with database.begin() as tx:
        ledger = tx.for_tenant(OURS).ledger
        ledger.grant(P, Terms(cap=CAP, composition=Composition.ZCDP), at=NOW)
        for number in range(44):
            ledger.hold(P, f"j{number}", job, events="[]", at=NOW)
            ledger.spend(f"j{number}", at=NOW)
        with pytest.raises(BudgetExceeded) as refused:
            _hold_many(ledger, job, range(44, 80))
        assert refused.value.facts["composition"] == "zcdp"
        known = ledger.account(P)
        assert known.spent.dp.epsilon > 4
        assert known.left.epsilon_nano >= 0
        assert_sound(ledger)


def _hold_many(ledger: LedgerStore, job: Charge, numbers: range) -> None:
    for number in numbers:
        ledger.hold(P, f"j{number}", job, events="[]", at=NOW)


def test_a_job_without_a_zcdp_bound_counts_in_plain_sums_only(database: SqlDatabase) -> None:
    unknown = Charge(Amount.price(0.1, 1e-6), None)
    with database.begin() as tx:
        ledger = tx.for_tenant(OURS).ledger
        ledger.grant(P, Terms(cap=CAP, composition=Composition.ZCDP), at=NOW)
        ledger.grant(Q, TERMS, at=NOW)
        with pytest.raises(PrivacyParameterError) as refused:
            ledger.hold(P, "j", unknown, events="[]", at=NOW)
        assert refused.value.reason == "event-unknown"
        ledger.hold(Q, "j", unknown, events="[]", at=NOW)
        ledger.spend("j", at=NOW)
        assert ledger.account(Q).spent == unknown
        assert ledger.account(TENANT).spent == unknown
        assert ledger.account(P).spent == NOTHING
        assert_sound(ledger)


def test_a_window_limits_what_is_charged_within_it_and_nothing_else(database: SqlDatabase) -> None:
    terms = Terms(cap=CAP, window=Window(days=30, epsilon=Amount.cap(0.5, 0)))
    with database.begin() as tx:
        ledger = tx.for_tenant(OURS).ledger
        ledger.grant(P, terms, at=NOW)
        ledger.hold(P, "spent", price(0.3), events="[]", at=NOW)
        ledger.spend("spent", at=NOW)
        ledger.hold(P, "released", price(0.2), events="[]", at=NOW)
        ledger.release("released", at=NOW)
        assert ledger.recent(P, NOW - timedelta(days=30)) == price(0.3)
        with pytest.raises(BudgetExceeded) as refused:
            ledger.hold(P, "early", price(0.3), events="[]", at=NOW + timedelta(days=29))
        assert (refused.value.facts["window_days"], refused.value.facts["epsilon_left"]) == ("30", "0.2")
        ledger.hold(P, "later", price(0.3), events="[]", at=NOW + timedelta(days=31))
        with pytest.raises(BudgetExceeded) as refused:
            ledger.hold(P, "never", price(0.5), events="[]", at=NOW + timedelta(days=400))
        assert "window_days" not in refused.value.facts, "the lifetime cap holds whatever the window says"
        assert ledger.account(P).terms == terms
        assert_sound(ledger)


@pytest.mark.parametrize("amount", [Amount(-1, 0), Amount(0, -1), Amount(2**63, 0), Amount(0, 2**63)])
def test_an_amount_below_zero_or_beyond_the_column_is_refused(database: SqlDatabase, amount: Amount) -> None:
    with pytest.raises(PrivacyParameterError):
        Terms(cap=amount)
    with database.begin() as tx:
        ledger = tx.for_tenant(OURS).ledger
        ledger.grant(P, TERMS, at=NOW)
        for charge in (Charge(amount), Charge(Amount(), Zcdp(amount.epsilon_nano, amount.delta_atto))):
            with pytest.raises(PrivacyParameterError):
                ledger.hold(P, "j", charge, events="[]", at=NOW)
        assert ledger.account(P) == account(n=1)


def test_the_largest_amounts_are_kept_exactly_and_one_more_is_refused(database: SqlDatabase) -> None:
    largest = Charge(Amount(MAX_UNITS, 10**18), Zcdp(MAX_UNITS, 10**18))
    with database.begin() as tx:
        ledger = tx.for_tenant(OURS).ledger
        ledger.grant(P, Terms(), at=NOW)
        ledger.hold(P, "j", largest, events="[]", at=NOW)
        with pytest.raises(BudgetExceeded):
            ledger.hold(P, "j2", Charge(Amount(), Zcdp(1, 0)), events="[]", at=NOW)
    with database.begin() as tx:
        assert tx.for_tenant(OURS).ledger.account(P).held == largest
        assert_sound(tx.for_tenant(OURS).ledger)


def test_another_tenants_ledger_is_not_there(database: SqlDatabase) -> None:
    with database.begin() as tx:
        ours, theirs = tx.for_tenant(OURS).ledger, tx.for_tenant(THEIRS).ledger
        ours.grant(P, TERMS, at=NOW)
        ours.hold(P, "j", PRICE, events="[]", at=NOW)
        with pytest.raises(NotFound):
            theirs.account(P)
        with pytest.raises(Conflict):
            theirs.spend("j", at=NOW)
        theirs.release("j", at=NOW)
        theirs.grant(P, TERMS, at=NOW)
        theirs.hold(P, "j", price(1.0, 1e-5), events="[]", at=NOW)
        assert [known.held for known in ours.accounts()] == [PRICE, PRICE]
        assert theirs.account(P).held == price(1.0, 1e-5)
        assert {entry.tenant for entry in theirs.entries()} == {THEIRS}
    assert database.ledger_tenants() == [OURS, THEIRS]


def test_one_chain_runs_through_all_of_a_tenants_scopes(database: SqlDatabase) -> None:
    with database.begin() as tx:
        ledger = tx.for_tenant(OURS).ledger
        ledger.grant(P, TERMS, at=NOW)
        ledger.grant(Q, TERMS, at=NOW)
        ledger.hold(Q, "j", PRICE, events="[]", at=NOW)
        ledger.hold(P, "i", PRICE, events="[]", at=NOW)
        ledger.spend("j", at=NOW)
        entries = ledger.entries()
        assert [entry.n for entry in entries] == [1, 2, 3, 4, 5, 6]
        assert ledger.head() == Head(n=6, digest=entries[-1].digest)
        assert verify(entries)
        tx.connection.execute(
            sa.update(ENTRIES).where(ENTRIES.c.n == 4).values(epsilon_nano=1).execution_options(**{ACROSS: True})
        )
        assert not verify(ledger.entries())


def test_a_reader_sees_one_moment_and_cannot_write(database: SqlDatabase) -> None:
    with database.begin() as tx:
        tx.for_tenant(OURS).ledger.grant(P, TERMS, at=NOW)
    with database.read() as reading:
        ledger = reading.for_tenant(OURS).ledger
        assert ledger.account(P).held == NOTHING
        with database.begin() as tx:  # a reader makes no writer wait
            tx.for_tenant(OURS).ledger.hold(P, "j", PRICE, events="[]", at=NOW)
        assert ledger.account(P).held == NOTHING
        with pytest.raises(sa.exc.DBAPIError):
            reading.connection.execute(sa.update(LEDGERS).values(version=0).execution_options(**{ACROSS: True}))
    with database.begin() as tx:
        assert tx.for_tenant(OURS).ledger.account(P).held == PRICE
        tx.for_tenant(OURS).ledger.release("j", at=NOW)


HOLD_THEN_DIE = """
import os, sys
from datetime import UTC, datetime
from privacy.amount import Amount, Charge
from privacy.ledger import Scope
from service.store.engine import open_engine
from service.store.sql import SqlDatabase
with SqlDatabase(open_engine(sys.argv[1])).begin() as tx:
    charge = Charge(Amount.price(0.3, 0))
    tx.for_tenant("ours").ledger.hold(Scope("p"), "j", charge, events="[]", at=datetime.now(UTC))
    os._exit(9)
"""


def test_a_process_that_dies_before_its_commit_leaves_nothing(url: str, database: SqlDatabase) -> None:
    with database.begin() as tx:
        opened = tx.for_tenant(OURS).ledger.grant(P, TERMS, at=NOW)
    assert subprocess.run([sys.executable, "-c", HOLD_THEN_DIE, url], timeout=60, check=False).returncode == 9
    with database.begin() as tx:
        assert tx.for_tenant(OURS).ledger.account(P) == opened
        assert len(tx.for_tenant(OURS).ledger.entries()) == 2
