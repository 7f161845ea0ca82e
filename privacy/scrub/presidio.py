"""The only door to ``presidio_analyzer``: an AnalyzerEngine with our recognizers, and no network.

Ours are the rules and the embedded tagger. A user's own Presidio recognizers (spaCy, stanza, transformers,
GLiNER, patterns) plug in through ``extra``, or from a path through ``plugged``. Nothing here logs a text:
decision tracing stays off, and Presidio's loggers are not raised.

Presidio would skip a pattern that times out and go on; ours raise, so that a text which was not looked
at in full is dropped by the caller. Stock recognizers are used only where they need neither a network
(EmailRecognizer fetches the public-suffix list) nor log the text they refuse (IbanRecognizer does).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml
from presidio_analyzer import (
    AnalyzerEngine,
    EntityRecognizer,
    LocalRecognizer,
    Pattern,
    PatternRecognizer,
    RecognizerRegistry,
    RecognizerResult,
)
from presidio_analyzer.context_aware_enhancers import ContextAwareEnhancer
from presidio_analyzer.nlp_engine import NlpEngine, NlpEngineProvider, NoOpNlpEngine, SpacyNlpEngine
from presidio_analyzer.predefined_recognizers import (
    IpRecognizer,
    MacAddressRecognizer,
    SpacyRecognizer,
    UsMbiRecognizer,
    UuidRecognizer,
)
from presidio_analyzer.recognizer_registry import RecognizerRegistryProvider

from privacy.scrub.base import KIND_OF_ENTITY, Finder, Span
from privacy.scrub.dates import find_dates
from privacy.scrub.folding import fold
from privacy.scrub.lexicon import Gazetteer
from privacy.scrub.names import NameFinder, is_eponym, propagate
from privacy.scrub.patterns import RULES
from privacy.scrub.rule import Rule
from understudy.errors import UsageError

LANGUAGE = "en"
THRESHOLD = 0.4
PIECE = 10_000
"""Characters analysed at a time."""
OVERLAP = 400
"""Characters that neighbouring pieces share; no pattern is longer, but for URLs."""


class RuleRecognizer(PatternRecognizer):
    """A ``Rule`` as a Presidio recognizer: with the group ``v`` as the span, and a cheap test before the search."""

    def __init__(self, entity: str, rules: tuple[Rule, ...]) -> None:
        self._rules = tuple((rule, re.compile(rule.regex, rule.flags)) for rule in rules)
        patterns = [Pattern(rule.name, rule.regex, rule.score) for rule in rules]
        super().__init__(supported_entity=entity, name=f"Understudy{entity}", patterns=patterns)

    def analyze(  # Presidio gives more than a rule needs
        self,
        text: str,
        entities: list[str],  # noqa: ARG002
        nlp_artifacts: Any = None,  # noqa: ARG002
        regex_flags: int | None = None,  # noqa: ARG002
    ) -> list[RecognizerResult]:
        """All matches of all rules; ``nlp_artifacts`` are not needed."""
        folded = fold(text)
        results: list[RecognizerResult] = []
        for rule, pattern in self._rules:
            if rule.needs and not any(word in folded for word in rule.needs):
                continue
            group: int | str = "v" if "v" in pattern.groupindex else 0
            results += [
                _result(self, match.start(group), match.start(group) + len(match[group].rstrip(".,;:")), rule.score)
                for match in pattern.finditer(text)
                if rule.check is None or rule.check(match[group])
            ]
        return results


class FunctionRecognizer(LocalRecognizer):
    """A Presidio recognizer around a function from text to (start, end, score)."""

    def __init__(self, entity: str, find: Callable[[str], Iterable[tuple[int, int, float]]]) -> None:
        self._find = find
        super().__init__(supported_entities=[entity], name=f"Understudy{entity}")

    def load(self) -> None:
        """Nothing to load."""

    def analyze(
        self,
        text: str,
        entities: list[str],  # noqa: ARG002
        nlp_artifacts: Any = None,  # noqa: ARG002
    ) -> list[RecognizerResult]:
        """What the function finds."""
        return [_result(self, start, end, score) for start, end, score in self._find(text)]


class ModelRecognizer(LocalRecognizer):
    """A model of ours, or one in our hands, as a Presidio recognizer of many entities."""

    def __init__(self, model: Finder, name: str = "UnderstudyTagger") -> None:
        self._model = model
        super().__init__(supported_entities=sorted(KIND_OF_ENTITY), name=name)

    def load(self) -> None:
        """Its weights are loaded already."""

    def analyze(
        self,
        text: str,
        entities: list[str],  # noqa: ARG002
        nlp_artifacts: Any = None,  # noqa: ARG002
    ) -> list[RecognizerResult]:
        """The spans of the model that are not an eponym's."""
        found = (span for span in self._model.find(text) if not is_eponym(text, span))
        return [_result(self, span.start, span.end, span.score, span.entity) for span in found]


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


