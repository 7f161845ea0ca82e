"""What error MST and MWEM will leave, from public facts: their price, the columns and a guess of the rows.

Which pairs of columns they measure they choose by the rows. But the noise of a measurement and how many there are
follow from the price, and with them the part of the stand-ins' dependence that is left:

    left = STRENGTH (1 - r (1 - part)),   part = FLOOR + (1 - FLOOR) x / (x + HALF),   x = 0.4 s c / n

where x is the total variation distance that noise of standard deviation s adds to a pair of c cells (the mean pair's)
in n rows, and r the part of all pairs that can be measured. FLOOR is what is left without any noise: pairs that the
tree or the histograms leave out. STRENGTH: the grid's tables have about half as much dependence as the stand-ins.

- MST: a third of rho for all one-ways, a third for the d - 1 pairs of a tree: s = sqrt(3 (d - 1) / (2 rho)).
- MWEM: T measurements of Laplace noise with eps = sqrt(8 rho / (5 T)), of standard deviation s = sqrt(2) / eps; pairs
  of columns in different histograms stay independent, whatever the price.

The constants were set by hand on the figures of docs/bench/engines.md, where the rules are within a factor of 2
(tests/unit/synthesizers/sealed/test_expected.py says of which); they promise no more elsewhere. AIM has no rule, for
three fits of it are too few to set one by; nor has DP-CTGAN, for in its 400 steps it learns next to nothing; nor have
engines without a guarantee, which add no noise of ours.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from statistics import mean

from synthesizers.base import ExpectedError
from synthesizers.foretold import codes_of, drowned, foretold
from synthesizers.sealed.catalogue import EngineSpec
from synthesizers.sealed.prices import Price
from synthesizers.tabular.budget import Budget
from understudy.schema import TableSchema

STRENGTH = 0.55
_MWEM_CELLS, _MWEM_ROUNDS = 4096, 30
"""As the worker has them (worker/smartnoise.py), which nothing of ours may import."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """``ones``: mu^2 that all one-way marginals together are known by. ``stddev``: noise of a pair's cell, in rows of
    one person each. ``reached``: the part of all pairs that a measurement can be about.
    """

    ones: float
    stddev: float
    reached: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How an engine measures, and what it leaves: see above."""

    measured: Callable[[list[int], float], Measured]
    floor: float
    half: float


def expected(spec: EngineSpec, schema: TableSchema, prices: Price, rival: Budget, n_rows: int) -> ExpectedError | None:
    """The error to expect of a fit to ``n_rows`` rows (a public guess, at least 1); None if there is no rule.

    ``rival``: how the marginal engine would split the same price. Reads no row.
    """
    rule = RULES.get(spec.model)
    if rule is None or not spec.is_private or not schema.modelled:
        return None
    sizes = [codes_of(column) for column in schema.modelled]
    measured = rule.measured(sizes, prices.rho)
    ones = Budget(domain=prices.domain, domain_delta=prices.domain_delta, one_ways=measured.ones, scores=0.0, pairs=0.0)
    noise = 0.4 * measured.stddev * schema.unit.max_rows * _mean_cells(sizes) / n_rows
    left = rule.floor + (1 - rule.floor) * drowned(noise, rule.half)
    return foretold(schema, ones, rival, n_rows, left=STRENGTH * (1 - measured.reached * (1 - left)))


def _mean_cells(sizes: list[int]) -> float:
    return mean(a * b for a, b in combinations(sizes, 2)) if len(sizes) > 1 else 0.0


def _mst(sizes: list[int], rho: float) -> Measured:
    return Measured(ones=2 * rho / 3, stddev=math.sqrt(3 * max(len(sizes) - 1, 1) / (2 * rho)))


def _mwem(sizes: list[int], rho: float) -> Measured:
    """Histograms take columns in order, as many as their cells allow; each has its one- and two-ways as queries."""
    groups = [1]
    cells = sizes[0]
    for size in sizes[1:]:
        if cells * size > _MWEM_CELLS:
            groups.append(0)
            cells = 1
        groups[-1] += 1
        cells *= size
    rounds = sum(min(width * (width + 1) // 2, _MWEM_ROUNDS) for width in groups)
    stddev = math.sqrt(2) / math.sqrt(8 * rho / (5 * rounds))
    pairs = math.comb(len(sizes), 2)
    inside = sum(math.comb(width, 2) for width in groups)
    return Measured(ones=len(sizes) / stddev**2, stddev=stddev, reached=inside / pairs if pairs else 1.0)


RULES: Mapping[str, Rule] = {
    "mst": Rule(measured=_mst, floor=0.3, half=0.3),
    "mwem": Rule(measured=_mwem, floor=0.3, half=0.3),
}
