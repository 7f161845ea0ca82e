"""What a rule for notes is: one shape of one identifier, as data.

Every quantifier of a rule is bounded, so that time is linear in the text. A rule whose ``needs`` is set is
tried only where one of those words stands in the folded text. Where a rule has a group ``v``, that group is
the identifier; otherwise the whole match is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One shape of one entity. ``check`` refuses a match; ``needs`` are folded words, one of which must occur;
    ``digits``: it matches nothing without a digit."""

    entity: str
    name: str
    regex: str
    score: float
    needs: tuple[str, ...] = ()
    check: Callable[[str], bool] | None = None
    flags: int = re.IGNORECASE
    digits: bool = False
