"""Columns to codes and back. A codec holds declared or released facts only.

Anyone may import this. Encoding is total: every value, known or not, gets a code by a fixed rule. Each column
that may be missing has a last code for it, whether or not a row uses it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from privacy.bins import Bins, nodes_of
from privacy.draw import draw
from privacy.grids import Heap
from privacy.hierarchy import OTHER, HierarchyCodec
from privacy.lattice import Lattice
from understudy.schema import FieldType, Value

__all__ = ["ARROW_TYPES", "OTHER", "BinsCodec", "Codec", "HierarchyCodec", "ValuesCodec", "codec_of", "is_zero"]

ARROW_TYPES: dict[str, pa.DataType] = {
    "integer": pa.int64(),
    "number": pa.float64(),
    "string": pa.string(),
    "text": pa.string(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "datetime": pa.timestamp("us"),
}
"""The canonical type of each field type."""

Arrays = dict[str, NDArray[Any]]

_GUIDES = 4
"""Points of the guide to a column's leaves, for each leaf."""


class Codec(Protocol):
    """One column's codes."""

    @property
    def name(self) -> str:
        """The column."""

    @property
    def size(self) -> int:
        """Number of codes."""

    def encode(self, column: pa.ChunkedArray) -> NDArray[np.int64]:
        """The code of every row."""

    def decode(self, codes: NDArray[np.integer[Any]], rng: np.random.Generator) -> pa.Array:
        """A value for every code, of the canonical type."""

    def parts(self) -> tuple[dict[str, object], Arrays]:
        """JSON values and arrays, from which ``codec_of`` makes this again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuesCodec:
    """A list of values, then OTHER if there is one, then missing if the column may be."""

    name: str
    type: FieldType
    values: tuple[Value, ...]
    other: bool
    nullable: bool

    @property
    def size(self) -> int:
        """Number of codes; at least 1."""
        return max(len(self.values) + self.other + self.nullable, 1)

    def encode(self, column: pa.ChunkedArray) -> NDArray[np.int64]:
        """Known values by their rank; unknown ones OTHER, else missing, else the first value."""
        ranks = pc.index_in(column, value_set=self._array())
        codes = np.asarray(pc.fill_null(ranks, -1).to_numpy()).astype(np.int64)
        n = len(self.values)
        codes[codes < 0] = n if self.other or self.nullable else 0
        if self.other and self.nullable:
            codes[np.asarray(pc.is_null(column))] = n + 1
        return codes

    def decode(self, codes: NDArray[np.integer[Any]], rng: np.random.Generator) -> pa.Array:  # noqa: ARG002
        """The value of each code; OTHER is a constant, missing is null."""
        if self.type in ("integer", "number") and self.values:
            return self._numbers(np.asarray(codes))
        last = [pa.array([OTHER], pa.string())] if self.other else []
        table = pa.concat_arrays([self._array(), *last, pa.nulls(1, ARROW_TYPES[self.type])])
        return table.take(pa.array(codes))

    def dictionary(self, codes: NDArray[np.integer[Any]]) -> pa.DictionaryArray:
        """What ``decode`` gives, each value held once: for writing words to a file."""
        last = [pa.array([OTHER], pa.string())] if self.other else []
        values = pa.concat_arrays([self._array(), *last])
        missing = codes >= len(values)
        return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32(), mask=missing), values)

    def _numbers(self, codes: NDArray[np.integer[Any]]) -> pa.Array:
        """As ``decode`` does, by numpy: half the time for what has no length of its own."""
        table = self._array().to_numpy()
        missing = codes >= len(self.values)
        return pa.array(table.take(codes, mode="clip"), mask=missing if missing.any() else None)

    def _array(self) -> pa.Array:
        return pa.array(list(self.values), type=ARROW_TYPES[self.type])

    def parts(self) -> tuple[dict[str, object], Arrays]:
        """JSON values; no arrays."""
        return {
            "codec": "values",
            "name": self.name,
            "type": self.type,
            "values": [_plain(value) for value in self.values],
            "other": self.other,
            "nullable": self.nullable,
        }, {}


@dataclass(frozen=True, slots=True, kw_only=True)
class BinsCodec:
    """Bins of an ordered column, then zero if it stands apart, then missing if the column may be.

    ``heaps``: released shares of round values (privacy.grids), which decoding draws again.
    """

    name: str
    lattice: Lattice
    bins: Bins
    nullable: bool
    heaps: tuple[Heap, ...] = ()

    @property
    def n_bins(self) -> int:
        """Number of bins, zero and missing aside."""
        return self.bins.first.size - 1

    @property
    def size(self) -> int:
        """Number of codes."""
        return self.n_bins + self.bins.zero_apart + self.nullable

    def encode(self, column: pa.ChunkedArray) -> NDArray[np.int64]:
        """Bins by rank. A missing value in a column that may not have one counts as the first bin."""
        edges = self.bins.starts[self.bins.first[1:-1]]
        codes = np.searchsorted(edges, self.lattice.offsets(column), side="right").astype(np.int64)
        if self.bins.zero_apart:
            codes[is_zero(column)] = self.n_bins
        codes[np.asarray(pc.is_null(column))] = self.size - 1 if self.nullable else 0
        return codes

    def decode(self, codes: NDArray[np.integer[Any]], rng: np.random.Generator) -> pa.Array:
        """A value from each code's bin: a leaf by weight, a tick in it, then perhaps a round one near by."""
        missing = codes >= self.n_bins + self.bins.zero_apart
        leaves = self._leaves(np.minimum(codes, self.n_bins - 1), rng)
        starts, lasts = nodes_of(self.bins.starts, self.lattice.n_ticks)
        offsets = draw(self.lattice, starts.take(leaves), lasts.take(leaves), self.heaps, rng)
        if self.bins.zero_apart:
            offsets[codes == self.n_bins] = np.uint64(-self.lattice.origin)
        return self.lattice.values(offsets, missing)

    def _leaves(self, binned: NDArray[np.integer[Any]], rng: np.random.Generator) -> NDArray[np.int64]:
        """A leaf of each bin. Weights of a bin add up to 1, so bin b owns [b, b + 1) of their running sum.

        A table of where evenly spaced points of the running sum fall gives most rows their leaf at once (indexed
        search; Chen and Asau 1974); the others are searched for.
        """
        sums = np.concatenate([[0.0], np.cumsum(self.bins.weights)])
        first = self.bins.first
        if first.size == sums.size:
            return binned.astype(np.int64)
        low, width = sums[first[:-1]], sums[first[1:]] - sums[first[:-1]]
        points = low.take(binned) + rng.random(binned.size) * width.take(binned)
        scale = _GUIDES * sums.size / sums[-1]
        guide = np.searchsorted(sums, np.arange(_GUIDES * sums.size + 1) / scale, side="right") - 1
        leaves = guide.take((points * scale).astype(np.int64), mode="clip")
        missed = np.flatnonzero((sums.take(leaves + 1, mode="clip") <= points) | (sums.take(leaves) > points))
        leaves[missed] = np.searchsorted(sums, points[missed], side="right") - 1
        return np.asarray(np.clip(leaves, first[:-1].take(binned), first[1:].take(binned) - 1), dtype=np.int64)

    def parts(self) -> tuple[dict[str, object], Arrays]:
        """JSON values and three arrays."""
        document: dict[str, object] = {
            "codec": "bins",
            "name": self.name,
            "lattice": self.lattice.as_dict(),
            "zero_apart": self.bins.zero_apart,
            "heaps": [list(heap) for heap in self.heaps],
            "nullable": self.nullable,
        }
        return document, {"starts": self.bins.starts, "weights": self.bins.weights, "first": self.bins.first}


