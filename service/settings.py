"""The service's settings: one frozen value, read from the environment at the edge and nowhere else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from understudy.errors import UsageError

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where state lives and how much a caller may ask for. Sizes in bytes, times in seconds."""

    home: Path
    database_url: str = ""
    anchor: Path | None = None
    policy: Path | None = None
    scrub_model: Path | None = None
    max_upload_bytes: int = 4096 * _MIB
    max_body_bytes: int = 4 * _MIB
    child_memory_bytes: int = 8192 * _MIB
    child_cpu_s: int = 4 * 3600
    max_wait_s: float = 30.0
    worker_concurrency: int = 1
    max_synthetic_rows: int = 10_000_000

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Settings:
        """Read UNDERSTUDY_HOME, _DATABASE_URL, _ANCHOR, _POLICY and the UNDERSTUDY_MAX_* limits.

        Raises: UsageError for an UNDERSTUDY_ variable that is not known or not a number.
        """
        numbers = {
            "UNDERSTUDY_MAX_UPLOAD_BYTES": "max_upload_bytes",
            "UNDERSTUDY_CHILD_MEMORY_BYTES": "child_memory_bytes",
            "UNDERSTUDY_CHILD_CPU_S": "child_cpu_s",
            "UNDERSTUDY_WORKER_CONCURRENCY": "worker_concurrency",
            "UNDERSTUDY_MAX_SYNTHETIC_ROWS": "max_synthetic_rows",
        }
        chosen: dict[str, int] = {}
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
        scrub_model = Path(model).expanduser().absolute() if model else None
        return cls(home=home, database_url=url, anchor=apart, policy=gates, scrub_model=scrub_model, **chosen)

    @property
    def anchor_folder(self) -> Path:
        """Where the ends of the ledgers are kept outside the database; best on another disk."""
        return self.anchor or self.home / "anchor"

    @property
    def url(self) -> str:
        """The database: what was set, or SQLite in the home directory."""
        return self.database_url or f"sqlite:///{self.home / 'understudy.sqlite3'}"


_OTHERS = {
    "UNDERSTUDY_HOME",
    "UNDERSTUDY_DATABASE_URL",
    "UNDERSTUDY_ANCHOR",
    "UNDERSTUDY_POLICY",
    "UNDERSTUDY_SCRUB_MODEL",
    "UNDERSTUDY_URL",
    "UNDERSTUDY_API_KEY",
}


def default_home(environ: Mapping[str, str]) -> str:
    """The user's data directory, by the XDG base directory rules."""
    base = environ.get("XDG_DATA_HOME") or os.path.join("~", ".local", "share")  # noqa: PTH118 - kept as text
    return os.path.join(base, "understudy")  # noqa: PTH118
