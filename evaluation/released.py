"""Metrics of the figures that ``evaluation.noised`` bought: each with the interval that its known noise gives.

Releasable: a function of released numbers alone. No row is read. Every interval holds with the stated level
whatever the table, because the noise's law is known; it is about this training table, not about a population.

With T the noisy number of rows, n the true one and q the synthetic shares, what was bought is
D(T) = sum |c - round(T q)| plus noise; where a category is unknown, c + T q takes the place of the difference. By the
triangle inequality |D(T) - D(n)| <= |T - n| + rounding, and the total variation distance is D(n) / (2n).
Distances are between codes of the release's domain: what happens within one bin is not seen.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from evaluation.noised import COLUMNS, GROUPS, PAIRS, ROWS
from evaluation.report import Disclosure, Metric, Section, Status, Table, Threshold
from evaluation.statement import PrivacyStatement
from privacy.accounting import compose, decode, epsilon_of

LEVEL = 0.95
MEAN = Threshold(amber=0.02, red=0.10)
WORST = Threshold(amber=0.05, red=0.10)
"""As for the owner's figures: total variation beyond what two samples of the same people would show."""
RATIO = Threshold(amber=0.90, red=0.80, better="higher")
LARGE = 10.0
"""A group is large if it has at least so many times its noise in rows, in the real or the synthetic table."""

Floats = NDArray[np.float64]
Entry = Mapping[str, Any]
Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Rows:
    """The true number of rows lies within ``low`` to ``high`` but for 2.5 %, half of what an interval may err."""

    value: float
    error: float

    @classmethod
    def of(cls, entry: Entry) -> _Rows:
        return cls(float(entry["value"]), _z(1) * float(entry["stddev"]))

    @property
    def low(self) -> float:
        return max(self.value - self.error, 0.0)

    @property
    def high(self) -> float:
        return self.value + self.error


def _z(n: int) -> float:
    """Two-sided normal quantile for n statements that hold together but for (1 - LEVEL) / 2."""
    return float(norm.isf((1 - LEVEL) / 4 / n))


def released_section(released: Entry, statement: PrivacyStatement) -> Section | None:
    """The section of noised figures, or None if none were bought."""
    if not released:
        return None
    rows, costs = _Rows.of(released["rows"]), _costs(statement)
    metrics: list[Metric] = []
    if "pairs" in released:
        metrics += [_mean(released["pairs"], rows, released, PAIRS, costs), _worst(released["pairs"], rows, costs)]
    if "columns" in released:
        metrics.append(_mean(released["columns"], rows, released, COLUMNS, costs))
    if "groups" in released:
        metrics.append(_smallest_ratio(released, rows, costs))
    return Section(
        id="released",
        title="Fidelity, with noise",
        question="How close is the copy, in figures that are themselves private?",
        metrics=tuple(metrics),
        tables=(_bought(released, rows, costs), *_group_table(released, rows)),
    )


def _costs(statement: PrivacyStatement) -> dict[str, float]:
    """Epsilon of each report event by itself, at the release's delta. Together they cost less than their sum."""
    events: dict[str, list[Any]] = {}
    for item in statement.events:
        if item.purpose.startswith("report/"):
            events.setdefault(item.purpose, []).append(decode(item.event))
    return {purpose: epsilon_of(compose(found), statement.delta) for purpose, found in events.items()}


def _tvd(value: float, error: float, rounding: float, rows: _Rows) -> tuple[float, Interval]:
    """Total variation and its interval from a noisy L1 distance with this error at its level."""
    low = max(0.0, value - error - rounding - rows.error) / (2 * rows.high)
    top = (value + error + rounding + rows.error) / (2 * rows.low) if rows.low > 0 else 1.0
    point = min(1.0, max(0.0, value / (2 * rows.value)))
    return point, (min(low, 1.0), min(1.0, max(top, 0.0)))


def _differences(entry: Entry) -> Floats:
    """Noisy L1 distances, and the synthetic rows that can equal no real row."""
    found: Floats = np.array(entry["distances"], dtype=np.float64) + np.array(entry["unmatched"], dtype=np.float64)
    return found


def _mean(entry: Entry, rows: _Rows, released: Entry, purpose: str, costs: Mapping[str, float]) -> Metric:
    noisy, order = _differences(entry), 2 if purpose == PAIRS else 1
    error = _z(1) * float(entry["stddev"]) / math.sqrt(len(noisy))
    value, ci = _tvd(float(noisy.mean()), error, float(np.mean(entry["rounding"])), rows)
    floor = float(np.mean(entry["floor"]))
    limit = _above(MEAN, floor)
    what = "all columns" if order == 1 else f"{len(noisy):,} pairs of columns, each in at most 8 groups"
    return Metric(
        id=f"released.tvd{order}.mean",
        title=f"{order}-way distance, mean, with noise",
        value=value,
        ci=ci,
        level=LEVEL,
        n_control=int(released["n_synthetic"]),
        reference=f"two samples of the same people would differ by about {floor:.3f}",
        status=_light(limit, ci, rows),
        threshold=limit,
        disclosure=Disclosure.RELEASABLE,
        eps_spent=costs.get(purpose, 0.0),
        method=f"mean total variation over {what}; Gaussian noise from the release's budget",
        unit="difference",
        notes=_canary_note(released),
    )


