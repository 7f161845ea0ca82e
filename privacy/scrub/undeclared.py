"""Refuses a table with a column that looks identifying and of which its owner has said nothing.

Fail closed: near-unique strings without a declared kind would else be modelled as categories. What is
decided here comes from rows, so only whoever sent them may see it; nothing of it goes into a release.
"""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

from privacy.scrub.columns import guess_from_values
from understudy.errors import InputRefused, Place
from understudy.schema import TableSchema

MIN_DISTINCT = 30
"""Fewer distinct values are no evidence."""
NEAR_UNIQUE = 0.9
"""Share of distinct among all values from which a string identifies."""
SAMPLE = 200_000
"""Rows looked at."""


def refuse_undeclared(table: pa.Table, schema: TableSchema) -> None:
    """Raises InputRefused (column-looks-identifying) with the columns, never with a value.

    A column passes if it has a kind, an enum or an operator (``keep`` says that its owner has looked),
    if it is no string, or if it looks like nothing that identifies.
    """
    suspects = [name for name in undeclared(schema) if _identifies(table.column(name).slice(0, SAMPLE))]
    if suspects:
        raise InputRefused(
            "A column without a declared kind looks as if it identified people. Give it an understudy:kind, or the "
            "understudy:operator 'drop' or 'keep'.",
            code="column-looks-identifying",
            where=tuple(Place(column=name) for name in suspects[:20]),
        )


def undeclared(schema: TableSchema) -> list[str]:
    """The string columns of which nothing is said."""
    return [
        column.name
        for column in schema.columns
        if column.type == "string" and column.kind is None and column.enum is None and column.operator is None
    ]


def _identifies(values: pa.ChunkedArray) -> bool:
    present = pc.drop_null(values)
    distinct = pc.unique(present)
    if len(distinct) < MIN_DISTINCT:
        return False
    sample = distinct.slice(0, 1_000).to_pylist()
    if guess_from_values(sample) is not None:
        return True
    # Numbers, times and amounts that were declared as strings are near-unique too, and identify nobody.
    measured = sum(_MEASURE.fullmatch(value.strip()) is not None for value in sample)
    return len(distinct) >= NEAR_UNIQUE * len(present) and measured < 0.9 * len(sample)


_MEASURE = re.compile(r"[-+$€£]?\d{1,3}(?:,?\d{3})*\.\d{1,6}%?|\d{4}-\d\d-\d\d(?:[T ][\d:.]+)?|\d{1,2}:\d\d(?::\d\d)?")
