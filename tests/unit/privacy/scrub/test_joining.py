"""Doubtful names against the tagger's hints, and pieces of one thing made one."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.scrub.base import Span
from privacy.scrub.joining import joined, supported


def _at(text: str, *found: tuple[str, str]) -> list[Span]:
    return [
        Span(start=text.index(part), end=text.index(part) + len(part), entity=entity, score=0.9)
        for part, entity in found
    ]


def _read(text: str, spans: list[Span]) -> list[tuple[str, str]]:
    return [(text[span.start : span.end], span.entity) for span in spans]


@pytest.mark.parametrize(
    ("text", "found", "whole"),
    [
        (
            "at 12 Elm Row, Leeds LS1 4AB.",
            [("12 Elm Row", "STREET_ADDRESS"), ("Leeds", "LOCATION"), ("LS1 4AB", "ZIP_CODE")],
            [("12 Elm Row, Leeds LS1 4AB", "STREET_ADDRESS")],
        ),
        (
            "1 Elm Row\nnan, Leeds",
            [("1 Elm Row", "STREET_ADDRESS"), ("Leeds", "LOCATION")],
            [("1 Elm Row\nnan, Leeds", "STREET_ADDRESS")],
        ),
        (
            "12 Elm Row, Delmas, mp 35739",
            [("12 Elm Row, Delmas", "STREET_ADDRESS"), ("35739", "ZIP_CODE")],
            [("12 Elm Row, Delmas, mp 35739", "STREET_ADDRESS")],
        ),
        (
            "12 Elm Row\nLeeds\n, ON\n Canada",
            [("12 Elm Row\nLeeds", "STREET_ADDRESS"), ("Canada", "LOCATION")],
            [("12 Elm Row\nLeeds\n, ON\n Canada", "STREET_ADDRESS")],
        ),
        (
            "at the corner of Elm Row and Mill Road",
            [("Elm Row", "STREET_ADDRESS"), ("Mill Road", "STREET_ADDRESS")],
            [("Elm Row and Mill Road", "STREET_ADDRESS")],
        ),
        ("frank v. moss left", [("frank", "PERSON"), ("moss", "PERSON")], [("frank v. moss", "PERSON")]),
        ("Sun-hee left", [("Sun", "PERSON")], [("Sun-hee", "PERSON")]),
        ("Rowe-Iqbal sued", [("Rowe", "PERSON"), ("Iqbal", "ORGANIZATION")], [("Rowe-Iqbal", "ORGANIZATION")]),
    ],
)
def test_pieces_of_one_thing_are_one(text: str, found: list[tuple[str, str]], whole: list[tuple[str, str]]) -> None:
    assert _read(text, joined(text, _at(text, *found))) == whole


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Ann and Bob", [("Ann", "PERSON"), ("Bob", "PERSON")]),
        ("Leeds, Bob", [("Leeds", "LOCATION"), ("Bob", "PERSON")]),
        ("Leeds, 12 Elm Row", [("Leeds", "LOCATION"), ("12 Elm Row", "STREET_ADDRESS")]),
        ("12 Elm Row. Then Leeds", [("12 Elm Row", "STREET_ADDRESS"), ("Leeds", "LOCATION")]),
        ("12 Elm Row, not Leeds", [("12 Elm Row", "STREET_ADDRESS"), ("Leeds", "LOCATION")]),
        ("Elm Row and Mill Road", [("Elm Row", "STREET_ADDRESS"), ("Mill Road", "STREET_ADDRESS")]),
        ("London-based", [("London", "LOCATION")]),
    ],
)
def test_two_things_stay_two(text: str, found: list[tuple[str, str]]) -> None:
    assert _read(text, joined(text, _at(text, *found))) == found


def test_what_the_row_knows_keeps_its_own_fake() -> None:
    known = Span(start=8, end=13, entity="LOCATION", score=1.0, fake="Bath")
    street = Span(start=0, end=6, entity="STREET_ADDRESS", score=0.9)
    assert joined("1 High, Leeds", [street, known]) == [street, known]


_TEXT = "Anna B. Lee-Moss, 4 Elm Row; Bath\n45402 and Rowe's kin"
_CUTS = st.lists(st.integers(0, len(_TEXT)), max_size=12, unique=True).map(sorted)


@given(_CUTS, st.lists(st.sampled_from(["PERSON", "LOCATION", "STREET_ADDRESS", "AGE"]), min_size=6, max_size=6))
def test_no_covered_character_is_let_go_and_nothing_overlaps(cuts: list[int], entities: list[str]) -> None:
    pairs = zip(cuts[::2], cuts[1::2], entities, strict=False)
    spans = [Span(start=start, end=end, entity=entity, score=0.9) for start, end, entity in pairs]
    after = joined(_TEXT, spans)
    covered = {place for span in after for place in range(span.start, span.end)}
    assert {place for span in spans for place in range(span.start, span.end)} <= covered
    assert all(a.end <= b.start for a, b in pairwise(after))


def _is_name(word: str) -> bool:
    return word == "Tess"


@pytest.mark.parametrize(
    ("text", "score", "hints", "kept"),
    [
        ("tess said", 0.65, [(0, 4)], "tess"),  # the rule took a verb with it
        ("Neighbor Nora Lund", 0.65, [(9, 18)], "Nora Lund"),
        ("Tess Moss", 0.65, [(5, 9)], "Tess Moss"),  # a listed name stays although the tagger does not see it
        ("Sales", 0.5, [], None),
        ("Okonkwo", 0.95, [], "Okonkwo"),  # a title said so
        ("Vu thi Ly", 0.65, [(0, 2), (7, 9)], "Vu thi Ly"),  # nothing falls out of the middle
    ],
)
def test_a_name_by_rule_is_held_against_the_hints(
    text: str, score: float, hints: list[tuple[int, int]], kept: str | None
) -> None:
    place = supported(text, 0, len(text), score, hints, _is_name)
    assert (None if place is None else text[place[0] : place[1]]) == kept
