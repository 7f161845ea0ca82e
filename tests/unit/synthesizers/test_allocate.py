"""One price for all measurements."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from synthesizers.tabular.allocate import at_price, divide, gain, kept, offer
from synthesizers.tabular.levels import Coding, make_axis


@dataclass(frozen=True)
class Pair:
    dependence: float
    cells: int
    weight: float = 1.0


def test_the_whole_budget_is_divided() -> None:
    w = divide(1e4, [Pair(0.5, 40), Pair(0.1, 40), Pair(0.1, 400)], 1e-3)
    assert w.sum() == pytest.approx(1e-3)
    assert (w > 0).all()


def test_no_other_division_predicts_less_error() -> None:
    total, budget = 2e4, 1e-3
    pairs = [Pair(0.6, 36), Pair(0.3, 36), Pair(0.2, 100), Pair(0.4, 12, weight=2.0)]
    dependence, cells = (np.array([getattr(pair, name) for pair in pairs]) for name in ("dependence", "cells"))
    weight = np.array([pair.weight for pair in pairs])
    best = float(weight @ gain(total, dependence, cells, divide(total, pairs, budget)))
    rng = np.random.default_rng(0)
    others = rng.dirichlet(np.ones(4), size=500) * budget
    assert best >= max(float(weight @ gain(total, dependence, cells, w)) for w in others) - 1e-9


def test_measuring_never_predicts_more_error_than_not_measuring() -> None:
    w = np.geomspace(1e-12, 1e3, 30)
    assert (gain(1e3, np.array(0.3), np.array(50.0), w) >= 0).all()


def test_more_noise_buys_coarser_cells() -> None:
    axis = make_axis(np.ones(32), Coding(size=32, n_ordered=32))
    groups = [axis.groups(level) for level in range(axis.finest + 1)]
    part = kept(axis, np.ones(32), Coding(size=32, n_ordered=32))
    options = offer(groups, groups, part, part)
    cells = [options.cells[at_price(1e4, 0.4, options, price, 1.0).best] for price in (1.0, 1e2, 1e4)]
    assert cells == sorted(cells, reverse=True)
    assert cells[0] > cells[-1]


def test_kept_grows_from_nothing_to_all() -> None:
    for ordered in (0, 20):
        code = Coding(size=20, n_ordered=ordered)
        counts = np.random.default_rng(0).random(20)
        part = kept(make_axis(counts, code), counts, code)
        assert part[0] == pytest.approx(0, abs=1e-6)
        assert part[-1] == pytest.approx(1)
        assert (np.diff(part) > -1e-9).all()
