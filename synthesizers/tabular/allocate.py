"""One price for all measurements: how fine to measure a pair, with how much noise, and whether at all.

Predicted L1 error of a pair with dependence D (sum |p - product of one-ways|), measured on m cells with
precision w = 1 / stddev^2 and then drawn towards independence in proportion to noise (see estimate.py):

    E(m, w) = D (1 - c) + D c / sqrt(1 + S^2 w),      S = N D c / (0.8 m)   (rows; mean |.| of a normal is 0.8 sd)

with c the part of D that m groups keep. E(m, 0) = D: never worse than one-way marginals, as predicted.
Minimising sum_k weight_k E_k over w with sum_k w_k = B gives w_k = ((weight D c S^2 / 2 price)^(2/3) - 1)+ / S^2 with
one price for all. Everything here reads released numbers only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from synthesizers.tabular.levels import Axis, Coding

Floats = NDArray[np.float64]

MEAN_ABS = float(np.sqrt(2 / np.pi))
LENGTH = 0.4
NUGGET = 0.4
SPIKE = 0.5


def kept(axis: Axis, counts: Floats, code: Coding) -> Floats:
    """By level: the part of a pair's dependence that is left when one column is seen in groups of codes.

    Model: code c's share in a slice of the table is m_c (1 + r_c), r random with covariance C and mean zero
    over m; a group's deviation is then a sum of m_c (r_c - mean r), and L1 dependence goes with the sum of the
    groups' standard deviations. C is the identity for unordered codes; for ordered ones exp(-distance / 0.4) over
    mid-quantiles, plus some of the identity for heaping. The constants were set on public tables.
    """
    mass = np.maximum(counts[axis.order], 0) + 1e-9
    mass = mass / mass.sum()
    covariance = np.eye(len(mass))
    if code.is_ordered:
        width = mass**SPIKE
        middle = (np.cumsum(width) - width / 2) / width.sum()
        smooth = np.exp(-np.abs(middle[:, None] - middle[None, :]) / LENGTH)
        run = axis.order < code.n_ordered
        smooth = np.where(np.outer(run, run), smooth, covariance)
        covariance = (1 - NUGGET) * smooth + NUGGET * covariance
    flow = mass[:, None] * covariance * mass[None, :]
    share = np.outer(mass, flow.sum(axis=0))
    centred = flow - share - share.T + flow.sum() * np.outer(mass, mass)
    spread = [np.sqrt(np.maximum(_blocks(centred, axis.starts[level]), 0)).sum() for level in range(axis.finest + 1)]
    return np.array(spread, dtype=np.float64) / max(float(spread[-1]), 1e-300)


def _blocks(matrix: Floats, starts: NDArray[np.intp]) -> Floats:
    """Sums of the diagonal blocks that begin at ``starts``."""
    return np.diagonal(np.add.reduceat(np.add.reduceat(matrix, starts, axis=0), starts, axis=1))


@dataclass(frozen=True, slots=True)
class Offer:
    """The resolutions at which a pair could be measured: parallel arrays over options."""

    levels: NDArray[np.intp]
    cells: Floats
    kept: Floats


def offer(groups_a: Sequence[int], groups_b: Sequence[int], kept_a: Floats, kept_b: Floats) -> Offer:
    """All pairs of levels of two columns; groups_x[level] is a level's number of groups, kept_x from ``kept``."""
    a, b = np.array(groups_a, dtype=float), np.array(groups_b, dtype=float)
    levels = np.stack(np.meshgrid(np.arange(len(a)), np.arange(len(b)), indexing="ij"), axis=-1).reshape(-1, 2)
    useful = np.outer(a > 1, b > 1).ravel()
    return Offer(levels[useful], np.outer(a, b).ravel()[useful], np.outer(kept_a, kept_b).ravel()[useful])


def _signal(total: float, dependence: Floats, cells: Floats) -> Floats:
    """S^2: mean squared deviation of a cell from independence, in rows squared."""
    return (total * dependence / (MEAN_ABS * cells)) ** 2


def precision(total: float, dependence: Floats, cells: Floats, price: float, weight: Floats) -> Floats:
    """The precision w that each pair is worth at a price (error per precision)."""
    signal = np.maximum(_signal(total, dependence, cells), 1e-12)
    return np.maximum((weight * dependence * signal / (2 * price)) ** (2 / 3) - 1, 0) / signal


def gain(total: float, dependence: Floats, cells: Floats, w: Floats) -> Floats:
    """How much L1 error a measurement takes away: D (1 - 1 / sqrt(1 + S^2 w))."""
    return dependence * (1 - 1 / np.sqrt(1 + _signal(total, dependence, cells) * w))


@dataclass(frozen=True, slots=True)
class Choices:
    """A pair's resolutions at a price: precision bought and gain net of cost, parallel to its offer."""

    precision: Floats
    net: Floats

    @property
    def best(self) -> int:
        """The option with the largest net gain."""
        return int(np.argmax(self.net))


def at_price(total: float, dependence: float, options: Offer, price: float, weight: float) -> Choices:
    """What each option is worth: weighted gain minus price times precision, at the precision worth buying."""
    part = dependence * options.kept
    return Choices(*worth(total, part, options.cells, price, np.full(len(part), weight)))


def worth(total: float, dependence: Floats, cells: Floats, price: float, weight: Floats) -> tuple[Floats, Floats]:
    """By option: the precision worth buying at a price, and its weighted gain minus what it costs."""
    w = precision(total, dependence, cells, price, weight)
    return w, weight * gain(total, dependence, cells, w) - price * w


def price_for(
    budget: float, spend_at: Callable[[float], float], *, low: float = 1e-12, high: float = 1e12, steps: int = 50
) -> float:
    """The price at which what is worth buying costs the budget (bisection on a logarithmic scale)."""
    for _ in range(steps):
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if spend_at(middle) > budget else (low, middle)
    return high


class Measurable(Protocol):
    """What ``divide`` reads of a picked pair."""

    @property
    def dependence(self) -> float:
        """L1 dependence that its cells can show."""

    @property
    def cells(self) -> int:
        """Number of its cells."""

    @property
    def weight(self) -> float:
        """Its weight in the workload."""


def divide(total: float, picked: Sequence[Measurable], budget: float) -> Floats:
    """Precision of each picked pair; sums to the budget."""
    if not picked:
        return np.zeros(0)
    dependence = np.array([one.dependence for one in picked])
    cells, weight = np.array([float(one.cells) for one in picked]), np.array([one.weight for one in picked])

    def spend(price: float) -> float:
        return float(precision(total, dependence, cells, price, weight).sum())

    w = precision(total, dependence, cells, price_for(budget, spend), weight)
    w = np.maximum(w, 1e-3 * budget / len(w))
    return np.asarray(w * (budget / w.sum()), dtype=np.float64)
