"""A cover counts few tables, and every wanted one is a margin of its owner."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privacy.domain import Clique, Domain
from privacy.sources.cover import BLOCK_CELLS, WAVE_CELLS, cover, waves
from privacy.sources.tally import margin

SIZES = st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from([1, 2, 7, 40, 70, 3000]), min_size=1, max_size=8)


@settings(max_examples=60, deadline=None)
@given(sizes=SIZES, seed=st.integers(0, 99))
def test_every_clique_is_part_of_its_owner(sizes: dict[str, int], seed: int) -> None:
    domain, rng = Domain.of(sizes), np.random.default_rng(seed)
    cliques: list[Clique] = []
    for _ in range(12):
        names = rng.permutation(domain.names)[: rng.integers(0, 4)]
        if math.prod(domain.shape(names)) < 10**7:
            cliques.append(tuple(str(name) for name in names))
    found = cover(cliques, domain)
    assert found.cliques == tuple(cliques)
    for clique, owner in zip(cliques, found.owner, strict=True):
        assert set(clique) <= set(found.blocks[owner])
    wanted = {frozenset(clique) for clique in cliques}
    for block in found.blocks:
        assert domain.size(block) <= BLOCK_CELLS or frozenset(block) in wanted


def test_pairs_of_small_columns_are_packed() -> None:
    domain = Domain.of({f"c{i}": 8 for i in range(15)})
    assert len(cover(list(combinations(domain, 2)), domain).blocks) <= 21


def test_a_pair_inside_a_wanted_triple_costs_nothing() -> None:
    domain = Domain.of({"a": 60, "b": 60, "c": 60})
    assert cover([("a",), ("b", "a"), ("c", "a", "b"), ()], domain).blocks == (("c", "a", "b"),)


def test_waves_hold_a_bounded_number_of_cells_and_lose_no_clique() -> None:
    domain = Domain.of({f"c{i}": 2000 for i in range(12)})
    cliques = [*combinations(domain, 2), ("c0", "c1", "c2"), ("c3",)]
    runs = list(waves(cliques, domain))
    assert [clique for run in runs for clique in run] == cliques
    assert len(runs) > 3
    assert all(len(run) == 1 or sum(map(domain.size, run)) <= WAVE_CELLS for run in runs)


def test_a_clique_beyond_any_memory_is_refused() -> None:
    domain = Domain.of({"a": 70_000, "b": 70_000})
    with pytest.raises(ValueError, match="too many cells"):
        cover([("a", "b")], domain)


def test_a_margin_sums_and_turns() -> None:
    counts = np.arange(24).reshape(2, 3, 4)
    assert np.array_equal(margin(counts, ("a", "b", "c"), ("c", "a")), counts.sum(axis=1).T)
    assert margin(counts, ("a", "b", "c"), ()) == counts.sum()
