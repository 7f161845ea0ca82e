"""Names of people and towns by the public lists, for columns whose own name says nothing.

The lists are those that the tagger was shipped with. What decides is the share of a column's distinct values, so one
odd value proves nothing and one missing name hides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from privacy.scrub.folding import fold
from privacy.scrub.tagger import WEIGHTS
from privacy.scrub.tokens import FLAGS, read_lexicon

MIN_DISTINCT = 12
"""Fewer values are a category: six wards may well be called after towns."""
SHARE = 0.6
_FIRST, _LAST, _TOWN, _PART, _COUNTRY, _STATE, _COMMON = (
    1 << FLAGS.index(flag) for flag in ("first", "last", "town", "town-part", "country", "state", "common-word")
)
_WRITTEN = re.compile(r"[^\W\d_][^\d_@/:;()]{1,60}")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


@cache
def _lists() -> dict[str, int]:
    return read_lexicon(WEIGHTS / "lexicon.txt.gz")


def kind_from_lists(sample: Sequence[str]) -> str | None:
    """``name``, ``first_name``, ``last_name``, ``city`` or None, by most of the distinct values."""
    if len(sample) < MIN_DISTINCT or sum(map(bool, map(_WRITTEN.fullmatch, sample))) < 0.9 * len(sample):
        return None
    words = [[fold(word).replace("’", "'") for word in _WORD.findall(value)] for value in sample]
    flags = [[_lists().get(word, 0) for word in value] for value in words]
    if sum(any(flag & _COMMON for flag in value) for value in flags) > 0.4 * len(sample):
        return None
    if sum(all(flag & _STATE for flag in value) for value in flags) >= SHARE * len(sample):
        return None  # a state may stay; many a town bears its name
    if sum(_is_name(value) for value in flags) >= SHARE * len(sample):
        return "name"
    shares = {
        "city": sum(_is_town(value) for value in flags),
        "first_name": sum(len(value) == 1 and bool(value[0] & _FIRST) for value in flags),
        "last_name": sum(len(value) == 1 and bool(value[0] & _LAST) for value in flags),
    }
    best = max(shares, key=lambda kind: shares[kind])
    return best if shares[best] >= SHARE * len(sample) else None


def _is_name(flags: list[int]) -> bool:
    """Two to four words, some of them a first and another one a last name, in either order."""
    if not 2 <= len(flags) <= 4:
        return False
    ends = flags[0], flags[-1]
    return any(a & _FIRST and b & _LAST for a, b in (ends, ends[::-1]))


def _is_town(flags: list[int]) -> bool:
    if any(flag & _COUNTRY for flag in flags):
        return False
    return bool(flags[0] & _TOWN) if len(flags) == 1 else bool(flags) and all(flag & (_TOWN | _PART) for flag in flags)
