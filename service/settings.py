"""The service's settings: one frozen value, read from the environment at the edge and nowhere else."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from service import identity
from service.identity import OidcSettings
from service.tracing import checked_endpoint
from understudy.errors import UsageError

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where state lives and how much a caller may ask for. Sizes in bytes, times in seconds."""

    home: Path
    database_url: str = ""
    anchor: Path | None = None
    policy: Path | None = None
    connections: Path | None = None
    scrub_model: Path | None = None
    keys: Path | None = None
    root_key: str = field(default="", repr=False)
    root_key_file: Path | None = None
    kms_command: str = ""
    blobs: str = ""
    blob_keys: str = ""
    text_model: Path | None = None
    text_endpoint: str = ""
    scratch: Path | None = None
    process: str = ""
    max_upload_bytes: int = 4096 * _MIB
    max_tenant_bytes: int = 256 * 1024 * _MIB
    max_body_bytes: int = 4 * _MIB
    child_memory_bytes: int = 8192 * _MIB
    child_cpu_s: int = 4 * 3600
    max_wait_s: float = 30.0
    worker_concurrency: int = 1
    tenant_concurrency: int = 1
    worker_timeout_s: int = 60
    max_open_jobs: int = 100
    max_synthetic_rows: int = 10_000_000
    max_requests_per_minute: int = 6000
    max_calls_per_tenant: int = 16
    max_http_per_tenant: int = 256
    audit_syslog: str = ""
    otlp_endpoint: str = ""
    oidc: OidcSettings | None = None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Settings:
        """Read UNDERSTUDY_HOME, _DATABASE_URL, _ANCHOR, _POLICY and the UNDERSTUDY_MAX_* limits.

        Raises: UsageError for an UNDERSTUDY_ variable that is not known or not a number.
        """
        numbers = {
            "UNDERSTUDY_MAX_UPLOAD_BYTES": "max_upload_bytes",
            "UNDERSTUDY_MAX_TENANT_BYTES": "max_tenant_bytes",
            "UNDERSTUDY_CHILD_MEMORY_BYTES": "child_memory_bytes",
            "UNDERSTUDY_CHILD_CPU_S": "child_cpu_s",
            "UNDERSTUDY_WORKER_CONCURRENCY": "worker_concurrency",
            "UNDERSTUDY_TENANT_CONCURRENCY": "tenant_concurrency",
            "UNDERSTUDY_WORKER_TIMEOUT_S": "worker_timeout_s",
            "UNDERSTUDY_MAX_OPEN_JOBS": "max_open_jobs",
            "UNDERSTUDY_MAX_SYNTHETIC_ROWS": "max_synthetic_rows",
            "UNDERSTUDY_MAX_REQUESTS_PER_MINUTE": "max_requests_per_minute",
            "UNDERSTUDY_MAX_CALLS_PER_TENANT": "max_calls_per_tenant",
            "UNDERSTUDY_MAX_HTTP_PER_TENANT": "max_http_per_tenant",
        }
        chosen: dict[str, Any] = _storage(environ)
        chosen["oidc"] = OidcSettings.from_environment(environ)
        chosen["audit_syslog"] = environ.get("UNDERSTUDY_AUDIT_SYSLOG", "")
        if endpoint := environ.get("UNDERSTUDY_OTLP_ENDPOINT", ""):
            off_host = environ.get("UNDERSTUDY_OTLP_OFF_HOST", "") == "1"
            chosen["otlp_endpoint"] = checked_endpoint(endpoint, off_host=off_host)
        for name, value in environ.items():
            if name in numbers:
                if not value.isdecimal() or int(value) < 1:
                    raise UsageError(f"{name} is a whole number above 0.", code="settings-invalid")
                chosen[numbers[name]] = int(value)
            elif name.startswith("UNDERSTUDY_") and name not in _OTHERS:
                raise UsageError(f"{name} is not a setting.", code="settings-invalid")
        home = Path(environ.get("UNDERSTUDY_HOME") or default_home(environ)).expanduser().absolute()
        url = environ.get("UNDERSTUDY_DATABASE_URL", "")
        anchor = environ.get("UNDERSTUDY_ANCHOR", "")
        apart = Path(anchor).expanduser().absolute() if anchor else None
        policy = environ.get("UNDERSTUDY_POLICY", "")
        gates = Path(policy).expanduser().absolute() if policy else None
        model = environ.get("UNDERSTUDY_SCRUB_MODEL", "")
        # "strong" is a mode and no path; the scrubber tells them apart by the name alone
        named = Path(model) if model == "strong" else Path(model).expanduser().absolute()
        scrub_model = named if model else None
        return cls(home=home, database_url=url, anchor=apart, policy=gates, scrub_model=scrub_model, **chosen)

    @property
    def anchor_folder(self) -> Path:
        """Where the ends of the ledgers are kept outside the database; best on another disk."""
        return self.anchor or self.home / "anchor"

    @property
    def keys_folder(self) -> Path:
        """Where the sealed secrets are; every process of the service needs the same one."""
        return self.keys or self.home / "keys"

    @property
    def texts(self) -> dict[str, str]:
        """What text engines need of this machine, as a child process is told: a model's folder, an endpoint."""
        return {"model": str(self.text_model or ""), "endpoint": self.text_endpoint}

    @property
    def blobs_place(self) -> str:
        """A folder, or ``s3://bucket/prefix``."""
        return self.blobs or str(self.home / "blobs")

    @property
    def blob_keys_place(self) -> str:
        """Where the wrapped data keys of blobs are, apart from them: back it up for a shorter time."""
        if self.blob_keys or not self.blobs:
            return self.blob_keys or str(self.home / "blob-keys")
        place, _, query = self.blobs.partition("?")
        return f"{place.rstrip('/')}.keys" + (f"?{query}" if query else "")

    @property
    def scratch_folder(self) -> Path:
        """Where tasks have rows in clear for a moment: best a tmpfs. In a folder that others use, one of our own."""
        if self.scratch is None:
            return self.home / "scratch" / self.process
        return self.scratch / f"understudy-{hashlib.sha256(str(self.home).encode()).hexdigest()[:16]}" / self.process

    @property
    def url(self) -> str:
        """The database: what was set, or SQLite in the home directory."""
        return self.database_url or f"sqlite:///{self.home / 'understudy.sqlite3'}"


