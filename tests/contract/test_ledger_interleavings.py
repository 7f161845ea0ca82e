"""Whoever comes at once, in whatever order, giving up or not: nothing overspent, no entry lost, on every database."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import uuid
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from privacy.amount import Amount, Charge, Zcdp
from privacy.ledger import TENANT, Account, EntryKind, LedgerStore, Scope, Terms, default_terms, replay, verify
from service.context import TenantId
from service.store.sql import SqlDatabase
from understudy.errors import BudgetExceeded, Conflict, NotFound, UnderstudyError

OURS = TenantId("ours")
NOW = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)
N_PROCESSES, N_THREADS, N_TRIES, N_AFFORDABLE = 8, 4, 8, 50
P = Scope("p")

HOLD_WHAT_FITS = """
import sys
from datetime import UTC, datetime
from privacy.amount import Amount, Charge
from privacy.ledger import Scope
from service.store.engine import open_engine
from service.store.sql import SqlDatabase
from understudy.errors import BudgetExceeded
url, name, n_tries = sys.argv[1], sys.argv[2], int(sys.argv[3])
database, n_granted = SqlDatabase(open_engine(url)), 0
print("ready", flush=True)
sys.stdin.readline()
for number in range(n_tries):
    try:
        with database.begin() as tx:
            ledger, job_id = tx.for_tenant("ours").ledger, f"{name}-{number}"
            charge = Charge(Amount.price(0.1, 1e-9))
            ledger.hold(Scope("p"), job_id, charge, events="[]", at=datetime.now(UTC))
        n_granted += 1
    except BudgetExceeded:
        pass
