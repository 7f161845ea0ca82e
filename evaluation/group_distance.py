"""Is a group's own rows as like the real ones as everybody's? Two-way distance within each group.

Owner side. A table can be faithful on the whole and wrong for the few: every group is held to its own noise floor.
Thresholds: shared study, table B4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from evaluation.encode import Encoded
from evaluation.groups import Grouping
from evaluation.marginal_distance import Gap, gaps
from evaluation.report import Disclosure, Metric, Status, Threshold

WITHIN = Threshold(amber=0.05, red=0.10)
MIN_ROWS = 200
MAX_GROUPINGS = 6
MAX_PAIRS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    """One pair of columns within one group, and the rows behind it."""

    group: str
    gap: Gap
    n: int
    m: int


def within_groups(encoded: Encoded, groups: Sequence[Grouping], rng: np.random.Generator) -> Metric:
    """The pair of columns and the group in which it is farthest from real, of groups of 200 rows on both sides.

    A pair counts where the interval, with Bonferroni's correction over all of them, is no wider than red on either
    side; grey where none is. Red and amber need the whole interval past the line; a value past red is amber, too.
    """
    every = [(group, code, _rows(group, code)) for group in groups[:MAX_GROUPINGS] for code in range(len(group.labels))]
    cells = [cell for cell in every if min(len(part) for part in cell[2].values()) >= MIN_ROWS]
    found = [pair for cell in cells for pair in _pairs(encoded, *cell, rng)]
    z = float(norm.isf(0.025 / max(1, len(found))))
    judged = [pair for pair in found if z * pair.gap.se <= WITHIN.red]
    worst = max(judged, key=lambda pair: pair.gap.excess - z * pair.gap.se, default=None)
    return _metric(worst, z, len({pair.group for pair in judged}), len(every))


def _rows(group: Grouping, code: int) -> dict[str, NDArray[np.int64]]:
    return {role: np.flatnonzero(group.codes[role] == code) for role in ("train", "synthetic")}


def _pairs(
    encoded: Encoded, group: Grouping, code: int, rows: dict[str, NDArray[np.int64]], rng: np.random.Generator
) -> list[_Pair]:
    columns = tuple(
        replace(column, bins={role: column.bins[role][held] for role, held in rows.items()})
        for column in encoded.columns
        if column.name != group.column
    )
    n, m = (len(rows[role]) for role in ("train", "synthetic"))
    return [
        _Pair(group=group.name(code), gap=gap, n=n, m=m)
        for gap in gaps(replace(encoded, columns=columns), 2, rng, limit=MAX_PAIRS)
    ]


def _light(excess: float, low: float) -> Status:
    if low > WITHIN.red:
        return Status.RED
    return Status.AMBER if low > WITHIN.amber or excess > WITHIN.red else Status.GREEN


def _metric(worst: _Pair | None, z: float, n_judged: int, n_groups: int) -> Metric:
    ci = None
    if worst is not None:
        ci = (worst.gap.excess - z * worst.gap.se, worst.gap.excess + z * worst.gap.se)
    return Metric(
        id="fairness.distance",
        title="Distance within the worst group",
        value=None if worst is None else worst.gap.excess,
        ci=ci,
        n=None if worst is None else worst.n,
        n_control=None if worst is None else worst.m,
        reference=f"{n_judged} of {n_groups} groups could be judged" if n_groups else "",
        status=Status.GREY if worst is None or ci is None else _light(worst.gap.excess, ci[0]),
        threshold=WITHIN,
        disclosure=Disclosure.OWNER,
        method=f"total variation of at most {MAX_PAIRS} pairs of columns among the rows of one group, minus what "
        "sampling noise gives in that group; the worst, Bonferroni over pairs and groups",
        unit="excess",
        subject="" if worst is None else f"{worst.group}: {' × '.join(worst.gap.names)}",
        notes=() if worst is not None else (f"no group of {MIN_ROWS} rows on each side is large enough to judge",),
    )
