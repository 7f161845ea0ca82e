"""Diversity: collapse, lost regions, lost edges.

Owner side. Coverage, spacing and variety compare equal-size samples, so that size does not pass for variety.
Source: coverage, Naeem et al. arXiv:2002.09797.
"""

from __future__ import annotations

import numpy as np

from evaluation.clusters import cluster_distance, vendi_ratio
from evaluation.distance import Points, isolation, nearest, points, stack, unfolded
from evaluation.encode import Encoded, Floats
from evaluation.report import Disclosure, Metric, Section, Status, Threshold
from evaluation.tails import heaped_values, rare_categories, tails

COVERAGE = Threshold(amber=0.92, red=0.80, better="higher")
SPREAD = Threshold(amber=0.75, red=0.50, better="higher")
WORN = Threshold(amber=0.75, red=0.50, better="higher")
VARIETY = Threshold(amber=0.90, red=0.80, better="higher")
REGIONS = Threshold(amber=0.08, red=0.15)
MAX_SIDE = 3_000
MIN_SIDE = 50
_K = 5
_DRAWS = 300


def diversity(encoded: Encoded, rng: np.random.Generator) -> Section:
    """Coverage, spacing, variety and regions of equal samples; tails, rare categories and heaps of all rows."""
    rare = rare_categories(encoded)
    edges = (tails(encoded), *((rare,) if rare is not None else ()), heaped_values(encoded))
    return Section(
        id="diversity",
        title="Diversity",
        question="Is anything missing, or said over and over?",
        metrics=(*_shape(encoded, rng), *edges),
    )


def _shape(encoded: Encoded, rng: np.random.Generator) -> list[Metric]:
    n = min(encoded.rows["train"] // 2, encoded.rows["synthetic"], MAX_SIDE)
    if n < MIN_SIDE or not encoded.columns:
        return [_coverage(None, n), _spread(None, n), _repeats(None, n), _variety(None, n), _regions(None, n)]
    placed = points(encoded.columns, ("train",), ("train", "synthetic"))
    drawn = rng.choice(encoded.rows["train"], 2 * n, replace=False)
    anchor, fresh = placed["train"].take(drawn[:n]), placed["train"].take(drawn[n:])
    synthetic = placed["synthetic"].take(rng.choice(encoded.rows["synthetic"], n, replace=False))
    middle, edge = _spacing(fresh, synthetic, rng)
    real, made = unfolded(fresh, synthetic)
    base = unfolded(anchor, stack([fresh, synthetic]))
    regions = None
    if base[0].dense.shape[1]:
        regions = cluster_distance(base[0].dense, base[1].dense[:n], base[1].dense[n:], rng)
    return [
        _coverage(_covered(anchor, fresh, synthetic, rng), n),
        _spread(middle, n),
        _repeats(edge, n),
        _variety(vendi_ratio(real.dense, made.dense), n),
        _regions(regions, n),
    ]


def _covered(anchor: Points, fresh: Points, synthetic: Points, rng: np.random.Generator) -> Floats | None:
    """Ratio of the anchors' 5-NN balls that a synthetic row hits to those a fresh row hits; bootstrapped."""
    radius = isolation(anchor, _K) + 1e-6
    hit, base = (nearest(anchor, other)[0] <= radius for other in (synthetic, fresh))
    if not base.any():
        return None
    weights = np.vstack([np.ones(len(hit)), rng.poisson(1.0, (_DRAWS, len(hit)))])
    return np.asarray((weights @ hit) / np.maximum(weights @ base, 1))


def _spacing(fresh: Points, synthetic: Points, rng: np.random.Generator) -> tuple[Floats | None, Floats | None]:
    """Ratios of the median and of the lowest tenth of the distances to the nearest other row; bootstrapped.

    None where real rows stand so close themselves that a ratio says nothing.
    """
    real, made = (isolation(part, 1) for part in (fresh, synthetic))
    rows = np.vstack([np.arange(len(real)), rng.integers(0, len(real), (_DRAWS, len(real)))])
    found: list[Floats | None] = []
    for share in (0.5, 0.1):
        if np.quantile(real, share / 2) <= 1e-3:
            found.append(None)
            continue
        top, bottom = (np.quantile(values[rows], share, axis=1) for values in (made, real))
        found.append(np.asarray(top / np.maximum(bottom, 1e-9), dtype=np.float64))
    return found[0], found[1]


def _coverage(draws: Floats | None, n: int) -> Metric:
    method = (
        "share of real neighbourhoods (5-NN balls) that hold a synthetic row, over the share that a real sample hits"
    )
    return _ratio("diversity.coverage", "Regions covered", method, COVERAGE, draws, n)


def _spread(draws: Floats | None, n: int) -> Metric:
    method = "median distance to the nearest row of the same table, synthetic over real; near 0 means collapse"
    return _ratio("diversity.spacing", "Space between rows", method, SPREAD, draws, n)


def _repeats(draws: Floats | None, n: int) -> Metric:
    method = "the same for the tenth of the rows that stand closest; near 0 means that part of the table collapsed"
    return _ratio("diversity.repeats", "Space between the closest rows", method, WORN, draws, n)


def _variety(found: tuple[float, tuple[float, float]] | None, n: int) -> Metric:
    method = "Vendi score (how many different rows there are in effect), synthetic over real"
    return _plain("diversity.variety", "Rows that differ, in effect", method, VARIETY, found, n, "ratio")


def _regions(found: tuple[float, tuple[float, float]] | None, n: int) -> Metric:
    method = "Jensen-Shannon distance of the shares of k-means clusters, synthetic to real, above sampling noise"
    return _plain("diversity.regions", "Shares of the regions", method, REGIONS, found, n, "difference")


def _plain(
    id_: str,
    title: str,
    method: str,
    threshold: Threshold,
    found: tuple[float, tuple[float, float]] | None,
    n: int,
    unit: str,
) -> Metric:
    return Metric(
        id=id_,
        title=title,
        value=None if found is None else found[0],
        ci=None if found is None else found[1],
        n=n,
        n_control=n,
        reference="against an equal sample of real rows",
        status=Status.GREY if found is None else threshold.light(found[1]),
        threshold=threshold,
        disclosure=Disclosure.OWNER,
        method=method,
        unit=unit,
        notes=() if found is not None else (f"needs {MIN_SIDE} rows on each side",),
    )


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
