"""Three columns at once: where a model of pairs is off, and which triples are worth measuring.

Candidates are the triples of columns that a node of the junction tree holds already: measuring one adds no cell to the
tree. A triple's score is the noisy L1 distance of its counts from what the model of pairs expects of them. Part of the
pairs' budget is held back for this; what the scores leave of it goes to triples and to pairs by one price
(allocate.py), so a table without interactions loses only what the scores cost. All of it debits the pairs' purpose of
the plan, and how it is split follows from released numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from synthesizers.base import MarginalSession
from synthesizers.tabular.allocate import gain, price_for, worth
from synthesizers.tabular.allocate import precision as worthwhile
from synthesizers.tabular.budget import PAIRS
from synthesizers.tabular.dependence import chance, shrunk
from synthesizers.tabular.junction import Node, Variable
from synthesizers.tabular.levels import Axis
from synthesizers.tabular.measure import independent, recodings, variable_name
from synthesizers.tabular.propagate import Projection, Table
from synthesizers.tabular.select import Picked

Floats = NDArray[np.float64]

HELD = 0.3
"""Part of the pairs' budget that is held back, if interactions of note could be seen."""
SCORE_SHARE = 0.1
"""Part of what is held back that scores cost."""
VISIBLE = 0.05
"""L1 distance of a triple from the model of pairs that scores have to tell from chance, by two standard deviations."""
LEAST_GAIN = 8e-4
"""Mean 3-way error (total variation distance) that triples must be expected to take away, or none is bought."""
MEAN_INTERACTION = 0.03
PER_COLUMN = 2
"""So many triples for each column at most: each adds its time to every iteration of the fit."""
WEIGHT = 1.2
"""A pair stands in d - 2 triples, which share its errors: a triple weighs about 1.2 / (d - 2) of a pair."""
_SCORED, _MOST_GROUPS, _MOST_CELLS, _MOST_TRIPLES = 8, 16, 2_000, 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Triple:
    """Three columns that a node holds: at the finest levels there, and at those that are scored."""

    node: int
    finest: tuple[Variable, ...]
    scored: tuple[Variable, ...]

    @property
    def columns(self) -> tuple[int, ...]:
        """Ascending."""
        return tuple(column for column, _ in self.finest)


@dataclass(frozen=True, slots=True)
class Second:
    """What a second round buys: triples with their nodes and precisions, and more precision for each pair."""

    triples: list[tuple[Picked, int]]
    precisions: Floats
    pairs: Floats


def triples_of(axes: Sequence[Axis], nodes: Sequence[Node], dependence: dict[tuple[int, int], float]) -> list[Triple]:
    """Each triple of columns once, in the node that sees it finest; of very many, those of the most dependent pairs."""
    best: dict[tuple[int, ...], tuple[int, Triple]] = {}
    for index, node in enumerate(nodes):
        useful = [(column, level) for column, level in node.axes if axes[column].groups(level) > 1]
        for finest in combinations(useful, 3):
            scored = tuple((column, _level(axes[column], level)) for column, level in finest)
            one = Triple(node=index, finest=finest, scored=scored)
            cells = _cells(axes, finest)
            if cells > best.get(one.columns, (0, one))[0] and _cells(axes, scored) > 1:
                best[one.columns] = cells, one
    found = [one for _, one in best.values()]
    found.sort(key=lambda one: -sum(dependence.get(pair, 0.0) for pair in combinations(one.columns, 2)))
    return found[:_MOST_TRIPLES]


def held_back(
    axes: Sequence[Axis], ones: Sequence[Floats], total: float, triples: Sequence[Triple], precision: float
) -> float:
    """The part of the pairs' precision to keep for a second round; 0 if its scores could not see what they look for."""
    if not (triples and precision > 0):
        return 0.0
    floor = np.array([chance(independent(one.scored, axes, ones, total)) for one in triples]) / total
    seen = float(np.median(np.hypot(floor, VISIBLE) - floor))
    stddev = math.sqrt(len(triples) / (SCORE_SHARE * HELD * precision)) / total
    return HELD if seen > 2 * stddev else 0.0


def interactions(
    session: MarginalSession,
    axes: Sequence[Axis],
    nodes: Sequence[Node],
    beliefs: Sequence[Table],
    triples: Sequence[Triple],
    total: float,
    precision: float,
) -> Floats:
    """How far each triple is from the model, in L1 (0 to 2), from one event; what chance makes of it is allowed for."""
    names = session.domain.names
    expected = {
        tuple(variable_name(names, variable) for variable in one.scored): expectation(
            axes, nodes, beliefs, one.node, one.scored, total
        )
        for one in triples
    }
    view = session.recoded(recodings(names, axes, [variable for one in triples for variable in one.scored]))
    stddev = math.sqrt(len(triples) / precision)
    scores = view.choose(list(expected), expected.__getitem__, stddev=stddev, purpose=PAIRS)
    floor = np.array([chance(counts) for counts in expected.values()])
    return shrunk(scores / total, floor / total, stddev / total, mean=MEAN_INTERACTION)


def expectation(
    axes: Sequence[Axis],
    nodes: Sequence[Node],
    beliefs: Sequence[Table],
    node: int,
    variables: Sequence[Variable],
    total: float,
) -> Floats:
    """The rows that the model expects in each cell of variables that a node holds."""
    return np.asarray(total * Projection(axes, nodes[node].axes, variables).reduce(beliefs[node]))


