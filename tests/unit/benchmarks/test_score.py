"""The scorer against cases worked out by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from benchmarks import score
from benchmarks.tables import CodedTable


def table(rows: list[tuple[int, ...]], sizes: dict[str, int], target: str) -> CodedTable:
    return CodedTable(
        name="made", codes=pd.DataFrame(rows, columns=list(sizes)), sizes=sizes, target=target, source="by hand"
    )


TWO = {"a": 2, "b": 2}


def test_marginal_is_the_share_of_rows_in_each_cell() -> None:
    codes = pd.DataFrame({"a": [0, 0, 1, 1], "b": [0, 1, 1, 1]})
    assert score.marginal(codes, ("a", "b"), TWO).tolist() == [0.25, 0.25, 0.0, 0.5]
    assert score.marginal(codes, ("b",), TWO).tolist() == [0.25, 0.75]


def test_distance_is_half_of_the_differences() -> None:
    real = pd.DataFrame({"a": [0, 0, 1, 1], "b": [0, 1, 0, 1]})
    fake = pd.DataFrame({"a": [0, 0, 1, 1], "b": [0, 0, 1, 1]})
    assert score.distance(real, fake, ("a", "b"), TWO) == 0.5
    assert score.distance(real, fake, ("a",), TWO) == 0.0
    assert score.distance(real, fake.assign(a=1), ("a",), TWO) == 0.5


def test_distance_does_not_mind_the_number_of_rows() -> None:
    real = pd.DataFrame({"a": [0, 1], "b": [0, 1]})
    assert score.distance(real, pd.concat([real] * 5), ("a", "b"), TWO) == 0.0


def test_mean_distance_is_over_the_cliques() -> None:
    sizes = {"a": 2, "b": 2, "c": 2}
    real = table([(0, 0, 0), (1, 1, 1)], sizes, "c")
    fake = pd.DataFrame([(0, 0, 1), (1, 1, 0)], columns=list(sizes))
    # a and b agree with each other as they should; c is the opposite of what it should be
    assert score.mean_distance(real, fake, score.pairs(sizes)) == pytest.approx(2 / 3)
    assert score.mean_distance(real, fake, score.triples(sizes)) == 1.0


def test_triples_are_all_of_them_or_200_that_never_change() -> None:
    few, many = {str(i): 2 for i in range(5)}, {str(i): 2 for i in range(20)}
    assert len(score.triples(few)) == 10
    assert len(set(score.triples(many))) == 200
    assert score.triples(many) == score.triples(many)
    # the definition draws them with this generator and seed
    first = np.random.RandomState(0).permutation(1140)[0]
    assert score.triples(many)[0] == list(itertools.combinations(many, 3))[first]


def test_what_is_no_code_becomes_one() -> None:
    rows = pd.DataFrame({"a": ["1", None], "b": ["7", "-3"]})
    assert score.cleaned(rows, TWO).to_dict("list") == {"a": [1, 0], "b": [1, 0]}


def test_auc_of_a_target_that_never_varies_is_chance() -> None:
    real = table([(0, 0), (1, 1)] * 50, TWO, "b")
    assert score.auc(real, real.codes.assign(b=0)) == 0.5


def test_auc_is_one_for_a_copied_target_and_nought_for_its_opposite() -> None:
    real = table([(0, 0), (1, 1)] * 100, TWO, "b")
    assert score.real_auc(real) == 1.0
    assert score.auc(real, real.codes.assign(b=1 - real.codes["b"])) == 0.0


def test_the_test_rows_are_a_fifth_and_not_trained_on() -> None:
    codes = pd.DataFrame({"a": range(101)})
    training, test = score.split(codes)
    assert (len(training), len(test)) == (80, 21)
    assert not set(training["a"]) & set(test["a"])


def test_real_rows_have_no_error() -> None:
    real = table([(0, 0, 1), (1, 1, 0), (1, 0, 1)] * 20, {"a": 2, "b": 2, "c": 2}, "c")
    found = score.score(real, real.codes)
    assert (found.tvd2, found.tvd3) == (0.0, 0.0)
