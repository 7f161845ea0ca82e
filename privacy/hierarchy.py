"""Nested codes: each code's ancestors, and a codec that knows a code by the nearest ancestor that is known.

Anyone may import this. How codes are nested is a public rule; which ones are known was released or declared, or, at the
highest level, is public too.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

OTHER = "OTHER"
"""Stands for every category that is not known: a constant, not a literal of anybody's."""

_LENGTHS: Mapping[str, tuple[int, ...]] = {"icd10": (3, 1), "mcc": (2,), "prefix": (3, 2, 1)}
"""Lengths of the prefixes that are ancestors, the nearest first. ICD-10: category and chapter letter."""


_MCC = (
    "07 15 16 17 27 28 30 31 32 33 34 35 36 37 38 39 40 41 42 44 45 47 48 49 50 51 52 53 54 55 56 57 58 59 60 62 63 65 "
    "70 72 73 75 76 78 79 80 82 83 86 87 88 89 92 93 94 95 97 99"
)
_ROOTS: Mapping[str, tuple[str, ...]] = {"icd10": tuple(ascii_uppercase), "mcc": tuple(_MCC.split())}
"""Codes of the highest level where those are public. ICD-10: every letter begins a category, U since 2005 too. Merchant
category codes: the first two digits of the ranges that ISO 18245 gives a meaning."""


def n_levels(hierarchy: str | None) -> int:
    """How many levels a column's codes have; 1 without a hierarchy."""
    return 1 + len(_LENGTHS[hierarchy]) if hierarchy else 1


def n_private_levels(hierarchy: str | None) -> int:
    """How many of these have codes that are not public, so that those in use must be found."""
    return n_levels(hierarchy) - (hierarchy in _ROOTS)


def public_roots(hierarchy: str, declared: Collection[str] | None) -> tuple[str, ...]:
    """The highest ancestors that need not be found; of a declared list, those that one of its members has."""
    roots = _ROOTS.get(hierarchy, ())
    if declared is None:
        return roots
    needed = {ancestors(code, hierarchy)[-1] for code in declared}
    return tuple(root for root in roots if root in needed)


def at_level(column: pa.ChunkedArray, hierarchy: str | None, level: int) -> pa.ChunkedArray:
    """Each code's ancestor ``level`` levels up, itself at level 0; a map of each value alone."""
    if level == 0 or hierarchy is None:
        return column
    return pc.utf8_slice_codeunits(column, 0, _LENGTHS[hierarchy][level - 1])


def ancestors(code: str, hierarchy: str) -> tuple[str, ...]:
    """The code and its ancestors, the nearest first.

    >>> ancestors("I21.4", "icd10")
    ('I21.4', 'I21', 'I')
    """
    return (code, *(code[:length] for length in _LENGTHS[hierarchy]))


@dataclass(frozen=True, slots=True, kw_only=True)
class HierarchyCodec:
    """Known codes of any level, then OTHER, then missing if the column may be.

    ``declared``: the schema's list, if it has one. Then a known code that is not on the list, and OTHER, stand for
    members of the list and are decoded to one of those, drawn evenly; else they are decoded as they are.
    """

    name: str
    hierarchy: str
    values: tuple[str, ...]
    nullable: bool
    declared: tuple[str, ...] | None = None

    @property
    def size(self) -> int:
        """Number of codes; at least 1."""
        return len(self.values) + 1 + self.nullable

    def encode(self, column: pa.ChunkedArray) -> NDArray[np.int64]:
        """The nearest ancestor that is known, itself first; else OTHER. Missing has a code if it may be."""
        distinct = pc.unique(column)
        codes = np.array([self._code(value) for value in distinct.to_pylist()], dtype=np.int64)
        ranks = pc.index_in(column, value_set=distinct)
        return np.asarray(codes[np.asarray(ranks.to_numpy()).astype(np.int64)], dtype=np.int64)

    def _code(self, value: str | None) -> int:
        n = len(self.values)
        if value is None:
            return n + 1 if self.nullable else n
        ranks = {known: rank for rank, known in enumerate(self.values)}
        return next((ranks[key] for key in ancestors(value, self.hierarchy) if key in ranks), n)

    def decode(self, codes: NDArray[np.integer[Any]], rng: np.random.Generator) -> pa.Array:
        """The literal of each code; with a declared list always one of its members, but for an empty stand-in."""
        literals = [[value] for value in (*self.values, OTHER)]
        if self.declared is not None:
            members = self._members()
            literals = [members.get(rank, own) for rank, own in enumerate(literals)]
        sizes = np.array([len(group) for group in literals] + [1])
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        picked = np.asarray(codes, dtype=np.int64)
        flat = pa.array([literal for group in literals for literal in group] + [None], pa.string())
        return flat.take(pa.array(starts[picked] + rng.integers(0, sizes[picked])))

    def _members(self) -> dict[int, list[str]]:
        """The members of the declared list that each code stands for."""
        members: dict[int, list[str]] = {}
        for value in self.declared or ():
            members.setdefault(self._code(value), []).append(value)
        return members

    def parts(self) -> tuple[dict[str, object], dict[str, NDArray[Any]]]:
        """JSON values; no arrays."""
        return {
            "codec": "hierarchy",
            "name": self.name,
            "hierarchy": self.hierarchy,
            "values": list(self.values),
            "nullable": self.nullable,
            "declared": None if self.declared is None else list(self.declared),
        }, {}

    @classmethod
    def from_parts(cls, document: Mapping[str, Any]) -> HierarchyCodec:
        """The inverse of ``parts``."""
        declared = document["declared"]
        return cls(
            name=document["name"],
            hierarchy=document["hierarchy"],
            values=tuple(document["values"]),
            nullable=document["nullable"],
            declared=None if declared is None else tuple(declared),
        )
