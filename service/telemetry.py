"""Logs that cannot hold a cell value: a fixed event name and an allow-list of fields."""

from __future__ import annotations

import logging
import traceback

_LOGGER = logging.getLogger("understudy")
_FIELDS = frozenset(
    {"tenant", "job", "dataset", "step", "code", "seconds", "request", "status", "method", "route", "kind", "frames"}
    | {"operation", "outcome", "door"}  # of a request
    | {"entry", "anchored", "lost", "digest"}  # of a ledger: numbers of entries, and digests of them
)


def log_to_stderr() -> None:
    """Send our events, and nobody else's, to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    _LOGGER.addHandler(handler)
    _LOGGER.setLevel(logging.INFO)
    _LOGGER.propagate = False


def event(name: str, /, **fields: str | float) -> None:
    """Log an event. A field that is not on the list is a programming error and is refused."""
    unknown = set(fields) - _FIELDS
    if unknown:
        raise ValueError(f"not a log field: {sorted(unknown)}")
    _LOGGER.info("%s %s", name, " ".join(f"{key}={value}" for key, value in fields.items()))


def redacted(error: BaseException) -> dict[str, str]:
    """An exception without its text: its type and where it was raised, for the log."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    places = ">".join(f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in frames)
    return {"kind": type(error).__name__, "frames": places}
