"""Triples of columns: found where pairs miss something, paid for out of what pairs had, and left alone elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest

from synthesizers.tabular import interactions, rounds
from synthesizers.tabular.budget import PAIRS, Budget
from synthesizers.tabular.junction import Graph, junction_tree
from synthesizers.tabular.levels import Axis, Coding, make_axis
from synthesizers.tabular.model import Model, fit_model
from synthesizers.tabular.select import Picked

SIZES = (6, 6, 4, 3, 2)
N = 20_000
CODINGS = [Coding(size=size, n_ordered=0) for size in SIZES]
HELD = Budget(domain=0, domain_delta=0, one_ways=0.2, scores=0.03, pairs=0.8)


def table(*, interacting: bool) -> np.ndarray:
    """A column that two others make together, beyond what each says of it; or that follows one of them."""
    rng = np.random.default_rng(0)
    first = rng.integers(0, 6, N)
    second = np.where(rng.random(N) < 0.3, first, rng.integers(0, 6, N))
    both = (first + second) % 4 if interacting else first % 4
    third = np.where(rng.random(N) < 0.8, both, rng.integers(0, 4, N))
    third = np.where(rng.random(N) < 0.3, first % 4, third)
    fourth = np.where(rng.random(N) < 0.5, third % 3, rng.integers(0, 3, N))
    return np.stack([first, second, third, fourth, (first > 2) ^ (rng.random(N) < 0.2)], axis=1).astype(int)


def error(real: np.ndarray, model: Model, order: int) -> float:
    made = np.stack(model.codes(N, seed=0), axis=1)
    found = []
    for columns in combinations(range(len(SIZES)), order):
        shape = tuple(SIZES[column] for column in columns)
        cells = [np.ravel_multi_index(rows[:, columns].T, shape) for rows in (real, made)]
        shares = [np.bincount(one, minlength=int(np.prod(shape))) / N for one in cells]
        found.append(0.5 * float(np.abs(shares[0] - shares[1]).sum()))
    return float(np.mean(found))


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Pairs only from here on."""
    return lambda: monkeypatch.setattr(rounds, "held_back", lambda *_: 0.0)


@pytest.mark.parametrize(
    ("interacting", "most_3", "most_2"), [(True, 0.6, 1.15), (False, 1.1, 1.1)], ids=["interaction", "none"]
)
def test_an_interaction_is_learnt_and_costs_a_table_without_one_little(
    coded: Callable, without: Callable, interacting: bool, most_3: float, most_2: float
) -> None:
    """Errors beside those of a model of pairs alone, by order."""
    real = table(interacting=interacting)
    session = coded(real, SIZES)
    model = fit_model(session, HELD, CODINGS, max_rows=1)
    assert session.asked[PAIRS] == pytest.approx(HELD.pairs, rel=1e-9)
    without()
    pairs = fit_model(coded(real, SIZES), HELD, CODINGS, max_rows=1)
    assert error(real, model, 3) < most_3 * error(real, pairs, 3)
    assert error(real, model, 2) < most_2 * error(real, pairs, 2)


def test_scores_are_paid_for_before_the_second_round(coded: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken on purpose: scores with ten times the precision that is left for them overdraw the purpose."""
    asked = rounds.interactions
    monkeypatch.setattr(rounds, "interactions", lambda *given: asked(*given[:-1], 10 * given[-1]))
    session = coded(table(interacting=True), SIZES)
    fit_model(session, HELD, CODINGS, max_rows=1)
    assert session.asked[PAIRS] > 1.2 * HELD.pairs


def axes() -> tuple[Axis, ...]:
    return tuple(make_axis(np.ones(size), code) for size, code in zip(SIZES, CODINGS, strict=True))


def triples() -> list[interactions.Triple]:
    """Of a tree of one node with four columns and one with two."""
    here = axes()
    graph = Graph([[axis.groups(level) for level in range(axis.finest + 1)] for axis in here])
    graph.add([(column, here[column].finest) for column in range(4)])
    graph.add([(3, here[3].finest), (4, here[4].finest)])
    return interactions.triples_of(here, junction_tree(graph), {(0, 1): 1.0})


def test_each_triple_that_a_node_holds_is_a_candidate_once() -> None:
    found = triples()
    assert sorted(one.columns for one in found) == list(combinations(range(4), 3))
    assert {0, 1} <= set(found[0].columns)  # the most dependent first


def test_nothing_is_held_back_if_scores_could_not_see_an_interaction() -> None:
    ones = [np.full(size, N / size) for size in SIZES]
    held = [interactions.held_back(axes(), ones, N, triples(), precision) for precision in (1e-4, 1.0)]
    assert held == [0.0, interactions.HELD]
    assert interactions.held_back(axes(), ones, N, [], 1.0) == 0.0


@pytest.mark.parametrize("distance", [0.0, 0.4])
def test_the_whole_budget_is_divided(distance: float) -> None:
    here, found = axes(), triples()
    keeps = [np.linspace(0.0, 1.0, axis.finest + 1) for axis in here]
    pair = Picked(variables=((0, 5), (1, 5)), cells=36, dependence=0.3, weight=1.0)
    plan = interactions.second(
        here, keeps, found, np.full(4, distance), np.full(4, 0.4), [pair], np.array([0.1]), N, 0.2
    )
    assert plan.precisions.sum() + plan.pairs.sum() == pytest.approx(0.2)
    assert (len(plan.triples) > 0) == (distance > 0)
