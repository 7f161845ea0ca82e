"""Settling overlaps: nothing that was found is let through."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from privacy.scrub.base import ENTITY_OF_KIND, KIND_OF_ENTITY, Span, resolve
from understudy.schema import PII_KINDS


def _span(start: int, end: int, entity: str = "PERSON", score: float = 0.5) -> Span:
    return Span(start=start, end=end, entity=entity, score=score)


def test_longest_wins_then_strongest() -> None:
    spans = [_span(0, 4, "US_SSN", 1.0), _span(0, 9, "URL", 0.4), _span(20, 24, "AGE", 0.5), _span(20, 24, "URL", 0.9)]
    assert [(span.start, span.end, span.entity) for span in resolve(spans)] == [(0, 9, "URL"), (20, 24, "URL")]


def test_what_sticks_out_of_a_loser_is_kept() -> None:
    spans = resolve([_span(0, 10, "URL"), _span(8, 15, "PERSON")])
    assert [(span.start, span.end, span.entity) for span in spans] == [(0, 10, "URL"), (10, 15, "PERSON")]


_PLACES = st.tuples(st.integers(0, 60), st.integers(1, 20))


@given(st.lists(st.tuples(_PLACES, st.sampled_from(["PERSON", "URL", "AGE"]), st.sampled_from([0.4, 0.6, 1.0]))))
def test_the_result_covers_the_same_characters_without_overlap(drawn: list[tuple[tuple[int, int], str, float]]) -> None:
    spans = [_span(start, start + size, entity, score) for (start, size), entity, score in drawn]
    settled = resolve(spans)
    covered = [place for span in settled for place in range(span.start, span.end)]
    assert covered == sorted({place for span in spans for place in range(span.start, span.end)})


def test_every_kind_of_the_schema_has_an_entity_and_every_entity_a_kind() -> None:
    assert {*PII_KINDS, "identifier"} == set(ENTITY_OF_KIND)
    assert set(ENTITY_OF_KIND.values()) <= set(KIND_OF_ENTITY)
