"""Free text of any size: notes are read in blocks, real ones within limits, and neither changes what is found."""

import numpy as np
import pyarrow as pa
import pytest

from evaluation import replay, text
from evaluation.encode import encode
from evaluation.tokens import Notes
from understudy.schema import TableSchema

SCHEMA = TableSchema.parse({"fields": [{"name": "x", "type": "number"}, {"name": "note", "type": "text"}]})


def notes(seed: int, n: int = 120) -> list[str]:
    rng = np.random.default_rng(seed)
    vocabulary = [f"word{i}" for i in range(400)]
    return [" ".join(rng.choice(vocabulary, 20)) + f" record {rng.integers(10**7, 10**8)}" for _ in range(n)]


def searched(synthetic: list[str]) -> list[tuple[str, float | None, str]]:
    """Three notes of two persons each, and one run that two persons share, which is nobody's own."""
    train, controls = notes(1), notes(2)
    train[1] = train[0]
    sides = [Notes(text=tuple(part), person=start + np.arange(120)) for start, part in ((0, train), (120, controls))]
    found = replay.replay(*sides, synthetic, np.random.default_rng(0))
    return [(metric.id, metric.value, metric.reference) for metric in found[:3]]


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    synthetic = [*notes(3), *notes(1)[:30]]
    whole = searched(synthetic)
    assert whole[0][2].startswith("28 of 118 ")  # two of the thirty are two people with one note, and so nobody's own
    monkeypatch.setattr(replay, "_AT_A_TIME", 7)
    assert searched(synthetic) == whole


def test_real_notes_are_read_within_limits_and_synthetic_ones_to_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    made = notes(3, 400)
    tables = {
        role: pa.table({"x": np.arange(len(part), dtype=float), "note": pa.array(part)})
        for role, part in (("train", notes(1, 400)), ("controls", notes(2, 400)), ("synthetic", made))
    }
    monkeypatch.setattr(text, "MAX_CHARACTERS", sum(map(len, notes(1, 400))) // 2)
    searched_in: list[int] = []
    monkeypatch.setattr(
        text,
        "replay",
        lambda train, controls, made, rng: searched_in.extend(map(len, (train.text, controls.text, made))) or [],
    )
    text.text(SCHEMA, tables, encode(SCHEMA, tables), np.random.default_rng(0))
    trained, unseen, written = searched_in
    assert 150 < trained < 250
    assert 150 < unseen < 250
    assert written == 400
