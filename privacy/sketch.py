"""Are these the same people? A keyed sketch of unit ids that outlives the table and tells overlaps, not names.

The 4,096 smallest keyed hashes of the units' ids (bottom-k: Broder 1997; Cohen, Kaplan 2007). It is pseudonymous data
of its tenant: whoever holds the key can test whether an id is in it. It never leaves the service, and nothing derived
from it is in a release. Estimates err by about 1/sqrt(4096) = 1.6 % of the union; tables smaller than that are exact.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable
from dataclasses import dataclass

K = 4096
"""How many hashes are kept."""

SAME_PEOPLE_SHARE = 0.2
"""From this share of the smaller table on, two populations are taken to hold the same people."""

FEWEST_COMMON = 10
"""Fewer common ids than this are chance."""

_SPAN = 2.0**64


@dataclass(frozen=True, slots=True)
class Sketch:
    """The smallest hashes in ascending order, at most K."""

    hashes: tuple[int, ...] = ()

    @property
    def n_units(self) -> float:
        """About how many units there are; exact below K."""
        return len(self.hashes) if len(self.hashes) < K else (K - 1) * _SPAN / self.hashes[-1]

    def merged(self, other: Sketch) -> Sketch:
        """The sketch of both tables' units together, exactly as if they were one table."""
        return Sketch(tuple(sorted({*self.hashes, *other.hashes})[:K]))

    def n_common(self, other: Sketch) -> float:
        """About how many units are in both."""
        both = self.merged(other)
        shared = {*self.hashes} & {*other.hashes} & {*both.hashes}
        return both.n_units * len(shared) / len(both.hashes) if both.hashes else 0.0

    def is_same_people(self, other: Sketch) -> bool:
        """True if a good part of the smaller table is in the larger one."""
        common = self.n_common(other)
        return common >= FEWEST_COMMON and common >= SAME_PEOPLE_SHARE * min(self.n_units, other.n_units)

    def as_text(self) -> str:
        """For storing; ``from_text`` gives it back."""
        return " ".join(f"{value:x}" for value in self.hashes)

    @classmethod
    def from_text(cls, text: str) -> Sketch:
        """Read ``as_text``."""
        return cls(tuple(int(word, 16) for word in text.split()))


def sketch(units: Iterable[object], *, key: bytes) -> Sketch:
    """The sketch of these ids. An id counts by its text, so that 17 and "17" are one person; None counts for nobody.

    ``key``: 32 secret bytes of the tenant, the same for all of its populations.
    """
    texts = {str(unit) for unit in units if unit is not None}
    keyed = hashlib.blake2b(key=key, digest_size=8, person=b"overlap")

    def hashed(text: str) -> int:
        state = keyed.copy()
        state.update(text.encode("utf-8", "surrogatepass"))
        return int.from_bytes(state.digest(), "big")

    return Sketch(tuple(heapq.nsmallest(K, {hashed(text) for text in texts})))


_MOST_GAPS = 4
"""Whole numbers that fill more than a quarter of their range are a numbering."""


def is_numbering(units: Iterable[object]) -> bool:
    """True if the ids only number the rows or persons of their own table: 1, 2, 3, and so on with few gaps.

    Such ids say nothing across tables: every table has a number 1, so an overlap of them is no overlap of people.
    """
    numbers = {int(text) for unit in units if unit is not None and (text := str(unit)).isascii() and text.isdecimal()}
    known = {str(unit) for unit in units if unit is not None}
    if not numbers or len(numbers) < len(known):
        return False
    return max(numbers) - min(numbers) + 1 <= _MOST_GAPS * len(numbers) and min(numbers) <= _MOST_GAPS * len(numbers)
