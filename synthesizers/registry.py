"""The engines by name. A new engine is one line here."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from synthesizers.base import Synthesizer
from synthesizers.network.engine import NetworkSynthesizer
from synthesizers.sealed.catalogue import SPECS, environment_of
from synthesizers.sealed.engine import SealedSynthesizer
from synthesizers.sealed.environments import Environments
from synthesizers.tabular.marginal import MarginalSynthesizer
from understudy.errors import UsageError

AUTO = "auto"
"""Not an engine: ``choice.choose`` takes one by public facts."""


def engines(environments: Path | None = None) -> dict[str, Synthesizer]:
    """Every engine by its name; the first is the default.

    ``environments``: the folder of the sealed engines' environments. Without it they can be planned but not run.
    """
    places = Environments(environments)
    known: tuple[Synthesizer, ...] = (
        MarginalSynthesizer(),
        NetworkSynthesizer(),
        *(SealedSynthesizer(spec, places) for spec in SPECS),
    )
    return {engine.name: engine for engine in known}


def engine(name: str, environments: Path | None = None) -> Synthesizer:
    """The engine called ``name``.

    Raises: UsageError if there is none.
    """
    known = engines(environments)
    if name not in known:
        raise UsageError(f"The engine is one of: {', '.join(known)}.", code="engine-unknown")
    return known[name]


def accountant_of(name: str) -> str:
    """How an engine's price is composed, in words, and what to know of it. Raises: UsageError for an unknown one."""
    guarantee = engine(name).formal_guarantee
    if guarantee is None:
        return "none: the engine has no formal guarantee"
    return "; ".join([guarantee.accountant, *guarantee.caveats])


def view_of(engine: Synthesizer) -> dict[str, Any]:
    """What is told of an engine: plain JSON."""
    place = environment_of(engine.spec.environment) if isinstance(engine, SealedSynthesizer) else None
    return {
        "name": engine.name,
        "summary": engine.summary,
        "formal_guarantee": engine.formal_guarantee is not None,
        "is_ready": is_ready(engine),
        "environment": "" if place is None else place.name,
        "licence": "" if place is None else place.licence,
        **asdict(engine.abilities),
    }


def is_ready(engine: Synthesizer) -> bool:
    """Whether it can run: the default always can, another one if what it needs is installed."""
    return not isinstance(engine, SealedSynthesizer | NetworkSynthesizer) or engine.is_ready
