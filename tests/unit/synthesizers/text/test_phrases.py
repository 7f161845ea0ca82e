"""The embedded engine: what it learns, what it cannot, and what it makes of notes of every kind."""

# ruff: noqa: E501 - lists read better on one line
from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from privacy.gdp import gdp_epsilon
from synthesizers.text.base import TextPlan, has_text
from synthesizers.text.grams import BITS, Chain, Grams, keys_of
from synthesizers.text.phrases import STEPS, FittedPhrases, PhrasesEngine
from synthesizers.text.prior import Prior
from synthesizers.text.vocabulary import END, NOTE, Vocabulary
from tests.unit.synthesizers.text.wards import SCHEMA, SECRET, notes, price, session
from understudy.errors import Failed, PlanExceeded

ENGINE = PhrasesEngine(rounds=0)
EXACT = 1e9
"""A mu squared at which noise is nothing."""


def fit(rows: pa.Table | None = None, mu_squared: float = 4.0) -> FittedPhrases:
    plan = ENGINE.plan(SCHEMA, "note", price(mu_squared))
    return ENGINE.fit(session(plan, rows), plan)


@pytest.fixture(scope="module")
def exact() -> FittedPhrases:
    return fit(mu_squared=EXACT)


@pytest.fixture(scope="module")
def private() -> FittedPhrases:
    return fit()


def said(fitted: FittedPhrases, n: int = 30) -> list[tuple[str, str]]:
    fitted.limit_length(60)
    return fitted.write(notes(n, seed=9), seed=4)


def test_the_price_is_known_beforehand_and_is_what_was_given() -> None:
    plan = ENGINE.plan(SCHEMA, "note", price(2.25))
    assert [name for name, _ in plan.events] == [f"text-0/{step}" for step in STEPS]
    total = sum(1 / event.noise_multiplier**2 for _, event in plan.events)
    assert total == pytest.approx(2.25)
    assert gdp_epsilon(total**0.5, 1e-5) == pytest.approx(gdp_epsilon(1.5, 1e-5))
    again = TextPlan.from_dict(plan.as_dict())
    assert (again.engine, again.column, again.params) == (plan.engine, plan.column, plan.params)
    assert has_text({"params": {"text": [plan.as_dict()]}})
    assert not has_text({"params": {}})


def test_it_pays_for_each_step_and_never_twice() -> None:
    plan = ENGINE.plan(SCHEMA, "note", price())
    paid = session(plan, notes(20))
    ENGINE.fit(paid, plan)
    with pytest.raises(PlanExceeded):
        ENGINE.fit(paid, plan)


def test_without_noise_it_says_what_each_ward_says(exact: FittedPhrases) -> None:
    rows = notes(30, seed=9).to_pylist()
    made = said(exact)
    told = [word for (note, _), row in zip(made, rows, strict=True) for word in [row["ward"]] if "chest pain" in note]
    assert told.count("heart") > 3 * max(told.count("bladder"), 1)
    assert any("cystoscopy" in note for note, _ in made)


def test_notes_agree_with_their_rows(exact: FittedPhrases) -> None:
    rows = notes(30, seed=9).to_pylist()
    agreed = 0
    for (note, bare), row in zip(said(exact), rows, strict=True):
        if "-year-old" in note:
            agreed += 1
            assert f"{row['age']}-year-old" in note
        assert ("He " in note) <= (row["sex"] == "M")
        assert row["name"] not in bare
    assert agreed >= 3


def test_what_one_person_says_is_not_said(private: FittedPhrases) -> None:
    everything = " ".join(bare for _, bare in said(private, 60)).lower()
    assert not any(word in everything for word in SECRET.split())


def test_the_same_seed_gives_the_same_notes_and_the_model_can_be_kept(private: FittedPhrases, tmp_path: Path) -> None:
    private.limit_length(25)
    private.save(tmp_path)
    again = FittedPhrases.load(tmp_path)
    again.limit_length(25)
    rows = notes(4)
    assert private.write(rows, seed=2) == private.write(rows, seed=2) == again.write(rows, seed=2)
    assert private.write(rows, seed=3) != private.write(rows, seed=2)


