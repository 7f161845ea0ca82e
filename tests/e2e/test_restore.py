"""The restore drill: a backup is put up in another place and works; without the root key it says so.

A backup is four things: the database, the blobs with their data keys, the folder of sealed secrets with the root key,
and the anchor. Bundles, tables, the ledger, the audit log, pseudonyms and the signature must be what they were.
"""

from __future__ import annotations

import io
import os
import shutil
import sqlite3
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from privacy.ledger import Scope
from service.bundle import write_bundle
from service.commands import jobs as job_commands
from service.commands.anchors import check_anchors
from service.commands.datasets import local_copy
from service.commands.datasets import ready as ready_dataset
from service.commands.releases import signing_key
from service.commands.tenants import identify, open_tenant
from service.context import Principal, RequestContext, TenantId
from service.jobs import Job
from service.manifest import verify
from service.ports import Dataset, Ports, keep
from service.settings import Settings
from service.storage_cli import rotate
from service.store.anchor import FileAnchor
from service.store.clock import SystemClock
from service.store.engine import open_engine
from service.store.keys import FileKeys
from service.store.migration import upgrade
from service.store.opening import open_blobs, open_vault_of
from service.store.roots import parse_roots
from service.store.sql import SqlDatabase
from service.store.vault import ROOT_FILE
from tests.tables import ports_of
from understudy.errors import Failed
from understudy.messages import DatasetState, TableFormat

CLINIC = TenantId("clinic")
CALLER = RequestContext(principal=Principal(tenant=CLINIC, key_id="k"), request_id="r")
ROWS = b"id,age\n4711,40\n"


@contextmanager
def open_house(home: Path) -> Iterator[Ports]:
    settings = Settings.from_environment({"UNDERSTUDY_HOME": str(home)})
    vault = open_vault_of(settings, os.urandom)
    engine = open_engine(settings.url)
    upgrade(engine)
    database = SqlDatabase(engine, FileAnchor(settings.anchor_folder, SystemClock()))
    try:
        yield ports_of(
            database,
            settings.home,
            blobs=open_blobs(settings, vault, os.urandom),
            keys=FileKeys(vault),
            settings=settings,
            scratch=settings.scratch_folder,
        )
    finally:
        engine.dispose()


def fill(ports: Ports) -> str:
    """A tenant with a table, a job that is done, a ledger and an audit log; its API key."""
    key = open_tenant(CLINIC, ports)
    now = ports.clock.now()
    table = Dataset(
        id="ds_1",
        tenant=CLINIC,
        population="ward",
        format=TableFormat.CSV,
        schema={"fields": [{"name": "age", "type": "integer"}]},
        created_at=now,
        state=DatasetState.READY,
        blob="clinic/datasets/ds_1/canonical.parquet",
    )
    with ports.blobs.create("clinic/datasets/ds_1/canonical.parquet") as writer:
        writer.write(ROWS)
    job = Job(
        id="job_1",
        tenant=CLINIC,
        dataset_id="ds_1",
        population="ward",
        engine="marginal",
        epsilon=1.0,
        delta=0.0,
        n_rows=None,
        audit_share=0.1,
        fingerprint="",
        plan={},
        created_at=now,
    )
    with ports.folder("made") as folder:
        (folder / "synthetic.csv").write_bytes(b"age\n41\n")
        made = {"synthetic.csv": folder / "synthetic.csv"}
        write_bundle(folder / "b.zip", made, facts={"job": "job_1"}, seed=ports.keys.signing_seed())
        keep(folder / "b.zip", job.new_key("bundle.zip"), ports)
    with ports.database.begin() as tx:
        stores = tx.for_tenant(CLINIC)
        stores.ledger.open(Scope("ward"), at=now)
        stores.datasets.add(table)
        stores.jobs.add(job)
    with ports.database.begin() as tx:
        mine = tx.for_tenant(CLINIC).jobs
        mine.put(mine.claim("job_1").done(job.new_key("bundle.zip")))
    return key


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def back_up(home: Path, target: Path, *, without: tuple[str, ...] = ()) -> Path:
    """As docs/storage.md says: the database by its own backup, then folders."""
    target.mkdir(mode=0o700)
    with sqlite3.connect(home / "understudy.sqlite3") as source, sqlite3.connect(target / "understudy.sqlite3") as copy:
        source.backup(copy)
    for name in ("blobs", "blob-keys", "keys", "anchor"):
        if name not in without:
            shutil.copytree(home / name, target / name)
    return target


