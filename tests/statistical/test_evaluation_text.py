"""Planted failures of free text (E7): a note repeated, literals replayed, templates, a phrase, collapse, wear.

A small grammar makes notes that differ as real ones do; the ideal table is a fresh draw of the same grammar.
False-alarm rate by design: 0.001 after Holm for the three searches; seeds are fixed.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from evaluation.encode import encode
from evaluation.text import text
from understudy.schema import TableSchema

pytestmark = pytest.mark.statistical

SCHEMA = TableSchema.parse(
    {"fields": [{"name": "x", "type": "number"}, {"name": "note", "type": "text"}]},
)
N = 600
WORDS = [
    a + b for a in ("ba", "do", "ki", "lu", "me", "no", "ra", "su", "ti", "ve") for b in ("lan", "mer", "nis", "pot")
]
COMMON = ["the", "patient", "was", "seen", "and", "reports", "with", "for", "no", "new", "on", "left", "right"]


def note(rng: np.random.Generator) -> str:
    size = int(rng.integers(14, 40))
    vocabulary = COMMON + WORDS
    odds = 1 / (np.arange(len(vocabulary)) + 5)
    said = rng.choice(vocabulary, size, p=odds / odds.sum()).tolist()
    said[size // 2] = f"at {rng.integers(1, 24)}:{rng.integers(10, 59)}"
    said[3] = f"record {rng.integers(10**7, 10**8)}"
    return " ".join(said).capitalize() + "."


def notes(seed: int, n: int = N) -> list[str]:
    rng = np.random.default_rng(seed)
    return [note(rng) for _ in range(n)]


def judged(change: Callable[[list[str], list[str]], Sequence[str]]) -> dict[str, Any]:
    train, made = notes(1), list(change(notes(1), notes(3)))
    tables = {
        "train": _table(train),
        "controls": _table(notes(2)),
        "synthetic": _table(made),
    }
    section = text(SCHEMA, tables, encode(SCHEMA, tables), np.random.default_rng(0))
    assert section is not None
    return {metric.id.removeprefix("text."): metric for metric in section.metrics} | {"section": section}


def _table(values: Sequence[str]) -> pa.Table:
    return pa.table({"x": np.arange(len(values), dtype=float), "note": pa.array(list(values), pa.string())})


def test_fresh_notes_show_nothing() -> None:
    found = judged(lambda train, fresh: fresh)
    lights = {key: metric.status.value for key, metric in found.items() if key != "section"}
    assert set(lights.values()) == {"green"}, lights
    assert found["literals"].n == N


def test_notes_repeated_word_for_word_are_red() -> None:
    found = judged(lambda train, fresh: [*fresh[20:], *train[:20]])
    assert found["grams"].status.value == "red"
    assert found["spans"].status.value == "red"


TERMS = [f"{a}{b}{c}" for a in WORDS for b in "aeiou" for c in "lmnrst"]


def story(rng: np.random.Generator) -> str:
    """A note that holds eight words out of twelve hundred: what one patient has."""
    said = note(rng).split()
    for place, term in zip(rng.permutation(len(said))[:8], rng.choice(TERMS, 8, replace=False), strict=True):
        said[place] = str(term)
    return " ".join(said)


def reworded(line: str, rng: np.random.Generator, kept: float) -> str:
    """So many of its own words in another order and with other endings, among common words of another note."""
    own = [f"{word}ed" for word in line.lower().strip(".").split() if word in TERMS and rng.random() < kept]
    mixed = [*own, *(word for word in note(rng).lower().split() if word in COMMON)]
    return " ".join(mixed[i] for i in rng.permutation(len(mixed)))


def told(change: Callable[[list[str], list[str], np.random.Generator], list[str]]) -> dict[str, str]:
    """Lights of the searches for replay, where every note is a story."""
    rng = np.random.default_rng(8)
    train, controls, fresh = ([story(rng) for _ in range(N)] for _ in range(3))
    tables = {
        "train": _table(train),
        "controls": _table(controls),
        "synthetic": _table(change(train, fresh, np.random.default_rng(5))),
    }
    section = text(SCHEMA, tables, encode(SCHEMA, tables), np.random.default_rng(0))
    assert section is not None
    return {metric.id.removeprefix("text."): metric.status.value for metric in section.metrics}


def test_notes_in_other_words_are_red_though_no_run_is_repeated() -> None:
    """E7b: thirty of six hundred notes keep two thirds of their own words, in any order and with other endings."""
    found = told(lambda train, fresh, rng: [*fresh[30:], *(reworded(line, rng, 0.66) for line in train[:30])])
    assert found["paraphrase"] == "red"
    assert [found[name] for name in ("grams", "spans", "literals")] == ["green"] * 3


def test_notes_of_strangers_in_other_words_are_no_leak() -> None:
    found = told(lambda train, fresh, rng: [reworded(line, rng, 0.66) for line in fresh])
    assert found["paraphrase"] == "green"


def test_replayed_record_numbers_are_red_though_no_run_is_repeated() -> None:
    def replayed(train: list[str], fresh: list[str]) -> list[str]:
        return [*fresh[20:], *(f"Record {note.split()[4]} was changed" for note in train[:20])]

    found = judged(replayed)
    assert found["literals"].status.value == "red"
    assert found["grams"].status.value == "green"


def test_new_made_up_numbers_are_no_replay() -> None:
    found = judged(lambda train, fresh: [f"{line} call {9 * 10**9 + i}" for i, line in enumerate(fresh)])
    assert found["literals"].status.value == "green"


def test_ten_templates_are_red() -> None:
    kinds = notes(9, 10)
    found = judged(lambda train, fresh: [f"{kinds[i % 10]} {i}" for i in range(N)])
    assert found["templates"].status.value == "red"
    assert found["entropy"].status.value == "red"
    assert found["distinct"].status.value == "red"
    assert found["likeness"].status.value == "red"


def test_a_planted_phrase_is_found_first() -> None:
    found = judged(
        lambda train, fresh: [f"{line} please note well" if i % 3 == 0 else line for i, line in enumerate(fresh)]
    )
    assert found["phrases"].status.value == "red"
    assert "please note well" in found["phrases"].subject
    assert found["section"].tables[0].rows[0][0] == found["phrases"].subject


def test_other_words_are_unlike() -> None:
    found = judged(lambda train, fresh: [line[::-1] for line in fresh])
    assert found["likeness"].status.value == "red"
    assert found["surprise"].status.value == "red"


def test_wear_from_first_to_last_note_is_found() -> None:
    def worn(train: list[str], fresh: list[str]) -> list[str]:
        return [" ".join(line.split()[: max(4, 30 - i // 25)] + ["zz"] * (i // 40)) for i, line in enumerate(fresh)]

    assert judged(worn)["drift"].status.value == "red"


def test_withheld_text_is_grey_and_no_text_is_no_section() -> None:
    tables = {"train": _table(notes(1)), "controls": _table(notes(2)), "synthetic": _table([""] * N)}
    section = text(SCHEMA, tables, encode(SCHEMA, tables), np.random.default_rng(0))
    assert section is not None
    assert [metric.status.value for metric in section.metrics] == ["grey"]
    none = TableSchema.parse({"fields": [{"name": "x", "type": "number"}]})
    assert text(none, tables, encode(none, tables), np.random.default_rng(0)) is None
