"""Rows with the unit that each is of, for what is learnt per unit. Only ``privacy.session`` may call this."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from privacy.discretisation import Discretisation
from privacy.sources.base import RowSource
from privacy.sources.rules import canonical_zero
from understudy.errors import UsageError
from understudy.schema import TableSchema

_SLICE = 4096


def unit_numbers(rows: RowSource, schema: TableSchema) -> NDArray[np.int64]:
    """A number for each row's unit; rows whose unit is missing share one. Without a unit column, each row its own.

    Raises: UsageError (unit-column-missing) if the schema has a unit column that the rows have not.
    """
    if schema.unit.column is None:
        return np.arange(rows.num_rows, dtype=np.int64)
    if schema.unit.column not in rows.column_names:
        raise UsageError("The rows lack the column of the privacy unit.", code="unit-column-missing")
    coded = pc.dictionary_encode(_whole(rows[schema.unit.column]), null_encoding="encode")
    return np.asarray(coded.indices.to_numpy(zero_copy_only=False), dtype=np.int64)


def coded_rows(rows: RowSource, discretisation: Discretisation) -> NDArray[np.int64]:
    """The codes of all rows: int64 (rows, columns of the domain)."""
    codes = [codec.encode(canonical_zero(rows[codec.name])) for codec in discretisation.codecs]
    stacked = np.stack(codes, axis=1) if codes else np.zeros((rows.num_rows, 0))
    return np.ascontiguousarray(stacked, dtype=np.int64)


def each_row(rows: RowSource, schema: TableSchema, columns: Sequence[str]) -> Iterator[tuple[int, dict[str, object]]]:
    """(unit, row) for every row, with the wanted columns that there are. Values are Python's own; missing is None."""
    units = unit_numbers(rows, schema)
    wanted = [name for name in columns if name in rows.column_names]
    arrays = {name: _whole(rows[name]) for name in wanted}
    for low in range(0, len(units), _SLICE):
        values = {name: array.slice(low, _SLICE).to_pylist() for name, array in arrays.items()}
        for index, unit in enumerate(units[low : low + _SLICE].tolist()):
            yield unit, {name: values[name][index] for name in wanted}


def grouped(
    rows: Iterable[tuple[int, Mapping[str, object]]], encode: Callable[[Mapping[str, object]], Any]
) -> list[list[Any]]:
    """Records by unit; units without one are left out."""
    units: dict[int, list[Any]] = {}
    for unit, row in rows:
        record = encode(row)
        if record is not None:
            units.setdefault(unit, []).append(record)
    return list(units.values())


def _whole(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
