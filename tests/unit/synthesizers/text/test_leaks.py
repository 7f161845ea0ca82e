"""What must not be in notes, what may be, and what a fit that was cut short costs."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from evaluation.spans import LENGTH, own_stretches
from privacy.session import PrivateSession
from synthesizers.text.hearing import heard
from synthesizers.text.phrases import FittedPhrases, PhrasesEngine
from synthesizers.text.writer import Writer
from tests.unit.synthesizers.text.wards import SCHEMA, price, session
from understudy.errors import PlanExceeded

ENGINE = PhrasesEngine(rounds=0)
SAID = (
    "No complaints today",
    "Vitals stable",
    "Slept through the night",
    "Wound is clean and dry",
    "Walked in the hall",
)
OWN = "A violet gramophone whistles behind the abandoned lighthouse on Tuesdays, he says."


def rounds(n: int = 400) -> pa.Table:
    """Very regular short notes: everybody's are of the same five sentences; the first person says something else."""
    rng = random.Random(5)
    rows: list[dict[str, Any]] = []
    for index in range(n):
        text = ". ".join(rng.sample(SAID, 4)) + f". Bed {rng.randint(1, 40)}."
        ward = rng.choice(["heart", "bladder"])
        rows.append(
            {"person": f"p{index}", "name": f"Bram Zwicker{index}", "ward": ward, "age": 40, "sex": "F",
             "note": f"{OWN} {text}" if index == 0 else text}
        )  # fmt: skip
    return pa.Table.from_pylist(rows)


@pytest.fixture(scope="module")
def regular() -> FittedPhrases:
    plan = ENGINE.plan(SCHEMA, "note", price(4.0, units=400))
    return ENGINE.fit(session(plan, rounds()), plan)


def told(table: pa.Table) -> list[tuple[object, str]]:
    return list(zip(table["person"].to_pylist(), table["note"].to_pylist(), strict=True))


@pytest.fixture(scope="module")
def written(regular: FittedPhrases) -> list[str]:
    regular.limit_length(30)
    return [said for _, said in regular.write(rounds(120), seed=3)]


def test_no_long_stretch_of_one_person_s_text_is_written(regular: FittedPhrases, written: list[str]) -> None:
    """Fast version of the bench's: what stands in one person's notes alone is put together of everybody's words."""
    assert own_stretches(told(rounds()), written, is_public=regular.explains) == 0
    assert not any(word in " ".join(written).lower() for word in ("gramophone", "lighthouse"))


def test_the_search_finds_a_stretch_of_one_person_s_own_among_regular_notes(
    regular: FittedPhrases, written: list[str]
) -> None:
    """The check is broken on purpose: a note that has somebody's sentence is found, whatever is around it."""
    for leaked in (OWN, f"Vitals stable. {OWN}", OWN.upper()):
        assert own_stretches(told(rounds()), [*written, leaked], is_public=regular.explains) > 0


@pytest.mark.parametrize("text", ["No complaints today. Vitals stable.", ". ".join(SAID) + "."])
def test_a_note_that_everybody_has_is_nobody_s(regular: FittedPhrases, text: str) -> None:
    everybody = [(index, text) for index in range(50)]
    assert own_stretches(everybody, [text] * 50, is_public=regular.explains) == 0
    # Even if one person alone had put these sentences together, the words follow each other in everybody's notes.
    assert own_stretches(everybody[:1], [text], is_public=regular.explains) == 0
    assert len(text) < LENGTH or own_stretches(everybody[:1], [text]) > 0


def test_a_fit_that_was_killed_has_paid_and_cannot_go_on_for_free(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = ENGINE.plan(SCHEMA, "note", price(4.0, units=20))
    paid = session(plan, rounds(20))
    real, asked = PrivateSession.add_up, iter(range(100))

    def killed(self: PrivateSession, *given: Any, **more: Any) -> Any:
        if next(asked) == 2:
            raise KeyboardInterrupt
        return real(self, *given, **more)

    monkeypatch.setattr(PrivateSession, "add_up", killed)
    with pytest.raises(KeyboardInterrupt):
        ENGINE.fit(paid, plan)
    with pytest.raises(PlanExceeded):  # it pays again, out of another reservation, or is refused
        ENGINE.fit(paid, plan)


def test_a_writer_that_hears_itself_says_released_words_as_often_as_they_were_released(regular: FittedPhrases) -> None:
    def gap(fitted: FittedPhrases) -> float:
        writer = Writer.of(fitted.prior, fitted.learnt, most=40)
        said = np.concatenate([np.array(note) for note in writer.tokens([0, 1] * 40, seed=77)])
        made = np.bincount(said, minlength=len(fitted.learnt.base)) / len(said)
        kept = fitted.learnt.own[0].keys[1:]
        return float(np.abs(made[kept] - fitted.learnt.base[kept]).sum())

    mended = FittedPhrases(regular.rows, regular.classes, heard(regular.prior, regular.learnt, rounds=2), regular.prior)
    assert gap(mended) < gap(regular)
    assert heard(regular.prior, regular.learnt, rounds=0) is regular.learnt
