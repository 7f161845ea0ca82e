"""``understudy doctor``: is everything in place that the service stands on? Looks, and changes nothing that lasts.

Each check says what is so and, where it is not as it should be, what to do. Never a key, never a row.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from service.bootstrap import built
from service.commands import releases
from service.commands.anchors import check_anchors
from service.connections import Connection, parse, secrets_of
from service.ports import Ports
from service.settings import Settings
from service.store.engine import open_engine
from service.store.migration import SchemaState, schema_state
from service.store.opening import root_file_of
from service.store.wall import stands
from understudy import __version__
from understudy.errors import UnderstudyError

_GIB = 1024**3
_LEAST_FREE_BYTES = 2 * _GIB
_CLOCK_SLACK = timedelta(minutes=5)
_PROBE = "doctor/probe"
_TMPFS = {"tmpfs", "ramfs"}


class Verdict(StrEnum):
    """How a check came out. A warning is the operator's to weigh; a fault keeps the service from working soundly."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check's outcome; ``detail`` is a sentence for the operator."""

    check: str
    verdict: Verdict
    detail: str


Check = Callable[[], Finding]


def examine(settings: Settings) -> Iterator[Finding]:
    """Every check in order, one at a time; what cannot be tried because an earlier one failed is left out."""
    yield _versions()
    yield _home(settings)
    yield _scratch(settings)
    yield _root_key(settings)
    if settings.connections is not None:
        yield _connections(settings.connections)
    found = _tables(settings)
    yield found
    if found.verdict is not Verdict.FAULT and not settings.url.startswith("sqlite"):
        yield _wall(settings)
    if found.verdict is Verdict.FAULT or not settings.home.is_dir():
        return  # to go on would make what the first start makes
    try:
        with built(settings) as (ports, _, _):
            for check in (_ledgers, _clock, _blobs, _child, _signing):
                yield _tried(check, ports)
    except UnderstudyError as error:
        yield _fault("service", f"{error.message} ({error.reason})")


def _tried(check: Callable[[Ports], Finding], ports: Ports) -> Finding:
    name = check.__name__.lstrip("_").replace("_", " ")
    try:
        return check(ports)
    except UnderstudyError as error:
        return _fault(name, f"{error.message} ({error.reason})")
    except OSError as error:
        return _fault(name, f"The system refused: {os.strerror(error.errno or 0)}.")


def _ok(check: str, detail: str) -> Finding:
    return Finding(check=check, verdict=Verdict.OK, detail=detail)


def _warning(check: str, detail: str) -> Finding:
    return Finding(check=check, verdict=Verdict.WARNING, detail=detail)


def _fault(check: str, detail: str) -> Finding:
    return Finding(check=check, verdict=Verdict.FAULT, detail=detail)


def _versions() -> Finding:
    return _ok(
        "versions", f"Understudy {__version__}, Python {sys.version.split()[0]}, SQLite {sqlite3.sqlite_version}"
    )


def _home(settings: Settings) -> Finding:
    home = settings.home
    if not home.is_dir():
        return _warning("home", "The home directory is not there yet; the first start makes it.")
    mode = stat.S_IMODE(home.stat().st_mode)
    if mode & 0o077:
        return _fault("home", f"Others may read the home directory (mode {mode:04o}): chmod 700 it.")
    if not os.access(home, os.W_OK):
        return _fault("home", "This user may not write to the home directory.")
    free = shutil.disk_usage(home).free
    if free < _LEAST_FREE_BYTES:
        return _warning("home", f"Only {free / _GIB:.1f} GiB are free.")
    return _ok("home", f"For this user only, {free / _GIB:.0f} GiB free.")


def _scratch(settings: Settings) -> Finding:
    place = settings.scratch_folder
    while not place.exists():
        place = place.parent
    if _filesystem_of(place) in _TMPFS:
        return _ok("scratch", "In memory.")
    return _warning(
        "scratch", "Rows lie there in clear while a task runs, and it is on a disk: set UNDERSTUDY_SCRATCH to a tmpfs."
    )


def _filesystem_of(path: Path) -> str:
    """The kind of file system, from the mount that is the nearest above; empty where the system does not tell."""
    mounts = Path("/proc/self/mounts")
    if not mounts.exists():
        return ""
    entries = (line.split(" ") for line in mounts.read_text().splitlines())
    above = [(fields[1], fields[2]) for fields in entries if path.resolve().is_relative_to(fields[1])]
    return max(above, key=lambda entry: len(entry[0]), default=("", ""))[1]


def _root_key(settings: Settings) -> Finding:
    file = root_file_of(settings)
    if file is None:
        return _ok("root key", "From the environment or a key service.")
    if not file.exists():
        return _warning("root key", "The first start makes one: keep a copy of it apart, or all data is lost with it.")
    mode = stat.S_IMODE(file.stat().st_mode)
    if mode & 0o077:
        return _fault("root key", f"Others may read the root key's file (mode {mode:04o}): chmod 600 it.")
    return _ok("root key", "In a file for this user only. Is there a copy elsewhere?")


def _connections(path: Path) -> Finding:
    """Of where rows may be pulled from: can the file be read, and does every secret lie where it says?"""
    try:
        known = parse(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        # The operator's own file, and texts of ours: they say which field is wrong.
        why = f"{type(error).__name__}: {error}" if not isinstance(error, OSError) else "it cannot be opened"
        return _fault("connections", f"The file of connections is not one: {why}.")
    lacking = [connection.name for connection in known.values() if not _has_secrets(connection)]
    if lacking:
        return _warning("connections", f"Secrets are not where they should be: {', '.join(lacking)}.")
    return _ok("connections", f"{len(known)} declared, their secrets in place.")


def _has_secrets(connection: Connection) -> bool:
    try:
        for secret in secrets_of(connection):
            secret.reveal()
    except UnderstudyError:
        return False
    return True


def _tables(settings: Settings) -> Finding:
    if settings.url.startswith("sqlite") and not (settings.home / "understudy.sqlite3").exists():
        return _ok("tables", "No database yet; the first start makes it.")
    engine = open_engine(settings.url)
    try:
        state = schema_state(engine)
    except Exception:  # whatever a driver raises: its text may hold the address and the password
        return _fault("tables", "The database cannot be reached.")
    finally:
        engine.dispose()
    if state is SchemaState.NEWER:
        return _fault("tables", "A newer release has written this database.")
    if state is SchemaState.BEHIND:
        return _fault("tables", "The tables are an older release's: take a backup, then 'understudy migrate'.")
    return _ok("tables", "As this release wants them." if state is SchemaState.CURRENT else "Empty database.")


def _wall(settings: Settings) -> Finding:
    """On Postgres: does row-level security bind the role that the service connects as?"""
    engine = open_engine(settings.url)
    try:
        if schema_state(engine) is SchemaState.EMPTY:
            return _ok("second wall", "No tables yet; migrate raises it.")
        with engine.connect() as connection:
            is_standing = stands(connection)
    finally:
        engine.dispose()
    if is_standing:
        return _ok("second wall", "Row-level security holds the tenants apart.")
    return _warning(
        "second wall",
        "Row-level security does not bind this role: connect as one that is no superuser and has no BYPASSRLS.",
    )


def _ledgers(ports: Ports) -> Finding:
    check_anchors(ports)
    return _ok("ledgers", f"{len(ports.database.ledger_tenants())} ledgers, none behind its anchor.")


def _clock(ports: Ports) -> Finding:
    ends = []
    with ports.database.read() as tx:
        for tenant in ports.database.ledger_tenants():
            ledger = tx.for_tenant(tenant).ledger
            ends += [entry.at for entry in ledger.entries(after=max(0, ledger.head().n - 1), limit=1)]
    now = datetime.now(UTC)
    if ends and max(ends) > now + _CLOCK_SLACK:
        return _fault("clock", "This machine's clock is behind the ledger's last entry: set it before any job runs.")
    return _ok("clock", f"{now:%Y-%m-%d %H:%M} UTC, not before the last entry of any ledger.")


def _blobs(ports: Ports) -> Finding:
    content = os.urandom(64)
    with ports.blobs.create(_PROBE) as writer:
        writer.write(content)
    try:
        with ports.blobs.open(_PROBE) as file:
            is_same = file.read() == content
    finally:
        ports.blobs.remove(_PROBE)
    return _ok("blobs", "Written, read and removed.") if is_same else _fault("blobs", "Another content came back.")


def _child(ports: Ports) -> Finding:
    with ports.folder("doctor") as folder:
        source = folder / "probe.csv"
        source.write_text("a,b\n1,2\n")
        ports.sandbox(
            "propose",
            {"source": str(source), "format": "csv", "include_data": False},
            on_progress=lambda _stage, _percent: None,
        )
    return _ok("child processes", "One ran within its limits.")


def _signing(ports: Ports) -> Finding:
    return _ok("signing key", f"Fingerprint {releases.signing_key(ports).fingerprint}")