class PresidioDetector:
    """A ``Detector``. Build one and pass it on: building takes about half a second, most of it the name lists.

    ``extra`` are further Presidio recognizers, ``nlp_engine`` the engine they need (default: none);
    Presidio then calls it for every text.
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
        learned = [] if tagger is None else [ModelRecognizer(tagger)]
        registry = RecognizerRegistry(
            recognizers=[*_recognizers(gazetteer), *learned, *extra], supported_languages=[LANGUAGE]
        )
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
        """Spans that identify somebody, possibly overlapping; time is linear in the text's length."""
        spans = [span for start, piece in _pieces(text) for span in self._piece(piece, start)]
        return spans + propagate(text, spans, self._gazetteer.ordinary)

    def _piece(self, piece: str, start: int) -> list[Span]:
        results = self._engine.analyze(piece, language=LANGUAGE, entities=self._entities, score_threshold=THRESHOLD)
        return [
            Span(start=start + found.start, end=start + found.end, entity=_entity(found.entity_type), score=found.score)
            for found in results
            if found.end > found.start
        ]


def plugged(path: Path) -> tuple[list[EntityRecognizer], NlpEngine | None]:
    """A user's own model: recognizers to add, and the engine that they need.

    A folder is a spaCy pipeline, or a token classifier as Hugging Face's exporters write it (``config.json``,
    ``tokenizer.json``, ``model.onnx``), which needs the extra ``strong``. A YAML file is Presidio's own configuration,
    with ``nlp_configuration`` (whose models are paths too), ``recognizer_registry``, or both. Nothing is downloaded.
    Raises: UsageError (model-not-usable) for anything else.
    """
    try:
        if (path / "meta.json").is_file():
            return _spacy([{"lang_code": LANGUAGE, "model_name": str(path)}])
        if (path / "config.json").is_file() and any(path.rglob("*.onnx")):
            from privacy.scrub.neural.classifier import OnnxClassifier  # the extra need not be there

            return [ModelRecognizer(OnnxClassifier.load(path), "OnnxClassifier")], None
        if path.suffix in (".yaml", ".yml") and path.is_file():
            return _configured(path)
    except UsageError:
        raise
    except Exception:  # whatever a configuration makes of a library is said in our words
        raise UsageError("The model or its configuration cannot be loaded.", code="model-not-usable") from None
    raise UsageError("A model is a spaCy or ONNX folder, or a Presidio YAML, on this machine.", code="model-not-usable")


def _spacy(models: list[dict[str, str]]) -> tuple[list[EntityRecognizer], NlpEngine | None]:
    engine = SpacyNlpEngine(models=models)
    engine.load()
    return [SpacyRecognizer()], engine


def _configured(path: Path) -> tuple[list[EntityRecognizer], NlpEngine | None]:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    models = (document.get("nlp_configuration") or {}).get("models") or []
    if not all(isinstance(model.get("model_name"), str) and Path(model["model_name"]).exists() for model in models):
        raise UsageError("Each model of the configuration is a path on this machine.", code="model-not-a-path")
    engine: NlpEngine | None = None
    extra: list[EntityRecognizer] = []
    if models:
        configuration = document["nlp_configuration"]
        engine = NlpEngineProvider(nlp_configuration=configuration).create_engine()
        extra.append(SpacyRecognizer())
    registry = document.get("recognizer_registry")
    if registry:
        provider = RecognizerRegistryProvider(registry_configuration=registry)
        extra += provider.create_recognizer_registry().recognizers
    return extra, engine


def _entity(entity: str) -> str:
    """An entity that only a plugged-in recognizer knows is redacted as an id."""
    return entity if entity in KIND_OF_ENTITY else "ID"


def _recognizers(gazetteer: Gazetteer) -> list[EntityRecognizer]:
    by_entity: dict[str, list[Rule]] = {}
    for rule in RULES:
        by_entity.setdefault(rule.entity, []).append(rule)
    names = NameFinder(gazetteer)

    def find_names(text: str) -> Iterator[tuple[int, int, float]]:
        return ((span.start, span.end, span.score) for span in names.find(text))

    ours = [RuleRecognizer(entity, tuple(rules)) for entity, rules in by_entity.items()]
    functions = [FunctionRecognizer("PERSON", find_names), FunctionRecognizer("DATE_TIME", find_dates)]
    return [*ours, *functions, IpRecognizer(), MacAddressRecognizer(), UsMbiRecognizer(), UuidRecognizer()]


def _result(recognizer: Any, start: int, end: int, score: float, entity: str = "") -> RecognizerResult:
    metadata = {
        RecognizerResult.RECOGNIZER_NAME_KEY: recognizer.name,
        RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: recognizer.id,
    }
    return RecognizerResult(
        entity_type=entity or recognizer.supported_entities[0],
        start=start,
        end=end,
        score=score,
        recognition_metadata=metadata,
    )


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """(offset, piece) that cover the text and overlap, so that a span at a cut is whole in one of two."""
    if len(text) <= PIECE:
        yield 0, text
        return
    for start in range(0, len(text) - OVERLAP, PIECE - OVERLAP):
        yield start, text[start : start + PIECE]
