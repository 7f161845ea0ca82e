"""What rules and conditions say of codes: which codes a selection may mean, and which cells cannot occur.

Reads declared and released facts only.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from privacy.bins import nodes_of
from privacy.codecs import ARROW_TYPES, BinsCodec, Codec, HierarchyCodec, ValuesCodec
from synthesizers.tabular.junction import Variable
from synthesizers.tabular.levels import Axis
from understudy.rules import Combinations, Constraint, Forbidden, Order, Selection, Value

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]

MAX_CELLS = 2**22
"""Cells of a rule's own table over codes; a rule with more is left to rejection."""


@dataclass(frozen=True, slots=True)
class Impossible:
    """Cells over the codes of some columns (by index, ascending) that no row is in."""

    columns: tuple[int, ...]
    cells: Mask


def impossible(constraints: Sequence[Constraint], codecs: Sequence[Codec]) -> list[Impossible]:
    """The cells that the rules exclude for certain, whatever values the codes are decoded to."""
    place = {codec.name: index for index, codec in enumerate(codecs)}
    found: list[Impossible] = []
    for one in constraints:
        if isinstance(one, Order):
            for low, high in zip(one.columns, one.columns[1:], strict=False):
                cells = _reversed(codecs[place[low]], codecs[place[high]], strict=one.strict)
                found.append(_sorted((place[low], place[high]), cells))
        elif isinstance(one, Forbidden | Combinations):
            columns = tuple(place[name] for name in one.columns)
            if math.prod(codecs[column].size for column in columns) <= MAX_CELLS:
                mine = [codecs[column] for column in columns]
                found.append(_sorted(columns, _forbidden(one, mine) if isinstance(one, Forbidden) else _off(one, mine)))
    return [one for one in found if one.cells.any() and len(one.columns) > 1]


def at_levels(axes: Sequence[Axis], one: Impossible, max_cells: float) -> tuple[tuple[Variable, ...], Mask] | None:
    """The rule over groups of codes, the finest with at most ``max_cells`` cells; None if it says nothing then.

    A cell of groups is impossible if all of its codes' cells are.
    """
    levels = [axes[column].finest for column in one.columns]
    while math.prod(axes[column].groups(level) for column, level in zip(one.columns, levels, strict=True)) > max_cells:
        widest = int(np.argmax([axes[c].groups(level) for c, level in zip(one.columns, levels, strict=True)]))
        levels[widest] -= 1
    cells = one.cells
    for place, (column, level) in enumerate(zip(one.columns, levels, strict=True)):
        ordered = np.take(cells, axes[column].order, axis=place)
        cells = np.logical_and.reduceat(ordered, axes[column].starts[level], axis=place)
    return (tuple(zip(one.columns, levels, strict=True)), cells) if cells.any() else None


def possible(codec: Codec, wanted: Selection) -> Mask:
    """Codes that a selected value may have."""
    if isinstance(codec, BinsCodec):
        low, high = spans(codec)
        first, last = _ends(wanted)
        if wanted.values:
            numbers = np.array([_number(value) for value in wanted.values])
            return np.asarray(((low[:, None] <= numbers) & (numbers <= high[:, None])).any(axis=1), dtype=bool)
        return np.asarray((low <= last) & (high >= first), dtype=bool)
    values = [value for value in _listed(codec) if _holds(wanted, value)]
    found = np.zeros(codec.size, dtype=bool)
    if values:
        found[np.unique(codec.encode(pa.chunked_array([pa.array(values, type=_type(codec))])))] = True
    return found


def certain(codec: Codec, wanted: Selection) -> Mask:
    """Codes all of whose values are selected."""
    if isinstance(codec, BinsCodec):
        low, high = spans(codec)
        if wanted.values:
            return np.asarray(possible(codec, wanted) & (low == high), dtype=bool)
        first, last = _ends(wanted)
        return np.asarray((low >= first) & (high <= last))
    if isinstance(codec, ValuesCodec):
        return possible(codec, wanted)
    return np.zeros(codec.size, dtype=bool)


def spans(codec: Codec) -> tuple[Floats, Floats]:
    """Least and greatest value of each code, as numbers in order; not-a-number for missing and for words."""
    low = np.full(codec.size, np.nan)
    high = low.copy()
    if isinstance(codec, ValuesCodec) and codec.type != "string":
        low[: len(codec.values)] = high[: len(codec.values)] = [_number(value) for value in codec.values]
    if isinstance(codec, BinsCodec):
        starts, lasts = nodes_of(codec.bins.starts, codec.lattice.n_ticks)
        first = codec.bins.first
        none = np.zeros(codec.n_bins, dtype=bool)
        low[: codec.n_bins] = _numbers(codec.lattice.values(starts[first[:-1]], none))
        high[: codec.n_bins] = _numbers(codec.lattice.values(lasts[first[1:] - 1], none))
        if codec.bins.zero_apart:
            low[codec.n_bins] = high[codec.n_bins] = 0.0
    return low, high


