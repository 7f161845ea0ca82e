"""Numbers and lists as a reader sees them."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def joined(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def number(value: float | None, unit: str) -> str:
    if value is None:
        return "–"
    return _signed(value, unit).replace("-", "−") if value < 0 else _signed(value, unit)


def _signed(value: float, unit: str) -> str:
    if unit.startswith("share"):
        text = f"{value:.1%}"
        return "99.9%" if text == "100.0%" and value < 1 else text.replace("100.0%", "100%")
    if unit == "epsilon":
        return f"{value:.3g}"
    if unit in ("facts", "groups"):
        return f"{value:.0f}"
    return f"{value:.3f}" if unit in ("excess", "difference", "advantage") else f"{value:.2f}"


def interval(metric: Json) -> str:
    ci = metric["ci"]
    if ci is None or metric["value"] is None:
        return ""
    low, high = (None if value is None else number(value, metric["unit"]) for value in ci)
    return f"{metric['level']:.0%} sure" if high is None else f"[{low}, {high}]"
