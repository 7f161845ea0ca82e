"""What the doctor says of a house in order, and of each thing that can be wrong with one."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from service import doctor
from service.bootstrap import build
from service.doctor import Finding, Verdict, examine
from service.settings import Settings
from service.store.opening import root_file_of


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home") / "understudy"
    ports, engine, queue = build(Settings(home=home))
    ports.database.close()
    queue.close()
    engine.dispose()
    return home


def root_key_of(home: Path) -> Path:
    file = root_file_of(Settings(home=home))
    assert file is not None
    return file


def findings(settings: Settings) -> dict[str, Finding]:
    return {found.check: found for found in examine(settings)}


def faults(settings: Settings) -> set[str]:
    return {name for name, found in findings(settings).items() if found.verdict is Verdict.FAULT}


@pytest.fixture
def without_a_child(monkeypatch: pytest.MonkeyPatch) -> None:
    """A child process takes a second; one test has a real one."""
    monkeypatch.setattr(doctor, "_child", lambda _ports: doctor._ok("child processes", ""))


def test_a_house_in_order_has_no_fault(house: Path) -> None:
    found = findings(Settings(home=house))
    assert {name for name, one in found.items() if one.verdict is Verdict.FAULT} == set()
    assert found["child processes"].verdict is Verdict.OK
    assert found["blobs"].verdict is Verdict.OK


def test_it_makes_nothing_before_the_first_start(tmp_path: Path) -> None:
    home = tmp_path / "none"
    assert faults(Settings(home=home)) == set()
    assert not home.exists()


@pytest.mark.usefixtures("without_a_child")
@pytest.mark.parametrize(
    ("spoil", "mend", "check"),
    [
        (lambda home: home.chmod(0o755), lambda home: home.chmod(0o700), "home"),
        (
            lambda home: root_key_of(home).chmod(0o644),
            lambda home: root_key_of(home).chmod(0o600),
            "root key",
        ),
    ],
)
def test_what_others_may_read_is_a_fault(
    house: Path, spoil: Callable[[Path], None], mend: Callable[[Path], None], check: str
) -> None:
    spoil(house)
    try:
        assert check in faults(Settings(home=house))
    finally:
        mend(house)
    assert check not in faults(Settings(home=house))


def test_a_database_of_another_release_is_a_fault(house: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{house / 'understudy.sqlite3'}")
    with engine.begin() as connection:
        number = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one()
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    assert faults(Settings(home=house)) == {"tables"}
    with engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{number}'")
    engine.dispose()


def test_a_database_that_is_not_there_is_a_fault_and_its_address_stays_unsaid(house: Path) -> None:
    settings = Settings(home=house, database_url="postgresql+psycopg://u:secret-word@127.0.0.1:9/none")
    found = findings(settings)
    assert found["tables"].verdict is Verdict.FAULT
    assert "secret-word" not in json.dumps([one.detail for one in found.values()])


@pytest.mark.usefixtures("without_a_child")
def test_a_ledger_behind_its_anchor_is_a_fault(house: Path) -> None:
    ports, engine, queue = build(Settings(home=house))
    anchor = ports.database.anchor
    assert anchor is not None
    from privacy.ledger import Head
    from service.context import TenantId

    anchor.write(TenantId("ward"), Head(n=7, digest="d" * 64))
    try:
        assert "ledgers" in faults(Settings(home=house))
    finally:
        anchor.reset(TenantId("ward"), Head(n=0, digest=""))
        ports.database.close()
        queue.close()
        engine.dispose()


@pytest.mark.usefixtures("without_a_child")
def test_a_clock_behind_the_ledger_is_a_fault(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from privacy.amount import Amount
    from privacy.ledger import Scope, Terms
    from service.context import TenantId

    ports, engine, queue = build(Settings(home=house))
    with ports.database.begin() as tx:
        ledger = tx.for_tenant(TenantId("late")).ledger
        ledger.grant(Scope("p"), Terms(cap=Amount.cap(1.0, 1e-6)), at=datetime.now(UTC) + timedelta(days=2))
    ports.database.close()
    queue.close()
    engine.dispose()
    assert "clock" in faults(Settings(home=house))
