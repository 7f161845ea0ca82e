"""The algebra of domains."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy import domain as module
from privacy.domain import Domain
from privacy.marginals import NoisyMarginal

domains = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 9), max_size=6).map(Domain.of)


@given(domains)
def test_merging_projections_gives_the_domain_back(domain: Domain) -> None:
    half = len(domain) // 2
    first, second = domain.project(domain.names[:half]), domain.project(domain.names[half:])
    assert first.merge(second) == domain
    assert domain.merge(domain) == domain
    assert first.size() * second.size() == domain.size()


@given(domains)
def test_a_domain_survives_as_dict(domain: Domain) -> None:
    assert Domain.of(domain.as_dict()) == domain


def test_order_of_a_clique_is_order_of_axes() -> None:
    domain = Domain.of({"a": 2, "b": 3, "c": 5})
    assert domain.shape(("c", "a")) == (5, 2)
    assert domain.project(("c", "a")).names == ("c", "a")
    assert domain.axes(("c", "a")) == (2, 0)
    assert domain.size(()) == 1


def test_sizes_are_exact_integers() -> None:
    assert Domain.of({str(i): 1000 for i in range(50)}).size() == 10**150


@pytest.mark.parametrize(("names", "sizes"), [(("a", "a"), (1, 2)), (("a",), ()), (("a",), (0,))])
def test_what_is_no_domain_is_refused(names: tuple[str, ...], sizes: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"A (domain|column) has"):
        Domain(names=names, sizes=sizes)


def test_a_shared_column_has_one_size() -> None:
    with pytest.raises(ValueError, match="two sizes"):
        Domain.of({"a": 2}).merge(Domain.of({"a": 3}))


def test_an_unknown_column_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        Domain.of({"a": 2}).project(("b",))
    assert "b" not in Domain.of({"a": 2})


def test_a_marginal_has_an_axis_per_column() -> None:
    assert NoisyMarginal(clique=("a",), counts=np.zeros(3), stddev=2.0).variance == pytest.approx(4 + 1 / 12)
    with pytest.raises(ValueError, match="one axis"):
        NoisyMarginal(clique=("a", "b"), counts=np.zeros(3), stddev=2.0)


def test_the_examples_in_the_docs_hold() -> None:
    assert doctest.testmod(module).failed == 0
