"""What each call of the ledger promises, the same on every database."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from privacy.amount import Amount
from privacy.ledger import Account, EntryKind, replay, verify
from service.context import TenantId
from service.store.sql import SqlDatabase
from service.store.tables import ACCOUNTS, ENTRIES
from understudy.errors import BudgetExceeded, Conflict, NotFound, PrivacyParameterError

OURS = TenantId("ours")
THEIRS = TenantId("theirs")
NOW = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)
CAP = Amount.cap(1.0, 1e-5)
PRICE = Amount.price(0.3, 1e-6)
NOTHING = Amount()


def test_an_account_opens_once_with_its_first_cap(database: SqlDatabase) -> None:
    opened = Account(population="p", cap=CAP, held=NOTHING, spent=NOTHING, n_entries=1)
    with database.begin() as tx:
        assert tx.for_tenant(OURS).ledger.open("p", CAP, at=NOW) == opened
    with database.begin() as tx:
        ledger = tx.for_tenant(OURS).ledger
        assert ledger.open("p", Amount.cap(99, 0.1), at=NOW) == opened
        assert ledger.account("p") == opened
        assert [entry.kind for entry in ledger.entries("p")] == [EntryKind.GRANT]


def test_an_account_that_was_never_opened_is_not_found(database: SqlDatabase) -> None:
    with database.begin() as tx:
        ledger = tx.for_tenant(OURS).ledger
        with pytest.raises(NotFound):
            ledger.account("p")
        with pytest.raises(NotFound):
            ledger.hold("p", "j", PRICE, events="[]", at=NOW)
        assert ledger.entries("p") == []
        assert ledger.accounts() == []


def test_hold_spend_and_release_move_the_budget(database: SqlDatabase) -> None:
    with database.begin() as tx:
        ledger = tx.for_tenant(OURS).ledger
        ledger.open("p", CAP, at=NOW)
        ledger.hold("p", "kept", PRICE, events='[["counts",{}]]', at=NOW + timedelta(seconds=1))
        ledger.hold("p", "given back", PRICE, events="[]", at=NOW)
    with database.begin() as tx:
        ledger = tx.for_tenant(OURS).ledger
        assert ledger.account("p").held == PRICE + PRICE
        ledger.spend("kept", at=NOW)
        ledger.release("given back", at=NOW)
    with database.begin() as tx:
        ledger = tx.for_tenant(OURS).ledger
        account, entries = ledger.account("p"), ledger.entries("p")
    assert account == Account(population="p", cap=CAP, held=NOTHING, spent=PRICE, n_entries=5)
    assert [(entry.kind, entry.job_id) for entry in entries] == [
        (EntryKind.GRANT, None),
        (EntryKind.HOLD, "kept"),
        (EntryKind.HOLD, "given back"),
        (EntryKind.SPEND, "kept"),
        (EntryKind.RELEASE, "given back"),
    ]
    assert (entries[1].events, entries[1].at, entries[1].amount) == (
        '[["counts",{}]]',
        NOW + timedelta(seconds=1),
        PRICE,
    )
    assert verify(entries)
    assert replay("p", entries) == account


def test_a_price_that_does_not_fit_writes_nothing_and_says_what_is_left(database: SqlDatabase) -> None:
    with database.begin() as tx:
        ledger = tx.for_tenant(OURS).ledger
        ledger.open("p", CAP, at=NOW)
        ledger.hold("p", "j1", PRICE, events="[]", at=NOW)
        before = ledger.account("p")
        with pytest.raises(BudgetExceeded) as refused:
            ledger.hold("p", "j2", Amount.price(0.8, 0), events="[]", at=NOW)
        with pytest.raises(BudgetExceeded):
            ledger.hold("p", "j2", Amount.price(0, 1e-4), events="[]", at=NOW)
    with database.begin() as tx:
        assert tx.for_tenant(OURS).ledger.account("p") == before
        assert len(tx.for_tenant(OURS).ledger.entries("p")) == before.n_entries
    assert (refused.value.facts["epsilon_requested"], refused.value.facts["epsilon_left"]) == ("0.8", "0.7")


def test_the_last_unit_can_be_spent_and_no_more(database: SqlDatabase) -> None:
    with database.begin() as tx:
        ledger = tx.for_tenant(OURS).ledger
        ledger.open("p", CAP, at=NOW)
        for number in range(10):
            ledger.hold("p", f"j{number}", Amount.price(0.1, 0), events="[]", at=NOW)
        assert ledger.account("p").left.epsilon_nano == 0
        with pytest.raises(BudgetExceeded):
            ledger.hold("p", "one more", Amount(1, 0), events="[]", at=NOW)


def test_the_same_hold_again_changes_nothing(database: SqlDatabase) -> None:
    with database.begin() as tx:
        ledger = tx.for_tenant(OURS).ledger
        ledger.open("p", CAP, at=NOW)
        for _ in range(5):
            ledger.hold("p", "j", PRICE, events="[]", at=NOW)
        ledger.spend("j", at=NOW)
        ledger.hold("p", "j", PRICE, events="[]", at=NOW)
        assert ledger.account("p").held == NOTHING
        assert ledger.account("p").spent == PRICE


def test_a_job_holds_one_thing_in_one_account_once(database: SqlDatabase) -> None:
    with database.begin() as tx:
        ledger = tx.for_tenant(OURS).ledger
        ledger.open("p", CAP, at=NOW)
        ledger.open("q", CAP, at=NOW)
        ledger.hold("p", "j", PRICE, events="[]", at=NOW)
        with pytest.raises(Conflict):
            ledger.hold("p", "j", PRICE + PRICE, events="[]", at=NOW)
        with pytest.raises(Conflict):
            ledger.hold("q", "j", PRICE, events="[]", at=NOW)
        ledger.release("j", at=NOW)
        with pytest.raises(Conflict):
            ledger.hold("p", "j", PRICE, events="[]", at=NOW)
        assert ledger.account("p").held == ledger.account("q").held == NOTHING


def test_what_is_spent_stays_spent(database: SqlDatabase) -> None:
    with database.begin() as tx:
        ledger = tx.for_tenant(OURS).ledger
        ledger.open("p", CAP, at=NOW)
        ledger.hold("p", "j", PRICE, events="[]", at=NOW)
        ledger.spend("j", at=NOW)
        ledger.spend("j", at=NOW)
        ledger.release("j", at=NOW)
        assert ledger.account("p") == Account(population="p", cap=CAP, held=NOTHING, spent=PRICE, n_entries=3)


def test_what_was_released_or_never_held_cannot_be_spent(database: SqlDatabase) -> None:
    with database.begin() as tx:
        ledger = tx.for_tenant(OURS).ledger
        ledger.open("p", CAP, at=NOW)
        ledger.hold("p", "j", PRICE, events="[]", at=NOW)
        ledger.release("j", at=NOW)
        ledger.release("j", at=NOW)
        ledger.release("never held", at=NOW)
        for job_id in ("j", "never held"):
            with pytest.raises(Conflict):
                ledger.spend(job_id, at=NOW)
        assert ledger.account("p") == Account(population="p", cap=CAP, held=NOTHING, spent=NOTHING, n_entries=3)


def test_a_grant_opens_raises_and_lowers_the_cap(database: SqlDatabase) -> None:
    with database.begin() as tx:
        ledger = tx.for_tenant(OURS).ledger
        assert ledger.grant("p", CAP, at=NOW).left == CAP
        ledger.hold("p", "j", PRICE, events="[]", at=NOW)
        lowered = ledger.grant("p", Amount.cap(0.1, 1e-7), at=NOW)
        assert lowered.left.epsilon_nano < 0
        with pytest.raises(BudgetExceeded):
            ledger.hold("p", "j2", Amount(1, 0), events="[]", at=NOW)
        ledger.spend("j", at=NOW)  # what was promised holds
        raised = ledger.grant("p", Amount.cap(2, 1e-5), at=NOW)
    assert raised == Account(population="p", cap=Amount.cap(2, 1e-5), held=NOTHING, spent=PRICE, n_entries=5)


@pytest.mark.parametrize("amount", [Amount(-1, 0), Amount(0, -1), Amount(2**63, 0), Amount(0, 2**63)])
def test_an_amount_below_zero_or_beyond_the_column_is_refused(database: SqlDatabase, amount: Amount) -> None:
    with database.begin() as tx:
        ledger = tx.for_tenant(OURS).ledger
        ledger.open("p", CAP, at=NOW)
        for call in (
            lambda: ledger.open("q", amount, at=NOW),
            lambda: ledger.grant("p", amount, at=NOW),
            lambda: ledger.hold("p", "j", amount, events="[]", at=NOW),
        ):
            with pytest.raises(PrivacyParameterError):
                call()
        assert ledger.accounts() == [Account(population="p", cap=CAP, held=NOTHING, spent=NOTHING, n_entries=1)]


def test_the_largest_amounts_are_kept_exactly(database: SqlDatabase) -> None:
    largest = Amount(2**63 - 1, 10**18)
    with database.begin() as tx:
        tx.for_tenant(OURS).ledger.open("p", largest, at=NOW)
        tx.for_tenant(OURS).ledger.hold("p", "j", largest, events="[]", at=NOW)
    with database.begin() as tx:
        assert tx.for_tenant(OURS).ledger.account("p").held == largest
        assert verify(tx.for_tenant(OURS).ledger.entries("p"))


def test_another_tenants_account_is_not_there(database: SqlDatabase) -> None:
    with database.begin() as tx:
        ours, theirs = tx.for_tenant(OURS).ledger, tx.for_tenant(THEIRS).ledger
        ours.open("p", CAP, at=NOW)
        ours.hold("p", "j", PRICE, events="[]", at=NOW)
        with pytest.raises(NotFound):
            theirs.account("p")
        with pytest.raises(Conflict):
            theirs.spend("j", at=NOW)
        theirs.release("j", at=NOW)
        theirs.open("p", CAP, at=NOW)
        theirs.hold("p", "j", CAP, events="[]", at=NOW)
        assert theirs.entries("p")[0].job_id is None
        assert [account.held for account in ours.accounts()] == [PRICE]
        assert [account.held for account in theirs.accounts()] == [CAP]


def test_a_changed_row_breaks_the_chain(database: SqlDatabase) -> None:
    with database.begin() as tx:
        ledger = tx.for_tenant(OURS).ledger
        ledger.open("p", CAP, at=NOW)
        ledger.hold("p", "j", PRICE, events="[]", at=NOW)
        ledger.spend("j", at=NOW)
        assert verify(ledger.entries("p"))
        tx.connection.execute(sa.update(ENTRIES).where(ENTRIES.c.n == 2).values(epsilon_nano=1))
        assert not verify(ledger.entries("p"))


def test_the_account_keeps_the_head_of_the_chain(database: SqlDatabase) -> None:
    with database.begin() as tx:
        tx.for_tenant(OURS).ledger.open("p", CAP, at=NOW)
        tx.for_tenant(OURS).ledger.hold("p", "j", PRICE, events="[]", at=NOW)
        head = tx.connection.scalar(sa.select(ACCOUNTS.c.head_digest))
        assert head == tx.for_tenant(OURS).ledger.entries("p")[-1].digest


HOLD_THEN_DIE = """
import os, sys
from datetime import UTC, datetime
from privacy.amount import Amount
from service.store.engine import open_engine
from service.store.sql import SqlDatabase
with SqlDatabase(open_engine(sys.argv[1])).begin() as tx:
    tx.for_tenant("ours").ledger.hold("p", "j", Amount.price(0.3, 0), events="[]", at=datetime.now(UTC))
    os._exit(9)
"""


def test_a_process_that_dies_before_its_commit_leaves_nothing(url: str, database: SqlDatabase) -> None:
    with database.begin() as tx:
        opened = tx.for_tenant(OURS).ledger.open("p", CAP, at=NOW)
    assert subprocess.run([sys.executable, "-c", HOLD_THEN_DIE, url], timeout=60, check=False).returncode == 9
    with database.begin() as tx:
        assert tx.for_tenant(OURS).ledger.account("p") == opened
        assert len(tx.for_tenant(OURS).ledger.entries("p")) == 1
