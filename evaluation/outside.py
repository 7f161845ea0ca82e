"""Tables that others made: which people stand in for the audit when no coin of ours decided who was trained on."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from understudy.schema import TableSchema

SEED = 0


def audit_parts(real: pa.Table, control: pa.Table, schema: TableSchema) -> tuple[pa.Table, pa.Table]:
    """(members, controls): equally many people of each table, drawn without looking at their rows.

    The attacks and the bound on epsilon take each audited person as trained on with probability one half. With equal
    sides that is so for the guess "this one was"; that both tables are samples of the same people, split by chance,
    is the caller's word.
    """
    rng = np.random.default_rng(SEED)
    inside, outside = _people(real, schema), _people(control, schema)
    count = min(_number(inside), _number(outside))
    return real.filter(_drawn(inside, count, rng)), control.filter(_drawn(outside, count, rng))


def _people(table: pa.Table, schema: TableSchema) -> NDArray[np.int64]:
    """The person of each row, counted from 0; each row its own without a person's column."""
    unit = schema.unit.column
    if unit is None or unit not in table.column_names or table.num_rows == 0:
        return np.arange(table.num_rows)
    coded = pc.rank(table[unit], tiebreaker="dense").to_numpy(zero_copy_only=False)
    return np.asarray(coded, dtype=np.int64) - 1


def _number(people: NDArray[np.int64]) -> int:
    return int(people.max()) + 1 if len(people) else 0


def _drawn(people: NDArray[np.int64], count: int, rng: np.random.Generator) -> pa.Array:
    chosen = np.zeros(_number(people), dtype=np.bool_)
    chosen[rng.choice(_number(people), count, replace=False) if count else []] = True
    return pa.array(chosen[people] if len(people) else np.zeros(0, dtype=np.bool_))
