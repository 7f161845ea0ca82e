"""Arrow tables to the integer codes and numbers that the metrics read.

Owner side only: bin edges and the list of common values come from the real rows, so nothing in here may
reach a release report. What a release may show of a column is made in `profile`, from the synthetic
table and the declared schema alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from understudy.schema import ColumnSchema, TableSchema

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Codes = NDArray[np.uint8]

NUMERIC = frozenset({"integer", "number", "date", "datetime"})
_LARGEST = 1e100
MIN_BINS, MAX_BINS = 4, 16
MADE = ("synthetic", "without_dp")
"""Roles whose rows are nobody's: they have no unit column, and that must not hide the others'."""
MAX_VALUES = 63
"""A pair table has at most (2 + MAX_VALUES)^2 cells: missing, other, and the most common values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One modelled column of several tables (roles), coded alike.

    Shapes: per role, `exact` int64 (n,), 0 missing, else 1 + index of the value over all tables; `bins`
    uint8 (n,) below `size`, 0 missing, 1 other; `number` float64 (n,), NaN missing, for numeric columns.
    `labels` name the codes from 2 of a column that is not binned; a value that neither the schema declares
    nor the synthetic table shows has an empty name, so that no report prints it.
    """

    name: str
    numeric: bool
    size: int
    cardinality: int
    exact: dict[str, Ints]
    bins: dict[str, Codes]
    number: dict[str, Floats] | None
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """All modelled columns, and who each row belongs to. `unit[role]` int64 (n,) is equal within a person
    and, for rows without a person's id, different everywhere; synthetic tables have none."""

    columns: tuple[Column, ...]
    unit: dict[str, Ints]
    rows: dict[str, int]


def encode(schema: TableSchema, tables: Mapping[str, pa.Table], *, real: str = "train") -> Encoded:
    """Code every modelled column that all tables have; bins come from the table called `real`."""
    names = [column.name for column in schema.modelled]
    shared = [name for name in names if all(name in table.column_names for table in tables.values())]
    columns = tuple(
        _column(schema[name], {role: table[name] for role, table in tables.items()}, real) for name in shared
    )
    return Encoded(
        columns=columns,
        unit=_units(schema.unit.column, tables),
        rows={role: table.num_rows for role, table in tables.items()},
    )


def numbers(column: ColumnSchema, values: pa.ChunkedArray) -> Floats:
    """A numeric, date or datetime column as float64: days or microseconds since 1970; NaN is missing.

    Numbers beyond 1e100 are taken as 1e100, so that squares stay finite.
    """
    if column.type == "date":
        values = values.cast(pa.date32()).cast(pa.int32())
    elif column.type == "datetime":
        values = values.cast(pa.timestamp("us")).cast(pa.int64())
    array: Floats = values.cast(pa.float64(), safe=False).to_numpy().astype(np.float64)
    return np.clip(array, -_LARGEST, _LARGEST)


def _column(column: ColumnSchema, arrays: Mapping[str, pa.ChunkedArray], real: str) -> Column:
    numeric = column.type in NUMERIC
    exact, distinct = _exact(arrays)
    labels: tuple[str, ...] = ()
    number = {role: numbers(column, values) for role, values in arrays.items()} if numeric else None
    counts = np.bincount(exact[real], minlength=distinct + 1)[1:]
    if number is not None and np.count_nonzero(counts) > 2 * MAX_BINS:
        edges = _edges(number[real])
        bins = {role: _cut(values, edges) for role, values in number.items()}
        size = len(edges) + 3
    else:
        kept = np.sort(np.argsort(-counts, kind="stable")[:MAX_VALUES])
        kept = kept[counts[kept] > 0]
        code = np.ones(distinct + 1, dtype=np.uint8)
        code[0], code[kept + 1] = 0, np.arange(2, len(kept) + 2)
        bins = {role: code[values] for role, values in exact.items()}
        size = len(kept) + 2
        labels = _labels(column, arrays, exact, kept, real)
    return Column(
        name=column.name,
        numeric=numeric,
        size=size,
        cardinality=distinct,
        exact=exact,
        bins=bins,
        number=number,
        labels=labels,
    )


def _labels(
    column: ColumnSchema, arrays: Mapping[str, pa.ChunkedArray], exact: Mapping[str, Ints], kept: Ints, real: str
) -> tuple[str, ...]:
    """Names of the kept values: those that are public, for they are declared or in the synthetic table."""
    declared = {str(value) for value in column.enum or ()} | ({"True", "False"} if column.type == "boolean" else set())
    shown = set(np.unique(exact["synthetic"]).tolist()) if "synthetic" in exact else set()
    names = []
    for code in (kept + 1).tolist():
        value = str(arrays[real][int(np.argmax(exact[real] == code))].as_py())
        names.append(value[:40] if value in declared or code in shown else "")
    return tuple(names)


def _exact(arrays: Mapping[str, pa.ChunkedArray]) -> tuple[dict[str, Ints], int]:
    kind = next(iter(arrays.values())).type
    parts = [part.cast(kind) for part in arrays.values()]
    whole = pa.chunked_array([chunk for part in parts for chunk in part.chunks], type=kind).combine_chunks()
    if isinstance(whole, pa.ChunkedArray):
        whole = pa.concat_arrays(whole.chunks) if whole.num_chunks else pa.array([], type=kind)
    coded = pc.dictionary_encode(whole)
    flat = pc.add(pc.fill_null(coded.indices.cast(pa.int64()), -1), 1).to_numpy(zero_copy_only=False)
    cuts = np.cumsum([len(part) for part in parts])[:-1]
    return dict(zip(arrays, np.split(flat.astype(np.int64), cuts), strict=True)), len(coded.dictionary)


def _edges(values: Floats) -> Floats:
    """Inner quantile edges of the real values: n^(1/3) bins, 4 to 16, or pairs of a small table are all noise.

    Heaped values collapse edges, which is wanted.
    """
    known = values[np.isfinite(values)]
    bins = int(np.clip(round(len(known) ** (1 / 3)), MIN_BINS, MAX_BINS))
    return np.unique(np.quantile(known, np.linspace(0, 1, bins + 1)[1:-1]))


def _cut(values: Floats, edges: Floats) -> Codes:
    """Codes 2.. for the bins (left-closed), 0 for missing."""
    codes = (np.searchsorted(edges, values, side="right") + 2).astype(np.uint8)
    codes[~np.isfinite(values)] = 0
    return codes


def _units(column: str | None, tables: Mapping[str, pa.Table]) -> dict[str, Ints]:
    """Person index of every row. Without a unit column, or where it is null, a row is its own person."""
    real = {role: table for role, table in tables.items() if role not in MADE}
    if column is not None and all(column in table.column_names for table in real.values()):
        codes, free = _exact({role: table[column] for role, table in real.items()})
    else:
        codes, free = {role: np.zeros(table.num_rows, dtype=np.int64) for role, table in real.items()}, 0
    units = {}
    for role, persons in codes.items():
        missing = persons == 0
        fresh = np.arange(free + 1, free + 1 + np.count_nonzero(missing), dtype=np.int64)
        units[role] = persons.copy()
        units[role][missing] = fresh
        free += len(fresh)
    return units
