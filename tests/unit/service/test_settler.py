"""What dead and cancelled jobs left open is closed: released if no number was made, else spent in full."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from privacy.amount import Amount, Charge
from privacy.ledger import EntryKind, Scope
from service.context import TenantId
from service.jobs import Job, JobError, StepRecord
from service.ports import Ports
from service.settler import settle, settling
from service.store.engine import open_engine
from service.store.keys import FileKeys
from service.store.sql import SqlDatabase
from service.store.vault import open_vault
from tests.tables import ports_of, with_tables
from understudy.messages import JobState

OURS = TenantId("ours")
NOW = datetime(2026, 3, 1, tzinfo=UTC)
P = Scope("p")
PRICE = Charge(Amount.price(1.0, 1e-6))


@dataclass
class FakeEngine:
    """Has given up the jobs that it was told to."""

    lost: set[str] = field(default_factory=set)

    def given_up(self, job_id: str) -> bool:
        return job_id in self.lost


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[Ports]:
    engine = open_engine(f"sqlite:///{tmp_path / 'state.sqlite3'}")
    database = SqlDatabase(with_tables(engine))
    yield ports_of(database, tmp_path, keys=FileKeys(open_vault(tmp_path / "keys", os.urandom)))
    engine.dispose()


def job(job_id: str, **more: object) -> Job:
    fields: dict[str, object] = {
        "id": job_id,
        "tenant": OURS,
        "dataset_id": "ds",
        "population": "p",
        "engine": "marginal",
        "epsilon": 1.0,
        "delta": 1e-6,
        "n_rows": None,
        "audit_share": 0.1,
        "fingerprint": job_id,
        "plan": {},
        "created_at": NOW,
    }
    return Job(**(fields | more))  # type: ignore[arg-type]


def held(ports: Ports, *jobs: Job, spend: bool = False, stored: bool = True) -> None:
    with ports.database.begin() as tx:
        stores = tx.for_tenant(OURS)
        stores.ledger.open(P, at=NOW)
        for known in jobs:
            stores.ledger.hold(P, known.id, PRICE, events="[]", at=NOW)
            if spend:
                stores.ledger.spend(known.id, at=NOW)
            if stored:
                stores.jobs.add(known)


def kinds(ports: Ports, job_id: str) -> list[EntryKind]:
    with ports.database.read() as tx:
        return [entry.kind for entry in tx.for_tenant(OURS).ledger.entries() if entry.job_id == job_id]


def state(ports: Ports, job_id: str) -> JobState:
    with ports.database.read() as tx:
        return tx.for_tenant(OURS).jobs.get(job_id).state


def test_a_job_that_was_given_up_before_its_spend_is_released(ports: Ports) -> None:
    held(ports, job("lost"), job("running"))
    engine = FakeEngine({"lost"})
    assert settle(ports, engine) == 1
    assert kinds(ports, "lost") == [EntryKind.HOLD, EntryKind.RELEASE]
    assert kinds(ports, "running") == [EntryKind.HOLD]
    assert (state(ports, "lost"), state(ports, "running")) == (JobState.FAILED, JobState.QUEUED)
    assert settle(ports, engine) == 0


def test_a_job_that_was_given_up_after_its_spend_stays_spent(ports: Ports) -> None:
    held(ports, job("lost"), spend=True)
    assert settle(ports, FakeEngine({"lost"})) == 1
    assert kinds(ports, "lost") == [EntryKind.HOLD, EntryKind.SPEND]
    assert state(ports, "lost") is JobState.FAILED


FIT = StepRecord(name="fit", seconds=1.0)
SCRUB = StepRecord(name="scrub", seconds=1.0)


@pytest.mark.parametrize(
    ("ended", "closed"),
    [
        (job("j", steps=(SCRUB,)).failed(JobError(code="failed", message="m")), EntryKind.RELEASE),
        (job("j", steps=(SCRUB, FIT)).failed(JobError(code="failed", message="m")), EntryKind.SPEND),
        (job("j").done("bundle"), EntryKind.SPEND),
    ],
    ids=["nothing made", "a fit recorded", "done"],
)
def test_a_hold_whose_job_has_ended_is_closed(ports: Ports, ended: Job, closed: EntryKind) -> None:
    """No path of the service leaves such a hold; if one ever does, it is closed on the safe side."""
    held(ports, ended)
    assert settle(ports, FakeEngine()) == 1
    assert kinds(ports, "j") == [EntryKind.HOLD, closed]
    assert settle(ports, FakeEngine()) == 0


def test_a_hold_of_a_job_that_nobody_knows_is_spent(ports: Ports) -> None:
    held(ports, job("ghost"), stored=False)
    assert settle(ports, FakeEngine()) == 1
    assert kinds(ports, "ghost") == [EntryKind.HOLD, EntryKind.SPEND]


def test_it_settles_at_once_and_again_and_outlives_a_failure(ports: Ports) -> None:
    held(ports, job("first"), job("second"))
    engine = FakeEngine({"first"})
    with settling(ports, engine, every_s=0.01):
        assert state(ports, "first") is JobState.FAILED
        engine.lost = None  # type: ignore[assignment]
        time.sleep(0.05)
        engine.lost = {"second"}
        deadline = time.monotonic() + 5
        while state(ports, "second") is not JobState.FAILED:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    assert kinds(ports, "second") == [EntryKind.HOLD, EntryKind.RELEASE]
