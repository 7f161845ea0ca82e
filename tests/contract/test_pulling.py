"""Rows from elsewhere: a real Postgres, a real S3 server over a socket, and a whole service that pulls from both.

What is hostile here: queries that write or are two, what the role may not read, wrong passwords, servers that are not
there or go away in the middle, other tenants' connections, objects that are too long or are not there, URLs with
passwords in them.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import grpc
import pytest
import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from service.bootstrap import running
from service.commands.tenants import open_tenant
from service.context import TenantId
from service.inprocess import InProcessTransport
from service.ports import Ports
from service.pulling import postgres, s3
from service.rest.app import create_app
from service.rpc.generated import understudy_pb2 as pb
from service.rpc.generated import understudy_pb2_grpc as pb_grpc
from service.rpc.server import start_server
from service.settings import Settings
from service.store.engine import open_engine
from service.tracing import Otlp
from understudy import endpoints, upload_cli
from understudy.cli import main
from understudy.client import Client
from understudy.errors import Failed, UnderstudyError
from understudy.messages import DatasetCreate, DatasetState, JobState, PullCreate

PASSWORD = "Canary-Password-4711"
KEYS = {"PULL_TEST_ID": "Canary-Access-4711", "PULL_TEST_SECRET": "Canary-Secret-4711"}
SCHEMA: dict[str, Any] = {
    "fields": [
        {"name": "id", "type": "integer", "understudy:kind": "identifier"},
        {"name": "age", "type": "integer", "constraints": {"minimum": 0, "maximum": 120}},
        {"name": "note", "type": "string", "constraints": {"enum": ['a,"b"', "plain"]}},
        {"name": "seen", "type": "datetime"},
        {"name": "alive", "type": "boolean"},
    ],
    "understudy:population": "ward",
    "understudy:privacyUnit": {"column": "id", "maxRows": 2},
}
ROWS = b'id,age,note,seen,alive\n1,40,"a,""b""",2026-01-02 03:04:05,true\n2,,plain,,false\n'


@pytest.fixture(scope="module")
def admin(new_postgres_url: Callable[[], str]) -> Iterator[sa.Engine]:
    """The owner of a database that is not ours, with a role that may read one table of it."""
    engine = open_engine(new_postgres_url())
    with engine.begin() as db:
        hba = Path(str(db.exec_driver_sql("SHOW hba_file").scalar()))
        hba.write_text("local all reader scram-sha-256\n" + hba.read_text())
        for statement in (
            "CREATE TABLE visits (id int, age int, note text, seen timestamptz, alive boolean)",
            "INSERT INTO visits VALUES (1, 40, 'a,\"b\"', '2026-01-02 04:04:05+01', true)",
            "INSERT INTO visits VALUES (2, NULL, 'plain', NULL, false)",
            "CREATE TABLE secret AS SELECT 'Canary-Row-4711' AS word",
            'CREATE TABLE "odd""; name" AS SELECT 7 AS x',
            "CREATE FUNCTION wipe() RETURNS int LANGUAGE sql AS 'DELETE FROM visits RETURNING 1'",
            f"CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}'",
            'GRANT SELECT ON visits, "odd""; name" TO reader',
            "GRANT DELETE ON visits TO reader",
            f"GRANT USAGE, CREATE ON SCHEMA {schema_of(engine)} TO reader",
            f"ALTER ROLE reader SET search_path = {schema_of(engine)}",
            "SELECT pg_reload_conf()",
        ):
            db.exec_driver_sql(statement)
    yield engine
    with engine.begin() as db:
        db.exec_driver_sql("DROP OWNED BY reader")
        db.exec_driver_sql("DROP ROLE reader")
    engine.dispose()


def schema_of(engine: sa.Engine) -> str:
    return str(engine.url.query["options"]).partition("=")[2]


@pytest.fixture(scope="module")
def source(admin: sa.Engine) -> postgres.Source:
    host = str(admin.url.query["host"])
    return postgres.Source(
        host=host,
        port=5432,
        database=str(admin.url.database),
        user="reader",
        password=PASSWORD,
        tls="disable",
        ca="",
        statement_timeout_s=20,
        max_rows=1000,
    )


def csv_of(source: postgres.Source) -> bytes:
    return b"".join(part for part, _ in postgres.rows_as_csv(source))


