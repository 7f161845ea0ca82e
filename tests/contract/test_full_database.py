"""A database without room says so, loses nothing, and works again once there is some.

SQLite is really full. Postgres is not: a disk of its own takes a superuser of the machine. A trigger on every table
raises what the server raises then, SQLSTATE 53100, for a row that would need more pages, so that all from the server
outwards is real: its transaction is rolled back, the driver decodes the error, SQLAlchemy wraps it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from dbos._utils import retriable_postgres_exception, retriable_sqlite_exception

from privacy.amount import Amount, Charge
from privacy.ledger import Scope
from service.context import TenantId
from service.execution import Claim, Run, Step, run_step
from service.faults import http_status
from service.ports import Dataset, Ports
from service.store.engine import is_full, passes
from service.store.sql import SqlDatabase
from service.store.tables import JOBS, METADATA
from tests.contract.test_stores import job
from tests.tables import ports_of, with_tables
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


_RAISE = """CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'could not extend file "base/1/2": No space left on device' USING ERRCODE = 'disk_full';
END $$"""


class ServersDisk:
    """The room that a Postgres database has."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine, self._is_full = engine, False
        self._run(_RAISE)
        for table in METADATA.tables:
            self._run(
                f"CREATE TRIGGER room BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW "
                "WHEN (length(NEW::text) > 8000) EXECUTE FUNCTION no_room()"
            )
        self.is_full = False

    @property
    def is_full(self) -> bool:
        return self._is_full

    @is_full.setter
    def is_full(self, value: bool) -> None:
        self._is_full = value
        for table in METADATA.tables:
            self._run(f"ALTER TABLE {table} {'ENABLE' if value else 'DISABLE'} TRIGGER room")

    def _run(self, statement: str) -> None:
        with self._engine.begin() as connection:
            connection.exec_driver_sql(statement)


House = tuple[Ports, Disk | ServersDisk]


@pytest.fixture
def disk(tmp_path: Path, engine: sa.Engine) -> House:
    database = SqlDatabase(with_tables(engine))
    with database.begin() as tx:
        stores = tx.for_tenant(OURS)
        stores.ledger.open(WARD, at=NOW)
        stores.datasets.add(
            Dataset(id="ds", tenant=OURS, population="ward", format=TableFormat.CSV, schema={}, created_at=NOW)
        )
        stores.jobs.add(job("j", dataset_id="ds"))
    ports = ports_of(database, tmp_path)
    return ports, Disk(engine) if engine.dialect.name == "sqlite" else ServersDisk(engine)


def hold(ports: Ports, job_id: str) -> None:
    """A charge with a long list of events, which needs pages."""
    with ports.database.begin() as tx:
        ledger = tx.for_tenant(OURS).ledger
        ledger.hold(WARD, job_id, Charge(Amount.price(0.1, 1e-9)), events="e" * 100_000, at=NOW)


def claimed(ports: Ports) -> Claim:
    with ports.database.begin() as tx:
        attempt = tx.for_tenant(OURS).jobs.claim("j").attempt
    return Claim(tenant=OURS, job_id="j", attempt=attempt, retry_after_s=(0.01,))


def test_a_charge_that_does_not_fit_is_refused_clearly_and_leaves_nothing(
    disk: House,
) -> None:
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


def test_a_job_under_way_waits_for_room_and_goes_on(disk: House) -> None:
    ports, room = disk
    claim = claimed(ports)
    n_runs: list[int] = []

    def act(run: Run) -> dict[str, float]:
        n_runs.append(1)
        room.is_full = len(n_runs) < 3
        with run.attempt() as out:
            for number in range(40):  # their keys fill pages of the job's row
                (out / f"{number}-{'x' * 200}").write_text("made")
            run.publish(out)
        return {}

    assert run_step((Step("fit", act, 99),), "fit", claim, ports) is None
    assert len(n_runs) == 3, "it was tried while there was no room"
    with ports.database.read() as tx:
        found = tx.for_tenant(OURS).jobs.get("j")
    assert (found.state, len(found.files)) == (JobState.DONE, 40)
    assert len(list(ports.blobs.keys(found.prefix))) == 40, "nothing of the earlier tries is left"


def test_a_job_that_has_spent_is_charged_once_however_often_it_waited(disk: House) -> None:
    ports, room = disk
    hold(ports, "j")
    claim = claimed(ports)
    n_runs: list[int] = []

    def act(run: Run) -> dict[str, float]:
        n_runs.append(1)
        room.is_full = len(n_runs) < 3
        with run.ports.database.begin() as tx:
            stores = tx.for_tenant(OURS)
            stores.ledger.spend("j", at=NOW)
            stores.jobs.put(run.job.with_files({f"{number}-{'x' * 200}": "key" for number in range(40)}))
        return {}

    assert run_step((Step("spend", act, 26), Step("last", act, 99)), "spend", claim, ports) is None
    with ports.database.read() as tx:
        ledger = tx.for_tenant(OURS).ledger
        assert [entry.kind.value for entry in ledger.entries() if entry.job_id == "j"] == ["hold", "spend"]
        assert ledger.open_holds() == []
    assert len(n_runs) == 3


def test_the_job_engine_waits_for_room_as_it_does_for_a_lock(disk: House, engine: sa.Engine) -> None:
    """Else it gives the workflow up, and the job stands still until its worker is started again."""
    _, room = disk
    room.is_full = True
    with pytest.raises(sa.exc.DBAPIError) as caught, engine.begin() as connection:
        connection.execute(sa.update(JOBS).where(JOBS.c.tenant == "ours").values(fingerprint="f" * 1_000_000))
    assert is_full(caught.value)
    assert not passes(caught.value)
    assert retriable_sqlite_exception(caught.value) or retriable_postgres_exception(caught.value)
