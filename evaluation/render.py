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
from evaluation.page_one import page_one
from evaluation.wording import interval, number

Json = dict[str, Any]

_TEMPLATES = Path(__file__).parent / "templates"
_WORDS = {"green": "Good", "amber": "Caution", "red": "Problem", "grey": "Not known"}
_LONG, _COLUMNS = 40, 5
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
        "sections": sections,
        **page_one(report),
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
        "shown": number(metric["value"], metric["unit"]),
        "interval": interval(metric),
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
        return "no guarantee" if kind == "budget" else ""
    return f"{value:.1%}" if kind in ("histogram", "roc") else f"{value:.3f}"
