"""Our rules, functions and models as Presidio recognizers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from presidio_analyzer import EntityRecognizer, LocalRecognizer, RecognizerResult

from privacy.scrub.base import HINT, KIND_OF_ENTITY, Finder, Span
from privacy.scrub.dates import find_dates
from privacy.scrub.folding import fold
from privacy.scrub.lexicon import Gazetteer
from privacy.scrub.names import NameFinder, is_eponym
from privacy.scrub.patterns import RULES
from privacy.scrub.rule import Rule

NAMES = "UnderstudyPERSON"
"""The recognizer whose findings a tagger may doubt."""


class RuleRecognizer(LocalRecognizer):
    """All rules as one Presidio recognizer: with the group ``v`` as the span, and a cheap test before the search."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = [(rule, *_compiled(rule)) for rule in rules]
        super().__init__(supported_entities=sorted({rule.entity for rule, *_ in self._rules}), name="UnderstudyRules")

    def load(self) -> None:
        """Nothing to load."""

    def analyze(  # Presidio gives more than a rule needs
        self,
        text: str,
        entities: list[str],  # noqa: ARG002
        nlp_artifacts: Any = None,  # noqa: ARG002
    ) -> list[RecognizerResult]:
        """All matches of all rules; ``nlp_artifacts`` are not needed."""
        folded = fold(text)
        digits = any(character.isdecimal() for character in text)
        results: list[RecognizerResult] = []
        for rule, pattern, group in self._rules:
            if (rule.digits and not digits) or (rule.needs and not any(word in folded for word in rule.needs)):
                continue
            for match in pattern.finditer(text):
                written = match[group]
                if rule.check is None or rule.check(written):
                    start = match.start(group)
                    end = start + len(written.rstrip(".,;:"))
                    results.append(_result(self, start, end, rule.score, rule.entity))
        return results


class SpanRecognizer(LocalRecognizer):
    """A Presidio recognizer around a function from text to spans, which needs nothing of Presidio."""

    def __init__(self, name: str, entities: Iterable[str], find: Callable[[str], Iterable[Span]]) -> None:
        self._find = find
        super().__init__(supported_entities=sorted(entities), name=name)

    def load(self) -> None:
        """Nothing to load."""

    def analyze(
        self,
        text: str,
        entities: list[str],  # noqa: ARG002
        nlp_artifacts: Any = None,  # noqa: ARG002
    ) -> list[RecognizerResult]:
        """What the function finds."""
        return [_result(self, span.start, span.end, span.score, span.entity) for span in self._find(text)]


def model_recognizer(model: Finder, name: str = "UnderstudyTagger") -> EntityRecognizer:
    """A model of ours, or one in our hands, as a Presidio recognizer of many entities: all but eponyms."""

    def find(text: str) -> Iterator[Span]:
        return (span for span in model.find(text) if not is_eponym(text, span))

    return SpanRecognizer(name, [*KIND_OF_ENTITY, HINT], find)


def our_recognizers(gazetteer: Gazetteer) -> list[EntityRecognizer]:
    """Rules, names by rule, dates."""
    return [
        RuleRecognizer(RULES),
        SpanRecognizer(NAMES, ["PERSON"], NameFinder(gazetteer).find),
        SpanRecognizer("UnderstudyDATE_TIME", ["DATE_TIME"], _dates),
    ]


def _dates(text: str) -> Iterator[Span]:
    return (Span(start=start, end=end, entity="DATE_TIME", score=score) for start, end, score in find_dates(text))


def _compiled(rule: Rule) -> tuple[re.Pattern[str], int | str]:
    pattern = re.compile(rule.regex, rule.flags)
    return pattern, "v" if "v" in pattern.groupindex else 0


def _result(recognizer: Any, start: int, end: int, score: float, entity: str) -> RecognizerResult:
    metadata = {
        RecognizerResult.RECOGNIZER_NAME_KEY: recognizer.name,
        RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: recognizer.id,
    }
    return RecognizerResult(
        entity_type=entity,
        start=start,
        end=end,
        score=score,
        recognition_metadata=metadata,
    )
