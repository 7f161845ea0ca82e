"""Noisy dependence of every pair of columns: how far its counts are from the product of its one-ways."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from privacy.domain import Clique
from synthesizers.base import MarginalSession
from synthesizers.tabular.balance import cell_error
from synthesizers.tabular.budget import SCORES
from synthesizers.tabular.levels import Axis
from synthesizers.tabular.measure import recodings, variable_name

Floats = NDArray[np.float64]

_GROUPS = 12
"""Finer cells add little dependence on public tables, and much sampling noise."""
PRIOR = 2.0
"""So many pairs with the usual law of dependence are taken to have been seen before any of the table's."""
MEAN_DEPENDENCE = 0.2
"""L1 distance of a pair's joint shares from the product of its one-ways: 0.15 on the mean pair of Adult."""
_ROUNDS, _CLEAR = 60, 0.03
_GRID = np.concatenate([[0.0], np.geomspace(0.003, 2.0, 120)])


def dependence(
    session: MarginalSession,
    axes: Sequence[Axis],
    ones: Sequence[Floats],
    stddevs: Floats,
    total: float,
    precision: float,
) -> list[tuple[tuple[int, int], float]]:
    """Each pair of columns that can depend, and its L1 dependence (0 to 2), from one event.

    ``stddevs``: noise of a cell of each one-way. What sampling alone and the one-ways' own errors would make of
    independent columns is allowed for; see ``shrunk``.
    """
    names = session.domain.names
    levels = [max(level for level in range(axis.finest + 1) if axis.groups(level) <= _GROUPS) for axis in axes]
    pairs = [pair for pair in combinations(range(len(axes)), 2) if all(len(axes[column].order) > 1 for column in pair)]
    if not pairs:
        return []
    coarse = {
        variable_name(names, (column, level)): axes[column].collapse(ones[column], level)
        for column, level in enumerate(levels)
    }

    def expected(clique: Clique) -> Floats:
        return np.outer(coarse[clique[0]], coarse[clique[1]]) / total

    view = session.recoded(recodings(names, axes, list(enumerate(levels))))
    cliques = [tuple(variable_name(names, (column, levels[column])) for column in pair) for pair in pairs]
    stddev = math.sqrt(len(pairs) / precision)
    scores = view.choose(cliques, expected, stddev=stddev, purpose=SCORES)
    by_chance = np.array([chance(expected(clique)) for clique in cliques])
    off = np.array(
        [_one_way_error(axis, one, level, s) for axis, one, level, s in zip(axes, ones, levels, stddevs, strict=True)]
    )
    floor = np.sqrt(by_chance**2 + np.array([off[a] ** 2 + off[b] ** 2 for a, b in pairs]))
    found = shrunk(scores / total, floor / total, stddev / total)
    return list(zip(pairs, found.tolist(), strict=True))


def chance(expected: Floats) -> float:
    """L1 distance, in rows, of a table from what is expected of it: the mean deviation of Poisson counts.

    2 e^-x x^(k+1) / k! with k the whole part of x (Johnson, Kemp and Kotz, Univariate Discrete Distributions).
    """
    mean = np.maximum(expected, 1e-300)
    whole = np.floor(mean)
    return float(2 * np.exp((whole + 1) * np.log(mean) - mean - gammaln(whole + 1)).sum())


def shrunk(scores: Floats, floor: Floats, stddev: float, *, mean: float = MEAN_DEPENDENCE) -> Floats:
    """Each pair's dependence d, given score = sqrt(d^2 + floor^2) + noise: its mean given all scores.

    Empirical Bayes: the law of d over the table's pairs is the most likely one on a grid (Kiefer and Wolfowitz 1956, by
    expectation-maximisation), with a few pairs' worth of an exponential law that public tables suggest. So the scores
    that stand out by luck, as the largest of many do, are taken for what they are. ``mean``: of the exponential law.
    """
    posterior = _posterior(_log_likelihood(scores, floor, stddev), mean)
    plain = np.minimum(np.sqrt(np.maximum(scores**2 - floor**2, 0.0)), 2.0)
    # Finer than the grid, a score needs no law beside it.
    return np.asarray(np.where(stddev < _CLEAR * plain, plain, posterior @ _GRID), dtype=np.float64)


def folded(contrasts: Floats, stddevs: Floats, *, mean: float = MEAN_DEPENDENCE) -> Floats:
    """Each pair's dependence d, given contrast = d or -d, + noise: its mean given all of them. See ``shrunk``."""
    ends = np.abs(contrasts)[:, None] - np.stack([_GRID, -_GRID])[:, None, :]
    log = np.logaddexp(*(-0.5 * (ends / stddevs[:, None]) ** 2))
    return np.asarray(_posterior(log - log.max(axis=1, keepdims=True), mean) @ _GRID, dtype=np.float64)


def _posterior(log_likelihood: Floats, mean: float) -> Floats:
    """By pair and grid point; the law over all pairs is found on the way."""
    usual = np.diff(-np.exp(-np.append(_GRID, np.inf) / mean))
    weight = PRIOR * usual / max(len(log_likelihood), 1)
    likely = np.exp(log_likelihood)
    law = usual
    for _ in range(_ROUNDS):
        posterior = law * likely
        posterior /= np.maximum(posterior.sum(axis=1, keepdims=True), 1e-300)
        law = posterior.mean(axis=0) + weight
        law /= law.sum()
    return posterior


def _log_likelihood(scores: Floats, floor: Floats, stddev: float) -> Floats:
    """By pair and grid point, the largest of each pair 0."""
    distance = (scores[:, None] - np.hypot(_GRID, floor[:, None])) / stddev
    log = -0.5 * distance**2
    return np.asarray(log - log.max(axis=1, keepdims=True))


def _one_way_error(axis: Axis, one: Floats, level: int, stddev: float) -> float:
    """Expected L1 error, in rows, of a one-way seen in groups."""
    codes = np.diff([*axis.starts[level], len(axis.order)])
    return float(cell_error(axis.collapse(one, level), stddev * np.sqrt(codes)).sum())
