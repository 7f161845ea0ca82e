"""A table or one SELECT of a Postgres database, as CSV: the only module that speaks to a database which is not ours.

How it is kept to reading: the session and the transaction are read-only; the query goes into ``DECLARE ... CURSOR
FOR``, which takes one SELECT, WITH or VALUES and nothing else; it is sent by the extended protocol, which takes one
statement. The rest is the database's own business: a query may call every function, and read every table, that the
connection's role may. So give that role SELECT on what may leave, and nothing else.

Memory: rows come in parts of about ``PART_BYTES``; one row is held whole.
"""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from psycopg import OperationalError, conninfo, pq
from psycopg.pq import DiagnosticField, ExecStatus, PollingStatus, abc

from understudy.errors import Failed, InputRefused, NotFound, UnderstudyError, UsageError

PART_BYTES = 4 << 20
_FIRST_ROWS, _MAX_ROWS = 64, 20_000
_CONNECT_S = 15
_PATIENCE_S = 30
"""Beyond the statement's own timeout, before a server that says nothing is given up."""

_BOOL, _TIMESTAMPTZ = 16, 1184
_SESSION = (
    "-c default_transaction_read_only=on -c DateStyle=ISO,YMD -c TimeZone=UTC -c IntervalStyle=iso_8601 "
    "-c lock_timeout=30s -c idle_in_transaction_session_timeout=10min"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where from. ``query`` or ``table`` (``schema.table``, quoted here) is what. Times in seconds."""

    host: str
    port: int
    database: str
    user: str
    password: str
    tls: str
    ca: str
    statement_timeout_s: int
    max_rows: int
    table: str = ""
    query: str = ""

    def __repr__(self) -> str:
        return "Source()"  # it holds a secret


def rows_as_csv(source: Source) -> Iterator[tuple[bytes, int]]:
    """(the header, 0), then parts of CSV with the number of their rows.

    A value is the database's own text of it, but Booleans are true and false and moments are in UTC without a zone;
    NULL is an empty cell.
    Raises: NotFound (source-not-found); UsageError (query-refused); InputRefused (too-many-rows); Failed with
    source-unreachable, source-denied, source-timed-out, source-lost or query-failed.
    """
    connection = _connect(source)
    try:
        session = _Session(connection, source.statement_timeout_s)
        session.run(b"BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        session.run(b"DECLARE understudy_pull NO SCROLL CURSOR WITHOUT HOLD FOR " + _asked(source, connection))
        yield from _fetched(session, source.max_rows)
    finally:
        connection.finish()


def _fetched(session: _Session, max_rows: int) -> Iterator[tuple[bytes, int]]:
    n_rows, wanted = 0, _FIRST_ROWS
    while True:
        part = session.run(b"FETCH FORWARD %d FROM understudy_pull" % wanted)
        if n_rows == 0:
            yield _line([part.fname(index) for index in range(part.nfields)]), 0
        if part.ntuples == 0:
            return
        if (n_rows := n_rows + part.ntuples) > max_rows:
            raise InputRefused("The table has more rows than may be pulled here.", code="too-many-rows")
        text = _csv(part)
        yield text, part.ntuples
        if part.ntuples < wanted:
            return
        wanted = max(1, min(_MAX_ROWS, 4 * wanted, wanted * PART_BYTES // len(text)))


def _csv(part: abc.PGresult) -> bytes:
    makers = [_MAKERS.get(part.ftype(index)) for index in range(part.nfields)]
    lines = []
    for row in range(part.ntuples):
        cells = [part.get_value(row, index) for index in range(part.nfields)]
        lines.append(
            _line([maker(cell) if maker and cell else cell for maker, cell in zip(makers, cells, strict=True)])
        )
    return b"".join(lines)


def _line(cells: list[bytes | None]) -> bytes:
    return b",".join(_quoted(cell) if cell else b"" for cell in cells) + b"\r\n"


def _quoted(cell: bytes) -> bytes:
    if cell.isalnum():
        return cell
    return b'"' + cell.replace(b'"', b'""') + b'"'


def _truth(cell: bytes) -> bytes:
    return b"true" if cell == b"t" else b"false"


def _in_utc(cell: bytes) -> bytes:
    return cell.removesuffix(b"+00")


_MAKERS: dict[int, Callable[[bytes], bytes]] = {_BOOL: _truth, _TIMESTAMPTZ: _in_utc}


def _asked(source: Source, connection: abc.PGconn) -> bytes:
    if source.query:
        return source.query.encode()
    parts = source.table.split(".")
    if len(parts) > 2 or not all(parts):
        raise UsageError("A table is named schema.table.", code="source-invalid")
    names = b".".join(pq.Escaping(connection).escape_identifier(part.encode()) for part in parts)
    return b"SELECT * FROM " + names


def _connect(source: Source) -> abc.PGconn:
    """Nothing but what is given here: no password file, no service file, no variable of the environment."""
    text = conninfo.make_conninfo(
        host=source.host,
        port=source.port,
        dbname=source.database,
        user=source.user,
        password=source.password,
        passfile="/nowhere",
        sslmode=source.tls,
        **({"sslrootcert": source.ca or "system"} if source.tls in ("verify-full", "verify-ca") else {}),
        gssencmode="disable",
        tcp_user_timeout=60_000,
        client_encoding="UTF8",
        application_name="understudy",
        options=f"{_SESSION} -c statement_timeout={source.statement_timeout_s}s",
    )
    connection = pq.PGconn.connect_start(text.encode())
    try:
        _wait_for(connection)
    except UnderstudyError:
        connection.finish()
        raise
    return connection


def _wait_for(connection: abc.PGconn) -> None:
    """Until it stands; libpq's own way to wait would hold this process still, its other threads too."""
    until = time.monotonic() + _CONNECT_S
    while (state := connection.connect_poll()) != PollingStatus.OK:
        if state == PollingStatus.FAILED:
            raise _refused(connection.error_message)
        reading, writing = ([connection.socket], []) if state == PollingStatus.READING else ([], [connection.socket])
        if not any(select.select(reading, writing, [], max(0.0, until - time.monotonic()))):
            raise _refused(b"")


def _refused(said: bytes) -> UnderstudyError:
    """At this stage libpq gives no code, only its text, which is looked at and goes no further."""
    if b"authentication failed" in said or b"no password supplied" in said or b"pg_hba.conf" in said:
        return Failed("The database does not let this connection in.", code="source-denied")
    return Failed("The database cannot be reached as it was declared.", code="source-unreachable")


class _Session:
    """One statement at a time, by the extended protocol, with a clock of our own beside the server's."""

    def __init__(self, connection: abc.PGconn, timeout_s: int) -> None:
        self._connection = connection
        self._timeout_s = timeout_s + _PATIENCE_S

    def run(self, statement: bytes) -> abc.PGresult:
        """Its result. Raises what ``rows_as_csv`` does."""
        connection, until = self._connection, time.monotonic() + self._timeout_s
        try:
            connection.send_query_params(statement, None)
            while connection.is_busy():
                if not select.select([connection.socket], [], [], max(0.0, until - time.monotonic()))[0]:
                    raise Failed("The database took longer than it may.", code="source-timed-out")
                connection.consume_input()
            result = connection.get_result()
            while connection.get_result() is not None:
                pass
        except OperationalError:
            raise _lost() from None
        if result is None:
            raise _lost()
        if result.status not in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
            raise _error_of((result.error_field(DiagnosticField.SQLSTATE) or b"").decode())
        return result


def _lost() -> Failed:
    return Failed("The connection to the database broke off.", code="source-lost")


_ABSENT = ("42P01", "42703", "3F000", "42883", "42P02", "3D000")


def _error_of(state: str) -> UnderstudyError:
    """By SQLSTATE alone: the message may quote a row."""
    if state in _ABSENT:
        return NotFound("The database has no such table, column or function.", code="source-not-found")
    if state == "42501" or state.startswith("28"):
        return Failed("The database does not let this connection read that.", code="source-denied")
    if state in ("25006", "25001"):
        return UsageError("The query writes. Only what reads is run.", code="query-refused")
    if state in ("0A000", "34000") or state.startswith("42"):
        return UsageError("The query is not one SELECT that this database understands.", code="query-refused")
    if state in ("57014", "55P03"):
        return Failed("The database took longer than it may.", code="source-timed-out")
    if state.startswith(("08", "57P")) or not state:
        return _lost()
    return Failed("The database could not answer the query.", code="query-failed")
