"""Diversity: collapse, lost regions and lost groups.

Owner side. Coverage and self-distance compare equal-size samples, so that size does not pass for
variety; the representation of each value is counted on all rows.
Sources: coverage, Naeem et al. arXiv:2002.09797; two-proportion z with Holm correction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from evaluation.distance import Points, isolation, nearest, points
from evaluation.encode import Encoded, Floats
from evaluation.intervals import holm
from evaluation.report import Disclosure, Metric, Section, Status, Threshold

COVERAGE = Threshold(amber=0.92, red=0.80, better="higher")
SPREAD = Threshold(amber=0.75, red=0.50, better="higher")
GROUPS = Threshold(amber=0.90, red=0.80, better="higher")
MAX_SIDE = 3_000
MIN_SIDE = 50
_K = 5
_DRAWS = 300


def diversity(encoded: Encoded, rng: np.random.Generator) -> Section:
    """Coverage ratio, self-distance ratio, and the least represented value of any column."""
    return Section(
        id="diversity",
        title="Diversity",
        question="Is anything or anyone missing, or said over and over?",
        metrics=(*_shape(encoded, rng), _representation(encoded)),
    )


def _shape(encoded: Encoded, rng: np.random.Generator) -> list[Metric]:
    n = min(encoded.rows["train"] // 2, encoded.rows["synthetic"], MAX_SIDE)
    if n < MIN_SIDE or not encoded.columns:
        return [_coverage(None, n), _spread(None, n)]
    placed = points(encoded.columns, ("train",), ("train", "synthetic"))
    drawn = rng.choice(encoded.rows["train"], 2 * n, replace=False)
    anchor, fresh = placed["train"].take(drawn[:n]), placed["train"].take(drawn[n:])
    synthetic = placed["synthetic"].take(rng.choice(encoded.rows["synthetic"], n, replace=False))
    return [_coverage(_covered(anchor, fresh, synthetic, rng), n), _spread(_spacing(fresh, synthetic, rng), n)]


def _covered(anchor: Points, fresh: Points, synthetic: Points, rng: np.random.Generator) -> Floats | None:
    """Ratio of the anchors' 5-NN balls that a synthetic row hits to those a fresh row hits; bootstrapped."""
    radius = isolation(anchor, _K) + 1e-6
    hit, base = (nearest(anchor, other)[0] <= radius for other in (synthetic, fresh))
    if not base.any():
        return None
    weights = np.vstack([np.ones(len(hit)), rng.poisson(1.0, (_DRAWS, len(hit)))])
    return np.asarray((weights @ hit) / np.maximum(weights @ base, 1))


def _spacing(fresh: Points, synthetic: Points, rng: np.random.Generator) -> Floats | None:
    """Ratio of the median distances to the nearest other row of the same table; bootstrapped."""
    real, made = (isolation(part, 1) for part in (fresh, synthetic))
    if np.quantile(real, 0.25) <= 1e-3:
        return None
    rows = np.vstack([np.arange(len(real)), rng.integers(0, len(real), (_DRAWS, len(real)))])
    return np.asarray(np.median(made[rows], axis=1) / np.maximum(np.median(real[rows], axis=1), 1e-9))


def _coverage(draws: Floats | None, n: int) -> Metric:
    method = (
        "share of real neighbourhoods (5-NN balls) that hold a synthetic row, over the share that a real sample hits"
    )
    return _ratio("diversity.coverage", "Regions covered", method, COVERAGE, draws, n)


def _spread(draws: Floats | None, n: int) -> Metric:
    method = "median distance to the nearest row of the same table, synthetic over real; near 0 means collapse"
    return _ratio("diversity.spacing", "Space between rows", method, SPREAD, draws, n)