class TestPostgres:
    def test_a_table_and_a_query_give_the_same(self, source: postgres.Source) -> None:
        wanted = b'id,age,note,seen,alive\r\n1,40,"a,""b""","2026-01-02 03:04:05",true\r\n2,,plain,,false\r\n'
        assert csv_of(replace(source, table="visits")) == wanted
        assert csv_of(replace(source, query="SELECT * FROM visits ORDER BY id")) == wanted
        assert csv_of(replace(source, query="SELECT id FROM visits WHERE id = 9")) == b"id\r\n"

    def test_parts_are_bounded_and_everything_comes(self, source: postgres.Source) -> None:
        query = "SELECT g, repeat('x', 100000) AS wide FROM generate_series(1, 300) g"
        parts = list(postgres.rows_as_csv(replace(source, query=query)))
        assert sum(n for _, n in parts) == 300
        assert max(len(part) for part, _ in parts) < 4 * postgres.PART_BYTES
        assert len(parts) > 4

    @pytest.mark.parametrize(
        ("query", "code"),
        [
            ("DELETE FROM visits", "query-refused"),
            ("SELECT id FROM visits; DELETE FROM visits", "query-refused"),
            ("SELECT 1; SELECT 2", "query-refused"),
            ("SELECT 1; COMMIT; DELETE FROM visits", "query-refused"),
            ("WITH gone AS (DELETE FROM visits RETURNING id) SELECT * FROM gone", "query-refused"),
            ("SELECT * INTO copied FROM visits", "query-refused"),
            ("SELECT id FROM visits FOR UPDATE", "query-refused"),
            ("COPY visits TO PROGRAM 'true'", "query-refused"),
            ("SET transaction_read_only = off", "query-refused"),
            ("SELECT wipe()", "query-refused"),
            ("SELECT set_config('transaction_read_only', 'off', false)", "query-refused"),
            ("this is no SQL", "query-refused"),
            ("SELECT * FROM nowhere", "source-not-found"),
            ("SELECT nothing FROM visits", "source-not-found"),
            ("SELECT * FROM secret", "source-denied"),
            ("SELECT 1 / (age - 40) FROM visits", "query-failed"),
            ("SELECT note::int FROM visits", "query-failed"),
            ("SELECT g FROM generate_series(1, 2000) g", "too-many-rows"),
        ],
    )
    def test_what_is_refused(self, source: postgres.Source, admin: sa.Engine, query: str, code: str) -> None:
        with pytest.raises(UnderstudyError) as caught:
            csv_of(replace(source, query=query))
        assert caught.value.reason == code
        assert "plain" not in str(caught.value)  # a cell that the database's own words quote
        with admin.connect() as db:
            assert db.exec_driver_sql("SELECT count(*) FROM visits").scalar() == 2

    def test_names_are_quoted(self, source: postgres.Source) -> None:
        assert csv_of(replace(source, table='odd"; name')) == b"x\r\n7\r\n"
        for table, code in (("visits; DROP TABLE visits", "source-not-found"), ("a.b.c", "source-invalid")):
            with pytest.raises(UnderstudyError) as caught:
                csv_of(replace(source, table=table))
            assert caught.value.reason == code

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"password": "wrong"}, "source-denied"),
            ({"host": "/nowhere"}, "source-unreachable"),
            ({"host": "127.0.0.1", "port": 9}, "source-unreachable"),
            ({"database": "none"}, "source-unreachable"),
            ({"query": "SELECT pg_sleep(9)", "statement_timeout_s": 1}, "source-timed-out"),
        ],
    )
    def test_what_fails(self, source: postgres.Source, change: dict[str, Any], code: str) -> None:
        with pytest.raises(UnderstudyError) as caught:
            csv_of(replace(source, **({"table": "visits"} if "query" not in change else {}), **change))
        assert caught.value.reason == code
        assert PASSWORD not in str(caught.value)
        assert PASSWORD not in repr(source)

    def test_a_connection_that_is_cut_in_the_middle(self, source: postgres.Source, admin: sa.Engine) -> None:
        query = "SELECT repeat('x', 10000) FROM generate_series(1, 900000) g"
        parts = postgres.rows_as_csv(replace(source, query=query, max_rows=10**6))
        next(parts)
        next(parts)
        cut(admin)
        with pytest.raises(Failed) as caught:
            list(parts)
        assert caught.value.reason == "source-lost"


