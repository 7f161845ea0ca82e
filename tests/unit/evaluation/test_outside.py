"""Who is audited of a table that others made: equally many people of both sides, whole people."""

from __future__ import annotations

import pyarrow as pa
import pytest

from evaluation.outside import audit_parts
from understudy.schema import TableSchema

PEOPLE = TableSchema.parse(
    {
        "fields": [{"name": "who", "type": "string"}, {"name": "x", "type": "integer"}],
        "understudy:privacyUnit": {"column": "who", "maxRows": 5},
    }
)
ROWS = TableSchema.parse({"fields": [{"name": "x", "type": "integer"}]})


def people(n: int, each: int, prefix: str) -> pa.Table:
    return pa.table({"who": [f"{prefix}{i % n}" for i in range(n * each)], "x": list(range(n * each))})


@pytest.mark.parametrize(("inside", "outside"), [(50, 20), (20, 50), (30, 30), (10, 0), (0, 0)])
def test_both_sides_have_equally_many_whole_people(inside: int, outside: int) -> None:
    members, controls = audit_parts(people(inside, 3, "a"), people(outside, 2, "b"), PEOPLE)
    fewest = min(inside, outside)
    assert len(set(members["who"].to_pylist())) == len(set(controls["who"].to_pylist())) == fewest
    assert (members.num_rows, controls.num_rows) == (3 * fewest, 2 * fewest)


def test_without_a_persons_column_rows_are_drawn() -> None:
    real, control = pa.table({"x": list(range(90))}), pa.table({"x": list(range(40))})
    members, controls = audit_parts(real, control, ROWS)
    assert (members.num_rows, controls.num_rows) == (40, 40)
    assert members["x"].to_pylist() != list(range(40))
    assert audit_parts(real, control, ROWS)[0].equals(members)
