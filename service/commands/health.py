"""Is the service up, and can it do its work? Neither answer says anything of a tenant."""

from __future__ import annotations

import shutil
from collections.abc import Callable

from service.ports import Ports
from service.telemetry import event, redacted
from understudy.messages import Readiness

FREE_BYTES = 256 * 1024 * 1024
"""Less room than this for scratch files, and the service is not ready."""


def readiness(ports: Ports) -> Readiness:
    """Database, disk, and whatever bootstrap has added, such as the worker. Why one failed is in the log only."""
    checks: dict[str, Callable[[], bool]] = {
        "database": lambda: _reads(ports),
        "disk": lambda: _has_room(ports),
        **ports.checks,
    }
    found = {name: "ok" if _holds(name, check) else "failed" for name, check in checks.items()}
    return Readiness(ready=set(found.values()) == {"ok"}, checks=found)


def _holds(name: str, check: Callable[[], bool]) -> bool:
    try:
        return check()
    except Exception as error:  # whatever an adapter raises, the answer is no
        event("readiness.failed", step=name, **redacted(error))
        return False


def _reads(ports: Ports) -> bool:
    with ports.database.read() as tx:
        tx.tenants.has_bootstrap()
    return True


def _has_room(ports: Ports) -> bool:
    ports.scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    return shutil.disk_usage(ports.scratch).free >= FREE_BYTES
