"""The first page of a report in words: verdict, a card for each section, policy, attempts. From JSON alone."""

from __future__ import annotations

from typing import Any

from evaluation.wording import interval, joined, number

Json = dict[str, Any]

_SAID = {"red": "Problem", "amber": "Caution", "grey": "Not known", "green": "Good"}
_CONTRADICTED = "Claimed, and contradicted by the audit: "


def page_one(report: Json) -> Json:
    """What the template's first page shows. Every text is plain: the template escapes it."""
    return {
        "stop": report.get("stop", False),
        "gates": [_gate(entry) for entry in report.get("gates", [])],
        "refused": _refused(report),
        "power": report.get("power", ""),
        "promise": _CONTRADICTED * bool(report.get("stop")) + _promise(report["statement"]),
        "is_promised": report["statement"].get("epsilon") is not None,
        "odds": _odds(report),
        "attempts": _attempts(int(report["attempts"]), report["statement"]),
        "verdict": _verdict(report),
        "lights": [_light(section) for section in report["sections"] if section["metrics"]],
    }


def _promise(statement: Json) -> str:
    """The guarantee, and what must be said with it of a release that was made of another release."""
    lineage = f" {statement['lineage']}" if statement.get("generation", 1) > 1 else ""
    return str(statement["sentence"]) + lineage


def _verdict(report: Json) -> str:
    """One sentence, worst first: which sections have which light."""
    groups: dict[str, list[str]] = {}
    for section in report["sections"]:
        if section["status"]:
            groups.setdefault(section["status"], []).append(section["title"].lower())
    if set(groups) == {"green"}:
        counts = "all counts" if report["kind"] == "owner" else "all counts that may be published"
        return f"Good on {counts}: {joined(groups['green'])}."
    said = [f"{_SAID[status]}: {joined(groups[status])}." for status in _SAID if status in groups]
    return " ".join(said) or "Nothing could be judged."


def _odds(report: Json) -> str:
    """How far a belief about one person can move, from the guarantee's own table."""
    tables = [table for section in report["sections"] for table in section["tables"]]
    rows: list[list[str]] = next((table["rows"] for table in tables if table["id"] == "guarantee-odds"), [])
    moved = "; ".join(f"of {before}, to {after}" for before, after in rows)
    return f"Furthest that a belief about any one person can move: {moved}." if moved else ""


def _attempts(count: int, statement: Json) -> str:
    if count <= 1:
        return "This is the first release tried; nothing was chosen among several."
    covered = "the guarantee covers each of them, but not the choice"
    if statement.get("epsilon") is None:
        covered = "no guarantee covers the choice"
    return (
        f"{count} releases were tried, looks at a curve over epsilon included. If this one was chosen by looking at "
        f"owner figures, {covered}."
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
        "value": number(metric["value"], metric["unit"]),
        "ci": interval(metric),
        "bar": _bar(metric),
        "text": f"{text}{control}",
        "why": metric["notes"][-1] if metric["notes"] and metric["status"] in ("grey", "red") else "",
    }


def _bar(metric: Json) -> Json | None:
    """Where the interval lies between the lights, in percent of a line; None for what has no such line."""
    threshold, ci = metric["threshold"], metric["ci"]
    if metric["value"] is None or not threshold or not ci or None in ci or threshold["source"].startswith("p value"):
        return None
    marks = (*ci, threshold["amber"], threshold["red"])
    low, high = min(marks), max(marks)
    room = 0.15 * (high - low) or 1.0

    def at(value: float) -> float:
        return float(round(100 * (value - low + room) / (high - low + 2 * room), 1))

    amber, red = at(threshold["amber"]), at(threshold["red"])
    upward = threshold["better"] == "lower"
    return {
        "amber": (min(amber, red), abs(red - amber)),
        "red": (red, 100 - red) if upward else (0, red),
        "line": (at(ci[0]), max(0.8, at(ci[1]) - at(ci[0]))),
        "point": at(metric["value"]),
    }


_GATES = {
    "stop": "Audit within the claim",
    "max_epsilon": "Epsilon at most",
    "max_attack_auc": "Upper end of every membership AUC at most",
    "max_attack_rate": "Upper end of every attack rate at most",
    "min_fidelity": "Fidelity at least",
    "no_pii_literal": "Cells with an identifying literal of the input",
}


def _gate(entry: Json) -> Json:
    """One gate of the policy as a line: what it asks, what was found, and whether it holds."""
    found = "" if entry["gate"] == "stop" else "not known" if entry["found"] is None else f"{entry['found']:.3g}"
    limit = "" if entry["limit"] is None or entry["gate"] == "no_pii_literal" else f" {entry['limit']:g}"
    name = str(entry["gate"])
    return {"text": f"{_GATES.get(name, name)}{limit}", "found": found, "refused": entry["refused"]}


def _refused(report: Json) -> str:
    """Why the bundle is withheld, where a gate and not the audit says so."""
    names = [_gate(entry)["text"] for entry in report.get("gates", []) if entry["refused"]]
    if not names or report.get("stop"):
        return ""
    return f"Withheld by its policy. Not kept: {'; '.join(names)}. The budget is spent, and this attempt counts."
