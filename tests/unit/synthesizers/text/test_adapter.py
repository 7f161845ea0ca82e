"""Adapters on a local model: trained by persons under a price, on a tiny model that is made here."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from privacy.accounting import compose, epsilon_of
from synthesizers.text.adapter import Adapted, AdapterEngine, Schedule, load_adapters, spelt, unspelt
from synthesizers.text.slots import named
from tests.unit.synthesizers.text.wards import SCHEMA, SECRET, notes, price, session, tiny_model
from understudy.errors import PlanExceeded, UsageError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("model"))


def test_a_model_is_trained_writes_notes_and_is_saved(folder: Path, tmp_path: Path) -> None:
    engine = AdapterEngine(folder, length=64)
    plan = engine.plan(SCHEMA, "note", price(units=12))
    assert epsilon_of(compose(event for _, event in plan.events), 1e-5) <= 8.0
    rows = notes(12)
    fitted = engine.fit(session(plan, rows), plan)
    moved = [float(value.detach().abs().sum()) for value in fitted.model.trained]
    assert all(moved), "an adapter that was not trained is no adapter"
    made = fitted.write(rows.slice(0, 3), seed=1)
    assert len(made) == 3
    assert SECRET not in " ".join(note for note, _ in made)
    fitted.save(tmp_path)
    again = Adapted.open(folder, rank=int(plan.params["rank"]))
    load_adapters(again, tmp_path)
    tokens = {"input_ids": torch.tensor([[5, 6, 7]])}
    assert torch.allclose(again.network(**tokens).logits, fitted.model.network(**tokens).logits, atol=1e-5)


def test_nothing_is_trained_that_is_not_paid(folder: Path) -> None:
    engine = AdapterEngine(folder, length=64)
    plan = engine.plan(SCHEMA, "note", price(units=12))
    paid = session(plan, notes(5))
    engine.fit(paid, plan)
    with pytest.raises(PlanExceeded):  # started again, it is another training: it pays again or is refused
        engine.fit(paid, plan)


def test_what_is_no_model_is_refused_before_anything_is_paid(tmp_path: Path) -> None:
    for engine, code in (
        (AdapterEngine(None), "text-model-missing"),
        (AdapterEngine(tmp_path), "text-model-invalid"),
        (AdapterEngine(tmp_path / "nowhere"), "text-model-invalid"),
    ):
        with pytest.raises(UsageError) as refused:
            engine.plan(SCHEMA, "note", price())
        assert refused.value.reason == code


def test_a_folder_that_only_looks_like_a_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "gpt2"}')
    (tmp_path / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(UsageError) as refused:
        Adapted.open(tmp_path, rank=2)
    assert refused.value.reason == "text-model-invalid"
    assert str(tmp_path) not in refused.value.message


def test_the_schedule_comes_from_a_public_number_alone() -> None:
    assert Schedule.of(20) == Schedule(sample_rate=1.0, steps=40)
    assert Schedule.of(100_000).sample_rate < 0.01
    assert Schedule.of(10**9).steps == 1000


def test_slots_survive_a_model_s_text() -> None:
    note = f"{named('name')} came at {named('date')}."
    assert unspelt(spelt(note)) == note
    assert unspelt("<<99>>") == ""
