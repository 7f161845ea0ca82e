"""Is this table one that we made? A keyed sketch of a table's rows, and of their copies, that survives shuffling.

Each row becomes 64 keyed bits of its values as text, with columns in the order of their names, so that neither the
order of rows and columns nor CSV or Parquet matters; the j-th copy of a row counts as a row of its own. Of these the
2,048 smallest are kept (bottom-k, as in ``privacy.sketch``). It is compared with the sketches of released tables alone.

What can be told: a table with rows that nearly all differ is told from half of its rows on. Where rows repeat, real
rows may be the same as released ones by chance, so that nearly all rows must be there, in nearly the same number; and
where they repeat very often, nothing can be told (``tells`` is False).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

K = 2048
"""How many hashes are kept."""

FEWEST_ROWS = 20
"""Fewer rows than this tell nothing."""

UNIQUE_SHARE = 0.9
"""From this share of distinct rows on, rows tell tables apart: a real one has at most about 2 (1 - 0.9) in common."""

LEAST_DISTINCT = 0.05
"""With a smaller share of distinct rows, two good samples of one population are nearly the same table."""

OF_UNIQUE_ROWS = 0.5
OF_REPEATED_ROWS = 0.97
LIKE_SIZE = 0.85

_SPAN = 2.0**64

Words = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSketch:
    """The smallest hashes in ascending order, how many rows there are, and how many different ones."""

    hashes: tuple[int, ...]
    n_rows: int
    n_distinct: int

    @property
    def distinct_share(self) -> float:
        """Different rows of all rows, 0 to 1."""
        return self.n_distinct / self.n_rows if self.n_rows else 0.0

    @property
    def tells(self) -> bool:
        """True if the rows of this table can tell it from others."""
        return self.n_rows >= FEWEST_ROWS and self.distinct_share >= LEAST_DISTINCT

    def share_in(self, other: RowSketch) -> float:
        """About which share of this table's rows is in the other table, 0 to 1; off by about 0.02."""
        if not self.hashes or not other.hashes:
            return 0.0
        # Up to here both sketches are complete, so that what is not there is not in the table.
        known = min(_complete_to(self), _complete_to(other))
        mine = [value for value in self.hashes if value <= known]
        return sum(value in set(other.hashes) for value in mine) / len(mine) if mine else 0.0

    def is_of(self, release: RowSketch) -> bool:
        """True if this table is the released one, or a good part of it, in any order and format."""
        if not (self.tells and release.tells):
            return False
        share = self.share_in(release)
        if min(self.distinct_share, release.distinct_share) >= UNIQUE_SHARE:
            return share >= OF_UNIQUE_ROWS
        return share >= OF_REPEATED_ROWS and LIKE_SIZE * release.n_rows <= self.n_rows <= release.n_rows / LIKE_SIZE

    def as_text(self) -> str:
        """For storing; ``from_text`` gives it back."""
        return " ".join([str(self.n_rows), str(self.n_distinct), *(f"{value:x}" for value in self.hashes)])

    @classmethod
    def from_text(cls, text: str) -> RowSketch:
        """Read ``as_text``."""
        n_rows, n_distinct, *hashes = text.split() or ("0", "0")
        return cls(hashes=tuple(int(word, 16) for word in hashes), n_rows=int(n_rows), n_distinct=int(n_distinct))


def _complete_to(sketch: RowSketch) -> float:
    return float(sketch.hashes[-1]) if len(sketch.hashes) == K else _SPAN


def row_sketch(table: pa.Table, *, key: bytes) -> RowSketch:
    """The sketch of a table's rows. ``key``: 32 secret bytes of the tenant, the same for all of its tables.

    A column without any value counts as one that is not there, as free text does that was withheld.
    """
    names = sorted(name for name in table.column_names if table[name].null_count < table.num_rows)
    rows = np.zeros(table.num_rows, dtype=np.uint64)
    for name in names:
        rows = _mixed(rows * _ODD + _hashed(table[name], name, key))
    rows.sort()
    is_first = np.ones(len(rows), dtype=bool)
    is_first[1:] = rows[1:] != rows[:-1]
    starts = np.flatnonzero(is_first)
    copy = np.arange(len(rows)) - np.repeat(starts, np.diff(np.append(starts, len(rows))))
    each = np.sort(_mixed(rows + _mixed(copy.astype(np.uint64) + _word(key, "copies"))))
    return RowSketch(hashes=tuple(each[:K].tolist()), n_rows=len(rows), n_distinct=int(is_first.sum()))


_ODD = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def _mixed(words: Words) -> Words:
    """The finaliser of splitmix64: a bijection that spreads each bit over all (Steele, Lea, Flood 2014)."""
    words = (words ^ (words >> np.uint64(30))) * _FIRST
    words = (words ^ (words >> np.uint64(27))) * _SECOND
    return words ^ (words >> np.uint64(31))


def _hashed(column: pa.ChunkedArray, name: str, key: bytes) -> Words:
    """64 keyed bits of each cell; the same for the same value, however it is typed."""
    encoded = _as_text(column).combine_chunks().dictionary_encode(null_encoding="encode")
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    words = np.array([_word(key, name, value) for value in encoded.dictionary.to_pylist()], dtype=np.uint64)
    cells: Words = words[encoded.indices.to_numpy(zero_copy_only=False)]
    return cells


def _word(key: bytes, *parts: str | None) -> np.uint64:
    digest = hashlib.blake2b(key=key, digest_size=8, person=b"row")
    for part in parts:
        digest.update(b"\x00" if part is None else b"\x01" + part.encode("utf-8", "surrogatepass") + b"\x1f")
    return np.uint64(int.from_bytes(digest.digest(), "big"))


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Values as text: 1 and 1.0 alike, moments to the second, text without a spreadsheet's apostrophe."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _as_text(column.cast(kind.value_type))
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return pc.cast(pc.cast(column, pa.timestamp("s"), safe=False), pa.string())
    if pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind):
        return pc.cast(pc.cast(column, pa.float64(), safe=False), pa.string())
    text = pc.cast(column, pa.string())
    risky = pc.match_substring_regex(text, r"^'[=+\-@\t\r]")
    return pc.if_else(risky, pc.utf8_slice_codeunits(text, 1), text)


def best_match(sketch: RowSketch, releases: Sequence[tuple[str, RowSketch]]) -> str | None:
    """The name of the release that this table is, the one with most of its rows; None if it is none of them."""
    found = [(sketch.share_in(known), name) for name, known in releases if sketch.is_of(known)]
    return max(found)[1] if found else None