def _ratio(id_: str, title: str, method: str, threshold: Threshold, draws: Floats | None, n: int) -> Metric:
    ci = None if draws is None else tuple(float(v) for v in np.quantile(draws[1:], [0.025, 0.975]))
    note = f"needs {MIN_SIDE} rows on each side" if n < MIN_SIDE else "rows repeat too often for distances to tell"
    return Metric(
        id=id_,
        title=title,
        value=None if draws is None else float(draws[0]),
        ci=None if ci is None else (ci[0], ci[1]),
        n=n,
        n_control=n,
        reference="against an equal sample of real rows",
        status=Status.GREY if ci is None else threshold.light((ci[0], ci[1])),
        threshold=threshold,
        disclosure=Disclosure.OWNER,
        method=method,
        unit="ratio",
        notes=() if draws is not None else (note,),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cell:
    """One value of one column: counts, ratio of the shares and its log standard error, one-sided p."""

    column: str
    ratio: float
    error: float
    p_value: float
    share: float


def _representation(encoded: Encoded) -> Metric:
    n, m = encoded.rows["train"], encoded.rows["synthetic"]
    cells = _cells(encoded) if min(n, m) >= MIN_SIDE else []
    adjusted = holm([cell.p_value for cell in cells])
    lost = [(cell, p) for cell, p in zip(cells, adjusted, strict=True) if p < 0.01]
    bad, p_value = min(lost, key=lambda item: item[0].ratio) if lost else (None, min(adjusted, default=1.0))
    status = Status.GREEN if cells else Status.GREY
    if bad is not None and bad.ratio < GROUPS.amber:
        status = Status.RED if bad.ratio < GROUPS.red and p_value < 0.001 else Status.AMBER
    smallest = _smallest_visible(n, m, len(cells)) if cells else 1.0
    shown = bad or min((cell for cell in cells if cell.share >= smallest), key=lambda cell: cell.ratio, default=None)
    ci = (
        None if shown is None else (shown.ratio * np.exp(-1.96 * shown.error), shown.ratio * np.exp(1.96 * shown.error))
    )
    return Metric(
        id="diversity.groups",
        title="Least represented group",
        value=None if shown is None else shown.ratio,
        ci=None if ci is None else (float(ci[0]), float(ci[1])),
        n=n,
        n_control=m,
        reference=f"among {len(cells)} values of categorical columns",
        status=status,
        threshold=GROUPS,
        disclosure=Disclosure.OWNER,
        p_value=p_value if cells else None,
        method="share among synthetic rows over share among training rows, each value of each categorical column; "
        "two-proportion z, Holm",
        unit="ratio",
        subject="" if shown is None else f"a value of {shown.column} ({shown.share:.1%} of training rows)",
        power="" if not cells else f"halving a group would show from {smallest:.1%} of the rows",
        notes=() if cells else ("no categorical column with enough rows",),
    )


def _cells(encoded: Encoded) -> list[_Cell]:
    n, m = encoded.rows["train"], encoded.rows["synthetic"]
    cells = []
    for column in encoded.columns:
        if column.numeric:
            continue
        real, made = (np.bincount(column.bins[role], minlength=column.size) for role in ("train", "synthetic"))
        for a, b in zip(real[2:].tolist(), made[2:].tolist(), strict=True):
            if a < 10:
                continue
            pooled = (a + b) / (n + m)
            spread = np.sqrt(max(pooled * (1 - pooled) * (1 / n + 1 / m), 1e-18))
            p = float(norm.cdf((b / m - a / n) / spread))
            error = float(np.sqrt(1 / a - 1 / n + 1 / (b + 0.5) - 1 / m)) if b < m else 0.0
            cells.append(_Cell(column=column.name, ratio=(b / m) / (a / n), error=error, p_value=p, share=a / n))
    return cells


def _smallest_visible(n: int, m: int, tests: int) -> float:
    """Share of the smallest group whose halving gives Holm p < 0.001 with 90 % power (normal limit)."""
    z = norm.isf(0.001 / tests) + norm.ppf(0.9)
    share = float(z**2 * 0.75 * (1 / n + 1 / m) / 0.25)
    return min(1.0, share)