@dataclass(frozen=True, slots=True)
class _Options:
    """All resolutions of all triples, in parallel; ``first[t]`` is where those of triple t begin."""

    levels: list[NDArray[np.intp]]
    cells: Floats
    part: Floats
    weight: Floats
    first: NDArray[np.intp]

    def best(self, net: Floats) -> NDArray[np.bool_]:
        """The options that are best of their triple."""
        sizes = [len(levels) for levels in self.levels]
        return np.asarray(net >= np.repeat(np.maximum.reduceat(net, self.first), sizes))


def second(
    axes: Sequence[Axis],
    keeps: Sequence[Floats],
    triples: Sequence[Triple],
    found: Floats,
    weights: Floats,
    picked: Sequence[Picked],
    have: Floats,
    total: float,
    budget: float,
) -> Second:
    """Divide a precision budget between triples and pairs that ``have`` a precision each already.

    ``found``: each triple's distance from the model; ``weights`` beside that of a pair. The whole budget is divided.
    """
    options = _options(axes, keeps, triples, found, weights)
    pairs = np.array([(one.dependence, float(one.cells), one.weight) for one in picked]).T

    def more(price: float) -> Floats:
        return np.maximum(worthwhile(total, pairs[0], pairs[1], price, pairs[2]) - have, 0.0)

    def spend(price: float) -> float:
        w, net = worth(total, options.part, options.cells, price, options.weight)
        own = np.maximum.reduceat(np.where(options.best(net), w, 0.0), options.first)
        return float(own.sum() + more(price).sum())

    price = price_for(budget, spend)
    bought, precisions = _bought(axes, triples, options, total, price)
    if _better(total, bought, precisions, len(axes)) < LEAST_GAIN:
        bought, precisions = [], np.zeros(0)
    again = more(price)
    again = again if again.sum() > 0 else np.asarray(have / have.sum())
    scale = budget / (precisions.sum() + again.sum())
    return Second(bought, precisions * scale, again * scale)


def _bought(
    axes: Sequence[Axis], triples: Sequence[Triple], options: _Options, total: float, price: float
) -> tuple[list[tuple[Picked, int]], Floats]:
    """The triples worth buying at a price, the best first, and what each gets."""
    w, net = worth(total, options.part, options.cells, price, options.weight)
    runs = zip(options.first.tolist(), options.levels, strict=True)
    tops = [low + int(np.argmax(net[low : low + len(own)])) for low, own in runs]
    order = [t for t in np.argsort([-net[top] for top in tops], kind="stable") if w[tops[t]] > 0]
    bought = []
    for t in order[: PER_COLUMN * len(axes)]:
        top, columns = tops[t], triples[t].columns
        levels = options.levels[t][top - options.first[t]]
        variables = tuple((column, int(level)) for column, level in zip(columns, levels, strict=True))
        one = Picked(
            variables=variables,
            cells=int(options.cells[top]),
            dependence=float(options.part[top]),
            weight=float(options.weight[top]),
        )
        bought.append((one, triples[t].node))
    return bought, np.array([w[tops[t]] for t in order[: PER_COLUMN * len(axes)]])


def _options(
    axes: Sequence[Axis], keeps: Sequence[Floats], triples: Sequence[Triple], found: Floats, weights: Floats
) -> _Options:
    made = [_resolutions(axes, keeps, one) for one in triples]
    sizes = np.array([len(levels) for levels, _, _ in made])
    return _Options(
        [levels for levels, _, _ in made],
        np.concatenate([cells for _, cells, _ in made]),
        np.concatenate([kept for _, _, kept in made]) * np.repeat(found, sizes),
        np.repeat(weights, sizes),
        np.cumsum(sizes) - sizes,
    )


def _resolutions(axes: Sequence[Axis], keeps: Sequence[Floats], one: Triple) -> tuple[NDArray[np.intp], Floats, Floats]:
    """Levels, cells and the part of the scored distance that is kept."""
    choices = [
        [level for level in range(most + 1) if 1 < axes[column].groups(level) <= _MOST_GROUPS] or [scored]
        for (column, most), (_, scored) in zip(one.finest, one.scored, strict=True)
    ]
    levels = np.array(list(product(*choices)), dtype=np.intp)
    cells, kept = np.ones(len(levels)), np.ones(len(levels))
    for place, (column, scored) in enumerate(one.scored):
        groups = np.array([axes[column].groups(level) for level in range(axes[column].finest + 1)], dtype=float)
        cells *= groups[levels[:, place]]
        kept *= keeps[column][levels[:, place]] / max(float(keeps[column][scored]), 1e-9)
    fits = cells <= max(_MOST_CELLS, float(cells.min()))
    return levels[fits], cells[fits], np.minimum(kept[fits], 1.0)


def _better(total: float, bought: Sequence[tuple[Picked, int]], precisions: Floats, n_columns: int) -> float:
    """The mean 3-way error, over all triples of columns, that these are expected to take away."""
    distance = np.array([one.dependence for one, _ in bought])
    cells = np.array([float(one.cells) for one, _ in bought])
    return float(gain(total, distance, cells, precisions).sum()) / 2 / max(math.comb(n_columns, 3), 1)


def _cells(axes: Sequence[Axis], variables: Sequence[Variable]) -> int:
    return math.prod(axes[column].groups(level) for column, level in variables)


def _level(axis: Axis, most: int) -> int:
    return max(level for level in range(most + 1) if axis.groups(level) <= _SCORED)
