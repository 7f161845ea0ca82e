"""One self-contained page from a report's JSON. It sees nothing else, so it can show nothing else.

No script, no network: `default-src 'none'` and one inline style that the policy names by its hash.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from evaluation.charts import draw

Json = dict[str, Any]

_TEMPLATES = Path(__file__).parent / "templates"
_WORDS = {"green": "Good", "amber": "Caution", "red": "Problem", "grey": "Not known"}
_SAID = {"red": "Problem", "amber": "Caution", "grey": "Not known", "green": "Good"}
_LONG, _COLUMNS = 40, 5
_CONTRADICTED = "Claimed, and contradicted by the audit: "
_LABELS = {
    "excess": "above noise",
    "share": "",
    "share above chance": "above chance",
    "ratio": "ratio",
    "AUC": "AUC",
    "epsilon": "epsilon",
    "facts": "facts",
    "difference": "difference",
    "advantage": "advantage",
    "groups": "groups",
}


def html(report: Json) -> str:
    """The page of an owner or a release report (`Report.as_owner_json`, `Report.as_release_json`).

    Guarantees: every text is escaped; equal JSON gives equal bytes; nothing is read but the JSON and the
    template.
    """
    return fill("report.html", **_page(report), words=_WORDS)


def fill(template: str, **values: object) -> str:
    """A template of ours with these values, escaped, and our style sheet with the hash that its policy names."""
    style = (_TEMPLATES / "report.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template(template).render(
        **values,
        style=Markup(style),  # noqa: S704  our own file
        style_hash=Markup(digest),  # noqa: S704  base64
    )


def _page(report: Json) -> Json:
    sections = [_section(section) for section in report["sections"]]
    owner = report["kind"] == "owner"
    return {
        "owner": owner,
        "heading": "Owner report" if owner else "Release report",
        "subject": report["subject"],
        "format": report["format"],
        "facts": report["facts"],
        "limits": report["limits"],
        "withheld": report["withheld"],
        "stop": report.get("stop", False),
        "power": report.get("power", ""),
        "promise": _CONTRADICTED * bool(report.get("stop")) + report["statement"]["sentence"],
        "attempts": _attempts(int(report["attempts"])),
        "verdict": _verdict(report),
        "lights": [_light(section) for section in report["sections"] if section["metrics"]],
        "sections": sections,
    }


def _verdict(report: Json) -> str:
    """One sentence, worst first: which sections have which light."""
    groups: dict[str, list[str]] = {}
    for section in report["sections"]:
        if section["status"]:
            groups.setdefault(section["status"], []).append(section["title"].lower())
    if set(groups) == {"green"}:
        counts = "all counts" if report["kind"] == "owner" else "all counts that may be published"
        return f"Good on {counts}: {_and(groups['green'])}."
    said = [f"{_SAID[status]}: {_and(groups[status])}." for status in _SAID if status in groups]
    return " ".join(said) or "Nothing could be judged."


def _and(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _attempts(count: int) -> str:
    if count <= 1:
        return "This is the first release tried; nothing was chosen among several."
    return (
        f"{count} releases were tried, looks at a curve over epsilon included. If this one was chosen by looking at "
        "owner figures, the guarantee covers each of them, but not the choice."
    )


def _light(section: Json) -> Json:
    """A section's card shows its worst member: that is what the section is as good as."""
    metric = next(item for item in section["metrics"] if item["status"] == section["status"])
    control = (
        f", {metric['n_control']:,} held out" if metric["n_control"] and section["id"] in ("risk", "utility") else ""
    )
    text = ": ".join(part for part in (metric["title"], metric["subject"]) if part)
    return {
        "section": section["id"],
        "title": section["title"],
        "status": section["status"],
        "value": _number(metric["value"], metric["unit"]),
        "ci": _interval(metric),
        "text": f"{text}{control}",
    }


def _section(section: Json) -> Json:
    figures = [_figure(item) for item in section["figures"]]
    return {
        **section,
        "metrics": [_metric(metric) for metric in section["metrics"]],
        "small": [item for item in figures if item["kind"] == "histogram"],
        "wide": [item for item in figures if item["kind"] != "histogram"],
        "tables": [{**table, "look": _look(table)} for table in section["tables"]],
    }


def _look(table: Json) -> str:
    """Prose reads from the left and takes the whole width, as does a table of many columns."""
    prose = any(len(cell) > _LONG for row in table["rows"] for cell in row[1:])
    return "prose broad" if prose else "broad" if len(table["header"]) > _COLUMNS else ""


def _metric(metric: Json) -> Json:
    counts = [
        f"{metric[key]:,} {word}"
        for key, word in (("n", "judged"), ("n_control", "control"))
        if metric[key] is not None
    ]
    return {
        **metric,
        "shown": _number(metric["value"], metric["unit"]),
        "interval": _interval(metric),
        "unit": _LABELS.get(metric["unit"], metric["unit"]),
        "lines": [line for line in (metric["reference"], *metric["notes"], metric["power"]) if line],
        "how": ". ".join(part for part in (_sentence(metric["method"]), ", ".join(counts), _rule(metric)) if part)
        + ".",
    }


def _rule(metric: Json) -> str:
    threshold = metric["threshold"]
    p_value = "" if metric["p_value"] is None else f"p = {metric['p_value']:.2g}"
    if threshold is None:
        return p_value
    side = "above" if threshold["better"] == "lower" else "below"
    if threshold["source"].startswith("p value"):
        side = "p below"
    rule = f"Caution {side} {threshold['amber']:g}, problem {side} {threshold['red']:g} ({threshold['source']})"
    return f"{p_value}. {rule}" if p_value else rule


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _number(value: float | None, unit: str) -> str:
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


def _interval(metric: Json) -> str:
    ci = metric["ci"]
    if ci is None or metric["value"] is None:
        return ""
    low, high = (None if value is None else _number(value, metric["unit"]) for value in ci)
    return f"{metric['level']:.0%} sure" if high is None else f"[{low}, {high}]"


def _figure(figure: Json) -> Json:
    """The figure with its drawing and its data table: labels down, series across (a heat map as it is)."""
    return {
        **figure,
        "svg": Markup(draw(figure)),  # noqa: S704  made by charts, which escapes every text
        "corner": {
            "histogram": "Value",
            "roc": "Wrongly accused",
            "heat": "Column",
            "grid": "Group",
            "intervals": "What",
        }.get(figure["kind"], ""),
        "columns": [series["name"] for series in figure["series"]],
        "rows": [
            [label, *(_cell(series["values"][index], figure["kind"]) for series in figure["series"])]
            for index, label in enumerate(figure["labels"])
        ],
    }


def _cell(value: float | None, kind: str) -> str:
    if value is None:
        return ""
    return f"{value:.1%}" if kind in ("histogram", "roc") else f"{value:.3f}"
