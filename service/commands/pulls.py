"""Asking for a table from elsewhere: what may be asked is checked here, the work is a job (``service.pull_jobs``).

A source is a URL without anything secret in it: ``postgresql://NAME`` or ``s3://NAME/KEY``, where NAME is a connection
that the operator has declared. In its place may stand the host (``postgresql://db.internal:5432/ehr``) or the bucket of
one that was declared: nothing else can be reached.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from urllib.parse import SplitResult, unquote, urlsplit

from service.commands import datasets, jobs, repeats
from service.commands.queueing import queued
from service.connections import Connection, PostgresConnection, S3Connection, read_connections, unknown
from service.context import RequestContext
from service.intake import check_empty
from service.jobs import PULL, Job
from service.ports import Ports
from service.pull_jobs import ACTOR, ASKED, CONNECTION, REQUEST_ID
from understudy.errors import Conflict, UsageError
from understudy.messages import JobView, PullCreate

_MAX_QUERY, _MAX_NAME = 100_000, 1000


def create(context: RequestContext, message: PullCreate, ports: Ports) -> JobView:
    """Queue it. The dataset is ready when the job is done; it stays empty if the job fails.

    Raises: UsageError (credentials-in-url, source-invalid); NotFound, of the dataset or of the connection
    (connection-unknown); Conflict (dataset-has-content, dataset-in-use, upload-under-way, too-many-jobs).
    """
    if (known := _asked_before(context, message, ports)) is not None:
        return known
    url = _url(message.source)
    connection = _connection(url, context.tenant, read_connections(ports.settings.connections))
    asked = json.dumps(_asked(message, url, connection), sort_keys=True).encode()
    dataset = datasets.get(context, message.dataset_id, ports)
    check_empty(dataset)
    with ports.database.read() as tx:
        stores = tx.for_tenant(context.tenant)
        datasets.check_not_pulled(dataset.id, stores)
        if stores.uploads.parts(dataset.id):
            raise Conflict("Bytes of this table are being sent.", code="upload-under-way")
    facts = {
        CONNECTION: connection.name,
        ACTOR: context.principal.actor,
        REQUEST_ID: context.request_id,
        "asked_sha256": sha256(asked).hexdigest(),
    }
    made: list[Job] = []

    def keep_asked(job: Job) -> Job:
        made.append(job)
        with ports.blobs.create(job.new_key(ASKED)) as writer:
            writer.write(asked)
        return job.with_files({ASKED: job.new_key(ASKED)})

    view = None
    try:
        view = queued(context, message, dataset, ports, kind=PULL, facts=facts, prepared=keep_asked)
    finally:
        for job in made:
            if view is None or view.id != job.id:  # refused, or asked before
                ports.blobs.remove(job.prefix)
    return view


def _asked_before(context: RequestContext, message: PullCreate, ports: Ports) -> JobView | None:
    """The job that the same Idempotency-Key has made: its table is in use by then, or filled."""
    repeat = repeats.repeat_of(context, message)
    with ports.database.read() as tx:
        stores = tx.for_tenant(context.tenant)
        made = repeats.job_of(repeat, stores)
        return None if made is None else jobs.view(stores.jobs.get(made))


def _url(source: str) -> SplitResult:
    try:
        url = urlsplit(source)
        has_port = url.port is not None
    except ValueError:
        raise _invalid() from None
    if url.username is not None or url.password is not None or "password" in url.query.lower():
        raise UsageError(
            "A source holds no user and no password: name a connection that the operator has declared. If this was a "
            "real password, change it.",
            code="credentials-in-url",
        )
    if url.scheme == "postgres":
        url = url._replace(scheme="postgresql")
    if url.scheme not in ("postgresql", "s3") or not url.hostname or url.query or url.fragment:
        raise _invalid()
    if url.scheme == "s3" and has_port:
        raise _invalid()
    return url


def _connection(url: SplitResult, tenant: str, known: Mapping[str, Connection]) -> Connection:
    """The one that a URL means. A name comes before a host or bucket."""
    mine = [one for one in known.values() if one.is_for(tenant) and one.place.startswith(f"{url.scheme}:")]
    found = [one for one in mine if one.name == url.hostname and not _is_far(url)] or [
        one for one in mine if _is_at(one, url)
    ]
    if not found:
        raise unknown()
    if len(found) > 1:
        raise UsageError("More than one connection leads there: say its name.", code="connection-ambiguous")
    return found[0]


def _is_far(url: SplitResult) -> bool:
    """True if a URL of a database says more than a name."""
    return url.scheme == "postgresql" and (url.port is not None or url.path.strip("/") != "")


def _is_at(connection: Connection, url: SplitResult) -> bool:
    if isinstance(connection, PostgresConnection):
        there = (connection.host.lower(), connection.port, connection.database)
        return there == (url.hostname, url.port or 5432, unquote(url.path.strip("/")))
    return isinstance(connection, S3Connection) and connection.bucket == url.netloc


def _asked(message: PullCreate, url: SplitResult, connection: Connection) -> dict[str, str]:
    """What to read there. Raises UsageError (source-invalid)."""
    if isinstance(connection, PostgresConnection):
        is_one = bool(message.table) != bool(message.query)
        if not is_one or len(message.query) > _MAX_QUERY or len(message.table) > _MAX_NAME:
            raise UsageError("A pull from a database has a table or a query, one of them.", code="source-invalid")
        if "\0" in message.query + message.table or not _is_text(message.query + message.table):
            raise _invalid()
        return {"table": message.table, "query": message.query}
    key = unquote(url.path.removeprefix("/"))
    if message.table or message.query or not 0 < len(key) <= _MAX_NAME or not key.isprintable():
        raise UsageError("A pull from a bucket is s3://NAME/KEY, without table or query.", code="source-invalid")
    if any(part in ("", ".", "..") for part in key.split("/")):
        raise _invalid()
    return {"key": _below(key, url, connection)}


def _below(key: str, url: SplitResult, connection: Connection) -> str:
    """The key below the connection's prefix, which a URL with the bucket's own name has in it."""
    prefix = connection.prefix if isinstance(connection, S3Connection) and url.hostname != connection.name else ""
    if not key.startswith(prefix):
        raise unknown()
    return key.removeprefix(prefix)


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeError:
        return False
    return True


def _invalid() -> UsageError:
    return UsageError(
        "A source is postgresql://NAME or s3://NAME/KEY, where NAME is a declared connection.", code="source-invalid"
    )
