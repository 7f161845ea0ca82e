"""The engines by name. A new engine is one line here."""

from __future__ import annotations

from synthesizers.base import Synthesizer
from synthesizers.tabular.marginal import MarginalSynthesizer
from understudy.errors import UsageError


def engines() -> dict[str, Synthesizer]:
    """Every engine by its name; the first is the default."""
    known: tuple[Synthesizer, ...] = (MarginalSynthesizer(),)
    return {engine.name: engine for engine in known}


def engine(name: str) -> Synthesizer:
    """The engine called ``name``.

    Raises: UsageError if there is none.
    """
    known = engines()
    if name not in known:
        raise UsageError(f"The engine is one of: {', '.join(known)}.", code="engine-unknown")
    return known[name]