class TlsServer:
    """The first words of a Postgres that speaks TLS, or says that it does not: enough to see whom a client trusts."""

    def __init__(self, folder: Path, *, speaks: bool) -> None:
        self.folder, self.speaks = folder, speaks
        self.heard = b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                plain, _ = self.listener.accept()
                with contextlib.suppress(OSError), plain:
                    plain.recv(8)
                    plain.sendall(b"S" if self.speaks else b"N")
                    self._refuse(plain)

    def _refuse(self, plain: socket.socket) -> None:
        if not self.speaks:
            self.heard += plain.recv(1000)
            return
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "server.pem")
        with context.wrap_socket(plain, server_side=True) as secured:
            self.heard += secured.recv(1000)
            fields = b"SFATAL\0C28P01\0Mpassword authentication failed\0\0"
            secured.sendall(b"E" + (len(fields) + 4).to_bytes(4, "big") + fields)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority of our own, ca.pem, and one that signed nothing, other.pem; a server called localhost."""
    folder = tmp_path_factory.mktemp("certificates")
    ours, other, server = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
    for name, key in (("ca", ours), ("other", other)):
        (folder / f"{name}.pem").write_bytes(certificate(name, key, key, "ca"))
    secret = server.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "server.pem").write_bytes(secret + certificate("localhost", server, ours, "ca"))
    return folder


def certificate(name: str, key: Any, signer: Any, issuer: str) -> bytes:
    def called(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    names = x509.SubjectAlternativeName([x509.DNSName(name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(called(name))
        .issuer_name(called(issuer if name != "other" else name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
        .add_extension(x509.BasicConstraints(ca=key is signer, path_length=None), critical=True)
        .add_extension(names, critical=False)
        .sign(signer, hashes.SHA256())
    )
    return made.public_bytes(Encoding.PEM)


class TestTls:
    @pytest.mark.parametrize(
        ("tls", "ca", "host", "is_trusted"),
        [
            ("verify-full", "ca", "localhost", True),
            ("verify-full", "ca", "127.0.0.1", False),
            ("verify-full", "other", "localhost", False),
            ("verify-full", "", "localhost", False),
            ("verify-ca", "ca", "127.0.0.1", True),
            ("verify-ca", "other", "localhost", False),
            ("require", "", "127.0.0.1", True),
        ],
    )
    def test_whom_it_trusts(
        self, source: postgres.Source, certificates: Path, tls: str, ca: str, host: str, is_trusted: bool
    ) -> None:
        server = TlsServer(certificates, speaks=True)
        path = str(certificates / f"{ca}.pem") if ca else ""
        with pytest.raises(UnderstudyError) as caught:
            csv_of(replace(source, host=host, port=server.port, tls=tls, ca=path, table="visits"))
        server.listener.close()
        assert caught.value.reason == ("source-denied" if is_trusted else "source-unreachable")
        assert (b"reader" in server.heard) == is_trusted

    @pytest.mark.parametrize("tls", ["verify-full", "require"])
    def test_a_server_without_tls_hears_nothing(self, source: postgres.Source, certificates: Path, tls: str) -> None:
        server = TlsServer(certificates, speaks=False)
        ca = str(certificates / "ca.pem")
        with pytest.raises(UnderstudyError) as caught:
            csv_of(replace(source, host="localhost", port=server.port, tls=tls, ca=ca, table="visits"))
        server.listener.close()
        assert (caught.value.reason, server.heard) == ("source-unreachable", b"")


def cut(admin: sa.Engine) -> int:
    """End what the reader has open; how many there were."""
    with admin.begin() as db:
        statement = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'reader'"
        return len(db.exec_driver_sql(statement).all())


@pytest.fixture(scope="module")
def bucket(new_bucket: Callable[[], str]) -> s3.Source:
    """A bucket with one object."""
    from pyarrow import fs

    address, _, query = new_bucket().partition("?")
    given = dict(pair.split("=") for pair in query.split("&"))
    name = address.removeprefix("s3://").partition("/")[0]
    with fs.S3FileSystem(**given).open_output_stream(f"{name}/exports/visits.csv") as file:
        file.write(ROWS)
    return s3.Source(
        bucket=name,
        key="exports/visits.csv",
        region="us-east-1",
        endpoint=given["endpoint_override"],
        scheme="http",
        access_key=KEYS["PULL_TEST_ID"],
        secret_key=KEYS["PULL_TEST_SECRET"],
        anonymous=False,
        max_bytes=len(ROWS),
    )


class TestS3:
    def test_an_object(self, bucket: s3.Source) -> None:
        found = s3.opened(bucket)
        assert (found.size_bytes, b"".join(found.parts)) == (len(ROWS), ROWS)
        assert len(found.etag) >= 32

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"key": "exports/none.csv"}, "source-not-found"),
            ({"key": "exports"}, "source-not-found"),
            ({"bucket": "no-such-bucket"}, "source-not-found"),
            ({"max_bytes": len(ROWS) - 1}, "too-large"),
            ({"endpoint": "127.0.0.1:9"}, "source-unreachable"),
        ],
    )
    def test_what_fails(self, bucket: s3.Source, change: dict[str, Any], code: str) -> None:
        with pytest.raises(UnderstudyError) as caught:
            s3.opened(replace(bucket, **change))
        assert caught.value.reason == code
        assert KEYS["PULL_TEST_SECRET"] not in str(caught.value) + repr(bucket)


class Collector(BaseHTTPRequestHandler):
    """A stub of a collector of traces."""

    got: list[bytes]

    def do_POST(self) -> None:
        self.got.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


@dataclass(frozen=True)
class Place:
    """A running service with connections, two tenants, and both doors."""

    ports: Ports
    client: Client
    bank: Client
    channel: grpc.Channel
    key: str
    traced: list[bytes]

    def files(self) -> list[Path]:
        """Everything that holds rows."""
        home = self.ports.settings.home
        found = [path for folder in ("blobs", "scratch") for path in (home / folder).rglob("*")]
        return [path for path in found if not path.is_dir()]


@pytest.fixture(scope="module")
def place(source: postgres.Source, bucket: s3.Source, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    home = tmp_path_factory.mktemp("home")
    (home / "password").write_text(PASSWORD + "\n")
    where = {"kind": "postgresql", "host": source.host, "database": source.database, "user": "reader"}
    lab = {"kind": "s3", "bucket": bucket.bucket, "endpoint": bucket.endpoint, "scheme": "http", "region": "us-east-1"}
    secrets = {"access_key": {"env": "PULL_TEST_ID"}, "secret_key": {"env": "PULL_TEST_SECRET"}}
    declared = {
        "ehr": where | {"tenants": ["clinic"], "password": {"file": str(home / "password")}, "max_rows": 10**8},
        "tiny": where | {"tenants": ["clinic"], "password": {"file": str(home / "password")}, "max_bytes": 10},
        "lost": where | {"tenants": ["clinic"], "password": {"env": "NOT_SET"}},
        "lab": lab | secrets | {"tenants": ["*"], "prefix": "exports/"},
    }
    (home / "connections.json").write_text(json.dumps(declared))
    collector, traced = HTTPServer(("127.0.0.1", 0), Collector), []
    collector.RequestHandlerClass.got = traced  # type: ignore[attr-defined]
    threading.Thread(target=collector.serve_forever, args=(0.02,), daemon=True).start()
    settings = {
        "UNDERSTUDY_HOME": str(home),
        "UNDERSTUDY_CONNECTIONS": str(home / "connections.json"),
        "UNDERSTUDY_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.server_port}",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in KEYS.items():
            patch.setenv(name, value)
        with running(Settings.from_environment(settings), role="serve") as ports:
            keys = [open_tenant(name, ports) for name in ("clinic", "bank")]
            server = start_server(ports, "127.0.0.1:0")
            transport = InProcessTransport(create_app(ports))
            with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
                clients = [Client(api_key=key, transport=transport) for key in keys]
                yield Place(
                    ports=ports, client=clients[0], bank=clients[1], channel=channel, key=keys[0], traced=traced
                )
            server.stop(0.0)
    collector.shutdown()
    collector.server_close()


def declared(client: Client) -> str:
    return client.call(endpoints.create_dataset(DatasetCreate(table_schema=SCHEMA))).id


def asked(client: Client, source: str, dataset: str = "", **more: str) -> Any:
    """The job of a pull, into a new table if none is named."""
    dataset = dataset or declared(client)
    return client.call(endpoints.create_pull(PullCreate(dataset_id=dataset, source=source, **more)))


def code_of(client: Client, source: str, dataset: str = "", **more: str) -> str:
    """With which code it is refused at once."""
    with pytest.raises(UnderstudyError) as caught:
        asked(client, source, dataset, **more)
    assert "hunter2" not in f"{caught.value} {caught.value.facts}"
    return caught.value.reason


def ended(client: Client, job_id: str) -> Any:
    for _ in range(100):
        job = client.job(job_id, wait_s=2.0)
        if job.state.is_final:
            return job
    raise AssertionError("it does not end")


class TestService:
    def test_a_query_becomes_a_table(self, place: Place) -> None:
        stages: list[str] = []
        done = place.client.pull(
            "postgresql://ehr",
            SCHEMA,
            query="SELECT * FROM visits WHERE note <> 'Canary-Question-4711' ORDER BY id",
            on_progress=lambda stage, _percent: stages.append(stage),
        )
        assert (done.state, done.source, done.format) == (DatasetState.READY, "postgresql:ehr", "csv")
        assert len(done.sha256) == 64
        with place.ports.database.read() as tx:
            stores = tx.for_tenant(TenantId("clinic"))
            job = stores.jobs.all()[-1]
            events = [entry.event for entry in stores.audit.entries()]
            dataset = stores.datasets.get(done.id)
        who = f"key:{place.client.api_keys()[0].id}"
        told = {(one.action, one.entity, one.outcome, one.actor) for one in events}
        assert {("create_pull", job.id, "success", who), ("dataset.pulled", "ehr", "success", who)} <= told
        left = place.ports.blobs.keys(f"clinic/jobs/{job.id}")
        assert list(left) == [], "neither the query nor the raw bytes stay"
        with place.ports.blobs.local(dataset.blob or "") as rows:
            import pyarrow.parquet as pq

            assert pq.read_table(rows).column("alive").to_pylist() == [True, False]

    def test_an_object_over_grpc(self, place: Place, bucket: s3.Source) -> None:
        dataset = declared(place.client)
        request = pb.PullCreate(dataset_id=dataset, source="s3://lab/visits.csv")
        sent = (("authorization", f"Bearer {place.key}"), ("idempotency-key", "once"))
        job, again = (pb_grpc.DatasetsStub(place.channel).Pull(request, metadata=sent) for _ in range(2))
        assert job.id == again.id
        assert ended(place.client, job.id).error is None
        found = place.client.call(endpoints.get_dataset(dataset))
        assert (found.state, found.source, found.size_bytes) == (DatasetState.READY, "s3:lab", len(ROWS))
        assert found.source_version == s3.opened(bucket).etag

    def test_rows_that_are_not_as_the_schema_says(self, place: Place) -> None:
        job = asked(place.client, "postgresql://ehr", query="SELECT id, 999 AS age, note, seen, alive FROM visits")
        error = ended(place.client, job.id).error
        assert (error.code, error.where[0].line, error.where[0].column) == ("value-above-maximum", 2, "age")
        assert place.client.call(endpoints.get_dataset(job.dataset_id)).state is DatasetState.EMPTY
        assert not any(job.id in str(path) or job.dataset_id in str(path) for path in place.files())

    def test_cut_in_the_middle_nothing_is_left_and_it_can_be_asked_again(self, place: Place, admin: sa.Engine) -> None:
        before = set(place.files())
        endless = "SELECT generate_series(1, 100000000) AS id, 1 AS age, repeat('x', 999) AS note"
        job = asked(place.client, "postgresql://ehr", query=endless)
        while not cut(admin):
            assert not place.client.job(job.id).state.is_final, place.client.job(job.id).error
            time.sleep(0.05)
        job = ended(place.client, job.id)
        assert (job.error.code, job.state) in [
            ("source-lost", JobState.FAILED),
            ("source-unreachable", JobState.FAILED),
        ]
        assert set(place.files()) == before
        again = place.client.call(
            endpoints.create_pull(PullCreate(dataset_id=job.dataset_id, source="postgresql://ehr", query=endless))
        )
        assert place.client.job(again.id).state is not JobState.DONE
        with pytest.raises(UnderstudyError) as caught:  # nor does a second one, or an upload, go into the same table
            place.client.call(
                endpoints.create_pull(PullCreate(dataset_id=job.dataset_id, source="s3://lab/visits.csv"))
            )
        assert caught.value.reason == "dataset-in-use"
        assert place.client.cancel(again.id).state is JobState.CANCELLED
        until = time.monotonic() + 5
        while set(place.files()) != before and time.monotonic() < until:
            time.sleep(0.05)
        assert set(place.files()) == before

    def test_what_the_job_finds(self, place: Place) -> None:
        for source, more, code in (
            ("postgresql://ehr", {"table": "secret"}, "source-denied"),
            ("postgresql://tiny", {"table": "visits"}, "too-large"),
            ("postgresql://lost", {"table": "visits"}, "connection-secret-missing"),
            ("s3://lab/none.csv", {}, "source-not-found"),
        ):
            job = ended(place.client, asked(place.client, source, **more).id)
            assert job.error.code == code
            with place.ports.database.read() as tx:
                last = tx.for_tenant(TenantId("clinic")).audit.entries()[-1].event
            assert (last.action, last.code) == ("dataset.pulled", code)

    def test_what_is_refused_at_once(self, place: Place, bucket: s3.Source) -> None:
        ours = place.client
        before, empty = len(list(ours.jobs())), declared(ours)
        for url in (
            "postgresql://reader:hunter2@db/ehr",
            "postgresql://reader@ehr",
            "postgresql://ehr?password=hunter2",
            "s3://id:hunter2@lab/visits.csv",
        ):
            assert code_of(ours, url, empty, table="visits") == "credentials-in-url"
        for url in ("http://ehr/x", "file:///etc/passwd", "postgresql://", "postgresql://ehr?host=10.0.0.1", "ehr", ""):
            assert code_of(ours, url, empty, table="visits") == "source-invalid"
        for url in ("postgresql://169.254.169.254/ehr", "postgresql://ehr:5432/other", "postgresql://localhost"):
            assert code_of(ours, url, empty, table="visits") == "connection-unknown"
        for url in ("s3://other-bucket/visits.csv", f"s3://{bucket.bucket}/beside/visits.csv"):
            assert code_of(ours, url, empty) == "connection-unknown"
        for more in ({}, {"table": "visits", "query": "SELECT 1"}, {"query": "SELECT '\0'"}):
            assert code_of(ours, "postgresql://ehr", empty, **more) == "source-invalid"
        for url in ("s3://lab", "s3://lab/", "s3://lab/../other.csv", "s3://lab/a//b"):
            assert code_of(ours, url, empty) == "source-invalid"
        assert code_of(ours, "s3://lab/visits.csv", empty, query="SELECT 1") == "source-invalid"
        assert len(list(ours.jobs())) == before

    def test_the_command_line(
        self,
        place: Place,
        bucket: s3.Source,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        schema, table = tmp_path / "schema.json", tmp_path / "visits.csv"
        schema.write_text(json.dumps(SCHEMA))
        table.write_bytes(ROWS)
        monkeypatch.setattr(upload_cli, "connect", lambda _url, _key: contextlib.nullcontext(place.client))

        def upload(*words: str) -> tuple[int, str, str]:
            monkeypatch.setattr(sys, "argv", ["understudy", "upload", *words])
            with pytest.raises(SystemExit) as done:
                main()
            told = capsys.readouterr()
            return int(done.value.code or 0), told.out, told.err

        before = len(list(place.client.datasets()))
        for words, source in (([str(table)], ""), (["--from", f"s3://{bucket.bucket}/{bucket.key}"], "s3:lab")):
            code, out, err = upload(*words, "--schema", str(schema), "--json")
            assert (code, json.loads(out)["source"], json.loads(out)["state"]) == (0, source, "ready"), err
        for words, why in (
            ([], "usage"),
            ([str(table), "--from", "s3://lab/visits.csv"], "usage"),
            (["--from", "postgresql://me:hunter2@ehr"], "credentials-in-url"),
        ):
            code, out, err = upload(*words, "--schema", str(schema))
            assert (code, out) == (2, "")
            assert why in err
            assert "hunter2" not in err
        assert len(list(place.client.datasets())) == before + 2

    def test_another_tenants_connection_is_as_one_that_is_not_there(self, place: Place) -> None:
        assert code_of(place.bank, "postgresql://ehr", table="visits") == "connection-unknown"
        assert code_of(place.bank, "postgresql://nowhere", table="visits") == "connection-unknown"

    def test_no_secret_and_no_question_is_anywhere(self, place: Place) -> None:
        home = place.ports.settings.home
        canaries = [word.encode() for word in (PASSWORD, *KEYS.values(), "Canary-Question-4711", "Canary-Row-4711")]
        kept = [path for path in home.rglob("*") if path.is_file() and path.name != "password"]
        assert any(path.suffix == ".sqlite3" for path in kept)
        found = [(path, word) for path in kept for word in canaries if word in path.read_bytes()]
        assert found == []
        traces = place.ports.traces
        assert isinstance(traces, Otlp)
        traces.flush()
        assert any(b"pull" in body for body in place.traced)
        assert [word for word in canaries if any(word in body for body in place.traced)] == []
