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
from synthesizers.tabular.junction import Variable
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
    rows: Sequence[NDArray[np.int32]] | None = None,
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

    spot = {variable_name(names, variable): variable for variable in enumerate(levels)}

    def expected(clique: Clique) -> Floats:
        if rows is None:
            return np.outer(coarse[clique[0]], coarse[clique[1]]) / total
        return joint(rows, axes, [spot[name] for name in clique]) * (total / len(rows[0]))

    view = session.recoded(recodings(names, axes, list(enumerate(levels))))
    cliques = [tuple(variable_name(names, (column, levels[column])) for column in pair) for pair in pairs]
    stddev = math.sqrt(len(pairs) / precision)
    scores = view.choose(cliques, expected, stddev=stddev, purpose=SCORES)
    tables = [expected(clique) for clique in cliques]
    more = 1.0 if rows is None else 1 + total / len(rows[0])
    by_chance = np.array([MEAN_ABS * np.sqrt(table * more).sum() for table in tables])
    excess = np.sqrt(np.maximum(np.maximum(scores, 0) ** 2 - by_chance**2, 0))
    excess = np.where(scores > by_chance, excess**3 / (excess**2 + stddev**2), 0)
    return [(pair, float(min(value / total, 2.0))) for pair, value in zip(pairs, excess, strict=True)]


def joint(rows: Sequence[NDArray[np.int32]], axes: Sequence[Axis], variables: Sequence[Variable]) -> Floats:
    """Counts of (synthetic) rows over the groups of two variables."""
    (a, level_a), (b, level_b) = variables
    n_a, n_b = axes[a].groups(level_a), axes[b].groups(level_b)
    cells = axes[a].code_map(level_a)[rows[a]] * n_b + axes[b].code_map(level_b)[rows[b]]
    return np.bincount(cells, minlength=n_a * n_b).reshape(n_a, n_b).astype(np.float64)
