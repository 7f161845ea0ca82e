"""The fit over codes: spends what it holds, learns what is there, and survives every odd table."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from synthesizers.tabular.budget import ONE_WAYS, PAIRS, SCORES, Budget
from synthesizers.tabular.levels import Coding
from synthesizers.tabular.model import fit_model


def budget(mu: float, *, one_ways: float = 0.2, scores: float = 0.05) -> Budget:
    mu2 = mu**2
    return Budget(
        domain=0, domain_delta=0, one_ways=mu2 * one_ways, scores=mu2 * scores, pairs=mu2 * (1 - one_ways - scores)
    )


def codings(sizes: list[int]) -> list[Coding]:
    return [Coding(size=size, n_ordered=size if size > 8 else 0) for size in sizes]


def correlated(n_rows: int, sizes: list[int], seed: int = 0) -> np.ndarray:
    """Columns that share one hidden factor."""
    rng = np.random.default_rng(seed)
    factor = rng.random(n_rows)
    noise = rng.random((n_rows, len(sizes)))
    return np.stack([((0.7 * factor + 0.3 * noise[:, j]) * size).astype(int) for j, size in enumerate(sizes)], axis=1)


def tvd(table: np.ndarray, rows: np.ndarray, pair: tuple[int, int], sizes: list[int]) -> float:
    shape = tuple(sizes[column] for column in pair)
    parts = []
    for one in (table, rows):
        flat = np.ravel_multi_index([one[:, column] for column in pair], shape)
        parts.append(np.bincount(flat, minlength=int(np.prod(shape))) / len(one))
    return 0.5 * float(np.abs(parts[0] - parts[1]).sum())


def test_pairs_are_learnt(coded: Callable) -> None:
    sizes = [12, 4, 20, 2]
    table = correlated(20_000, sizes)
    model = fit_model(coded(table, sizes), budget(0.5), codings(sizes), max_rows=1)
    rows = np.stack(model.codes(None, seed=0), axis=1)
    shuffled = np.stack([np.random.default_rng(j).permutation(column) for j, column in enumerate(table.T)], axis=1)
    for pair in ((0, 1), (0, 2), (1, 3)):
        assert tvd(table, rows, pair, sizes) < 0.4 * tvd(table, shuffled, pair, sizes)


def test_no_purpose_costs_more_than_its_share(coded: Callable) -> None:
    sizes = [12, 4, 20, 2]
    session, held = coded(correlated(3000, sizes), sizes), budget(0.3)
    fit_model(session, held, codings(sizes), max_rows=1)
    limits = {ONE_WAYS: held.one_ways, SCORES: held.scores, PAIRS: held.pairs}
    assert set(session.asked) <= set(limits)
    for purpose, spent in session.asked.items():
        assert spent <= limits[purpose] * (1 + 1e-9)
        assert spent >= 0.99 * limits[purpose]


def test_noise_grows_with_the_rows_of_a_unit(coded: Callable) -> None:
    sizes = [5, 5]
    session, held = coded(correlated(3000, sizes), sizes), budget(0.3)
    fit_model(session, held, codings(sizes), max_rows=10)
    assert session.asked[ONE_WAYS] == pytest.approx(held.one_ways / 100)


def test_hardly_any_budget_is_hardly_worse_than_one_ways_alone(coded: Callable) -> None:
    """At a budget where pairs cannot be seen, pairs do no harm. Fixed seeds."""
    sizes = [10, 10, 10]
    table = np.random.default_rng(0).integers(0, 10, (4000, 3))
    with_pairs, alone = [], []
    for seed in range(4):
        model = fit_model(coded(table, sizes, seed=seed), budget(0.02), codings(sizes), max_rows=1)
        rows = np.stack(model.codes(4000, seed=seed), axis=1)
        with_pairs.append(tvd(table, rows, (0, 1), sizes))
        only = Budget(domain=0, domain_delta=0, one_ways=0.02**2 * 0.2, scores=0, pairs=0)
        model = fit_model(coded(table, sizes, seed=seed), only, codings(sizes), max_rows=1)
        rows = np.stack(model.codes(4000, seed=seed), axis=1)
        alone.append(tvd(table, rows, (0, 1), sizes))
    assert np.mean(with_pairs) < 1.1 * np.mean(alone)


@pytest.mark.parametrize("mu", [1e-4, 0.1, 50.0])
@pytest.mark.parametrize(
    ("n_rows", "sizes"),
    [(0, [4, 3]), (1, [4, 3, 2]), (50, [1]), (50, [1, 1, 1]), (300, [30]), (300, [1, 2, 7]), (5, [3] * 12)],
)
def test_odd_tables_give_valid_rows(coded: Callable, mu: float, n_rows: int, sizes: list[int]) -> None:
    table = correlated(n_rows, sizes)
    model = fit_model(coded(table, sizes), budget(mu), codings(sizes), max_rows=1)
    assert all(np.isfinite(belief).all() and (belief >= 0).all() for belief in model.beliefs)
    for count in (0, 1, 40):
        rows = model.codes(count, seed=0)
        assert len(rows) == len(sizes)
        for column, size in zip(rows, sizes, strict=True):
            assert column.shape == (count,)
            assert ((column >= 0) & (column < size)).all()


def test_no_columns(coded: Callable) -> None:
    model = fit_model(coded(np.zeros((5, 0), dtype=int), []), budget(1.0), [], max_rows=1)
    assert model.codes(3, seed=0) == []


def test_constant_columns_stay_constant(coded: Callable) -> None:
    table = np.zeros((2000, 3), dtype=int)
    model = fit_model(coded(table, [4, 9, 2]), budget(1.0), codings([4, 9, 2]), max_rows=1)
    rows = np.stack(model.codes(None, seed=0), axis=1)
    assert (rows == 0).mean() > 0.97


def test_the_same_answers_give_the_same_model(coded: Callable) -> None:
    sizes = [12, 4, 20]
    models = [
        fit_model(coded(correlated(2000, sizes), sizes, seed=5), budget(0.3), codings(sizes), max_rows=1)
        for _ in range(2)
    ]
    for one, two in zip(models[0].beliefs, models[1].beliefs, strict=True):
        assert (one == two).all()


def test_two_hundred_columns(coded: Callable) -> None:
    sizes = [2] * 200
    table = np.random.default_rng(0).integers(0, 2, (300, 200))
    model = fit_model(coded(table, sizes), budget(0.05), codings(sizes), max_rows=1)
    assert len(model.codes(100, seed=0)) == 200
