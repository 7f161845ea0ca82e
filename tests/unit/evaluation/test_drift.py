from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from evaluation.drift import drift
from evaluation.encode import encode
from evaluation.report import Disclosure
from understudy.schema import TableSchema

Draw = Callable[[int, int], pa.Table]


def test_a_planted_drift_is_red_and_its_column_named(schema: TableSchema, draw: Draw) -> None:
    table = draw(1_000, 1)
    worn = table.set_column(1, "age", pc.cast(pc.add(table["age"], pa.array(np.arange(1_000) // 50)), pa.int64()))
    found = drift(encode(schema, {"train": table, "synthetic": worn}))
    assert found.status.value == "red"
    assert found.subject == "age"
    assert found.disclosure is Disclosure.RELEASABLE


def test_rows_in_any_order_show_none(schema: TableSchema, draw: Draw) -> None:
    found = drift(encode(schema, {"train": draw(50, 1), "synthetic": draw(2_000, 2)}))
    assert found.status.value == "green"
    assert found.p_value is not None
    assert found.p_value > 0.05


def test_few_rows_are_grey(schema: TableSchema, draw: Draw) -> None:
    assert drift(encode(schema, {"train": draw(50, 1), "synthetic": draw(50, 2)})).status.value == "grey"