def is_zero(column: pa.ChunkedArray) -> NDArray[np.bool_]:
    """Which rows are exactly zero; missing ones are not."""
    return np.asarray(pc.fill_null(pc.equal(column, 0), False))


def codec_of(document: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Codec:
    """A codec from its parts. Raises: KeyError if a part is missing."""
    if document["codec"] == "hierarchy":
        return HierarchyCodec.from_parts(document)
    if document["codec"] == "values":
        type_ = document["type"]
        return ValuesCodec(
            name=document["name"],
            type=type_,
            values=tuple(_typed(value, type_) for value in document["values"]),
            other=document["other"],
            nullable=document["nullable"],
        )
    return BinsCodec(
        name=document["name"],
        lattice=Lattice.from_dict(document["lattice"]),
        bins=Bins(
            starts=arrays["starts"],
            weights=arrays["weights"],
            first=arrays["first"],
            zero_apart=document["zero_apart"],
        ),
        nullable=document["nullable"],
        heaps=tuple((power, factor, share) for power, factor, share in document["heaps"]),
    )


def _plain(value: Value) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _typed(value: Any, type_: FieldType) -> Value:
    if type_ == "date":
        return date.fromisoformat(value)
    if type_ == "datetime":
        return datetime.fromisoformat(value)
    return float(value) if type_ == "number" else value
