"""Reading a bundle's owner report: the six figures that a terminal shows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from understudy.errors import Failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure of the report's summary. ``text`` has the value and, where there is one, its interval."""

    group: str
    label: str
    text: str
    status: str


def figures(owner_report: Path) -> list[Figure]:
    """Three fidelity and three risk figures. Raises Failed if the file is no owner report."""
    try:
        summary = json.loads(owner_report.read_bytes())["summary"]
        return [
            Figure(group=group, label=entry["label"], text=entry["text"], status=entry["status"])
            for group in ("fidelity", "risk")
            for entry in summary[group]
        ]
    except (OSError, ValueError, KeyError, TypeError):
        raise Failed("This is no owner report of a known version.", code="report-unknown") from None