def state(ports: Ports, folder: Path) -> dict[str, object]:
    """Everything that a restore has to bring back."""
    check_anchors(ports)
    with local_copy(ready_dataset(CALLER, "ds_1", ports), ports) as path:
        rows = path.read_bytes()
    file, _ = job_commands.bundle(CALLER, "job_1", ports)
    with file:
        bundle = file.read()
    (folder / "b.zip").write_bytes(bundle)
    with ports.database.read() as tx:
        stores = tx.for_tenant(CLINIC)
        return {
            "rows": rows,
            "bundle": zipfile.ZipFile(io.BytesIO(bundle)).namelist(),
            "signature": verify(folder / "b.zip", signing_key(ports).fingerprint).fingerprint,
            "pseudonyms": ports.keys.population_key(CLINIC, "ward", "surrogates"),
            "ledger": stores.ledger.account(Scope("ward")),
            "audit": stores.audit.check(),
        }


def test_a_backup_put_up_elsewhere_is_the_same_service(home: Path, tmp_path: Path) -> None:
    with open_house(home) as ports:
        key = fill(ports)
        before = state(ports, tmp_path)
    assert before["rows"] == ROWS
    backup = back_up(home, tmp_path / "backup")
    shutil.rmtree(home)
    with open_house(backup) as ports:
        assert state(ports, tmp_path) == before
        assert identify(key, ports).tenant == CLINIC


def test_no_part_of_a_backup_without_the_keys_has_a_row_in_clear(home: Path, tmp_path: Path) -> None:
    with open_house(home) as ports:
        fill(ports)
    backup = back_up(home, tmp_path / "backup", without=("keys",))
    assert not [path for path in backup.rglob("*") if path.is_file() and b"4711" in path.read_bytes()]


LOSSES: dict[str, tuple[Callable[[Path], object], str]] = {
    "the root key": (lambda home: (home / "keys" / ROOT_FILE).unlink(), "root-key-missing"),
    "the right root key": (lambda home: (home / "keys" / ROOT_FILE).write_text("00" * 32), "root-key-wrong"),
    "the data keys": (lambda home: shutil.rmtree(home / "blob-keys"), "blob-key-gone"),
    "the tenant's keys": (lambda home: shutil.rmtree(home / "keys" / CLINIC), "blob-key-gone"),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_what_a_restore_lacks_is_said(home: Path, tmp_path: Path, loss: str) -> None:
    with open_house(home) as ports:
        fill(ports)
    lose, code = LOSSES[loss]
    backup = back_up(home, tmp_path / "backup")
    lose(backup)
    with pytest.raises(Failed) as refused, open_house(backup) as ports:
        state(ports, tmp_path)
    assert refused.value.reason == code
    assert str(tmp_path) not in refused.value.message


def test_a_lost_root_key_stops_the_service_before_it_makes_a_new_one(home: Path) -> None:
    with open_house(home) as ports:
        fill(ports)
    (home / "keys" / ROOT_FILE).unlink()
    with pytest.raises(Failed), open_house(home):
        pass
    assert not (home / "keys" / ROOT_FILE).exists()


def test_after_a_rotation_only_the_new_root_key_opens(home: Path, tmp_path: Path) -> None:
    with open_house(home) as ports:
        fill(ports)
        before = state(ports, tmp_path)
    old = (home / "keys" / ROOT_FILE).read_text()
    blobs = {path: path.read_bytes() for path in (home / "blobs").rglob("*") if path.is_file()}
    assert rotate(Settings.from_environment({"UNDERSTUDY_HOME": str(home)})) == 3  # signing, blobs, populations
    new = (home / "keys" / ROOT_FILE).read_text()
    assert len(parse_roots(new)) == 1
    assert new != old
    assert {path: path.read_bytes() for path in blobs} == blobs
    with open_house(home) as ports:
        assert state(ports, tmp_path) == before
    (home / "keys" / ROOT_FILE).write_text(old)
    with pytest.raises(Failed) as refused, open_house(home) as ports:
        state(ports, tmp_path)
    assert refused.value.reason == "root-key-wrong"
