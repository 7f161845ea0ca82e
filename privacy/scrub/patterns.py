"""The rules for notes: what each identifier looks like and which words announce it.

Facts: 45 CFR 164.514(b)(2), the eighteen Safe Harbor identifiers, and the finance ones. People's names and
dates have modules of their own, ``names`` and ``dates``.
"""

from __future__ import annotations

from privacy.scrub.rule import Rule
from privacy.scrub.rules_codes import CODES
from privacy.scrub.rules_numbers import AGES, NUMBERS, TELEPHONES
from privacy.scrub.rules_places import PLACES

RULES: tuple[Rule, ...] = (*NUMBERS, *TELEPHONES, *CODES, *AGES, *PLACES)
"""In no order: overlaps are settled by ``base.resolve``."""
