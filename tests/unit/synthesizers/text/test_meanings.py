"""Meanings of words, what is thought of words before they are counted, and classes told by many faint words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from synthesizers.text import meanings
from synthesizers.text.classes import Tilting
from synthesizers.text.guesses import Known, plenty
from synthesizers.text.phrases import split
from synthesizers.text.prior import Prior
from synthesizers.text.registry import pays_again
from understudy.errors import Failed


@pytest.fixture(scope="module")
def prior() -> Prior:
    return Prior.load()


def test_words_of_like_meaning_lie_near_each_other_and_a_note_where_its_words_lie(prior: Prior) -> None:
    def number(word: str) -> int:
        return int(prior.vocabulary.number(f" {word}") or 0)

    one, near, far = (prior.meanings[number(word)] for word in ("dialysis", "kidney", "password"))
    assert float(one @ near) > 0.5 > 0.2 > float(one @ far)
    direction = meanings.directions(prior.meanings, prior.tokens)
    note = direction(np.array([number("kidney"), number("renal")]))
    assert float(np.linalg.norm(note)) == pytest.approx(1.0)
    assert float(note @ one) > float(note @ far)
    assert not direction(np.array([0])).any()
    assert not meanings.apart(note, note).any()


def test_an_asset_that_does_not_fit_is_refused_and_one_that_lacks_says_nothing(tmp_path: Path) -> None:
    assert not meanings.load(tmp_path, 5).any()
    meanings.save(tmp_path, np.eye(5, meanings.DIM))
    assert np.allclose(meanings.load(tmp_path, 5), np.eye(5, meanings.DIM))
    with pytest.raises(Failed) as failed:
        meanings.load(tmp_path, 6)
    assert failed.value.reason == "text-asset-unreadable"


def test_the_price_s_parts_come_from_public_numbers_and_add_up() -> None:
    for units, mu in ((1, 0.01), (900, 0.27), (900, 1.0), (10**6, 3.0)):
        assert sum(split(units, mu**2)) == pytest.approx(1.0)
    assert split(900, 0.27**2)[1] > 3 * split(10**5, 1.0)[1]
    assert plenty(1, 1e-9) == 0.0
    assert plenty(10**9, 1.0) == 1.0


def test_noise_alone_has_no_direction_and_a_strong_one_stays() -> None:
    noise = np.random.default_rng(1).normal(0, 5.0, (6, 48))
    assert np.abs(meanings.shrunk(noise, 5.0)).max() < 0.25 * np.abs(noise).max()
    strong = noise + 100.0
    assert np.allclose(meanings.shrunk(strong, 5.0), strong, rtol=0.01)


def test_a_thousand_words_that_no_noise_lets_stand_out_tell_classes_apart_together() -> None:
    rng, n, noise = np.random.default_rng(2), 1000, 6.0
    own = np.zeros((2, n))
    own[0, :500] = own[1, 500:] = 6.0  # as much as the noise: none would pass a threshold
    asked = Tilting(often=np.ones(n), guess=np.zeros((2, n)), parts=np.full((2, 1), 0.5))
    tilts = asked.updated(own + rng.normal(0, noise, own.shape), noise)
    scores = [float((tilts[0] - tilts[1])[rng.choice(500, 20)].sum()) for _ in range(200)]
    assert np.mean(np.array(scores) > 0) > 0.95


def test_what_was_released_decides_how_much_is_left_to_meaning(prior: Prior) -> None:
    topics = np.full(len(prior.topics), 1 / len(prior.topics))
    known = Known.of(prior, topics, 0.5 * prior.meanings[prior.vocabulary.number(" kidney") or 0])
    assert known.mixed().sum() == pytest.approx(1.0, abs=1e-6)
    ratio = np.log((known.meant + 1e-12) / (known.said + 1e-12))
    meant, said = ((known.meant > 0) & (sign * ratio > 1) for sign in (1, -1))
    assert known.fitted(meant).part > known.fitted(said).part
    assert known.fitted(np.zeros(len(prior.tokens))) is known


def test_only_a_fit_that_nobody_saw_may_be_begun_again_under_its_payment() -> None:
    def plan(*engines: str) -> dict[str, object]:
        return {"params": {"text": [{"engine": engine} for engine in engines]}}

    assert pays_again(plan("phrases", "adapter"))
    assert pays_again(plan("evolution"))
    assert not pays_again(plan("phrases"))
    assert not pays_again({"params": {}})
