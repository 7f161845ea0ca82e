"""Identifiers of the service's own things: a prefix and 128 random bits, sortable by time of making."""

from __future__ import annotations

from datetime import datetime

from service.ports import Entropy


def new_id(prefix: str, *, at: datetime, entropy: Entropy) -> str:
    """For example ``job_0199aa17c2f0a1b2c3d4e5f60718293a``: 48 bits of milliseconds, 80 random bits."""
    milliseconds = int(at.timestamp() * 1000)
    return f"{prefix}_{milliseconds:012x}{entropy(10).hex()}"


def rfc3339(moment: datetime) -> str:
    """A moment as the wire shows it."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