def _reversed(first: Codec, second: Codec, *, strict: bool) -> Mask:
    """Cells where all of the first column's values are above all of the second's."""
    least, most = spans(first)[0][:, None], spans(second)[1][None, :]
    whole = isinstance(first, ValuesCodec) and isinstance(second, ValuesCodec) and first.type == "integer"
    return np.asarray(least >= most if strict and whole else least > most)


def _forbidden(one: Forbidden, codecs: Sequence[Codec]) -> Mask:
    masks = [certain(codec, wanted) for codec, (_, wanted) in zip(codecs, one.where, strict=True)]
    return _outer(masks)


def _off(one: Combinations, codecs: Sequence[Codec]) -> Mask:
    """Cells that are no listed combination's; a missing value rules nothing out."""
    allowed = np.zeros([codec.size for codec in codecs], dtype=bool)
    known: list[dict[Value, NDArray[np.intp]]] = [
        {value: _codes_of(codec, value) for value in {row[place] for row in one.rows}}
        for place, codec in enumerate(codecs)
    ]
    for row in one.rows:
        allowed[np.ix_(*[codes[value] for codes, value in zip(known, row, strict=True)])] = True
    missing = [_is_missing(codec) for codec in codecs]
    for axis, mask in enumerate(missing):
        allowed[(slice(None),) * axis + (mask,)] = True
    return ~allowed


def _codes_of(codec: Codec, value: Value) -> NDArray[np.intp]:
    """The codes that a listed value may have: OTHER, if it was not found."""
    codes = np.flatnonzero(possible(codec, Selection(values=(value,))))
    if not codes.size and isinstance(codec, ValuesCodec) and codec.other:
        return np.array([len(codec.values)])
    return codes


def _is_missing(codec: Codec) -> Mask:
    """The code of missing values, if there is one."""
    mask = np.zeros(codec.size, dtype=bool)
    mask[-1] = bool(getattr(codec, "nullable", False))
    return mask


def _outer(masks: Sequence[Mask]) -> Mask:
    return np.asarray(functools.reduce(np.logical_and.outer, masks))


def _sorted(columns: tuple[int, ...], cells: Mask) -> Impossible:
    order = np.argsort(columns)
    return Impossible(tuple(columns[place] for place in order), np.transpose(cells, order))


def _listed(codec: Codec) -> tuple[Value, ...]:
    if isinstance(codec, HierarchyCodec):
        return codec.values if codec.declared is None else codec.declared
    return codec.values if isinstance(codec, ValuesCodec) else ()


def type_of(codec: Codec) -> str:
    """The schema's type of a codec's column."""
    if isinstance(codec, ValuesCodec):
        return codec.type
    return codec.lattice.type if isinstance(codec, BinsCodec) else "string"


def _type(codec: Codec) -> pa.DataType:
    return ARROW_TYPES[type_of(codec)]


def _holds(wanted: Selection, value: Value) -> bool:
    if wanted.values:
        return value in wanted.values
    first, last = _ends(wanted)
    return bool(first <= _number(value) <= last)


def _ends(wanted: Selection) -> tuple[float, float]:
    low = -math.inf if wanted.minimum is None else _number(wanted.minimum)
    return low, math.inf if wanted.maximum is None else _number(wanted.maximum)


def _number(value: Value) -> float:
    """A number, date or moment as one number; order is kept, though close moments may become equal."""
    if isinstance(value, str):
        return math.nan
    if isinstance(value, int | float):
        return float(value)
    return float(_numbers(pa.array([value]))[0])


def _numbers(values: pa.Array) -> Floats:
    if pa.types.is_date32(values.type):
        values = values.cast(pa.int32())
    if pa.types.is_timestamp(values.type):
        values = values.cast(pa.timestamp("us")).cast(pa.int64())
    return np.asarray(values.to_numpy(zero_copy_only=False), dtype=np.float64)


def code_weights(shares: Mapping[Value, float], codec: Codec) -> tuple[list[NDArray[np.intp]], list[float]]:
    """Groups of codes and the share that each is to have; the last is all others."""
    groups = [np.flatnonzero(possible(codec, Selection(values=(value,)))) for value in shares]
    others = np.setdiff1d(np.arange(codec.size), np.concatenate(groups) if groups else np.zeros(0, dtype=np.intp))
    return [*groups, others], [*shares.values(), max(0.0, 1 - math.fsum(shares.values()))]
