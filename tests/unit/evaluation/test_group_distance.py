"""Distance within groups: a group whose columns were shuffled is named, though the whole table looks well."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from evaluation.encode import encode
from evaluation.group_distance import within_groups
from evaluation.groups import groupings
from evaluation.report import Metric
from understudy.schema import TableSchema

Draw = Callable[[int, int], pa.Table]


def judged(schema: TableSchema, train: pa.Table, synthetic: pa.Table) -> Metric:
    encoded = encode(schema, {"train": train, "synthetic": synthetic})
    return within_groups(encoded, groupings(encoded), np.random.default_rng(0))


@pytest.fixture(scope="module")
def tables(draw: Draw) -> tuple[pa.Table, pa.Table]:
    return draw(8_000, 1), draw(8_000, 2)


def test_a_group_that_was_shuffled_is_named(schema: TableSchema, tables: tuple[pa.Table, pa.Table]) -> None:
    train, made = tables
    south = pc.equal(made["ward"], "south")
    part = made.filter(south)
    rng = np.random.default_rng(3)
    for name in ("lab", "died"):
        part = part.set_column(part.schema.get_field_index(name), name, part[name].take(rng.permutation(len(part))))
    found = judged(schema, train, pa.concat_tables([made.filter(pc.invert(south)), part]))
    assert found.status.value in ("amber", "red")
    assert found.subject.startswith("ward = south: ")
    assert found.ci is not None
    assert found.ci[0] > 0.05


def test_a_fresh_sample_is_green(schema: TableSchema, tables: tuple[pa.Table, pa.Table]) -> None:
    assert judged(schema, *tables).status.value == "green"


def test_small_groups_cannot_be_judged(schema: TableSchema, draw: Draw) -> None:
    found = judged(schema, draw(150, 1), draw(150, 2))
    assert found.status.value == "grey"
    assert found.value is None
