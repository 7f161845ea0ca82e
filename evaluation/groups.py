"""Groups of people that a report looks at one by one: values of columns of few values, and age bands.

Owner side. Which columns are looked at follows from the schema and from column names; a column whose name
says that the law may protect what it holds comes first.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.encode import Column, Encoded

Codes = NDArray[np.int64]

MAX_VALUES = 12
MAX_COLUMNS = 20
AGE_BANDS = (18.0, 40.0, 65.0, 80.0)
"""Public band edges in years, so that no edge comes from the rows."""
_PROTECTED = re.compile(
    r"(?i)(?:^|[^a-z])(age|sex|gender|race|racial|ethnic\w*|origin|hispanic|nation\w*|citizen\w*|religion|faith|disab\w*"
    r"|marital|married|pregnan\w*|veteran|language|orientation|caste|tribe|migra\w*)(?:$|[^a-z])"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """One column as groups. Shapes: `codes[role]` int64 (n,), -1 no group, else an index into `labels`."""

    column: str
    protected: bool
    codes: dict[str, Codes]
    labels: tuple[str, ...]

    def name(self, code: int) -> str:
        """The group in words; a value that must not be printed is "a value of" its column."""
        label = self.labels[code]
        return f"{self.column} = {label}" if label else f"a value of {self.column}"


def looks_protected(name: str) -> bool:
    """Whether a column's name says age, sex, origin, belief, disability and the like. Reads no row."""
    return _PROTECTED.search(name.replace("_", " ")) is not None


def groupings(encoded: Encoded, *, without: frozenset[str] = frozenset()) -> list[Grouping]:
    """The columns of 2 to 12 values and ages in bands, likely protected ones first, at most 20."""
    found = [made for column in encoded.columns if column.name not in without and (made := _grouping(column))]
    return sorted(found, key=lambda item: not item.protected)[:MAX_COLUMNS]


def _grouping(column: Column) -> Grouping | None:
    protected = looks_protected(column.name)
    if column.labels and 2 <= len(column.labels) <= MAX_VALUES:
        codes = {role: np.where(values < 2, -1, values.astype(np.int64) - 2) for role, values in column.bins.items()}
        return Grouping(column=column.name, protected=protected, codes=codes, labels=column.labels)
    if column.number is not None and protected and "age" in re.split(r"[^a-z]+", column.name.lower()):
        return _ages(column)
    return None


def _ages(column: Column) -> Grouping:
    assert column.number is not None
    codes = {
        role: np.where(np.isfinite(values), np.searchsorted(AGE_BANDS, values, side="right"), -1)
        for role, values in column.number.items()
    }
    edges = [f"{edge:g}" for edge in AGE_BANDS]
    middle = (f"{low} to {high}" for low, high in itertools.pairwise(edges))
    labels = (f"under {edges[0]}", *middle, f"{edges[-1]} and over")
    return Grouping(column=column.name, protected=True, codes=codes, labels=labels)
