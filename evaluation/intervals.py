"""Intervals and exact tests that the evaluation stands on: proportions, AUC, Holm.

Pure functions of counts and scores; whoever calls them says what the counts are of.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import binom, norm, rankdata

Floats = NDArray[np.float64]
Interval = tuple[float, float]

_EXACT_BELOW = 500
_DRAWS = 9_999


def wilson(successes: int, n: int, *, level: float = 0.95) -> Interval:
    """Score interval of a proportion; (0, 1) when n is 0. Source: Wilson 1927."""
    if n == 0:
        return 0.0, 1.0
    z = float(norm.ppf(0.5 + level / 2))
    p, spread = successes / n, z * z / n
    half = z * np.sqrt(p * (1 - p) / n + spread / (4 * n))
    return max(0.0, (p + spread / 2 - half) / (1 + spread)), min(1.0, (p + spread / 2 + half) / (1 + spread))


def difference(successes: int, n: int, control: int, n_control: int, *, level: float = 0.95) -> Interval:
    """Interval of a difference of two proportions. Source: Newcombe 1998, method 10 (square-and-add)."""
    if n == 0 or n_control == 0:
        return -1.0, 1.0
    low_a, high_a = wilson(successes, n, level=level)
    low_b, high_b = wilson(control, n_control, level=level)
    a, b = successes / n, control / n_control
    low = a - b - np.hypot(a - low_a, high_b - b)
    high = a - b + np.hypot(high_a - a, b - low_b)
    return float(low), float(high)


def excess_p(hits: int, n: int, control_hits: int, n_control: int) -> float:
    """One-sided exact p that the first group is hit no more often than the control.

    Given the total, hits ~ Bin(hits + control_hits, n / (n + n_control)) when nothing leaks.
    """
    total = hits + control_hits
    if total == 0 or n == 0 or n_control == 0:
        return 1.0
    return float(binom.sf(hits - 1, total, n / (n + n_control)))


def auc(positive: Floats, negative: Floats) -> float:
    """P(positive > negative) + P(equal) / 2. NaN when a side is empty."""
    n, m = len(positive), len(negative)
    if n == 0 or m == 0:
        return float("nan")
    ranks = rankdata(np.concatenate([positive, negative]))
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * m))


def auc_interval(value: float, n: int, m: int, *, level: float = 0.95) -> Interval:
    """Score-type interval of an AUC; never of width zero, so it holds up at 0 and 1.

    Source: Newcombe 2006, Statistics in Medicine 25:559-573, method 5 (Hanley-McNeil variance solved
    at the limit instead of at the estimate).
    """
    if n == 0 or m == 0:
        return 0.0, 1.0
    z = float(norm.ppf(0.5 + level / 2))
    mean = (n + m) / 2 - 1

    def variance(theta: float) -> float:
        inner = 1 + mean * (1 - theta) / (2 - theta) + mean * theta / (1 + theta)
        return theta * (1 - theta) * inner / (n * m)

    def gap(theta: float) -> float:
        return float((value - theta) ** 2 - z * z * variance(theta))

    nudge = 1e-9  # the gap is zero, and not a crossing, at an estimate of exactly 0 or 1
    low = 0.0 if value <= nudge else float(brentq(gap, 0.0, value - nudge))
    high = 1.0 if value >= 1 - nudge else float(brentq(gap, value + nudge, 1.0))
    return low, high


def rank_sum_p(positive: Floats, negative: Floats, rng: np.random.Generator) -> float:
    """One-sided permutation p that positive scores are no higher than negative ones.

    Random permutations below 500 scores (resolution 1e-4), the tie-corrected normal limit above.
    """
    n, m = len(positive), len(negative)
    if n == 0 or m == 0:
        return 1.0
    total = n + m
    if total > _EXACT_BELOW:
        return rank_sum_limit(positive, negative)
    ranks = rankdata(np.concatenate([positive, negative]))
    seen = ranks[:n].sum()
    drawn = rng.permuted(np.broadcast_to(ranks, (_DRAWS, total)), axis=1)[:, :n].sum(axis=1)
    return float((1 + np.count_nonzero(drawn >= seen - 1e-9)) / (_DRAWS + 1))


def rank_sum_limit(positive: Floats, negative: Floats) -> float:
    """The same p in the tie-corrected normal limit: for 30 or more a side, and p values too small to be drawn."""
    n, m = len(positive), len(negative)
    ranks = rankdata(np.concatenate([positive, negative]))
    sd = np.sqrt(n * m * ranks.var(ddof=1) / (n + m))
    return float(norm.sf((ranks[:n].sum() - 0.5 - n * ranks.mean()) / sd)) if sd > 0 else 1.0


def holm(p_values: Sequence[float]) -> list[float]:
    """Family-wise adjusted p values, in the order given. Source: Holm 1979."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted, running = [1.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        running = max(running, min(1.0, p_values[index] * (len(p_values) - rank)))
        adjusted[index] = running
    return adjusted
