"""The budget's arithmetic, the tree of scopes, and the chain of entries, without a database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.amount import UNLIMITED, Amount, Charge, Zcdp
from privacy.composition import Composition
from privacy.ledger import (
    GENESIS,
    TENANT,
    Account,
    EntryKind,
    LedgerEntry,
    Scope,
    Terms,
    Window,
    chained,
    default_terms,
    replay,
    verify,
)
from understudy.errors import BudgetExceeded, PrivacyParameterError

NOW = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)
P, TRIAL = Scope("p"), Scope("p", "trial")
NOTHING = Charge()


def charge(epsilon: int, delta: int) -> Charge:
    return Charge(Amount(epsilon, delta), Zcdp(epsilon, delta))


PRICE = charge(300, 3)
TERMS = Terms(cap=Amount(1000, 10))
ACCOUNT = Account(scope=P, terms=TERMS, held=charge(200, 2), spent=charge(300, 3), n_entries=4)


def entry(kind: EntryKind, job_id: str | None = None, price: Charge = NOTHING, **other: object) -> LedgerEntry:
    fields: dict[str, object] = {
        "n": 1,
        "tenant": "t",
        "scope": P,
        "kind": kind,
        "job_id": job_id,
        "charge": price,
        "terms": None,
        "events": "[]",
        "at": NOW,
        "previous_digest": GENESIS,
        "digest": "",
    }
    return LedgerEntry(**(fields | other))  # type: ignore[arg-type]


def chain(*lines: LedgerEntry) -> list[LedgerEntry]:
    """A well-made history."""
    entries: list[LedgerEntry] = []
    for n, line in enumerate(lines, start=1):
        before = entries[-1].digest if entries else GENESIS
        entries.append(chained(replace(line, n=n, at=NOW + timedelta(seconds=n), previous_digest=before)))
    return entries


HISTORY = chain(
    entry(EntryKind.GRANT, terms=Terms(), scope=TENANT),
    entry(EntryKind.GRANT, terms=TERMS),
    entry(EntryKind.HOLD, "j1", PRICE),
    entry(EntryKind.HOLD, "j2", PRICE, scope=TRIAL),
    entry(EntryKind.SPEND, "j1", PRICE),
    entry(EntryKind.RELEASE, "j2", PRICE, scope=TRIAL),
)


class TestScope:
    def test_a_charge_counts_from_the_tenant_down(self) -> None:
        assert TRIAL.path == (TENANT, P, TRIAL)
        assert P.path == (TENANT, P)
        assert TENANT.path == (TENANT,)
        assert P.covers(TRIAL)
        assert not TRIAL.covers(P)
        assert not P.covers(Scope("q", "trial"))

    def test_sorted_scopes_have_parents_first(self) -> None:
        scopes = [Scope("q"), TRIAL, Scope("p", "a"), TENANT, P]
        assert sorted(scopes) == [TENANT, P, Scope("p", "a"), TRIAL, Scope("q")]

    def test_words_and_kinds(self) -> None:
        assert [(str(scope), scope.kind) for scope in TRIAL.path] == [
            ("tenant", "tenant"),
            ("population p", "population"),
            ("population p, project trial", "project"),
        ]

    def test_a_project_belongs_to_a_population(self) -> None:
        with pytest.raises(ValueError, match="population"):
            Scope("", "trial")

    def test_only_a_population_gets_a_cap_by_itself(self) -> None:
        assert [default_terms(scope).cap for scope in TRIAL.path] == [UNLIMITED, Amount.cap(10, 1e-5), UNLIMITED]
        assert [default_terms(scope).is_limited for scope in TRIAL.path] == [False, True, False]


class TestTerms:
    @pytest.mark.parametrize("cap", [UNLIMITED, Amount.cap(10, 0), Amount(10, 1), Amount(10, 10**18)])
    def test_zcdp_needs_a_cap_with_a_delta(self, cap: Amount) -> None:
        with pytest.raises(PrivacyParameterError):
            Terms(cap=cap, composition=Composition.ZCDP)

    @pytest.mark.parametrize("days", [0, -1, 36_501])
    def test_a_window_out_of_range_is_refused(self, days: int) -> None:
        with pytest.raises(PrivacyParameterError):
            Window(days=days, epsilon=Amount(1, 0))


class TestAccount:
    def test_what_is_left_is_neither_held_nor_spent(self) -> None:
        assert ACCOUNT.left == Amount(500, 5)

    def test_all_that_is_left_fits(self) -> None:
        ACCOUNT.check(charge(500, 5))

    @pytest.mark.parametrize("price", [charge(501, 0), charge(0, 6)])
    def test_one_unit_more_does_not(self, price: Charge) -> None:
        with pytest.raises(BudgetExceeded) as refused:
            ACCOUNT.check(price)
        assert refused.value.facts == {
            "scope": "population p",
            "population": "p",
            "composition": "basic",
            "epsilon_requested": price.dp.epsilon_text,
            "epsilon_left": Amount(500, 5).epsilon_text,
            "delta_requested": price.dp.delta_text,
            "delta_left": Amount(500, 5).delta_text,
        }

    def test_a_cap_below_what_is_spent_leaves_nothing(self) -> None:
        lowered = ACCOUNT.after(entry(EntryKind.GRANT, terms=Terms(cap=Amount(100, 1))))
        with pytest.raises(BudgetExceeded) as refused:
            lowered.check(NOTHING)
        assert refused.value.facts["epsilon_left"] == "0"

    def test_a_window_is_checked_beside_the_lifetime(self) -> None:
        limited = replace(ACCOUNT, terms=replace(TERMS, window=Window(days=7, epsilon=Amount(400, 0))))
        limited.check(charge(100, 0), recent=charge(300, 0))
        with pytest.raises(BudgetExceeded) as refused:
            limited.check(charge(101, 0), recent=charge(300, 0))
        assert refused.value.facts["window_days"] == "7"

    @pytest.mark.parametrize(
        ("kind", "held", "spent"),
        [
            (EntryKind.HOLD, charge(400, 4), charge(300, 3)),
            (EntryKind.SPEND, NOTHING, charge(500, 5)),
            (EntryKind.RELEASE, NOTHING, charge(300, 3)),
        ],
    )
    @pytest.mark.parametrize("scope", [P, TRIAL])
    def test_each_kind_of_entry_moves_its_charge(
        self, kind: EntryKind, held: Charge, spent: Charge, scope: Scope
    ) -> None:
        expected = Account(scope=P, terms=TERMS, held=held, spent=spent, n_entries=5)
        assert ACCOUNT.after(entry(kind, "j", charge(200, 2), scope=scope)) == expected

    @pytest.mark.parametrize("scope", [TENANT, Scope("q"), Scope("q", "trial")])
    @pytest.mark.parametrize("kind", [EntryKind.HOLD, EntryKind.GRANT, EntryKind.RESTORE])
    def test_what_happens_elsewhere_changes_nothing(self, kind: EntryKind, scope: Scope) -> None:
        terms = Terms() if kind is EntryKind.GRANT else None
        assert ACCOUNT.after(entry(kind, "j", PRICE, scope=scope, terms=terms)) == ACCOUNT


class TestChain:
    def test_an_untouched_history_verifies(self) -> None:
        assert verify(HISTORY)
        assert verify([])

    @pytest.mark.parametrize(
        "tamper",
        [
            lambda line: replace(line, charge=Charge(Amount(1, 3), line.charge.zcdp)),
            lambda line: replace(line, charge=Charge(line.charge.dp, Zcdp(1, 3))),
            lambda line: replace(line, charge=Charge(line.charge.dp, None)),
            lambda line: replace(line, kind=EntryKind.GRANT),
            lambda line: replace(line, terms=TERMS),
            lambda line: replace(line, job_id="j9"),
            lambda line: replace(line, job_id=None),
            lambda line: replace(line, events='[["more",{}]]'),
            lambda line: replace(line, at=line.at + timedelta(microseconds=1)),
            lambda line: replace(line, scope=Scope("q")),
            lambda line: replace(line, scope=TRIAL),
            lambda line: replace(line, tenant="u"),
            lambda line: replace(line, n=line.n + 1),
            lambda line: replace(line, previous_digest=GENESIS),
        ],
    )
    def test_a_change_is_noticed_even_with_a_fresh_digest(self, tamper: Callable[[LedgerEntry], LedgerEntry]) -> None:
        changed = tamper(HISTORY[2])
        assert not verify([*HISTORY[:2], changed, *HISTORY[3:]])
        assert not verify([*HISTORY[:2], chained(changed), *HISTORY[3:]])

    def test_another_digest_is_noticed(self) -> None:
        assert not verify([*HISTORY[:-1], replace(HISTORY[-1], digest="0" * 64)])

    @pytest.mark.parametrize(
        "entries",
        [
            HISTORY[1:],
            [*HISTORY[:2], *HISTORY[3:]],
            [HISTORY[0], HISTORY[2], HISTORY[1], *HISTORY[3:]],
            [*HISTORY, HISTORY[-1]],
        ],
        ids=["first lost", "one lost", "two swapped", "last twice"],
    )
    def test_a_lost_moved_or_repeated_entry_is_noticed(self, entries: Sequence[LedgerEntry]) -> None:
        assert not verify(entries)

    def test_another_tenants_chain_is_another_chain(self) -> None:
        assert chained(replace(HISTORY[0], tenant="u")).digest != HISTORY[0].digest

    def test_the_digest_does_not_depend_on_the_time_zone(self) -> None:
        elsewhere = replace(HISTORY[0], at=HISTORY[0].at.astimezone(timezone(timedelta(hours=5))))
        assert chained(elsewhere).digest == HISTORY[0].digest

    def test_the_form_that_is_hashed_is_persisted(self) -> None:
        """Golden: what version 0.1 wrote. A change here breaks every ledger that exists."""
        assert [line.digest[:16] for line in HISTORY] == GOLDEN


GOLDEN = [
    "f8c153a15e8b379b",
    "6297b92ceb8995a9",
    "2afe8cbda43a98d3",
    "066708c7fa13e3c4",
    "b76e7ba2956a3106",
    "e3d8a3f2341a470e",
]


class TestReplay:
    def test_a_history_adds_up_to_its_accounts(self) -> None:
        accounts = replay(HISTORY)
        assert accounts == {
            TENANT: Account(scope=TENANT, terms=Terms(), spent=PRICE, n_entries=5),
            P: Account(scope=P, terms=TERMS, spent=PRICE, n_entries=5),
        }

    @given(prices=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 4), st.booleans()), max_size=12))
    def test_what_was_checked_never_overspends_any_scope(self, prices: list[tuple[int, int, bool]]) -> None:
        accounts = {
            TENANT: Account(scope=TENANT, terms=Terms(cap=Amount(900, 9))),
            P: Account(scope=P, terms=TERMS),
            TRIAL: Account(scope=TRIAL, terms=Terms(cap=Amount(700, 7))),
        }
        for epsilon, delta, in_project in prices:
            line = entry(EntryKind.HOLD, "j", charge(epsilon, delta), scope=TRIAL if in_project else P)
            try:
                for scope in line.scope.path:
                    accounts[scope].check(line.charge)
            except BudgetExceeded:
                continue
            accounts = {scope: account.after(line) for scope, account in accounts.items()}
        for account in accounts.values():
            assert (account.held + account.spent).dp.fits(account.cap)
        assert accounts[TRIAL].held.dp.fits(accounts[P].held.dp)
        assert accounts[P].held == accounts[TENANT].held
