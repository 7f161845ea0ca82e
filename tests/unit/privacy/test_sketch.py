"""The same people are found again, whatever the order, the type or the size of the table; others are not."""

from __future__ import annotations

import time

import pytest

from privacy.sketch import FEWEST_COMMON, K, Sketch, is_numbering, sketch

KEY = b"k" * 32


def ids(start: int, stop: int) -> list[str]:
    return [f"patient-{n}" for n in range(start, stop)]


@pytest.mark.parametrize("n", [100, 20_000])
def test_a_re_upload_is_the_same_people(n: int) -> None:
    first = sketch(ids(0, n), key=KEY)
    assert first.is_same_people(sketch(reversed(ids(0, n) * 2), key=KEY))
    assert first.is_same_people(sketch(ids(n // 2, n), key=KEY)), "half of them"
    assert sketch(ids(n // 2, n), key=KEY).is_same_people(first)


@pytest.mark.parametrize("n", [100, 20_000])
def test_other_people_are_not(n: int) -> None:
    first = sketch(ids(0, n), key=KEY)
    assert not first.is_same_people(sketch(ids(n, 2 * n), key=KEY))
    assert not first.is_same_people(sketch(ids(n - FEWEST_COMMON + 1, 2 * n), key=KEY))
    assert not first.is_same_people(Sketch())


def test_sizes_and_overlaps_are_about_right() -> None:
    a, b = sketch(ids(0, 30_000), key=KEY), sketch(ids(20_000, 40_000), key=KEY)
    assert a.n_units == pytest.approx(30_000, rel=0.06)
    assert a.n_common(b) == pytest.approx(10_000, rel=0.1)
    assert sketch(ids(0, K - 1), key=KEY).n_units == K - 1


def test_merging_is_as_if_they_were_one_table() -> None:
    parts = sketch(ids(0, 9_000), key=KEY).merged(sketch(ids(5_000, 12_000), key=KEY))
    assert parts == sketch(ids(0, 12_000), key=KEY)


def test_the_type_of_an_id_does_not_hide_a_person_and_missing_ids_are_nobody() -> None:
    assert sketch([17, 18, None], key=KEY) == sketch(["17", "18"], key=KEY)


def test_without_the_key_nothing_can_be_compared() -> None:
    assert sketch(ids(0, 1000), key=KEY).n_common(sketch(ids(0, 1000), key=b"x" * 32)) == 0


def test_text_there_and_back() -> None:
    known = sketch(ids(0, 5000), key=KEY)
    assert Sketch.from_text(known.as_text()) == known
    assert Sketch.from_text(Sketch().as_text()) == Sketch()


def test_it_is_fast_enough_for_millions() -> None:
    started = time.process_time()
    sketch(range(100_000), key=KEY)
    assert time.process_time() - started < 1.5


def test_a_numbering_tells_nobody_apart_from_another_tables() -> None:
    assert is_numbering(range(1, 500))
    assert is_numbering([str(n) for n in range(0, 900, 3)])
    assert not is_numbering([10_000_000 + 7 * n for n in range(500)]), "numbers that somebody gave out"
    assert not is_numbering(range(0, 900_000, 1000))
    assert not is_numbering(["1", "2", "A-3"])
    assert not is_numbering([])
