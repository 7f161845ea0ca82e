"""Notes in other words: the likeness, its exact p value, and what is too little to say."""

from __future__ import annotations

import numpy as np
import pytest

from evaluation.paraphrase import nearness, paraphrase
from evaluation.report import Status
from evaluation.tokens import Notes

COMMON = ["patient", "was", "seen", "today", "and", "sent", "home"]
N = 120


def line(rng: np.random.Generator) -> str:
    words = [*COMMON, *(f"term{number}" for number in rng.integers(0, 3_000, 6))]
    return " ".join(words[i] for i in rng.permutation(len(words)))


def notes(seed: int, n: int = N) -> Notes:
    rng = np.random.default_rng(seed)
    return Notes(text=tuple(line(rng) for _ in range(n)), person=np.arange(n))


def shuffled(text: str, rng: np.random.Generator) -> str:
    words = [f"{word}ing" if word.startswith("term") else word for word in text.split()]
    return " ".join(words[i] for i in rng.permutation(len(words)))


def test_endings_and_order_do_not_hide_a_note() -> None:
    train, rng = notes(1), np.random.default_rng(9)
    made = tuple(shuffled(text, rng) for text in train.text[:25])
    found = nearness(train, notes(2), made, np.random.default_rng(0))
    assert found is not None
    assert (found.hits, found.control_hits) == (20, 0)
    assert found.cut == pytest.approx(1.0, abs=1e-5)
    assert found.p_value == pytest.approx(2 * 0.5**20)
    assert paraphrase(found, found.p_value).status is Status.RED


def test_nothing_leaks_from_fresh_notes_and_equals_are_broken_by_chance() -> None:
    found = nearness(notes(1), notes(2), notes(3).text, np.random.default_rng(0))
    assert found is not None
    assert found.p_value > 0.05
    same = Notes(text=("word",) * N, person=np.arange(N))
    tied = nearness(same, same, ("word",) * 50, np.random.default_rng(0))
    assert tied is not None
    assert tied.p_value > 0.01


def test_every_synthetic_note_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evaluation.paraphrase._NOTES_AT_A_TIME", 7)
    train = notes(1)
    found = nearness(train, notes(2), (*notes(3).text, *train.text[:20]), np.random.default_rng(0))
    assert found is not None
    assert found.hits == 20


def test_a_person_counts_once_and_few_people_are_grey() -> None:
    one = Notes(text=notes(1).text, person=np.arange(N) // 10)
    assert nearness(one, one, notes(3).text, np.random.default_rng(0)) is None
    assert paraphrase(None, 1.0).status is Status.GREY
    assert nearness(notes(1), notes(2), (), np.random.default_rng(0)) is None
