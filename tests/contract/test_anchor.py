"""The ends of ledgers outside the database: what is kept, and that a restored copy of a database is refused."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from privacy.amount import Amount, Charge
from privacy.ledger import EntryKind, Head, LedgerStore, Scope
from service.bootstrap import build, running
from service.commands import budgets
from service.commands.anchors import accept_restore, check_anchors
from service.context import Principal, RequestContext, TenantId
from service.ports import Ports
from service.settings import Settings
from service.store.anchor import FileAnchor
from service.store.clock import SystemClock
from service.store.sql import SqlDatabase
from understudy.errors import BudgetExceeded, Conflict, Failed

OURS = TenantId("ours")
NOW = datetime(2026, 3, 1, tzinfo=UTC)
P = Scope("p")
CHARGE = Charge(Amount.price(0.5, 1e-6))
CONTEXT = RequestContext(principal=Principal(tenant=OURS, key_id="k"), request_id="r")


@pytest.fixture
def anchor(tmp_path: Path) -> FileAnchor:
    return FileAnchor(tmp_path / "anchor", SystemClock())


def head(n: int) -> Head:
    return Head(n=n, digest=f"{n:064d}")


class TestFileAnchor:
    def test_the_furthest_end_is_kept_whatever_the_order(self, anchor: FileAnchor) -> None:
        assert anchor.read(OURS) is None
        for n in (1, 3, 2):
            anchor.write(OURS, head(n))
        assert anchor.read(OURS) == head(3)
        assert anchor.tenants() == [OURS]

    def test_half_a_line_of_a_power_cut_is_passed_over(self, anchor: FileAnchor, tmp_path: Path) -> None:
        anchor.write(OURS, head(1))
        with (tmp_path / "anchor" / "ours.anchor").open("a") as file:
            file.write('{"n": 2, "dig')
        assert anchor.read(OURS) == head(1)
        anchor.write(OURS, head(3))
        assert anchor.read(OURS) == head(3)

    def test_lines_are_only_ever_added(self, anchor: FileAnchor, tmp_path: Path) -> None:
        for n in range(1, 200):
            anchor.write(OURS, head(n))
        anchor.reset(OURS, head(5))
        lines = (tmp_path / "anchor" / "ours.anchor").read_text().splitlines()
        assert [json.loads(line)["n"] for line in lines] == [*range(1, 200), 5]
        assert anchor.read(OURS) == head(5)

    def test_a_write_that_fails_is_logged_and_made_up_for(
        self, anchor: FileAnchor, tmp_path: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "anchor" / "ours.anchor").mkdir()
        anchor.write(OURS, head(1))
        (tmp_path / "anchor" / "ours.anchor").rmdir()
        anchor.write(OURS, head(2))
        assert anchor.read(OURS) == head(2)

    def test_a_folder_that_cannot_be_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(Failed) as refused:
            FileAnchor(tmp_path / "file", SystemClock())
        assert refused.value.reason == "anchor-not-writable"


def test_what_is_committed_is_anchored_and_what_is_rolled_back_is_not(
    database: SqlDatabase, anchor: FileAnchor
) -> None:
    database.anchor = anchor
    with database.begin() as tx:
        tx.for_tenant(OURS).ledger.open(P, at=NOW)
        assert anchor.read(OURS) is None
    with pytest.raises(BudgetExceeded), database.begin() as tx:
        _hold_then_too_much(tx.for_tenant(OURS).ledger)
    with database.read() as tx:
        assert anchor.read(OURS) == tx.for_tenant(OURS).ledger.head()
        assert tx.for_tenant(OURS).ledger.head().n == 2


def _hold_then_too_much(ledger: LedgerStore) -> None:
    ledger.hold(P, "j", CHARGE, events="[]", at=NOW)
    ledger.hold(P, "k", Charge(Amount.price(99, 0)), events="[]", at=NOW)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    environ = {"UNDERSTUDY_HOME": str(tmp_path / "home"), "UNDERSTUDY_ANCHOR": str(tmp_path / "other disk")}
    return Settings.from_environment(environ)


def spend(ports: Ports, job_id: str) -> None:
    with ports.database.begin() as tx:
        tx.for_tenant(OURS).ledger.open(P, at=NOW)
        tx.for_tenant(OURS).ledger.hold(P, job_id, CHARGE, events="[]", at=NOW)
        tx.for_tenant(OURS).ledger.spend(job_id, at=NOW)


def spend_with_a_backup_between(settings: Settings) -> None:
    """Two jobs; then the database is as it was after the first."""
    file = settings.home / "understudy.sqlite3"
    backup = settings.home / "backup.sqlite3"
    for job_id in ("j1", "j2"):
        ports, engine, queue = build(settings)
        spend(ports, job_id)
        queue.close()
        engine.dispose()
        if job_id == "j1":
            with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(backup)) as target:
                source.backup(target)
    for suffix in ("-wal", "-shm"):
        Path(f"{file}{suffix}").unlink(missing_ok=True)
    shutil.copy(backup, file)


def test_a_restored_database_is_refused_at_start_until_an_operator_accepts_it(settings: Settings) -> None:
    spend_with_a_backup_between(settings)
    with pytest.raises(Failed) as refused, running(settings, role="serve"):
        pytest.fail("it started")
    assert refused.value.reason == "ledger-behind-anchor"
    assert refused.value.facts == {"tenant": "ours", "entries": "4", "anchored_entries": "6"}

    ports, engine, queue = build(settings)
    try:
        assert not budgets.check(CONTEXT, ports).ok
        assert accept_restore("ours", ports) == 2
        check_anchors(ports)
        found = budgets.check(CONTEXT, ports)
        assert (found.ok, found.anchored_n) == (True, 5)
        with ports.database.read() as tx:
            last = tx.for_tenant(OURS).ledger.entries()[-1]
        assert last.kind is EntryKind.RESTORE
        assert json.loads(last.events)["anchored_n"] == 6
        spend(ports, "j3")
        check_anchors(ports)
        with pytest.raises(Conflict) as nothing:
            accept_restore("ours", ports)
        assert nothing.value.reason == "ledger-not-behind"
    finally:
        queue.close()
        engine.dispose()


def test_a_database_that_went_another_way_is_refused_too(settings: Settings) -> None:
    """As far as the anchor, but with another history: somebody went on from a backup elsewhere."""
    spend_with_a_backup_between(settings)
    apart = Settings.from_environment({"UNDERSTUDY_HOME": str(settings.home)})
    ports, engine, queue = build(apart)
    spend(ports, "j2 again, elsewhere")
    spend(ports, "j3")
    queue.close()
    engine.dispose()
    ports, engine, queue = build(settings)
    try:
        with pytest.raises(Failed) as refused:
            check_anchors(ports)
        assert refused.value.reason == "ledger-behind-anchor"
    finally:
        queue.close()
        engine.dispose()


def test_a_lost_database_is_refused_and_a_lost_anchor_begins_anew(settings: Settings, tmp_path: Path) -> None:
    ports, engine, queue = build(settings)
    spend(ports, "j1")
    shutil.rmtree(tmp_path / "other disk")
    (tmp_path / "other disk").mkdir()
    check_anchors(ports)
    assert ports.database.anchor is not None
    assert ports.database.anchor.read(OURS) == Head(n=4, digest=budgets.check(CONTEXT, ports).head)
    queue.close()
    engine.dispose()
    (settings.home / "understudy.sqlite3").unlink()
    ports, engine, queue = build(settings)
    try:
        with pytest.raises(Failed):
            check_anchors(ports)
    finally:
        queue.close()
        engine.dispose()
