"""The machine's clock, as the port ``Clock``."""

from __future__ import annotations

from datetime import UTC, datetime


class SystemClock:
    """Time as the operating system tells it."""

    def now(self) -> datetime:
        """The present moment, timezone-aware, UTC."""
        return datetime.now(UTC)
