"""What error a plan will leave, from public facts: the schema, the plan's noise and a guess of the number of rows.

No row is read, so nothing is known of the table but its columns. Two stand-ins take its place:

- A column's shares: 1 / rank for a nominal column (Zipf), even for an ordered one (its bins are cut so).
- Dependence: pairs of columns lie, in L1, at the quantiles of an exponential law of mean ``MEAN_DEPENDENCE``.

Each is spread over the engine's own prices (allocate.py), so the prediction moves with the budget, the rows and the
columns as the engine does; how strong *this* table's dependences are nobody can say without paying for it.

One column. A cell of expected count n with noise of standard deviation s is off by 0.8 s (the mean of |normal|)
where n is large, and by about n where it is small, for counts are kept non-negative, so by (n^-2 + (0.8 s)^-2)^(-1/2).
Half the sum over cells, divided by N, is the total variation distance.

Two columns. Off are, taken as independent and added in squares: both one-ways; the dependence that is left,
D (1 - c) + D c / sqrt(1 + S^2 w) (allocate.py), at the price at which the pairs' budget is spent; and what chance alone
makes a table of N rows deviate from the law that it was drawn from, 0.8 sqrt(p / N) a cell, of which the part that a
measurement keeps is the same as that of dependence.

Against measured error on made tables and on Adult (epsilon 0.1, 1, 10) it lies within a factor of 2, but for errors
below 0.005, where rounding, the model's ridge and its last iterations count (tests/unit/synthesizers/test_expected.py).

The smallest reliable group: three standard deviations of a one-way cell, in the column with most noise (what is smaller
is shrunk towards its neighbours, see oneway.py). Where categories have to be found, it is also three standard
deviations above the threshold of discovery, T = 1 + sigma Phi^-1(1 - delta / max_rows) (see privacy.discovery).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from privacy.domain_plan import ColumnPlan, DomainPlan, Method, Step, ruled_values
from synthesizers.base import ExpectedError
from synthesizers.tabular.allocate import MEAN_ABS, Offer, kept, offer, price_for, worth
from synthesizers.tabular.balance import cell_error
from synthesizers.tabular.budget import Budget
from synthesizers.tabular.levels import Coding, make_axis
from synthesizers.tabular.measure import lacking
from understudy.schema import ColumnSchema, TableSchema

Floats = NDArray[np.float64]

MEAN_DEPENDENCE = 0.2
"""L1 distance of a pair's joint shares from the product of its one-ways: 0.15 on the mean pair of Adult."""
OPEN_KEYS = 16
"""Categories that a string column without a list is taken to have."""
RELIABLE_SIGMAS = 3.0
_LAST_HISTOGRAM = 0.5
"""Of what is paid for a column's bins: the part that a bin's count profits from, at the least (bins.LEVEL_SHARE)."""
_BIN_SIGMAS, _MIN_BINS = 5.0, 6
_MOST_PAIRS = 300
"""Of a wide table so many pairs, evenly spread, stand for all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """A stand-in: the shares of its codes, and the precision that finding its domain gives each of them."""

    shares: Floats
    coding: Coding
    known: float


def expected(schema: TableSchema, budget: Budget, n_rows: int) -> ExpectedError:
    """The error to expect of a fit to ``n_rows`` rows (a public guess, at least 1). Reads no row."""
    stand_ins = [
        _stand_in(column, plan, domain, schema.unit.max_rows, n_rows, len(ruled_values(schema, column)))
        for column, plan, domain in _plans(schema, budget)
    ]
    if not stand_ins:
        return ExpectedError(n_rows=n_rows, one_way=0.0, two_way=0.0, smallest_group=0)
    stddevs = _one_way_stddevs(stand_ins, budget.one_ways / schema.unit.max_rows**2)
    ones = np.array([_one_way(one.shares, float(s), n_rows) for one, s in zip(stand_ins, stddevs, strict=True)])
    return ExpectedError(
        n_rows=n_rows,
        one_way=float(ones.mean()),
        two_way=_two_way(stand_ins, ones, (budget.pairs + budget.survey) / schema.unit.max_rows**2, n_rows),
        smallest_group=math.ceil(max(RELIABLE_SIGMAS * float(stddevs.max()), _found_from(schema, budget))),
    )


def _plans(schema: TableSchema, budget: Budget) -> list[tuple[ColumnSchema, ColumnPlan, DomainPlan]]:
    domain = budget.domain_plan(schema)
    return [(schema[plan.name], plan, domain) for plan in domain.columns]


def _found_from(schema: TableSchema, budget: Budget) -> float:
    """How many units share a category that is surely found; 0 if all categories are declared."""
    domain, max_rows = budget.domain_plan(schema), schema.unit.max_rows
    n_levels = max((plan.levels for plan in domain.columns if plan.method is Method.KEYS), default=0)
    if not n_levels:
        return 0.0
    by_unit = schema.unit.column is not None or max_rows == 1
    sensitivity = math.sqrt(max_rows) if by_unit else float(max_rows)
    stddev = domain.noise_multipliers[Step.KEYS] * sensitivity * math.sqrt(n_levels)
    return 1 + stddev * (RELIABLE_SIGMAS - float(ndtri(domain.key_delta / n_levels / max_rows)))


def _stand_in(
    column: ColumnSchema, plan: ColumnPlan, domain: DomainPlan, max_rows: int, n_rows: int, n_ruled: int
) -> _Column:
    missing = int(not column.required)
    if plan.method is Method.BINS:
        stddev = max_rows * domain.noise_multipliers[Step.BINS]
        size = int(min(domain.max_bins, max(_MIN_BINS, n_rows / (_BIN_SIGMAS * stddev)))) + missing
        shares = np.full(size, 1 / size)
        return _Column(
            shares=shares, coding=Coding(size=size, n_ordered=size - missing), known=_LAST_HISTOGRAM / stddev**2
        )
    size = max(_listed(column, n_ruled) if plan.method is Method.VALUES else OPEN_KEYS + 1, 1) + missing
    shares = 1 / np.arange(1.0, size + 1)
    return _Column(shares=shares / shares.sum(), coding=Coding(size=size, n_ordered=0), known=0.0)


def _listed(column: ColumnSchema, n_ruled: int) -> int:
    """How many values the schema declares; ``n_ruled``: in its rules."""
    if column.enum is not None:
        return len(column.enum)
    if column.type == "boolean":
        return 2
    if n_ruled:
        return n_ruled
    return int(column.maximum) - int(column.minimum) + 1  # type: ignore[arg-type]  # a short declared range of integers


def _one_way_stddevs(columns: Sequence[_Column], precision: float) -> Floats:
    """Noise of one cell of each column, in rows, as ``measure.measure_one_ways`` divides it."""
    weight = np.sqrt([float(one.shares.size) for one in columns])
    have = np.array([one.known for one in columns])
    return np.asarray((have + lacking(weight, have, precision)) ** -0.5, dtype=np.float64)


def _one_way(shares: Floats, stddev: float, n_rows: int) -> float:
    """Expected total variation distance of one column."""
    return 0.5 * float(cell_error(n_rows * shares, stddev).sum()) / n_rows


def _two_way(columns: Sequence[_Column], ones: Floats, precision: float, n_rows: int) -> float:
    """Expected mean total variation distance of the pairs; 0 if there are none."""
    pairs = list(combinations(range(len(columns)), 2))
    if not pairs:
        return 0.0
    chosen = pairs[:: math.ceil(len(pairs) / _MOST_PAIRS)]
    left = _left(columns, chosen, precision * len(chosen) / len(pairs), n_rows)
    both = np.array([math.hypot(ones[a], ones[b], float(rest) / 2) for (a, b), rest in zip(chosen, left, strict=True)])
    return float(np.minimum(both, 1.0).mean())


def _left(columns: Sequence[_Column], pairs: Sequence[tuple[int, int]], precision: float, n_rows: int) -> Floats:
    """L1 dependence of each pair, and chance deviation, that the measurements leave."""
    axes = [make_axis(n_rows * one.shares, one.coding) for one in columns]
    keeps = [kept(axis, n_rows * one.shares, one.coding) for axis, one in zip(axes, columns, strict=True)]
    groups = [[axis.groups(level) for level in range(axis.finest + 1)] for axis in axes]
    dependence = _dependences(len(pairs))
    chance = np.array([_chance(columns[a].shares, columns[b].shares, n_rows) for a, b in pairs])
    offers = [offer(groups[a], groups[b], keeps[a], keeps[b]) for a, b in pairs]

    def best(price: float) -> list[tuple[float, float]]:
        return [_bought(n_rows, float(d), one, price) for d, one in zip(dependence, offers, strict=True)]

    price = price_for(precision, lambda at: sum(w for w, _ in best(at)), steps=30) if precision > 0 else math.inf
    part = np.array([left for _, left in best(price)]) if precision > 0 else np.ones(len(pairs))
    return np.asarray(np.hypot(dependence, chance) * part, dtype=np.float64)


def _bought(n_rows: int, dependence: float, options: Offer, price: float) -> tuple[float, float]:
    """(precision, part of the dependence that is left) of a pair at its best resolution."""
    if not options.cells.size:
        return 0.0, 1.0
    part = dependence * options.kept
    w, net = worth(n_rows, part, options.cells, price, np.ones(part.size))
    best = int(np.argmax(net))
    signal = (n_rows * part[best] / (MEAN_ABS * options.cells[best])) ** 2
    return float(w[best]), float(1 - options.kept[best] * (1 - 1 / math.sqrt(1 + signal * w[best])))


def _dependences(n_pairs: int) -> Floats:
    """Quantiles of an exponential law, dealt over the pairs in an order that has nothing to do with the columns."""
    ranks = np.random.default_rng(0).permutation(n_pairs)
    return np.minimum(-MEAN_DEPENDENCE * np.log((ranks + 0.5) / n_pairs), 2.0)


def _chance(a: Floats, b: Floats, n_rows: int) -> float:
    """L1 distance of a table's cells from their law: a cell with less than a row to expect is off by its share."""
    shares = np.outer(a, b)
    return float(np.minimum(MEAN_ABS * np.sqrt(shares / n_rows), 2 * shares).sum())
