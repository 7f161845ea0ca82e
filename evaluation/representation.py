"""Is every group in the synthetic table as large as it is among the people it stands for?

Owner side. Cells are the values of the grouping columns, alone and crossed with each target. A cell too small
to judge is said to be underpowered and lights grey: a table that lost half of it would look the same.
Source: two-proportion z with Holm 1979; thresholds: shared study, table B4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.cells import Cell, finding, lost_cells
from evaluation.encode import Encoded
from evaluation.groups import Grouping
from evaluation.report import Disclosure, Figure, Metric, Series, Status, Table, Threshold

GROUPS = Threshold(amber=0.90, red=0.80, better="higher", source="ours; 0.8 is the four-fifths rule")
MIN_ROWS = 50
_SHOWN, _DRAWN = 25, 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Representation:
    """Two metrics (cells that can be judged, cells that cannot), a table and a picture."""

    metrics: tuple[Metric, ...]
    tables: tuple[Table, ...]
    figures: tuple[Figure, ...]


def representation(encoded: Encoded, groups: Sequence[Grouping], targets: Sequence[Grouping]) -> Representation:
    """Judge every group, and every group within every class of a target."""
    n, m = encoded.rows["train"], encoded.rows["synthetic"]
    cells = _cells(encoded, groups, targets) if min(n, m) >= MIN_ROWS else []
    metrics = (_worst(cells, n, m), _underpowered(cells, n, m))
    return Representation(metrics=metrics, tables=_table(cells), figures=_picture(cells))


def _cells(encoded: Encoded, groups: Sequence[Grouping], targets: Sequence[Grouping]) -> list[Cell]:
    """Rows of one person are not independent, so the real side counts as many rows as it has people."""
    people = len(np.unique(encoded.unit["train"]))
    counted: list[tuple[str, float, float]] = []
    for group in groups:
        counted += _counts(group, None)
        for target in targets:
            if target.column != group.column:
                counted += _counts(group, target)
    return lost_cells(counted, people, encoded.rows["synthetic"])


def _counts(group: Grouping, target: Grouping | None) -> list[tuple[str, float, float]]:
    """(name, share of training rows, share of synthetic rows) of each cell that has a training row."""
    width = 1 if target is None else len(target.labels)
    size = len(group.labels) * width
    shares = []
    for role in ("train", "synthetic"):
        code, other = group.codes[role], None if target is None else target.codes[role]
        known = code >= 0 if other is None else (code >= 0) & (other >= 0)
        index = code[known] * width + (0 if other is None else other[known])
        shares.append(np.bincount(index, minlength=size) / len(code))
    names = [
        group.name(i) if target is None else f"{group.name(i)}, {target.name(j)}"
        for i in range(len(group.labels))
        for j in range(width)
    ]
    return [(name, a, b) for name, a, b in zip(names, *(part.tolist() for part in shares), strict=True) if a > 0]


def _worst(cells: list[Cell], n: int, m: int) -> Metric:
    """The least represented cell, among those that can be judged or whose loss shows all the same."""
    judged = [cell for cell in cells if finding(cell, GROUPS) is not Status.GREY]
    order = {Status.RED: 0, Status.AMBER: 1, Status.GREEN: 2}
    bad = min(judged, key=lambda cell: (order[finding(cell, GROUPS)], cell.ratio), default=None)
    note = "no column of few values with enough rows" if not cells else "underpowered: every group is too small"
    return Metric(
        id="fairness.representation",
        title="Least represented group",
        value=None if bad is None else bad.ratio,
        ci=None if bad is None else bad.ci,
        n=n,
        n_control=m,
        reference="" if bad is None else f"{bad.share:.2%} of training rows, {bad.made:.2%} of synthetic rows",
        status=Status.GREY if bad is None else finding(bad, GROUPS),
        threshold=GROUPS,
        disclosure=Disclosure.OWNER,
        p_value=None if bad is None else bad.adjusted,
        method=f"share among synthetic rows over share among training rows, {len(judged)} cells of columns of few "
        "values, alone and crossed with the target; two-proportion z by person, Holm",
        unit="ratio",
        subject="" if bad is None else bad.name,
        power="" if bad is None else f"a ratio below {bad.visible:.2f} would have been red with 90% power",
        notes=() if bad is not None else (note,),
    )


def _underpowered(cells: list[Cell], n: int, m: int) -> Metric:
    """How many groups are too small to be judged. Any at all is grey, never green."""
    unseen = [cell for cell in cells if finding(cell, GROUPS) is Status.GREY]
    largest = max(unseen, key=lambda cell: cell.share, default=None)
    notes = []
    if largest is not None:
        notes.append(
            f"underpowered: of {len(unseen)} of {len(cells)} groups, half could be missing and it would not show; "
            f"the largest holds {largest.share:.2%} of the training rows"
        )
    return Metric(
        id="fairness.underpowered",
        title="Groups too small to judge",
        value=float(len(unseen)) if cells else None,
        n=n,
        n_control=m,
        status=Status.GREEN if cells and not unseen else Status.GREY,
        disclosure=Disclosure.OWNER,
        method="groups of which half could be lost without a red light at 90% power",
        unit="groups",
        subject="" if largest is None else largest.name,
        notes=tuple(notes),
    )


def _table(cells: list[Cell]) -> tuple[Table, ...]:
    ranked = sorted(cells, key=lambda cell: (cell.adjusted, cell.ratio))[:_SHOWN]
    rows = tuple(
        (
            cell.name,
            f"{cell.share:.2%}",
            f"{cell.made:.2%}",
            f"{cell.ratio:.2f}",
            f"{cell.adjusted:.2g}",
            f"{cell.visible:.2f}" if cell.visible > 0 else "none",
            {Status.GREY: "underpowered", Status.GREEN: "kept"}.get(finding(cell, GROUPS), "lost"),
        )
        for cell in ranked
    )
    if not rows:
        return ()
    return (
        Table(
            id="fairness-representation",
            title="Groups, most likely lost first",
            header=("Group", "Training", "Synthetic", "Ratio", "p, Holm", "Visible below", "Finding"),
            rows=rows,
            disclosure=Disclosure.OWNER,
            note="“Visible below”: the ratio from which a loss would have been red with 90% power.",
        ),
    )


def _picture(cells: list[Cell]) -> tuple[Figure, ...]:
    ranked = sorted((cell for cell in cells if cell.visible > 0), key=lambda cell: (cell.adjusted, cell.ratio))
    shown = ranked[:_DRAWN]
    if not shown:
        return ()
    rows = {
        "Ratio": [cell.ratio for cell in shown],
        "Low": [cell.ci[0] for cell in shown],
        "High": [cell.ci[1] for cell in shown],
        "Smallest visible": [cell.visible for cell in shown],
    }
    return (
        Figure(
            id="fairness-groups",
            kind="intervals",
            title="Representation of groups",
            description="Share among synthetic rows over share among training rows, with its 95% interval. "
            "The tick is the ratio below which a loss would have been seen.",
            labels=tuple(cell.name for cell in shown),
            series=tuple(Series(name=k, values=tuple(v), disclosure=Disclosure.OWNER) for k, v in rows.items()),
            options={
                "amber": GROUPS.amber,
                "red": GROUPS.red,
                "guess": 1.0,
                "better": "higher",
                "low": 0.0,
                "high": 2.0,
                "axis": "ratio of the shares (1 is the same share)",
            },
        ),
    )
