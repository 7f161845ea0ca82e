"""The text engines by name, and what they need that is not shipped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from synthesizers.text.base import TEXTS, TextEngine
from synthesizers.text.phrases import PhrasesEngine
from understudy.errors import UsageError

WITHHOLD, MODEL = "withhold", "model"
"""No notes at all, and notes by the default engine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """What the service has: a directory with a language model, and an endpoint inside the perimeter. Both may lack."""

    model: Path | None = None
    endpoint: str = ""


def text_engines(places: Places = Places()) -> dict[str, TextEngine]:
    """Every text engine by its name; the first is the default."""
    from synthesizers.text.adapter import AdapterEngine
    from synthesizers.text.evolution import EvolutionEngine

    known: tuple[TextEngine, ...] = (
        PhrasesEngine(),
        AdapterEngine(places.model),
        EvolutionEngine(places.endpoint),
    )
    return {engine.name: engine for engine in known}


def pays_again(plan: Mapping[str, object]) -> bool:
    """True for a stored plan whose fit, once begun, is not begun anew under the same payment."""
    params = plan.get("params")
    texts = params.get(TEXTS, []) if isinstance(params, Mapping) else []
    return any(text_engine(text["engine"]).pays_again for text in texts)


def text_engine(name: str, places: Places = Places()) -> TextEngine:
    """The engine called ``name``, or the default for ``MODEL``. Raises: UsageError (text-engine-unknown)."""
    known = text_engines(places)
    if name == MODEL:
        return next(iter(known.values()))
    if name not in known:
        raise UsageError(f"Text is one of: {WITHHOLD}, {MODEL}, {', '.join(known)}.", code="text-engine-unknown")
    return known[name]
