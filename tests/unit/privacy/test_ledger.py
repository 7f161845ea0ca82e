"""The budget's arithmetic and the chain of its entries, without a database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.amount import Amount
from privacy.ledger import GENESIS, Account, EntryKind, LedgerEntry, chained, replay, verify
from understudy.errors import BudgetExceeded

NOW = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)
PRICE = Amount(300, 3)
NOTHING = Amount()
ACCOUNT = Account(population="p", cap=Amount(1000, 10), held=Amount(200, 2), spent=Amount(300, 3), n_entries=4)


def chain(*steps: tuple[EntryKind, str | None, Amount]) -> list[LedgerEntry]:
    """A well-made history."""
    entries: list[LedgerEntry] = []
    for n, (kind, job_id, amount) in enumerate(steps, start=1):
        entry = LedgerEntry(
            n=n,
            population="p",
            kind=kind,
            job_id=job_id,
            amount=amount,
            events="[]",
            at=NOW + timedelta(seconds=n),
            previous_digest=entries[-1].digest if entries else GENESIS,
            digest="",
        )
        entries.append(chained(entry))
    return entries


HISTORY = chain(
    (EntryKind.GRANT, None, Amount(1000, 10)),
    (EntryKind.HOLD, "j1", PRICE),
    (EntryKind.HOLD, "j2", PRICE),
    (EntryKind.SPEND, "j1", PRICE),
    (EntryKind.RELEASE, "j2", PRICE),
)


class TestAccount:
    def test_what_is_left_is_neither_held_nor_spent(self) -> None:
        assert ACCOUNT.left == Amount(500, 5)

    def test_all_that_is_left_fits(self) -> None:
        ACCOUNT.check(Amount(500, 5))

    @pytest.mark.parametrize("price", [Amount(501, 0), Amount(0, 6)])
    def test_one_unit_more_does_not(self, price: Amount) -> None:
        with pytest.raises(BudgetExceeded) as refused:
            ACCOUNT.check(price)
        assert refused.value.facts == {
            "population": "p",
            "epsilon_requested": price.epsilon_text,
            "epsilon_left": Amount(500, 5).epsilon_text,
            "delta_requested": price.delta_text,
            "delta_left": Amount(500, 5).delta_text,
        }

    def test_a_cap_below_what_is_spent_leaves_nothing(self) -> None:
        lowered = ACCOUNT.after(EntryKind.GRANT, Amount(100, 1))
        with pytest.raises(BudgetExceeded):
            lowered.check(NOTHING)

    @pytest.mark.parametrize(
        ("kind", "cap", "held", "spent"),
        [
            (EntryKind.GRANT, Amount(200, 2), Amount(200, 2), Amount(300, 3)),
            (EntryKind.HOLD, Amount(1000, 10), Amount(400, 4), Amount(300, 3)),
            (EntryKind.SPEND, Amount(1000, 10), NOTHING, Amount(500, 5)),
            (EntryKind.RELEASE, Amount(1000, 10), NOTHING, Amount(300, 3)),
        ],
    )
    def test_each_kind_of_entry_moves_its_amount(
        self, kind: EntryKind, cap: Amount, held: Amount, spent: Amount
    ) -> None:
        expected = Account(population="p", cap=cap, held=held, spent=spent, n_entries=5)
        assert ACCOUNT.after(kind, Amount(200, 2)) == expected


class TestChain:
    def test_an_untouched_history_verifies(self) -> None:
        assert verify(HISTORY)
        assert verify([])

    @pytest.mark.parametrize(
        "tamper",
        [
            lambda entry: replace(entry, amount=Amount(1, 3)),
            lambda entry: replace(entry, amount=Amount(300, 1)),
            lambda entry: replace(entry, kind=EntryKind.GRANT),
            lambda entry: replace(entry, job_id="j9"),
            lambda entry: replace(entry, job_id=None),
            lambda entry: replace(entry, events='[["more",{}]]'),
            lambda entry: replace(entry, at=entry.at + timedelta(microseconds=1)),
            lambda entry: replace(entry, population="q"),
            lambda entry: replace(entry, n=entry.n + 1),
            lambda entry: replace(entry, previous_digest=GENESIS),
        ],
    )
    def test_a_change_is_noticed_even_with_a_fresh_digest(self, tamper: Callable[[LedgerEntry], LedgerEntry]) -> None:
        changed = tamper(HISTORY[2])
        assert not verify([*HISTORY[:2], changed, *HISTORY[3:]])
        assert not verify([*HISTORY[:2], chained(changed), *HISTORY[3:]])

    def test_another_digest_is_noticed(self) -> None:
        assert not verify([*HISTORY[:-1], replace(HISTORY[-1], digest="0" * 64)])

    @pytest.mark.parametrize("k", range(len(HISTORY) - 1))
    def test_a_missing_a_repeated_and_a_swapped_entry_are_noticed(self, k: int) -> None:
        swapped = [*HISTORY[:k], HISTORY[k + 1], HISTORY[k], *HISTORY[k + 2 :]]
        for entries in (HISTORY[:k] + HISTORY[k + 1 :], HISTORY[: k + 1] + HISTORY[k:], swapped):
            assert not verify(entries)

    def test_an_end_cut_off_shows_in_the_last_digest_only(self) -> None:
        assert verify(HISTORY[:3])
        assert HISTORY[2].digest != HISTORY[-1].digest

    def test_the_digest_does_not_depend_on_the_time_zone(self) -> None:
        elsewhere = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
        assert chained(replace(HISTORY[0], at=NOW)).digest == chained(replace(HISTORY[0], at=elsewhere)).digest

    def test_the_form_under_the_digest_never_changes(self) -> None:
        """Recorded once: ledgers in the field hold such digests."""
        first = LedgerEntry(
            n=1,
            population="Station 4, Süd",
            kind=EntryKind.HOLD,
            job_id="j1",
            amount=Amount(10**9, 10**12),
            events='[["counts",{"stddev":1.5}]]',
            at=NOW,
            previous_digest=GENESIS,
            digest="",
        )
        assert chained(first).digest == "1e6d218df6bd48db3067eb4a0dad36a4dbe767991377f4b5584a1bfb7cd29781"


class TestReplay:
    def test_entries_add_up_to_the_account(self) -> None:
        expected = Account(population="p", cap=Amount(1000, 10), held=NOTHING, spent=PRICE, n_entries=5)
        assert replay("p", HISTORY) == expected

    def test_no_entries_are_an_empty_account(self) -> None:
        assert replay("p", []) == Account(population="p", cap=NOTHING, held=NOTHING, spent=NOTHING)

    @given(st.lists(st.integers(0, 5), max_size=12), st.randoms(use_true_random=False))
    def test_any_order_of_ends_gives_the_same_sums(self, prices: list[int], random: object) -> None:
        holds = [(EntryKind.HOLD, f"j{k}", Amount(price, price)) for k, price in enumerate(prices)]
        ends = [
            (EntryKind.SPEND if k % 2 else EntryKind.RELEASE, job_id, amount)
            for k, (_, job_id, amount) in enumerate(holds)
        ]
        shuffled = list(ends)
        random.shuffle(shuffled)  # type: ignore[attr-defined]
        accounts = [replay("p", chain(*_steps(holds, order))) for order in (ends, shuffled)]
        assert accounts[0] == accounts[1]
        assert accounts[0].held == NOTHING
        assert accounts[0].spent.epsilon_nano == sum(prices[1::2])


def _steps(*parts: Sequence[tuple[EntryKind, str, Amount]]) -> list[tuple[EntryKind, str | None, Amount]]:
    return [step for part in parts for step in part]
