"""Fidelity loss: how far the synthetic table is from the training table, above sampling noise.

Owner side: every figure here is an ordinary statistic of private rows.
Thresholds and their sources: shared study, tables B1 (ours; tuned on one 13-column table).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.encode import Encoded
from evaluation.intervals import difference
from evaluation.marginal_distance import Gap, gaps
from evaluation.report import Disclosure, Figure, Metric, Section, Series, Status, Table, Threshold
from evaluation.structure import structure
from understudy.schema import TableSchema

MEAN = Threshold(amber=0.02, red=0.10)
WORST = Threshold(amber=0.05, red=0.10)
ASSOCIATION = Threshold(amber=0.05, red=0.15)
MISSING = Threshold(amber=0.02, red=0.10)
MIN_ROWS = 50
_Z = 1.96
_TOO_CLOSE = 0.7
_HEAT_COLUMNS = 40
_WORDS = {1: "column", 2: "pair", 3: "triple"}


def fidelity(
    encoded: Encoded,
    rng: np.random.Generator,
    *,
    realism: Sequence[Metric] = (),
    schema: TableSchema | None = None,
) -> Section:
    """One-, two- and three-way total variation, associations, missing cells, structure; `realism` adds the C2ST."""
    metrics: list[Metric] = []
    by_order: dict[int, list[Gap]] = {}
    small = min(encoded.rows["train"], encoded.rows["synthetic"])
    for order in (1, 2, 3):
        enough = small > 0 and len(encoded.columns) >= order
        by_order[order] = gaps(encoded, order, rng) if enough else []
        metrics += _distances(by_order[order], order, encoded)
    metrics.append(_associations(by_order[2], encoded))
    metrics.append(_missingness(encoded))
    pairs = by_order[2]
    return Section(
        id="fidelity",
        title="Fidelity loss",
        question="What does the synthetic table get wrong about the training table?",
        metrics=(*metrics, *structure(schema, encoded, rng), *realism),
        figures=tuple(_heat(pairs, encoded)),
        tables=tuple(_worst_tables(by_order)),
    )


@dataclass(frozen=True, slots=True)
class _Kind:
    """What all figures of one kind share."""

    id: str
    title: str
    method: str
    unit: str = "excess"


def _distances(found: list[Gap], order: int, encoded: Encoded) -> list[Metric]:
    word = _WORDS[order]
    method = f"total variation over every {word} minus the expectation under sampling noise alone"
    if order == 3:
        method = "total variation over at most 200 seeded triples minus the expectation under sampling noise"
    mean = _Kind(f"fidelity.tvd{order}.mean", f"{order}-way distance, mean", method)
    worst = _Kind(f"fidelity.tvd{order}.worst", f"{order}-way distance, worst {word}", method)
    if not found:
        return [_metric(mean, encoded, MEAN, None), _metric(worst, encoded, WORST, None)][: 2 if order < 3 else 1]
    total, floor, error = (float(np.mean([getattr(gap, key) for gap in found])) for key in ("tvd", "floor", "se"))
    note = f"distance {total:.3f}, of which noise {floor:.3f}"
    if total < _TOO_CLOSE * floor:
        note += "; closer than a fresh sample would be, so these margins follow the training table itself"
    result = [_metric(mean, encoded, MEAN, (total - floor, error), note)]
    if order < 3:
        bad = max(found, key=lambda gap: gap.excess)
        own = f"distance {bad.tvd:.3f}, of which noise {bad.floor:.3f}"
        result.append(_metric(worst, encoded, WORST, (bad.excess, bad.se), own, " × ".join(bad.names)))
    return result


def _metric(
    what: _Kind,
    encoded: Encoded,
    threshold: Threshold,
    found: tuple[float, float] | None,
    note: str = "",
    subject: str = "",
) -> Metric:
    """A metric of this kind from (value, standard error); grey without one or with very few rows."""
    n, m = encoded.rows["train"], encoded.rows["synthetic"]
    ci = None if found is None else (found[0] - _Z * found[1], found[0] + _Z * found[1])
    return Metric(
        id=what.id,
        title=what.title,
        value=None if found is None else found[0],
        ci=ci,
        n=n,
        n_control=m,
        status=Status.GREY if ci is None or min(n, m) < MIN_ROWS else threshold.light(ci),
        threshold=threshold,
        disclosure=Disclosure.OWNER,
        method=what.method,
        unit=what.unit,
        subject=subject,
        notes=(note,) if note else (),
    )


def _associations(pairs: list[Gap], encoded: Encoded) -> Metric:
    method = "mean absolute difference of bias-corrected Cramér's V over all pairs"
    kind = _Kind("fidelity.association", "Associations between columns", method, "difference")
    if not pairs:
        return _metric(kind, encoded, ASSOCIATION, None)
    bad = max(pairs, key=lambda gap: gap.association)
    value, error = (float(np.mean([getattr(gap, key) for gap in pairs])) for key in ("association", "association_se"))
    note = f"largest change {bad.association:.2f}: {' × '.join(bad.names)}"
    return _metric(kind, encoded, ASSOCIATION, (value, error), note)


def _missingness(encoded: Encoded) -> Metric:
    method = "difference of the shares of missing cells, Newcombe interval"
    kind = _Kind("fidelity.missing", "Missing values, worst column", method, "difference")
    n, m = encoded.rows["train"], encoded.rows["synthetic"]
    if min(n, m) == 0 or not encoded.columns:
        return _metric(kind, encoded, MISSING, None)
    rows = []
    for column in encoded.columns:
        a, b = (int(np.count_nonzero(column.exact[role] == 0)) for role in ("train", "synthetic"))
        rows.append((abs(a / n - b / m), column.name, a, b))
    gap, name, a, b = max(rows)
    low, high = difference(a, n, b, m) if a / n >= b / m else difference(b, m, a, n)
    note = f"training {a / n:.1%} missing, synthetic {b / m:.1%}"
    return _metric(kind, encoded, MISSING, (gap, (high - low) / (2 * _Z)), note, name if gap else "")


def _heat(pairs: list[Gap], encoded: Encoded) -> list[Figure]:
    if not pairs:
        return []
    by_pair = {gap.names: gap.excess for gap in pairs}
    mean = {
        column.name: np.mean([gap.excess for gap in pairs if column.name in gap.names] or [0.0])
        for column in encoded.columns
    }
    shown = set(sorted(mean, key=lambda name: -mean[name])[:_HEAT_COLUMNS])
    names = tuple(column.name for column in encoded.columns if column.name in shown)
    series = tuple(
        Series(
            name=row,
            values=tuple(by_pair.get((row, col), by_pair.get((col, row))) for col in names),
            disclosure=Disclosure.OWNER,
        )
        for row in names
    )
    return [
        Figure(
            id="fidelity-pairs",
            kind="heat",
            title="Excess distance of every pair",
            description="Darker is worse. Zero is what two samples of the same table would show.",
            labels=names,
            series=series,
            options={"red": WORST.red},
        )
    ]


def _worst_tables(by_order: dict[int, list[Gap]]) -> list[Table]:
    tables = []
    for order, title in (
        (1, "Columns furthest from the training table"),
        (2, "Pairs furthest from the training table"),
    ):
        ranked = sorted(by_order[order], key=lambda gap: -gap.excess)[:10]
        rows = tuple((" × ".join(g.names), f"{g.tvd:.3f}", f"{g.floor:.3f}", f"{g.excess:+.3f}") for g in ranked)
        header = (_WORDS[order].capitalize(), "Distance", "Noise", "Excess")
        if rows:
            tables.append(
                Table(id=f"fidelity-worst-{order}", title=title, header=header, rows=rows, disclosure=Disclosure.OWNER)
            )
    return tables
