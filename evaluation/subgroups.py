"""Who is worst off? Every attack again, on every group of people, with one correction over all of them.

Owner side. Privacy that holds on average can fail for one group; the worst cell decides the light.
Sources: Fisher's exact test; Holm 1979; groups of shared study, table B4 ("equal privacy").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import hypergeom

from evaluation.groups import Grouping
from evaluation.intervals import Interval, auc, auc_interval, difference, holm, rank_sum_limit
from evaluation.report import Disclosure, Figure, Metric, Series, Status, Table, Threshold

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ALPHA_RED, ALPHA_AMBER = 0.001, 0.01
MIN_SIDE = 30
_DRAWN = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an attack found for each person: a score or a hit, and a row of that person in each role.

    Shapes: rows[side], value[side] (n,), for the sides "trained" and "unseen"; `role[side]` names the table.
    """

    attack: str
    role: dict[str, str]
    rows: dict[str, Ints]
    value: dict[str, Floats]
    scored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One attack on one group. `advantage` is the difference of the hit rates, or 2 AUC - 1."""

    attack: str
    group: str
    advantage: float
    ci: Interval
    n: int
    n_control: int
    p_value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WorstOff:
    """The metric, the heat map and the table of the ten worst cells."""

    metric: Metric
    figures: tuple[Figure, ...]
    tables: tuple[Table, ...]


def worst_off(outcomes: Sequence[Outcome], groups: Sequence[Grouping]) -> WorstOff:
    """Attack by group, Holm over every cell with 30 people on each side."""
    cells = [cell for outcome in outcomes for group in groups for cell in _cells(outcome, group)]
    adjusted = dict(zip(range(len(cells)), holm([cell.p_value for cell in cells]), strict=True))
    order = sorted(adjusted, key=lambda i: (adjusted[i], -cells[i].advantage))
    ranked = [(cells[i], adjusted[i]) for i in order]
    return WorstOff(metric=_metric(ranked), figures=_heat(ranked), tables=_table(ranked))


def _cells(outcome: Outcome, group: Grouping) -> list[Cell]:
    codes = {side: group.codes[outcome.role[side]][outcome.rows[side]] for side in outcome.rows}
    found = []
    for code in range(len(group.labels)):
        inside, outside = (outcome.value[side][codes[side] == code] for side in ("trained", "unseen"))
        if min(len(inside), len(outside)) >= MIN_SIDE:
            judge = _scored if outcome.scored else _counted
            advantage, ci, p = judge(inside, outside)
            found.append(
                Cell(
                    attack=outcome.attack,
                    group=group.name(code),
                    advantage=advantage,
                    ci=ci,
                    n=len(inside),
                    n_control=len(outside),
                    p_value=p,
                )
            )
    return found


def _scored(inside: Floats, outside: Floats) -> tuple[float, Interval, float]:
    value = auc(inside, outside)
    low, high = auc_interval(value, len(inside), len(outside))
    return 2 * value - 1, (2 * low - 1, 2 * high - 1), rank_sum_limit(inside, outside)


def _counted(inside: Floats, outside: Floats) -> tuple[float, Interval, float]:
    hits, n, control, m = int(inside.sum()), len(inside), int(outside.sum()), len(outside)
    p = float(hypergeom.sf(hits - 1, n + m, hits + control, n))
    return hits / n - control / m, difference(hits, n, control, m), p


def _metric(ranked: list[tuple[Cell, float]]) -> Metric:
    cell, p_value = ranked[0] if ranked else (None, 1.0)
    if cell is None:
        status = Status.GREY
    else:
        status = Status.RED if p_value < ALPHA_RED else Status.AMBER if p_value < ALPHA_AMBER else Status.GREEN
    return Metric(
        id="risk.subgroups",
        title="Worst group under any attack",
        value=None if cell is None else cell.advantage,
        ci=None if cell is None else cell.ci,
        n=None if cell is None else cell.n,
        n_control=None if cell is None else cell.n_control,
        reference=f"the most significant of {len(ranked)} attacks on groups" if ranked else "",
        status=status,
        threshold=Threshold(amber=ALPHA_AMBER, red=ALPHA_RED, source="p value; Fisher, rank sum, Holm"),
        disclosure=Disclosure.OWNER,
        p_value=p_value if ranked else None,
        method="every attack on every group with 30 people on each side; advantage is the difference of the hit rates, "
        "or 2 AUC - 1; Holm over all of them",
        unit="advantage",
        subject="" if cell is None else f"{cell.attack}, {cell.group}",
        notes=() if ranked else (f"no group has {MIN_SIDE} people on each side",),
    )


def _heat(ranked: list[tuple[Cell, float]]) -> tuple[Figure, ...]:
    groups = list(dict.fromkeys(cell.group for cell, _ in ranked))[:_DRAWN]
    attacks = list(dict.fromkeys(cell.attack for cell, _ in ranked))
    if not groups:
        return ()
    value = {(cell.attack, cell.group): cell.advantage for cell, _ in ranked}
    marked = {(cell.attack, cell.group) for cell, p in ranked if p < ALPHA_AMBER}
    series = [
        Series(name=a, values=tuple(value.get((a, g)) for g in groups), disclosure=Disclosure.OWNER)
        for a in sorted(attacks)
    ]
    certain = "; ".join(f"{a} on {g}" for a, g in sorted(marked)[:5])
    return (
        Figure(
            id="risk-groups",
            kind="grid",
            title="Attack by group",
            description="Advantage of each attack on each group; 0 is guessing, 1 is certainty. "
            + (f"Beyond chance: {certain}." if certain else "None is beyond chance after correction."),
            labels=tuple(groups),
            series=tuple(series),
            options={"red": 0.2},
        ),
    )


def _table(ranked: list[tuple[Cell, float]]) -> tuple[Table, ...]:
    rows = tuple(
        (
            cell.group,
            cell.attack,
            f"{cell.advantage:+.3f}",
            f"[{cell.ci[0]:+.3f}, {cell.ci[1]:+.3f}]",
            f"{cell.n:,} / {cell.n_control:,}",
            f"{p:.2g}",
        )
        for cell, p in ranked[:10]
    )
    if not rows:
        return ()
    return (
        Table(
            id="risk-worst-groups",
            title="Groups worst off",
            header=("Group", "Attack", "Advantage", "95%", "Trained / unseen", "p, Holm"),
            rows=rows,
            disclosure=Disclosure.OWNER,
            note="Most significant first, over all attacks and groups.",
        ),
    )
