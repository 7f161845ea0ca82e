"""Noisy dependence of every pair of columns: how far its counts are from the product of its one-ways."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from privacy.domain import Clique
from synthesizers.base import MarginalSession
from synthesizers.tabular.allocate import MEAN_ABS
from synthesizers.tabular.budget import SCORES
from synthesizers.tabular.levels import Axis
from synthesizers.tabular.measure import recodings, variable_name

Floats = NDArray[np.float64]

_GROUPS = 12
"""Finer cells add little dependence on public tables, and much sampling noise."""


def dependence(
    session: MarginalSession,
    axes: Sequence[Axis],
    ones: Sequence[Floats],
    total: float,
    precision: float,
) -> list[tuple[tuple[int, int], float]]:
    """Each pair of columns that can depend, and its L1 dependence (0 to 2), from one event.

    The distance that sampling alone would give independent columns is taken off, and what is left is shrunk by how
    far it stands above the noise.
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
    by_chance = np.array([MEAN_ABS * np.sqrt(expected(clique)).sum() for clique in cliques])
    excess = np.sqrt(np.maximum(np.maximum(scores, 0) ** 2 - by_chance**2, 0))
    excess = np.where(scores > by_chance, excess**3 / (excess**2 + stddev**2), 0)
    return [(pair, float(min(value / total, 2.0))) for pair, value in zip(pairs, excess, strict=True)]
