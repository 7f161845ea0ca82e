"""Asks the session for one-way and pair marginals, and turns the answers into factors of the model.

Each marginal has a precision (1 / stddev^2 in rows); what a purpose costs is max_rows^2 times the sum of its
precisions, however it is spread over calls.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from privacy.measured import Measured
from synthesizers.base import MarginalSession, Recoding
from synthesizers.tabular.allocate import MEAN_ABS
from synthesizers.tabular.budget import PAIRS
from synthesizers.tabular.estimate import Factor
from synthesizers.tabular.junction import Variable
from synthesizers.tabular.levels import Axis, Coding
from synthesizers.tabular.oneway import clean
from synthesizers.tabular.select import Picked

Floats = NDArray[np.float64]

_ONE_WAY_KAPPA = 1.0
_LEAST_SIGNAL = 0.02
_MIN_KAPPA = 1.0


@dataclass(frozen=True, slots=True)
class OneWays:
    """Noisy counts of every column, and the standard deviation of a cell's noise in each."""

    counts: list[Floats]
    stddevs: Floats

    def cleaned(self, codings: Sequence[Coding]) -> tuple[float, list[Floats]]:
        """The estimated number of rows (at least 1), and shrunken counts that add up to it."""
        trust = 1 / (self.stddevs**2 * np.array([counts.size for counts in self.counts]))
        total = max(1.0, float(trust @ [counts.sum() for counts in self.counts] / trust.sum()))
        return total, [
            clean(counts, code, stddev=float(stddev), total=total)
            for counts, code, stddev in zip(self.counts, codings, self.stddevs, strict=True)
        ]


def measure_one_ways(
    session: MarginalSession,
    codings: Sequence[Coding],
    precision: float,
    *,
    purpose: str,
    known: Mapping[str, Measured] | None = None,
) -> OneWays:
    """Every column's counts for a total precision, beside what is ``known`` of some columns already.

    A column's share goes with the square root of its size: its error grows with size times stddev. What is known
    counts towards its share; a column that knows more than its share is not measured again.
    """
    known = known or {}
    names = session.domain.names
    have = np.array([1 / float(known[name].variances.mean()) if name in known else 0.0 for name in names])
    own = lacking(np.sqrt([float(code.size) for code in codings]), have, precision)
    counts: list[Floats] = []
    variances: list[float] = []
    for name, part in zip(names, own, strict=True):
        told = known.get(name)
        if part > 0:
            stddev = 1 / math.sqrt(part)
            fresh = session.measure([(name,)], stddev=stddev, purpose=purpose)[0].counts
            told = Measured.plain(name, fresh, stddev) if told is None else told.combined(fresh, stddev)
        assert told is not None  # a column of which nothing is known has a share
        counts.append(told.counts)
        variances.append(float(told.variances.mean()))
    return OneWays(counts, np.sqrt(variances))


def measure_again(
    session: MarginalSession, codings: Sequence[Coding], noisy: OneWays, precision: float, *, purpose: str
) -> OneWays:
    """More precision for the columns that have least of it; both measurements in one."""
    if not precision > 0:
        return noisy
    own = lacking(np.sqrt([float(code.size) for code in codings]), noisy.stddevs**-2, precision)
    counts, stddevs = list(noisy.counts), noisy.stddevs.copy()
    for column in np.flatnonzero(own):
        name, part = session.domain.names[column], float(own[column])
        fresh = session.measure([(name,)], stddev=1 / math.sqrt(part), purpose=purpose)[0].counts
        before = float(stddevs[column]) ** -2
        counts[column] = (before * counts[column] + part * fresh) / (before + part)
        stddevs[column] = (before + part) ** -0.5
    return OneWays(counts, stddevs)


def lacking(weight: Floats, have: Floats, precision: float) -> Floats:
    """What each column gets of ``precision`` so that have + own is in proportion to weight as far as it can be."""
    order = np.argsort(have / weight)
    filled = precision + np.cumsum(have[order])
    level = filled / np.cumsum(weight[order])
    n_filled = int(np.flatnonzero(level > (have / weight)[order])[-1]) + 1
    own = np.zeros_like(weight)
    chosen = order[:n_filled]
    own[chosen] = np.maximum(level[n_filled - 1] * weight[chosen] - have[chosen], 0.0)
    own *= precision / own.sum()
    return own


def variable_name(names: Sequence[str], variable: Variable) -> str:
    """The name of a derived column: distinct for distinct (column, level)."""
    return f"{variable[1]}@{names[variable[0]]}"


def recodings(names: Sequence[str], axes: Sequence[Axis], variables: Sequence[Variable]) -> dict[str, Recoding]:
    """Derived columns for ``MarginalSession.recoded``."""
    return {
        variable_name(names, (column, level)): (names[column], axes[column].code_map(level))
        for column, level in sorted(set(variables))
    }


def measure_pairs(
    session: MarginalSession,
    axes: Sequence[Axis],
    picked: Sequence[Picked],
    precisions: Floats,
    *,
    purpose: str = PAIRS,
) -> Iterator[tuple[Picked, Floats, float]]:
    """Noisy counts of each picked pair or triple over its groups, and their stddev in rows."""
    if not picked:
        return
    names = session.domain.names
    view = session.recoded(recodings(names, axes, [variable for one in picked for variable in one.variables]))
    for one, precision in zip(picked, precisions, strict=True):
        clique = tuple(variable_name(names, variable) for variable in one.variables)
        stddev = 1 / math.sqrt(precision)
        yield one, view.measure([clique], stddev=stddev, purpose=purpose)[0].counts, stddev


def one_way_factor(column: int, axis: Axis, counts: Floats, total: float) -> Factor:
    """A cleaned one-way as a factor that the model should meet closely."""
    ordered = counts[axis.order]
    floor = 1e-6 / len(ordered)
    return Factor(
        variables=((column, axis.finest),),
        counts=ordered,
        kappa=_ONE_WAY_KAPPA,
        margins=(ordered / total,),
        start=np.log(np.maximum(ordered / total, floor)),
    )


def independent(variables: Sequence[Variable], axes: Sequence[Axis], ones: Sequence[Floats], total: float) -> Floats:
    """The rows that the one-ways alone expect in each cell of some variables."""
    expected = np.array(total)
    for column, level in variables:
        expected = np.multiply.outer(expected, axes[column].collapse(ones[column], level) / total)
    return expected


def joint_factor(
    picked: Picked,
    axes: Sequence[Axis],
    ones: Sequence[Floats],
    total: float,
    counts: Floats,
    stddev: float,
    expected: Floats,
) -> Factor:
    """Noisy counts of a pair or a triple as a factor, its ridge set by empirical Bayes.

    If cell deviations from what was ``expected`` without them have variance v * expected count, the best linear
    shrinkage is a ridge of stddev^2 / v; v is estimated by moments, which few noisy cells do badly, and drawn towards
    what was predicted when the marginal was picked, by how badly.
    """
    noise = counts.size * stddev**2
    seen = float(((counts - expected) ** 2).sum()) - noise
    likely = (total * picked.dependence / MEAN_ABS) ** 2 / counts.size
    scale = max(seen, likely)
    trust = scale**2 / (scale**2 + 2 * noise * stddev**2 + 4 * stddev**2 * scale)
    signal = max(trust * seen + (1 - trust) * likely, _LEAST_SIGNAL * noise)
    return Factor(
        variables=picked.variables,
        counts=counts,
        kappa=max(stddev**2 * total / signal, _MIN_KAPPA),
        margins=tuple(axes[column].collapse(ones[column], level) / total for column, level in picked.variables),
        start=np.zeros_like(counts),
    )
