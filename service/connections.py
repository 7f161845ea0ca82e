"""The places outside that rows may be pulled from: what the operator has declared, and nothing else.

One JSON file of the operator (UNDERSTUDY_CONNECTIONS) names them: where each is, which tenants may use it, and where
its secret lies, which is a variable of the environment or a file; no secret is in it. A caller names a connection, and
no host that was not declared, so nobody can send this service to an address of their own. The file is read when it is
needed: a change holds for the next pull.

>>> parse('{"ehr": {"kind": "postgresql", "host": "db.internal", "database": "ehr", "user": "reader",'
...       ' "password": {"file": "/run/secrets/ehr"}, "tenants": ["ward"]}}')["ehr"].place
'postgresql:ehr'
"""

from __future__ import annotations

import ipaddress
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, get_type_hints

from understudy.errors import Failed, NotFound

EVERYBODY = "*"
MAX_ROWS = 100_000_000
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a secret lies. Its text is looked up when it is used, and kept nowhere."""

    env: str = ""
    file: str = ""

    def reveal(self, environ: Mapping[str, str] = os.environ) -> str:
        """The secret. Raises Failed (connection-secret-missing); never with a path or a name in it."""
        try:
            text = environ[self.env] if self.env else Path(self.file).read_text(encoding="utf-8")
        except (KeyError, OSError, ValueError):
            text = ""
        if not (text := text.rstrip("\r\n")):
            raise Failed("The secret of this connection is not where it should be.", code="connection-secret-missing")
        return text


class Tls(StrEnum):
    """How much of the other side is checked, as libpq calls it."""

    FULL = "verify-full"
    CA = "verify-ca"
    REQUIRE = "require"
    NONE = "disable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """What all kinds have. ``tenants``: who may use it, ``*`` for all of them. ``max_bytes`` 0: the service's limit."""

    name: str
    tenants: tuple[str, ...]
    max_bytes: int = 0

    @property
    def place(self) -> str:
        """How a dataset and the audit log name it."""
        raise NotImplementedError

    def is_for(self, tenant: str) -> bool:
        """True if this tenant may pull from it."""
        return tenant in self.tenants or EVERYBODY in self.tenants


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresConnection(Connection):
    """A database. What ``user`` may read is what may be pulled: give it a role of its own with SELECT and no more.

    ``host`` is a name, an address, or the folder of a socket. Plain text (``tls`` disable) is for this machine only,
    unless ``allow_plain`` says that the way there is safe. Times in seconds.
    """

    host: str
    database: str
    user: str
    port: int = 5432
    password: Secret | None = None
    tls: Tls = Tls.FULL
    ca: str = ""
    allow_plain: bool = False
    max_rows: int = MAX_ROWS
    statement_timeout_s: int = 600

    def __post_init__(self) -> None:
        if self.tls is Tls.NONE and not (self.allow_plain or _is_here(self.host)):
            raise ValueError("plain text over a network")
        if self.tls is Tls.CA and not self.ca:
            raise ValueError("verify-ca needs a ca of its own")  # libpq's rule too: any public one would do else

    @property
    def place(self) -> str:
        """For example ``postgresql:ehr``."""
        return f"postgresql:{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Connection(Connection):
    """A bucket, or what lies under ``prefix`` in it. Without keys it is the machine's role, or ``anonymous``.

    ``endpoint`` is ``host:port`` of another server than AWS; ``scheme`` http is for this machine only, unless
    ``allow_plain`` says that the way there is safe.
    """

    bucket: str
    prefix: str = ""
    region: str = ""
    endpoint: str = ""
    scheme: str = "https"
    access_key: Secret | None = None
    secret_key: Secret | None = None
    anonymous: bool = False
    allow_plain: bool = False

    def __post_init__(self) -> None:
        is_plain = self.scheme != "https"
        if self.scheme not in ("http", "https") or "/" in self.bucket or "/" in self.endpoint:
            raise ValueError("not a bucket")
        if is_plain and not (self.allow_plain or _is_here(self.endpoint.rsplit(":", 1)[0])):
            raise ValueError("plain text over a network")
        if (self.access_key is None) != (self.secret_key is None):
            raise ValueError("half a pair of keys")

    @property
    def place(self) -> str:
        """For example ``s3:lab``."""
        return f"s3:{self.name}"


def unknown() -> NotFound:
    """What is told of a connection that is none, and of another tenant's: no difference can be seen."""
    return NotFound(
        "There is no such connection for this tenant; the operator declares them.", code="connection-unknown"
    )


def secrets_of(connection: Connection) -> tuple[Secret, ...]:
    """Every secret that it refers to."""
    known = (getattr(connection, name, None) for name in ("password", "access_key", "secret_key"))
    return tuple(secret for secret in known if isinstance(secret, Secret))


_KINDS: dict[str, type[Connection]] = {"postgresql": PostgresConnection, "s3": S3Connection}


def read_connections(path: Path | None) -> dict[str, Connection]:
    """All connections by name; none without a file. Raises Failed (connections-unreadable)."""
    if path is None:
        return {}
    try:
        return parse(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        # Neither the path nor the fault: whoever asks is not the operator.
        raise Failed(
            "The service's file of connections cannot be read: 'understudy doctor' says more.",
            code="connections-unreadable",
        ) from None


def parse(text: str) -> dict[str, Connection]:
    """The connections of a document. Raises ValueError, TypeError, KeyError or AttributeError for any fault in it."""
    document = json.loads(text)
    if not all(_NAME.fullmatch(name) for name in document):
        raise ValueError("a name has lower-case letters, digits, '-' and '_'")
    return {name: _connection(name, dict(entry)) for name, entry in document.items()}


def _connection(name: str, entry: dict[str, Any]) -> Connection:
    kind = _KINDS[entry.pop("kind")]
    hints = get_type_hints(kind)
    wanted = {field.name for field in fields(kind) if field.default is MISSING} - {"name"}
    if "name" in entry or not wanted <= set(entry) <= set(hints):
        raise ValueError("not the fields of a connection")
    given: dict[str, Any] = {key: _READ[hints[key]](value) for key, value in entry.items()}
    return kind(name=name, **given)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.isprintable():
        raise TypeError("a text")
    return value


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise TypeError("a whole number above 0")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError("true or false")
    return value


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError("a list")
    return tuple(_text(one) for one in value)


def _secret(value: object) -> Secret:
    if not isinstance(value, dict) or set(value) not in ({"env"}, {"file"}):
        raise TypeError("where a secret lies: env or file")
    return Secret(**{key: _text(text) for key, text in value.items()})


_READ: dict[object, Callable[[object], object]] = {
    str: _text,
    int: _number,
    bool: _flag,
    tuple[str, ...]: _names,
    Secret | None: _secret,
    Tls: lambda value: Tls(_text(value)),
}


def _is_here(host: str) -> bool:
    """True for this machine: a socket's folder, or a loopback address."""
    try:
        return host.startswith("/") or host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