def _worst(entry: Entry, rows: _Rows, costs: Mapping[str, float]) -> Metric:
    """The largest of many noisy distances. Its interval covers all of them at once, so the choice costs nothing."""
    noisy, rounding = _differences(entry), np.array(entry["rounding"], dtype=np.float64)
    error = _z(len(noisy)) * float(entry["stddev"])
    found = [_tvd(float(value), error, float(slack), rows) for value, slack in zip(noisy, rounding, strict=True)]
    place = int(np.argmax(noisy))
    ci = (max(low for _, (low, _) in found), max(high for _, (_, high) in found))
    limit = _above(WORST, float(entry["floor"][place]))
    return Metric(
        id="released.tvd2.worst",
        title="2-way distance, worst pair, with noise",
        value=found[place][0],
        ci=ci,
        level=LEVEL,
        status=_light(limit, ci, rows),
        threshold=limit,
        disclosure=Disclosure.RELEASABLE,
        eps_spent=costs.get(PAIRS, 0.0),
        method="largest noisy distance; the interval holds for all pairs together (Bonferroni)",
        unit="difference",
        subject=" × ".join(entry["cliques"][place]),
        notes=("the same noisy numbers as the mean: paid for once",),
    )


def _light(threshold: Threshold, ci: Interval, rows: _Rows) -> Status:
    """Grey where red is out of reach: with so few rows for so much noise, green would mean nothing."""
    return Status.GREY if rows.low <= 0 or threshold.red >= 1 else threshold.light(ci)


def _above(threshold: Threshold, floor: float) -> Threshold:
    return Threshold(amber=threshold.amber + floor, red=threshold.red + floor, source="ours, beyond sampling noise")


@dataclass(frozen=True, slots=True)
class _Group:
    name: str
    ratio: float
    ci: Interval


def _large_groups(released: Entry, rows: _Rows) -> list[_Group]:
    """Share in the synthetic table over share in the real one, of each large group.

    Which groups are large is read off released numbers, and the intervals hold for all cells together.
    """
    entry, n_synthetic = released["groups"], float(released["n_synthetic"])
    stddev, cells = float(entry["stddev"]), entry["cells"]
    error, groups = _z(max(1, len(cells))) * stddev, []
    for cell in cells:
        share, real = float(cell["synthetic"]) / n_synthetic, float(cell["real"])
        if max(real, share * rows.value) < LARGE * stddev:
            continue
        low = share * rows.low / (real + error) if real + error > 0 else 0.0
        high = share * rows.high / (real - error) if real > error else math.inf
        groups.append(_Group(f"{cell['column']} = {cell['value']}", share * rows.value / max(real, 1.0), (low, high)))
    return groups


def _smallest_ratio(released: Entry, rows: _Rows, costs: Mapping[str, float]) -> Metric:
    groups, n_cells = _large_groups(released, rows), len(released["groups"]["cells"])
    least = min(groups, key=lambda group: group.ratio, default=None)
    ci = (min(group.ci[0] for group in groups), min(group.ci[1] for group in groups)) if groups else None
    return Metric(
        id="released.groups",
        title="Representation of large groups, with noise",
        value=None if least is None else least.ratio,
        ci=ci,
        level=LEVEL,
        status=Status.GREY if ci is None else RATIO.light(ci),
        threshold=RATIO,
        disclosure=Disclosure.RELEASABLE,
        eps_spent=costs.get(GROUPS, 0.0),
        method="smallest ratio of a group's share, synthetic over real; intervals hold for all groups together",
        unit="ratio",
        subject="" if least is None else least.name,
        notes=(f"{len(groups)} of {n_cells} groups are large enough for their noise",),
    )


def _bought(released: Entry, rows: _Rows, costs: Mapping[str, float]) -> Table:
    said = {ROWS: "number of rows", COLUMNS: "columns", PAIRS: "pairs of columns", GROUPS: "groups"}
    lines = tuple((said.get(purpose, purpose), f"{cost:.3g}") for purpose, cost in costs.items())
    spread = float(released["rows"]["stddev"])
    return Table(
        id="released-costs",
        title="What these figures cost",
        header=("Figure", "Epsilon by itself"),
        rows=lines,
        disclosure=Disclosure.RELEASABLE,
        note="All of it is inside the epsilon of this release; together they cost less than their sum. "
        f"Rows trained on, with noise: {rows.value:,.0f}, standard deviation {spread:,.0f}.",
    )


def _group_table(released: Entry, rows: _Rows) -> tuple[Table, ...]:
    groups = _large_groups(released, rows) if "groups" in released else []
    lines = tuple((group.name, f"{group.ratio:.2f}", _span(group.ci)) for group in groups)
    table = Table(
        id="released-groups",
        title="Large groups, with noise",
        header=("Group", "Ratio", "95% sure for all"),
        rows=lines,
        disclosure=Disclosure.RELEASABLE,
        note="Share in the synthetic table over share in the real one; 1 is faithful.",
    )
    return (table,) if lines else ()


def _span(ci: Interval) -> str:
    return f"above {ci[0]:.2f}" if math.isinf(ci[1]) else f"{ci[0]:.2f} to {ci[1]:.2f}"


def _canary_note(released: Entry) -> tuple[str, ...]:
    count = int(released.get("canaries", 0))
    return (f"the rows compared with hold about half of {count} canary rows",) if count else ()
