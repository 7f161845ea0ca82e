"""A database without room says so, loses nothing, and works again once there is some."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from privacy.amount import Amount, Charge
from privacy.ledger import Scope
from service.context import TenantId
from service.execution import Claim, Run, Step, run_step
from service.faults import http_status
from service.ports import Dataset, Ports
from service.settings import Settings
from service.store.blobs import LocalBlobs
from service.store.clock import SystemClock
from service.store.engine import open_engine
from service.store.sql import SqlDatabase
from tests.contract.test_stores import job
from understudy.errors import Failed
from understudy.messages import JobState, TableFormat

OURS = TenantId("ours")
NOW = datetime(2026, 3, 1, tzinfo=UTC)
WARD = Scope("ward")


class Disk:
    """The room that a SQLite database has; every connection is told."""

    def __init__(self, engine: sa.Engine) -> None:
        self.is_full = False
        sa.event.listen(engine, "begin", self._tell)

    def _tell(self, connection: sa.Connection) -> None:
        most = 1 if self.is_full else 1 << 30  # SQLite takes fewer than there are as: no more
        connection.connection.dbapi_connection.execute(f"PRAGMA max_page_count={most}")  # type: ignore[union-attr]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[tuple[Ports, Disk]]:
    engine = open_engine(f"sqlite:///{tmp_path / 'state.sqlite3'}")
    database = SqlDatabase(engine)
    database.create_all()
    with database.begin() as tx:
        stores = tx.for_tenant(OURS)
        stores.ledger.open(WARD, at=NOW)
        stores.datasets.add(
            Dataset(id="ds", tenant=OURS, population="ward", format=TableFormat.CSV, schema={}, created_at=NOW)
        )
        stores.jobs.add(job("j", dataset_id="ds"))
    ports = Ports(
        database=database,
        blobs=LocalBlobs(tmp_path / "blobs"),
        queue=None,  # type: ignore[arg-type]
        keys=None,  # type: ignore[arg-type]
        clock=SystemClock(),
        sandbox=None,  # type: ignore[arg-type]
        settings=Settings(home=tmp_path),
        scratch=tmp_path / "scratch",
        entropy=os.urandom,
    )
    yield ports, Disk(engine)
    engine.dispose()


def hold(ports: Ports, job_id: str) -> None:
    """A charge with a long list of events, which needs pages."""
    with ports.database.begin() as tx:
        ledger = tx.for_tenant(OURS).ledger
        ledger.hold(WARD, job_id, Charge(Amount.price(0.1, 1e-9)), events="e" * 100_000, at=NOW)


def test_a_charge_that_does_not_fit_is_refused_clearly_and_leaves_nothing(disk: tuple[Ports, Disk]) -> None:
    ports, room = disk
    room.is_full = True
    with pytest.raises(Failed) as refused:
        hold(ports, "j")
    assert (refused.value.reason, http_status(refused.value)) == ("database-full", 507)
    assert refused.value.__cause__ is None
    room.is_full = False
    with ports.database.read() as tx:
        ledger = tx.for_tenant(OURS).ledger
        assert ledger.open_holds() == []
        assert ledger.head().n == len(ledger.entries())
    hold(ports, "j")
    with ports.database.read() as tx:
        assert [held.job_id for held in tx.for_tenant(OURS).ledger.open_holds()] == ["j"]


def test_a_job_under_way_waits_for_room_and_goes_on(disk: tuple[Ports, Disk]) -> None:
    ports, room = disk
    with ports.database.begin() as tx:
        attempt = tx.for_tenant(OURS).jobs.claim("j").attempt
    claim = Claim(tenant=OURS, job_id="j", attempt=attempt, retry_after_s=(0.01,))
    n_runs: list[int] = []

    def act(run: Run) -> dict[str, float]:
        n_runs.append(1)
        room.is_full = len(n_runs) < 3
        with run.attempt() as out:
            for number in range(100):  # their keys fill pages of the job's row
                (out / f"{number}-{'x' * 200}").write_text("made")
            run.publish(out)
        return {}

    assert run_step((Step("fit", act, 99),), "fit", claim, ports) is None
    assert len(n_runs) == 3, "it was tried while there was no room"
    with ports.database.read() as tx:
        found = tx.for_tenant(OURS).jobs.get("j")
    assert (found.state, len(found.files)) == (JobState.DONE, 100)
    assert len(list(ports.blobs.keys(found.prefix))) == 100, "nothing of the earlier tries is left"