_OTHERS = identity.NAMES | {
    "UNDERSTUDY_AUDIT_SYSLOG",
    "UNDERSTUDY_HOME",
    "UNDERSTUDY_DATABASE_URL",
    "UNDERSTUDY_ANCHOR",
    "UNDERSTUDY_POLICY",
    "UNDERSTUDY_SCRUB_MODEL",
    "UNDERSTUDY_KEYS",
    "UNDERSTUDY_ROOT_KEY",
    "UNDERSTUDY_ROOT_KEY_FILE",
    "UNDERSTUDY_KMS_COMMAND",
    "UNDERSTUDY_BLOBS",
    "UNDERSTUDY_BLOB_KEYS",
    "UNDERSTUDY_SCRATCH",
    "UNDERSTUDY_TEXT_MODEL",
    "UNDERSTUDY_TEXT_ENDPOINT",
    "UNDERSTUDY_CONNECTIONS",
    "UNDERSTUDY_OTLP_ENDPOINT",
    "UNDERSTUDY_OTLP_OFF_HOST",
    "UNDERSTUDY_URL",
    "UNDERSTUDY_API_KEY",
}


def _storage(environ: Mapping[str, str]) -> dict[str, Any]:
    # Any: paths and texts, by the name of their field.
    def path(name: str) -> Path | None:
        value = environ.get(name, "")
        return Path(value).expanduser().absolute() if value else None

    def place(name: str) -> str:
        value = environ.get(name, "")
        return value if "://" in value else str(path(name) or "")

    return {
        "keys": path("UNDERSTUDY_KEYS"),
        "root_key": environ.get("UNDERSTUDY_ROOT_KEY", ""),
        "root_key_file": path("UNDERSTUDY_ROOT_KEY_FILE"),
        "kms_command": environ.get("UNDERSTUDY_KMS_COMMAND", ""),
        "blobs": place("UNDERSTUDY_BLOBS"),
        "blob_keys": place("UNDERSTUDY_BLOB_KEYS"),
        "scratch": path("UNDERSTUDY_SCRATCH"),
        "connections": path("UNDERSTUDY_CONNECTIONS"),
        "text_model": path("UNDERSTUDY_TEXT_MODEL"),
        "text_endpoint": environ.get("UNDERSTUDY_TEXT_ENDPOINT", ""),
    }


def default_home(environ: Mapping[str, str]) -> str:
    """The user's data directory, by the XDG base directory rules."""
    base = environ.get("XDG_DATA_HOME") or os.path.join("~", ".local", "share")  # noqa: PTH118 - kept as text
    return os.path.join(base, "understudy")  # noqa: PTH118
