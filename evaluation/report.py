"""What an evaluation found, as data: metrics, sections, figures, and the two reports made of them.

Every number carries a `Disclosure`. The owner report holds everything. The release report holds only
what is a function of the synthetic table, of the declared schema or of the privacy ledger: publishing
an ordinary fidelity figure of private rows would void the guarantee (Ganev and De Cristofaro,
arXiv:2312.05114). Nothing here reads rows, and nothing here draws.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

FORMAT = "understudy.report/1"
"""Version of the JSON form. It only grows; a change of meaning gets a new number."""

Json = dict[str, object]


class Disclosure(StrEnum):
    """Who may see a number."""

    RELEASABLE = "releasable"
    OWNER = "owner"


class Status(StrEnum):
    """A light. Grey means not run, or too few records to say anything; it never counts as green."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"
    GREY = "grey"


_BADNESS = {Status.GREEN: 0, Status.GREY: 1, Status.AMBER: 2, Status.RED: 3}


def worst(statuses: Iterable[Status]) -> Status:
    """The worst of them; grey if there are none, and grey beats green."""
    return max(statuses, key=_BADNESS.__getitem__, default=Status.GREY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """Where amber and red begin, on which side, and who says so."""

    amber: float
    red: float
    better: Literal["lower", "higher"] = "lower"
    source: str = "ours"

    def light(self, ci: tuple[float, float]) -> Status:
        """The light of an interval.

        Red: the whole interval is past red, so this is evidence and not a point by chance.
        Amber: the whole interval is past amber, or it reaches past red (a red value is not excluded,
        which is also what too little power looks like). Green: anything else, so green means that red
        is excluded at the interval's level.
        """
        low, high = ci if self.better == "lower" else (-ci[1], -ci[0])
        sign = 1.0 if self.better == "lower" else -1.0
        amber, red = sign * self.amber, sign * self.red
        if low > red:
            return Status.RED
        return Status.AMBER if low > amber or high > red else Status.GREEN

    def as_dict(self) -> Json:
        """The four fields."""
        return {"amber": self.amber, "red": self.red, "better": self.better, "source": self.source}


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One figure with its uncertainty, its control group and its light.

    Units: `value` and `ci` in the metric's own `unit`; `level` is the interval's coverage; `n` and
    `n_control` count persons or rows as `method` says; `eps_spent` is the budget that the number itself
    cost (0 for owner figures, which are not private, and for functions of the synthetic table).
    """

    id: str
    title: str
    status: Status
    disclosure: Disclosure
    method: str
    value: float | None = None
    ci: tuple[float, float] | None = None
    level: float = 0.95
    n: int | None = None
    n_control: int | None = None
    reference: str = ""
    threshold: Threshold | None = None
    eps_spent: float = 0.0
    p_value: float | None = None
    unit: str = ""
    subject: str = ""
    power: str = ""
    notes: tuple[str, ...] = ()

    def as_dict(self) -> Json:
        """Plain JSON; a number that is not finite becomes null."""
        return {
            "id": self.id,
            "title": self.title,
            "value": number(self.value),
            "ci": None if self.ci is None else [number(self.ci[0]), number(self.ci[1])],
            "level": self.level,
            "n": self.n,
            "n_control": self.n_control,
            "reference": self.reference,
            "status": self.status.value,
            "threshold": None if self.threshold is None else self.threshold.as_dict(),
            "disclosure": self.disclosure.value,
            "eps_spent": self.eps_spent,
            "p_value": number(self.p_value),
            "unit": self.unit,
            "subject": self.subject,
            "power": self.power,
            "method": self.method,
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One row of numbers of a figure, aligned with the figure's labels; None where there is no value."""

    name: str
    values: tuple[float | None, ...]
    disclosure: Disclosure


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A chart as a table: labels by series. The chart is drawn from it, and so is its data table.

    `kind` picks the drawing; `options` holds lines and scales, and must hold no number of a private row.
    """

    id: str
    kind: Literal["histogram", "heat", "grid", "intervals", "roc", "budget"]
    title: str
    description: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    options: dict[str, float | str] = field(default_factory=dict)

    def as_dict(self, allowed: frozenset[Disclosure]) -> Json | None:
        """The series that may be seen, or None if there are none."""
        series = [item for item in self.series if item.disclosure in allowed]
        if not series:
            return None
        return {
            "id": self.id,
            "kind": self.kind,
            "title": self.title,
            "description": self.description,
            "labels": list(self.labels),
            "series": [{"name": item.name, "values": [number(v) for v in item.values]} for item in series],
            "options": dict(self.options),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A small table of text."""

    id: str
    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    disclosure: Disclosure
    note: str = ""

    def as_dict(self) -> Json:
        """Plain JSON."""
        rows = [list(row) for row in self.rows]
        return {"id": self.id, "title": self.title, "header": list(self.header), "rows": rows, "note": self.note}


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Metrics that answer one question. It is as good as its worst member; nothing is averaged away."""

    id: str
    title: str
    question: str
    metrics: tuple[Metric, ...]
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()

    def as_dict(self, allowed: frozenset[Disclosure]) -> Json | None:
        """What may be seen of it, its light recomputed from that alone, or None if nothing may."""
        metrics = [metric for metric in self.metrics if metric.disclosure in allowed]
        figures = [made for item in self.figures if (made := item.as_dict(allowed)) is not None]
        tables = [item.as_dict() for item in self.tables if item.disclosure in allowed]
        if not (metrics or figures or tables):
            return None
        return {
            "id": self.id,
            "title": self.title,
            "question": self.question,
            "status": worst(metric.status for metric in metrics).value if metrics else None,
            "metrics": [metric.as_dict() for metric in metrics],
            "figures": figures,
            "tables": tables,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A line of the report's head: what was judged."""

    label: str
    value: str
    disclosure: Disclosure


_OWNER = frozenset({Disclosure.RELEASABLE, Disclosure.OWNER})
_RELEASE = frozenset({Disclosure.RELEASABLE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One evaluation. `stop` says that an attack proved more leakage than was claimed: withhold the bundle.

    Guarantees: `as_release_json` holds no metric, series, table or fact marked owner, and no light that
    was computed from one.
    """

    subject: str
    statement: Json
    attempts: int
    facts: tuple[Fact, ...]
    sections: tuple[Section, ...]
    power: str
    limits: tuple[str, ...]
    stop: bool

    def as_owner_json(self) -> Json:
        """Everything. For the data owner only: these numbers are not differentially private."""
        return self._json("owner", _OWNER) | {"stop": self.stop, "power": self.power}

    def as_release_json(self) -> Json:
        """What may travel with the synthetic table."""
        return self._json("release", _RELEASE)

    def _json(self, kind: str, allowed: frozenset[Disclosure]) -> Json:
        sections = [made for item in self.sections if (made := item.as_dict(allowed)) is not None]
        shown = {made["id"] for made in sections if made["metrics"]}
        return {
            "format": FORMAT,
            "kind": kind,
            "subject": self.subject,
            "attempts": self.attempts,
            "statement": self.statement,
            "facts": [{"label": f.label, "value": f.value} for f in self.facts if f.disclosure in allowed],
            "sections": sections,
            "withheld": [item.title for item in self.sections if item.metrics and item.id not in shown],
            "limits": list(self.limits),
        }


def number(value: float | None) -> float | None:
    """A finite float, or None. Rounded to 12 digits so that two machines print the same JSON."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.12g}")
