"""Jobs that pull a table from elsewhere into a dataset that was declared: bytes first, then the same intake as ever.

A child process reads, with the network and one connection's secret, and writes into a pipe; this process encrypts what
comes out of it, so the table lies nowhere in clear before it is taken in. What was asked, which may name a person in
a query, is an encrypted file of the job and goes with its end; the job's row keeps its digest. A job that fails leaves
the dataset empty and nothing else.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import cast

from service.audit import AuditEvent, Outcome
from service.connections import Connection, PostgresConnection, S3Connection, read_connections, unknown
from service.context import TenantId
from service.execution import Run, Seconds, Step
from service.intake import Received, Room, Upload, take_in
from service.ports import TenantStores
from service.pulling import postgres, s3
from understudy.errors import Failed, UnderstudyError
from understudy.messages import TableFormat

ASKED, RAW = "asked.json", "raw"
"""Files of the job: what to pull, and what was pulled. Both go with its end."""

CONNECTION, ACTOR, REQUEST_ID = "connection", "actor", "request_id"
ETAG = "etag"
"""Facts of the job, all public: the operator's name of the connection, who asked, the version of an object."""

_SHA256, _SIZE = "sha256", "size_bytes"
_CHUNK_BYTES = 1 << 20


def _connection(run: Run) -> Connection:
    """Looked up anew at each step: what the operator has taken away is not read."""
    known = read_connections(run.ports.settings.connections).get(str(run.job.facts[CONNECTION]))
    if known is None or not known.is_for(run.job.tenant):
        raise unknown()
    return known


def pull(run: Run) -> Seconds:
    """The bytes, encrypted as they come, counted and hashed."""
    with _told(run):
        connection = _connection(run)
        most = run.ports.settings.max_upload_bytes
        max_bytes = min(connection.max_bytes or most, most)
        asked = cast("dict[str, str]", run.facts(ASKED))
        key = run.job.new_key(RAW)
        with run.ports.folder("pull") as folder, run.ports.blobs.create(key) as writer:
            upload = Upload(writer, max_bytes, Room(TenantId(run.job.tenant), run.ports))
            with _Pipe(folder / "pipe", upload) as pipe:
                request = {**_source(connection, asked, max_bytes), "pipe": str(pipe)}
                answer = run.child("pull", request)
            if answer.get("size_bytes") != upload.size_bytes:
                raise Failed("The connection broke off.", code="source-lost")
        facts = {_SHA256: upload.sha256, _SIZE: upload.size_bytes, ETAG: str(answer.get("etag", ""))}
        _keep(run, key, facts)
    return {}


def _keep(run: Run, key: str, facts: dict[str, object]) -> None:
    """From here on the bytes are the job's. Raises Conflict if it has ended or was taken over, and they are gone."""
    try:
        with run.ports.database.begin() as tx:
            jobs = tx.for_tenant(run.claim.tenant).jobs
            job = run.claim.current(jobs).with_files({RAW: key})
            jobs.put(replace(job, facts=job.facts | facts))
    except BaseException:
        run.ports.blobs.remove(key)
        raise


def ingest(run: Run) -> Seconds:
    """The same intake as of an upload."""
    with _told(run):
        connection = _connection(run)
        received = Received(size_bytes=cast(int, run.job.facts[_SIZE]), sha256=str(run.job.facts[_SHA256]))
        dataset = replace(run.dataset, source=connection.place, source_version=str(run.job.facts[ETAG]))
        if isinstance(connection, PostgresConnection):
            dataset = replace(dataset, format=TableFormat.CSV, sheet="")
        noted = partial(_note, run, outcome=Outcome.SUCCESS, code="")
        with run.local(RAW) as files:
            take_in(dataset, received, Path(files[RAW]), run.ports, decode=run.child, noted=noted)
    run.forget((RAW, ASKED))
    return {}


def _source(connection: Connection, asked: dict[str, str], max_bytes: int) -> dict[str, object]:
    """What the child is told: one place, one secret, one thing to read."""
    if isinstance(connection, PostgresConnection):
        database = postgres.Source(
            host=connection.host,
            port=connection.port,
            database=connection.database,
            user=connection.user,
            password=connection.password.reveal() if connection.password else "",
            tls="disable" if connection.host.startswith("/") else connection.tls.value,
            ca=connection.ca,
            statement_timeout_s=connection.statement_timeout_s,
            max_rows=connection.max_rows,
            table=asked["table"],
            query=asked["query"],
        )
        return {"kind": "postgresql", "source": asdict(database)}
    assert isinstance(connection, S3Connection)
    bucket = s3.Source(
        bucket=connection.bucket,
        key=connection.prefix + asked["key"],
        region=connection.region,
        endpoint=connection.endpoint,
        scheme=connection.scheme,
        access_key=connection.access_key.reveal() if connection.access_key else "",
        secret_key=connection.secret_key.reveal() if connection.secret_key else "",
        anonymous=connection.anonymous,
        max_bytes=max_bytes,
    )
    return {"kind": "s3", "source": asdict(bucket)}


class _Pipe:
    """A pipe with a name, for a child to write into; a thread reads it into ``upload`` as long as the block lasts.

    Raises at the end of the block what the reading raised, which comes before the child's own trouble with it.
    """

    def __init__(self, path: Path, upload: Upload) -> None:
        os.mkfifo(path, 0o600)
        self._path, self._upload = path, upload
        self._error: Exception | None = None
        # The reading end first, so that nobody waits for the other to open; then one of our own to write, so that the
        # stream does not end before the child has begun.
        self._reading = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self._held = os.open(path, os.O_WRONLY)
        os.set_blocking(self._reading, True)
        self._thread = threading.Thread(target=self._read, name="pull-pipe", daemon=True)

    def __enter__(self) -> Path:
        self._thread.start()
        return self._path

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        os.close(self._held)  # the child is dead by now: the stream ends here
        self._thread.join()
        if self._error is not None:
            raise self._error from None

    def _read(self) -> None:
        try:
            while chunk := os.read(self._reading, _CHUNK_BYTES):
                self._upload.write(chunk)
        except Exception as error:
            self._error = error
        finally:
            os.close(self._reading)


@contextlib.contextmanager
def _told(run: Run) -> Iterator[None]:
    """Write a pull that is refused or fails into the audit log; how a good one ends is written with its rows."""
    try:
        yield
    except UnderstudyError as error:
        outcome = Outcome.FAILED if isinstance(error, Failed) else Outcome.REFUSED
        with run.ports.database.begin() as tx:
            _note(run, tx.for_tenant(run.claim.tenant), outcome=outcome, code=error.reason)
        raise


def _note(run: Run, stores: TenantStores, *, outcome: Outcome, code: str) -> None:
    """Who pulled from where. Not what: a query may name a person."""
    facts = run.job.facts
    act = AuditEvent(
        at=run.ports.clock.now(),
        actor=str(facts[ACTOR]),
        action="dataset.pulled",
        outcome=outcome,
        entity=str(facts[CONNECTION]),
        code=code,
        request_id=str(facts[REQUEST_ID]),
    )
    stores.audit.append(act)


PULL_FLOW = (Step("pull", pull, 60), Step("ingest", ingest, 99))
