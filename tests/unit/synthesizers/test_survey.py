"""A small budget: all pairs in halves, each paid for, and dependence that scores would not have seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from synthesizers.tabular.budget import ONE_WAYS, SURVEY, Budget, split
from synthesizers.tabular.levels import Coding
from synthesizers.tabular.model import Model, fit_model
from understudy.schema import TableSchema

SIZES = (6, 6, 4, 3, 2, 1)
N = 2_000
CODINGS = [Coding(size=size, n_ordered=size if size > 3 else 0) for size in SIZES]
FAINT = Budget(domain=0, domain_delta=0, one_ways=7e-4, scores=0, survey=3e-4, pairs=0)
FIELDS: list[dict[str, object]] = [
    {"name": f"c{i}", "type": "integer", "constraints": {"required": True, "enum": list(range(size))}}
    for i, size in enumerate(SIZES)
]


def table() -> np.ndarray:
    """The first, second and fifth columns go together; a column has one code."""
    rng = np.random.default_rng(0)
    first = rng.integers(0, 6, N)
    second = np.where(rng.random(N) < 0.8, first, rng.integers(0, 6, N))
    fifth = (first > 2) ^ (rng.random(N) < 0.1)
    return np.stack([first, second, rng.integers(0, 4, N), rng.integers(0, 3, N), fifth, np.zeros(N)], axis=1).astype(
        int
    )


def agreement(model: Model) -> float:
    """How often the fifth column says which half the first is in; 0.9 in the table."""
    rows = np.stack(model.codes(4000, seed=0), axis=1)
    return float(((rows[:, 0] > 2) == rows[:, 4]).mean())


def test_it_is_paid_for_once_whatever_the_target(coded: Callable) -> None:
    for targets in ((), ("c4",), ("c5",)):
        session = coded(table(), SIZES)
        fit_model(session, FAINT, CODINGS, max_rows=1, targets=targets)
        assert session.asked == pytest.approx({ONE_WAYS: FAINT.one_ways, SURVEY: FAINT.survey})


def test_it_sees_what_stands_out(coded: Callable) -> None:
    """Three seeds. Noise of 180 rows in each cell of 500; a score of each pair would be off by 224."""
    found = [agreement(fit_model(coded(table(), SIZES, seed=seed), FAINT, CODINGS, max_rows=1)) for seed in range(3)]
    alone = replace(FAINT, one_ways=1e-3, survey=0.0)
    plain = [agreement(fit_model(coded(table(), SIZES, seed=seed), alone, CODINGS, max_rows=1)) for seed in range(3)]
    assert np.mean(found) > 0.62 > 0.56 > np.mean(plain)


def test_a_target_is_seen_better_if_it_is_declared(coded: Callable) -> None:
    less = replace(FAINT, survey=1e-4)
    means = [
        np.mean(
            [
                agreement(fit_model(coded(table(), SIZES, seed=seed), less, CODINGS, max_rows=1, targets=targets))
                for seed in range(6)
            ]
        )
        for targets in ((), ("c4",))
    ]
    assert means[1] > means[0]


def test_a_table_of_one_column_is_not_surveyed(coded: Callable) -> None:
    session = coded(table()[:, :1], SIZES[:1])
    fit_model(session, FAINT, CODINGS[:1], max_rows=1)
    assert session.asked == pytest.approx({ONE_WAYS: FAINT.one_ways})


def test_when_it_is_bought_is_a_public_fact() -> None:
    schema = TableSchema.parse({"fields": FIELDS})
    bought = [split(schema, epsilon=epsilon, delta=1e-9, n_rows=N) for epsilon in (0.02, 0.1, 1.0)]
    assert [one.survey > 0 for one in bought] == [False, True, False]
    assert [one.pairs > 0 for one in bought] == [False, False, True]
    assert Budget.from_dict(bought[1].as_dict()) == bought[1]


def test_a_plan_of_before_is_read() -> None:
    document = replace(FAINT, survey=0.0).as_dict()
    del document["survey"]
    assert Budget.from_dict(document).survey == 0
