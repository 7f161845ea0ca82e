"""Where one-ways need the budget more than pairs do: what the pairs keep, and that nothing is left over."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from synthesizers.tabular.balance import stand_out
from synthesizers.tabular.budget import ONE_WAYS, PAIRS, SCORES, split
from synthesizers.tabular.levels import Coding
from synthesizers.tabular.model import fit_model
from synthesizers.tabular.select import Picked
from understudy.schema import TableSchema

SIZES = (8, 8, 8, 8, 8, 2)
N = 450


def table() -> np.ndarray:
    """The last column follows the others, which are independent."""
    rng = np.random.default_rng(0)
    first = rng.integers(0, 8, (N, 5))
    last = (first.mean(axis=1) + rng.normal(0, 0.5, N) > 3.5).astype(int)
    return np.column_stack([first, last])


FIELDS = [
    {"name": f"c{i}", "type": "integer", "constraints": {"required": True, "enum": list(range(size))}}
    for i, size in enumerate(SIZES)
]
CODINGS = [Coding(size=size, n_ordered=size if size > 3 else 0) for size in SIZES]


@pytest.mark.parametrize("epsilon", [0.05, 1.0, 4.0])
@pytest.mark.parametrize("targets", [(), ("c5",)])
def test_all_of_the_budget_is_spent_whatever_it_is_spent_on(
    coded: Callable, targets: tuple[str, ...], epsilon: float
) -> None:
    held = split(TableSchema.parse({"fields": FIELDS}), epsilon=epsilon, delta=1e-9, n_rows=N)
    session = coded(table(), SIZES)
    fit_model(session, held, CODINGS, max_rows=1, targets=targets)
    for purpose, promised in ((ONE_WAYS, held.one_ways), (SCORES, held.scores), (PAIRS, held.pairs)):
        assert session.asked.get(purpose, 0.0) == pytest.approx(promised, rel=1e-6)


def test_nothing_is_spent_on_looking_for_what_cannot_be_seen() -> None:
    """A public fact: so few rows for so much noise. A declared target is looked for all the same."""
    plain = TableSchema.parse({"fields": FIELDS})
    target = TableSchema.parse({"fields": [*FIELDS[:-1], {**FIELDS[-1], "understudy:target": True}]})
    hopeless, seen = (split(plain, epsilon=epsilon, delta=1e-9, n_rows=N) for epsilon in (0.05, 1.0))
    assert hopeless.scores == hopeless.pairs == 0 < hopeless.one_ways
    assert min(seen.scores, seen.pairs, split(target, epsilon=0.05, delta=1e-9, n_rows=N).pairs) > 0


def test_pairs_with_a_target_keep_their_budget_where_others_would_not(coded: Callable) -> None:
    """Three seeds: the tree links the target, and nothing that has no part in it."""
    held = split(TableSchema.parse({"fields": FIELDS}), epsilon=1.0, delta=1e-9, n_rows=N)
    links = 0
    for seed in range(3):
        names = coded(table(), SIZES).domain.names
        model = fit_model(coded(table(), SIZES, seed=seed), held, CODINGS, max_rows=1, targets=(names[-1],))
        pairs = [{column for column, _ in node.members} for node in model.nodes]
        pairs = [columns for columns in pairs if len(columns) > 1]
        assert all(5 in columns for columns in pairs)
        links += len(pairs)
    assert links >= 6


def test_what_drowns_in_noise_does_not_stand_out() -> None:
    one = Picked(variables=((0, 1), (1, 1)), cells=16, dependence=0.4, weight=1.0)
    assert stand_out(10_000.0, [one], 1 / 30.0**2)
    assert not stand_out(300.0, [one], 1 / 200.0**2)
    assert not stand_out(300.0, [], 1.0)