@pytest.mark.parametrize(
    "text",
    [None, "", " \n\t", "x" * 100_000, "word " * 20_000, "患者は胸の痛みを訴えた。" * 20, "مريض يعاني من ألم" * 10, "\ud800 \x00 \ue000\uf8ff"],
    ids=["missing", "empty", "blank", "one-long-word", "100k", "japanese", "arabic", "no-text"],
)  # fmt: skip
def test_notes_of_every_kind_are_learnt_from_or_passed_over(text: str | None) -> None:
    rows = notes(2).to_pylist()
    for row in rows:
        row["note"] = text
    # A lone surrogate is no text that Arrow could hold.
    table = pa.Table.from_pylist([{**row, "note": text and text.replace("\ud800", "?")} for row in rows])
    fitted = fit(table)
    fitted.limit_length(10)
    assert len(fitted.write(table, seed=1)) == 2


def test_no_rows_at_all_make_a_model_of_public_text() -> None:
    fitted = fit(notes(30).slice(0, 0))
    fitted.limit_length(10)
    assert fitted.learnt.base.sum() == pytest.approx(1.0)
    assert fitted.write(notes(2), seed=1)


def test_a_person_s_presence_moves_no_release_by_more_than_one(monkeypatch: pytest.MonkeyPatch) -> None:
    import privacy.session as door

    seen: list[np.ndarray] = []
    real = door.noisy_sum

    def watched(rows, size, **asked):  # type: ignore[no-untyped-def]
        told = list(rows)
        units = {unit for unit, _ in told}
        for unit in units:
            own = np.zeros(size)
            for owner, vector in told:
                if owner == unit:
                    np.add.at(own, vector.places, vector.values)
            seen.append(own)
        return real(iter(told), size, **asked)

    monkeypatch.setattr(door, "noisy_sum", watched)
    fit(notes(12))
    assert seen
    assert max(float(np.linalg.norm(vector)) for vector in seen) == pytest.approx(1.0, abs=1e-9)


def test_an_asset_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "vocabulary.gz").write_bytes(b"nothing")
    with pytest.raises(Failed) as failed:
        Prior.load(tmp_path)
    assert failed.value.reason == "text-asset-unreadable"


def test_public_text_is_known_as_such() -> None:
    prior = Prior.load()
    assert prior.says("x The patient tolerated the procedure well. x")
    assert not prior.says("x The gramophone whistled behind abandoned lighthouses x")


def test_a_prior_can_be_made_of_any_public_notes(tmp_path: Path) -> None:
    words = Vocabulary([" ", *"abcdefghijklmnopqrstuvwxyz", " red", " fox", " the", "."])
    prior = Prior.count(words, [("a", "The red fox."), ("b", "The red fox."), ("b", "The fox.")])
    prior.save(tmp_path)
    again = Prior.load(tmp_path)
    assert np.allclose(again.tokens, prior.tokens, atol=1e-6)
    assert all((one.keys == two.keys).all() for one, two in zip(prior.runs, again.runs, strict=True))
    assert (prior.topics > 0).all()


def test_chances_add_up_and_released_counts_prevail() -> None:
    n = 40
    base = np.full(n, 1 / n)
    public = Grams.of(np.array([(5 << BITS) | 6, (5 << BITS) | 7]), np.array([3.0, 1.0]))
    own = Grams.of(np.array([(5 << BITS) | 9]), np.array([900.0]))
    singles = Grams.of(np.array([5]), np.array([1000.0]))
    bent = np.ones(n)
    alone = Chain(base=base, public=(public,), own=(), bent=bent).next([5])
    both = Chain(base=base, public=(public,), own=(singles, own), bent=bent).next([5])
    assert alone.sum() == pytest.approx(1.0)
    assert both.sum() == pytest.approx(1.0)
    assert alone[6] > alone[7] > alone[9]
    assert both[9] == pytest.approx(0.9, abs=0.02)
    assert both[6] > both[7]
    assert Chain(base=base, public=(public,), own=(), bent=bent).next([30]) == pytest.approx(base)


def test_keys_hold_runs_in_order() -> None:
    tokens = np.array([NOTE, 300, 8000, END], dtype=np.int64)
    assert keys_of(tokens, 2).tolist() == [(NOTE << BITS) | 300, (300 << BITS) | 8000, (8000 << BITS) | END]
    assert keys_of(tokens, 5).size == 0
    grams = Grams.of(keys_of(tokens, 3), np.array([2.0, 0.0]))
    assert grams.at(keys_of(tokens, 3)).tolist() == [2.0, 0.0]
    following, counts = grams.after((NOTE << BITS) | 300)
    assert (following.tolist(), counts.tolist()) == ([8000], [2.0])
