"""The rules for notes: what each identifier looks like and which words announce it.

Facts: 45 CFR 164.514(b)(2), the eighteen Safe Harbor identifiers, and the finance ones. People's names and
dates have modules of their own, ``names`` and ``dates``.
"""

from __future__ import annotations

from privacy.scrub.rule import Rule
from privacy.scrub.rules_codes import CODES
from privacy.scrub.rules_numbers import AGES, NUMBERS, TELEPHONES
from privacy.scrub.rules_places import PLACES

WEEKDAY = Rule(
    entity="DATE_TIME",
    name="weekday",
    regex=r"(?<!\w)(?:mon|tues|wednes|thurs|fri|satur|sun)days?(?!\w)",
    score=0.5,
    needs=("day",),
)
"""Reported as part of a date, as clinical gold standards do (i2b2 2014); one that stands alone is kept."""

RULES: tuple[Rule, ...] = (*NUMBERS, *TELEPHONES, *CODES, *AGES, *PLACES, WEEKDAY)
"""In no order: overlaps are settled by ``base.resolve``."""
