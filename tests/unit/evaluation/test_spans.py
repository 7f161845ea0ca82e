"""Long stretches of one person's text in the output: found exactly, and nothing else."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from evaluation.spans import LENGTH, hashes, own_stretches, spaced

OWN = "the violet gramophone whistled behind an abandoned lighthouse at dawn"
COMMON = "the patient was taken to the operating room and placed supine on it"


def test_a_stretch_of_one_person_is_found_whatever_its_case_and_spacing() -> None:
    found = own_stretches([("a", OWN), ("b", COMMON)], [f"So:  {OWN.upper()}  it was."])
    assert found == len(OWN) - LENGTH + 1


def test_what_two_persons_share_is_nobodys_own() -> None:
    assert own_stretches([("a", COMMON), ("b", COMMON)], [COMMON]) == 0
    assert own_stretches([("a", COMMON), ("a", COMMON)], [COMMON]) > 0


def test_public_text_is_no_ones() -> None:
    assert own_stretches([("a", OWN)], [OWN], is_public=lambda stretch: len(stretch) == LENGTH) == 0


def test_shorter_stretches_and_nothing_at_all_are_none() -> None:
    assert own_stretches([("a", OWN)], [OWN[: LENGTH - 1], "", "x"]) == 0
    assert own_stretches([], [OWN]) == 0
    assert own_stretches([("a", OWN)], []) == 0


@given(st.text(max_size=70), st.integers(1, 9))
def test_equal_stretches_and_only_those_have_equal_keys(text: str, length: int) -> None:
    told = spaced(text)
    keys = hashes(told, length)
    pieces = [told[low : low + length].lower() for low in range(max(len(told) - length + 1, 0))]
    assert len(keys) == len(pieces)
    if all(len(letter.lower()) == 1 for letter in told):
        assert len(np.unique(keys)) == len(set(pieces))