print(n_granted)
"""


def test_eight_processes_and_four_threads_at_once_get_exactly_what_is_there(url: str, database: SqlDatabase) -> None:
    with database.begin() as tx:
        tx.for_tenant(OURS).ledger.grant(P, Terms(cap=Amount.cap(0.1 * N_AFFORDABLE, 1e-5)), at=NOW)
    command = [sys.executable, "-c", HOLD_WHAT_FITS, url]
    children = [
        subprocess.Popen(
            [*command, f"child{number}", str(N_TRIES)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for number in range(N_PROCESSES)
    ]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    granted: list[str] = []

    def hold_what_fits(name: str) -> None:
        for number in range(N_TRIES):
            with suppress(BudgetExceeded):
                with database.begin() as tx:
                    ledger, job_id = tx.for_tenant(OURS).ledger, f"{name}-{number}"
                    ledger.hold(P, job_id, Charge(Amount.price(0.1, 1e-9)), events="[]", at=NOW)
                granted.append(job_id)

    threads = [threading.Thread(target=hold_what_fits, args=(f"thread{number}",)) for number in range(N_THREADS)]
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    _run_all(threads)
    n_granted = len(granted) + sum(int(child.communicate(timeout=60)[0]) for child in children)
    assert n_granted == N_AFFORDABLE
    with database.read() as tx:
        ledger = tx.for_tenant(OURS).ledger
        assert ledger.account(P).held.dp == Amount(N_AFFORDABLE * 10**8, N_AFFORDABLE * 10**9)
        assert len(ledger.entries()) == 2 + N_AFFORDABLE
        _assert_sound(ledger)


def _assert_sound(ledger: LedgerStore) -> None:
    entries = ledger.entries()
    assert verify(entries)
    assert ledger.head().n == len(entries)
    assert sorted(replay(entries).values(), key=lambda account: account.scope) == list(ledger.accounts())


class _RollBack(Exception):
    """Thrown to end a transaction that a caller gave up."""


def test_threads_that_mix_all_calls_and_give_up_midway_lose_nothing(database: SqlDatabase) -> None:
    """Each of 6 threads runs 25 transactions of up to 3 random calls in a tree of scopes; a quarter roll back."""
    jobs = [f"j{number}" for number in range(40)]
    with database.begin() as tx:
        tx.for_tenant(OURS).ledger.grant(P, Terms(cap=Amount(100, 100)), at=NOW)

    def call(ledger: LedgerStore, rng: random.Random) -> None:
        kind = rng.choices(("open", "grant", "hold", "spend", "release"), (1, 1, 8, 4, 3))[0]
        job_id, scope = rng.choice(jobs), rng.choice(SCOPES[1:])
        units = rng.choice((60, 100)) if kind == "grant" else 1 + int(job_id[1:]) % 9
        with suppress(UnderstudyError):
            _call(ledger, kind, scope, job_id, units)

    def run(seed: int) -> None:
        rng = random.Random(seed)
        for _ in range(25):
            with suppress(_RollBack), database.begin() as tx:
                for _ in range(rng.randint(1, 3)):
                    call(tx.for_tenant(OURS).ledger, rng)
                if rng.random() < 0.25:
                    raise _RollBack

    _run_all([threading.Thread(target=run, args=(seed,)) for seed in range(6)])
    with database.read() as tx:
        ledger = tx.for_tenant(OURS).ledger
        entries = ledger.entries()
        _assert_sound(ledger)
    assert len(entries) > 30
    for end in range(1, len(entries) + 1):
        if entries[end - 1].kind is EntryKind.HOLD:
            then = replay(entries[:end])
            assert all(
                (then[scope].held + then[scope].spent).dp.fits(then[scope].cap) for scope in entries[end - 1].scope.path
            )
    ends = [entry.job_id for entry in entries if entry.kind in (EntryKind.SPEND, EntryKind.RELEASE)]
    assert len(ends) == len(set(ends))


def _run_all(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not any(thread.is_alive() for thread in threads)


SCOPES = (TENANT, P, Scope("p", "trial"), Scope("q"))


@dataclass
class Model:
    """The ledger as some lines of arithmetic, to hold the real one against."""

    caps: dict[Scope, Amount] = field(default_factory=dict)
    holds: dict[str, tuple[Scope, int]] = field(default_factory=dict)
    ended: dict[str, str] = field(default_factory=dict)
    n_entries: dict[Scope, int] = field(default_factory=dict)

    def copy(self) -> Model:
        return Model(dict(self.caps), dict(self.holds), dict(self.ended), dict(self.n_entries))

    def total(self, scope: Scope, *ends: str | None) -> int:
        return sum(
            units
            for job_id, (where, units) in self.holds.items()
            if scope in where.path and self.ended.get(job_id) in ends
        )

    def write(self, *scopes: Scope) -> None:
        for scope in scopes:
            self.n_entries[scope] = self.n_entries.get(scope, 0) + 1

    def apply(self, kind: str, scope: Scope, job_id: str, units: int) -> type[UnderstudyError] | None:
        """The error that the call must raise, or None; the state after it."""
        if kind in ("open", "grant"):
            opened = scope.path if kind == "open" else scope.path[:-1]
            for step in opened:
                if step not in self.caps:
                    self.caps[step] = default_terms(step).cap
                    self.write(step)
            if kind == "grant":
                self.caps[scope] = Amount(units, units)
                self.write(scope)
            return None
        return self.hold(scope, job_id, units) if kind == "hold" else self.end(kind, job_id)

    def hold(self, scope: Scope, job_id: str, units: int) -> type[UnderstudyError] | None:
        if not self.caps:
            return NotFound
        if job_id in self.holds:
            same = self.holds[job_id] == (scope, units) and self.ended.get(job_id) != "release"
            return None if same else Conflict
        if any(step not in self.caps for step in scope.path):
            return NotFound
        used = {step: self.total(step, None, "spend") + units for step in scope.path}
        if any(not Amount(used[step], used[step]).fits(self.caps[step]) for step in scope.path):
            return BudgetExceeded
        self.holds[job_id] = (scope, units)
        self.write(*scope.path)
        return None

    def end(self, kind: str, job_id: str) -> type[UnderstudyError] | None:
        if job_id not in self.holds or (kind == "spend" and self.ended.get(job_id) == "release"):
            return Conflict if kind == "spend" else None
        if job_id not in self.ended:
            self.ended[job_id] = kind
            self.write(*self.holds[job_id][0].path)
        return None

    def account(self, scope: Scope) -> Account:
        held, spent = self.total(scope, None), self.total(scope, "spend")
        terms = Terms(cap=self.caps[scope])
        return Account(
            scope=scope, terms=terms, held=_charge(held), spent=_charge(spent), n_entries=self.n_entries[scope]
        )


CALLS = st.tuples(
    st.sampled_from(("open", "grant", "hold", "hold", "hold", "spend", "spend", "release")),
    st.sampled_from(SCOPES),
    st.sampled_from(("j1", "j2", "j3", "j4")),
    st.integers(0, 6),
)
TRANSACTIONS = st.lists(st.tuples(st.lists(CALLS, min_size=1, max_size=4), st.booleans()), min_size=1, max_size=6)


@settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(transactions=TRANSACTIONS)
def test_any_history_of_commits_and_rollbacks_is_the_models(
    database: SqlDatabase, transactions: list[tuple[list[tuple[str, Scope, str, int]], bool]]
) -> None:
    tenant = TenantId(uuid.uuid4().hex)  # a tenant of its own is a ledger of its own
    model = Model()
    model.apply("grant", P, "", 10)
    with database.begin() as tx:
        tx.for_tenant(tenant).ledger.grant(P, Terms(cap=Amount(10, 10)), at=NOW)
    for calls, commits in transactions:
        after = model.copy()
        with suppress(_RollBack), database.begin() as tx:
            for kind, scope, job_id, units in calls:
                expected = after.apply(kind, scope, job_id, units)
                with _expecting(expected):
                    _call(tx.for_tenant(tenant).ledger, kind, scope, job_id, units)
            if not commits:
                raise _RollBack
        model = after if commits else model
        with database.read() as tx:
            ledger = tx.for_tenant(tenant).ledger
            assert ledger.accounts() == [model.account(scope) for scope in sorted(model.caps)]
            _assert_sound(ledger)


def _expecting(error: type[UnderstudyError] | None) -> AbstractContextManager[object]:
    return nullcontext() if error is None else pytest.raises(error)


def _charge(units: int) -> Charge:
    return Charge(Amount(units, units), Zcdp(units, units))


def _call(ledger: LedgerStore, kind: str, scope: Scope, job_id: str, units: int) -> None:
    if kind == "open":
        ledger.open(scope, at=NOW)
    elif kind == "grant":
        ledger.grant(scope, Terms(cap=Amount(units, units)), at=NOW)
    elif kind == "hold":
        ledger.hold(scope, job_id, _charge(units), events="[]", at=NOW)
    else:
        (ledger.spend if kind == "spend" else ledger.release)(job_id, at=NOW)
