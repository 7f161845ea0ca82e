"""Python environments of sealed engines: one folder each, made from a lock file of this release.

Only the operator makes one (``understudy engines install``); jobs only ask whether it is there.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from synthesizers.sealed.catalogue import ENVIRONMENTS, Environment, environment_of
from understudy.errors import Failed, UsageError

LOCKS = Path(__file__).parent / "locks"
MARKER = "understudy-engine.json"
PYTHON = (3, 11)
"""The version that the locks were made for: their wheels fit no other."""
_FORMAT = "understudy-engine"


@dataclass(frozen=True, slots=True)
class Environments:
    """The environments under one folder; None if there is no such folder, so that none is ready."""

    folder: Path | None

    def python(self, name: str) -> Path:
        """The interpreter of an environment, installed or not. Raises: UsageError for an unknown name."""
        return self._of(name) / "bin" / "python"

    def is_ready(self, name: str) -> bool:
        """Whether it was made, in full, from the lock of this release."""
        if self.folder is None or environment_of(name) is None:
            return False
        try:
            found = json.loads((self._of(name) / MARKER).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return isinstance(found, dict) and found.get("format") == _FORMAT and found.get("lock") == lock_digest(name)

    def install(self, name: str, *, wheelhouse: Path | None = None) -> Path:
        """Make the environment ``name`` with this interpreter, and give its folder; an older one is replaced.

        ``wheelhouse``: a folder of wheels; nothing else is looked at then, and no network is used. Without it pip
        asks the index that it is configured for. Every file must have a digest of the lock.
        Guarantees: it is in its place when it is whole, and otherwise not there at all.
        Raises: UsageError (environment-unknown, engine-python, wheelhouse-missing), Failed (engine-install).
        """
        final = self._of(name)
        if sys.version_info[:2] != PYTHON:
            raise UsageError(
                f"The engines' locks are for Python {PYTHON[0]}.{PYTHON[1]}: run the service under that one.",
                code="engine-python",
            )
        if wheelhouse is not None and not wheelhouse.is_dir():
            raise UsageError("The wheelhouse is a folder of wheels.", code="wheelhouse-missing")
        partial = final.with_name(f".{name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.parent.mkdir(parents=True, exist_ok=True)
        try:
            _call([sys.executable, "-m", "venv", "--without-pip", str(partial)], _environ(wheelhouse))
            _call(_pip(partial, name, wheelhouse), _environ(wheelhouse))
            marker = {"format": _FORMAT, "name": name, "lock": lock_digest(name)}
            (partial / MARKER).write_text(json.dumps(marker, sort_keys=True), encoding="utf-8")
            shutil.rmtree(final, ignore_errors=True)
            partial.rename(final)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        return final

    def _of(self, name: str) -> Path:
        if self.folder is None or environment_of(name) is None:
            raise UsageError(f"An environment is one of: {', '.join(names())}.", code="environment-unknown")
        return self.folder / name


def names() -> list[str]:
    """Of all environments."""
    return [one.name for one in ENVIRONMENTS]


def environment(name: str) -> Environment:
    """The environment of that name. Raises: UsageError (environment-unknown)."""
    found = environment_of(name)
    if found is None:
        raise UsageError(f"An environment is one of: {', '.join(names())}.", code="environment-unknown")
    return found


def lock_digest(name: str) -> str:
    """SHA-256 of the lock file, so that an environment of another release is known as one."""
    return hashlib.sha256((LOCKS / f"{name}.lock").read_bytes()).hexdigest()


def _pip(target: Path, name: str, wheelhouse: Path | None) -> list[str]:
    """Our own pip installs into the new environment, which needs none: nothing in it ever installs anything."""
    command = [sys.executable, "-m", "pip", "--python", str(target / "bin" / "python"), "install", "--no-deps"]
    command += ["--only-binary", ":all:", "--require-hashes", "--quiet", "--disable-pip-version-check"]
    for package in environment(name).from_source:
        command += ["--no-binary", package]
    if wheelhouse is not None:
        command += ["--no-index", "--find-links", str(wheelhouse)]
    return [*command, "-r", str(LOCKS / f"{name}.lock")]


def _environ(wheelhouse: Path | None) -> dict[str, str]:
    """pip's surroundings. With a wheelhouse, none of its own settings: they may name other places to look at."""
    if wheelhouse is None:
        return {**os.environ, "PYTHONNOUSERSITE": "1"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    return {**kept, "PYTHONNOUSERSITE": "1", "PIP_CONFIG_FILE": os.devnull}


def _call(command: list[str], environ: dict[str, str]) -> None:
    if subprocess.run(command, env=environ, check=False, stdout=sys.stderr).returncode != 0:  # noqa: S603 - our own
        raise Failed("The environment could not be made; what pip said stands above.", code="engine-install")
