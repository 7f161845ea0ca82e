"""A ``Detector`` made of Presidio's engine: what the recognizers find, weighed and put together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from presidio_analyzer import AnalyzerEngine, EntityRecognizer, RecognizerRegistry, RecognizerResult
from presidio_analyzer.context_aware_enhancers import ContextAwareEnhancer
from presidio_analyzer.nlp_engine import NlpEngine, NoOpNlpEngine

from privacy.scrub.base import HINT, KIND_OF_ENTITY, Finder, Span, resolve
from privacy.scrub.folding import fold
from privacy.scrub.joining import joined, supported
from privacy.scrub.lexicon import Gazetteer
from privacy.scrub.names import propagate
from privacy.scrub.presidio.recognizers import NAMES, model_recognizer, our_recognizers

LANGUAGE = "en"
THRESHOLD = 0.4
PIECE = 10_000
"""Characters analysed at a time."""
OVERLAP = 400
"""Characters that neighbouring pieces share; no pattern is longer, but for URLs."""


class NoContext(ContextAwareEnhancer):
    """Our rules carry their context; the stock enhancer would copy every result and find nothing."""

    def __init__(self) -> None:
        super().__init__(
            context_similarity_factor=0.0,
            min_score_with_context_similarity=0.0,
            context_prefix_count=0,
            context_suffix_count=0,
        )

    def enhance_using_context(
        self,
        text: str,  # noqa: ARG002
        raw_results: list[RecognizerResult],
        nlp_artifacts: Any,  # noqa: ARG002
        recognizers: list[EntityRecognizer],  # noqa: ARG002
        context: Any = None,  # noqa: ARG002
    ) -> list[RecognizerResult]:
        """The results as they are."""
        return raw_results


class Registry(RecognizerRegistry):
    """All recognizers of a language in the order they were given: every entity is asked for of every text.

    The stock one searches them anew for each entity of each text, and returns them in the order of a set.
    """

    def get_recognizers(
        self,
        language: str,
        entities: list[str] | None = None,  # noqa: ARG002
        all_fields: bool = False,  # noqa: ARG002
        ad_hoc_recognizers: list[EntityRecognizer] | None = None,
    ) -> list[EntityRecognizer]:
        """Those of ``language``."""
        known = [*self.recognizers, *(ad_hoc_recognizers or [])]
        return [recognizer for recognizer in known if recognizer.supported_language == language]


class PresidioDetector:
    """A ``Detector``. Build one and pass it on: building takes about half a second, most of it the name lists.

    ``extra`` are further Presidio recognizers, ``nlp_engine`` the engine they need (default: none);
    Presidio then calls it for every text. Where ``tagger`` gives hints, what the name rules say is held against them.
    """

    def __init__(
        self,
        gazetteer: Gazetteer,
        *,
        tagger: Finder | None = None,
        extra: Iterable[EntityRecognizer] = (),
        nlp_engine: NlpEngine | None = None,
    ) -> None:
        self._gazetteer = gazetteer
        self._hints = tagger is not None
        learned = [] if tagger is None else [model_recognizer(tagger)]
        registry = Registry(recognizers=[*our_recognizers(gazetteer), *learned, *extra], supported_languages=[LANGUAGE])
        self._engine = AnalyzerEngine(
            registry=registry,
            nlp_engine=nlp_engine or NoOpNlpEngine(models=[{"lang_code": LANGUAGE, "model_name": ""}]),
            supported_languages=[LANGUAGE],
            context_aware_enhancer=NoContext() if nlp_engine is None else None,
        )
        self._entities = sorted(
            {entity for recognizer in registry.recognizers for entity in recognizer.supported_entities}
        )

    def detect(self, text: str) -> list[Span]:
        """Spans that identify somebody and do not overlap; time is linear in the text's length."""
        spans = [span for start, piece in _pieces(text) for span in self._piece(piece, start)]
        return joined(text, resolve(spans + propagate(text, spans, self._gazetteer.ordinary)))

    def _is_name(self, word: str) -> bool:
        """Whether the public lists call a capitalised word a name."""
        folded, lists = fold(word), self._gazetteer
        return word[0].isupper() and (folded in lists.first or folded in lists.last)

    def _piece(self, piece: str, start: int) -> Iterator[Span]:
        results = self._engine.analyze(piece, language=LANGUAGE, entities=self._entities, score_threshold=THRESHOLD)
        hints = sorted((found.start, found.end) for found in results if found.entity_type == HINT)
        for found in results:
            place: tuple[int, int] | None = (found.start, found.end)
            if found.entity_type == HINT or found.end <= found.start:
                continue
            if self._hints and found.recognition_metadata[RecognizerResult.RECOGNIZER_NAME_KEY] == NAMES:
                place = supported(piece, found.start, found.end, found.score, hints, self._is_name)
            if place is not None:
                yield Span(
                    start=start + place[0], end=start + place[1], entity=_entity(found.entity_type), score=found.score
                )


def _entity(entity: str) -> str:
    """An entity that only a plugged-in recognizer knows is redacted as an id."""
    return entity if entity in KIND_OF_ENTITY else "ID"


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """(offset, piece) that cover the text and overlap, so that a span at a cut is whole in one of two."""
    if len(text) <= PIECE:
        yield 0, text
        return
    for start in range(0, len(text) - OVERLAP, PIECE - OVERLAP):
        yield start, text[start : start + PIECE]
