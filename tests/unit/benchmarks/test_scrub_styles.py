"""The second labelled set of the scrubber, and how errors are counted."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks.scrub_generate import TEMPLATES
from benchmarks.scrub_score import error_kinds
from benchmarks.scrub_styles import FRESH, N_EACH, STYLES, styled
from privacy.scrub.base import Span


def _lines(text: str) -> set[str]:
    return {line for line in text.splitlines() if line and line[0] != "#"}


def test_the_set_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    assert styled(3) == styled(3) != styled(4)


@pytest.mark.parametrize("path", [STYLES, FRESH])
def test_labels_lie_over_their_words_and_do_not_overlap(path: Path) -> None:
    made = styled(path=path)
    assert len(made) == N_EACH * len(_lines(path.read_text(encoding="utf-8")))
    for style, _, (text, spans) in made:
        assert not set("{}\x01\x02\x03") & set(text) or style == "json"
        assert all(a[1] <= b[0] for a, b in pairwise(spans))
        assert all(text[start:end].strip() for start, end, _ in spans)
        assert style != "none" or {entity for _, _, entity in spans} <= {"DATE", "TITLE"}


@pytest.mark.parametrize("path", [STYLES, FRESH])
def test_no_line_of_it_is_trained_on(path: Path) -> None:
    measured = {line.partition(" ")[2] for line in _lines(path.read_text(encoding="utf-8"))}
    assert not measured & _lines(TEMPLATES.read_text(encoding="utf-8"))


def test_errors_are_told_by_kind_without_their_words() -> None:
    text = "Ann met Bo in Rome"
    labelled = [(text, [(0, 3, "PERSON"), (8, 10, "PERSON")])]
    found = [[Span(start=0, end=10, entity="PERSON", score=0.9), Span(start=14, end=18, entity="LOCATION", score=0.9)]]
    assert error_kinds(labelled, found) == {
        ("found, badly cut", "PERSON", "PERSON"): 1,
        ("found", "LOCATION", "-"): 1,
        ("missed, badly cut", "PERSON", "PERSON"): 2,
    }
