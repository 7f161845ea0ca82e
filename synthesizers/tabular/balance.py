"""Whether the pairs' budget is better spent on the one-ways again. Reads released numbers only.

Where little stands above the noise, pairs say less than sharper one-ways would: with strong noise, few rows, or columns
that are all but independent. For both uses of the budget the error of every pair of columns is predicted, in L1: both
one-ways, and the dependence that is left (allocate.py), taken as independent and added in squares. Splits between the
two were tried: pairs with less than their budget do harm that this prediction does not see. So was a margin in favour
of the one-ways, as scores that stand out by chance are the ones that are picked: it spares independent columns the last
few percent, and costs Adult at epsilon 0.05 all of its dependence.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from synthesizers.tabular.allocate import MEAN_ABS, divide, gain
from synthesizers.tabular.measure import OneWays, lacking
from synthesizers.tabular.select import Candidate, Picked

Floats = NDArray[np.float64]

FEW_SHARE = 0.15
"""Where one-ways are better: of the pairs' budget, what the strongest pairs keep if they stand out. That costs one-ways
a hundredth of their accuracy; a table whose columns do not depend at all is of little use."""
LEAST_SHOWN = 0.1


def one_ways_are_better(
    noisy: OneWays,
    ones: Sequence[Floats],
    total: float,
    candidates: Sequence[Candidate],
    picked: Sequence[Picked],
    precision: float,
) -> bool:
    """Whether to spend ``precision`` on one-ways rather than on what is picked; True if nothing is.

    ``ones``: cleaned counts, whose sum is ``total``.
    """
    if not picked:
        return True
    have = noisy.stddevs**-2
    more = lacking(np.sqrt([float(one.size) for one in ones]), have, precision)
    dependence = np.array([one.dependence for one in candidates])
    left = _left(candidates, picked, total, precision)
    with_pairs = _error(have, ones, total, candidates, left)
    return with_pairs >= _error(have + more, ones, total, candidates, dependence)


def stand_out(total: float, picked: Sequence[Picked], precision: float) -> bool:
    """Whether measuring what is picked shows more than a part of its dependence, as predicted."""
    if not picked:
        return False
    dependence = np.array([one.dependence for one in picked])
    cells = np.array([float(one.cells) for one in picked])
    shown = gain(total, dependence, cells, divide(total, picked, precision))
    return float(shown.sum()) > LEAST_SHOWN * float(dependence.sum())


def cell_error(counts: Floats, stddev: float | Floats) -> Floats:
    """Expected |error| of kept-non-negative counts: 0.8 stddev where they are large, about themselves where small."""
    return np.asarray((np.maximum(counts, 1e-9) ** -2 + (MEAN_ABS * stddev) ** -2) ** -0.5, dtype=np.float64)


def _left(candidates: Sequence[Candidate], picked: Sequence[Picked], total: float, precision: float) -> Floats:
    """L1 dependence of each candidate that is left once the picked pairs are measured."""
    dependence = np.array([one.dependence for one in picked])
    cells = np.array([float(one.cells) for one in picked])
    gains = dict.fromkeys((one.columns for one in candidates), 0.0)
    for one, got in zip(picked, gain(total, dependence, cells, divide(total, picked, precision)), strict=True):
        gains[one.variables[0][0], one.variables[1][0]] += float(got)
    return np.array([max(one.dependence - gains[one.columns], 0.0) for one in candidates])


def _error(
    precisions: Floats, ones: Sequence[Floats], total: float, candidates: Sequence[Candidate], left: Floats
) -> float:
    """Predicted L1 error of all candidates, weighted; ``precisions`` are the one-ways' cells'."""
    alone = [float(cell_error(one, float(w) ** -0.5).sum()) / total for one, w in zip(ones, precisions, strict=True)]
    first, second = (np.array([alone[one.columns[side]] for one in candidates]) for side in (0, 1))
    weight = np.array([one.weight for one in candidates])
    return float(weight @ np.sqrt(first**2 + second**2 + left**2))
