from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from evaluation.cells import lost_cells, smallest_ratio
from evaluation.contest import contests
from evaluation.encode import encode
from evaluation.fairness import fairness
from evaluation.groups import groupings, looks_protected
from evaluation.report import Metric
from understudy.schema import TableSchema

Draw = Callable[[int, int], pa.Table]


def _found(schema: TableSchema, train: pa.Table, controls: pa.Table, synthetic: pa.Table) -> dict[str, Metric]:
    encoded = encode(schema, {"train": train, "controls": controls, "synthetic": synthetic})
    section = fairness(encoded, contests(schema, encoded, np.random.default_rng(0)), np.random.default_rng(0))
    return {metric.id.removeprefix("fairness."): metric for metric in section.metrics}


def test_names_that_the_law_may_protect_are_known() -> None:
    known = ("age", "patient_age", "sex", "Gender", "race_code", "ethnicity", "country of origin", "is_hispanic")
    assert all(looks_protected(name) for name in known)
    assert not any(looks_protected(name) for name in ("stage", "usage", "traced", "original", "essex", "lab"))


def test_ages_fall_into_public_bands(schema: TableSchema, draw: Draw) -> None:
    found = {
        group.column: group for group in groupings(encode(schema, {"train": draw(300, 1), "synthetic": draw(300, 2)}))
    }
    assert found["age"].labels == ("under 18", "18 to 40", "40 to 65", "65 to 80", "80 and over")
    assert next(iter(found)) == "age"  # protected ones first
    assert "code" not in found  # too many values


def test_a_lost_group_is_red_and_named(schema: TableSchema, draw: Draw) -> None:
    synthetic = draw(2_000, 3)
    synthetic = synthetic.filter(pc.not_equal(synthetic["ward"], "west"))
    found = _found(schema, draw(2_000, 1), draw(500, 2), synthetic)["representation"]
    assert found.status.value == "red"
    assert found.value == 0
    assert "ward = west" in found.subject  # declared in the schema, so public


def test_a_value_that_is_not_public_is_not_printed(schema: TableSchema, draw: Draw) -> None:
    """A category that neither the schema declares nor the synthetic table shows stays unnamed."""
    document: Any = schema.as_dict()
    document["fields"][3].pop("constraints")
    synthetic = draw(2_000, 3)
    synthetic = synthetic.filter(pc.not_equal(synthetic["ward"], "west"))
    encoded = encode(
        TableSchema.parse(document), {"train": draw(2_000, 1), "controls": draw(99, 2), "synthetic": synthetic}
    )
    section = fairness(encoded, [], np.random.default_rng(0))
    assert section.metrics[0].status.value == "red"
    assert section.metrics[0].subject == "a value of ward"
    assert "west" not in str(section.tables)


def test_a_halved_small_group_is_underpowered_and_never_green(schema: TableSchema, draw: Draw) -> None:
    """E3b: half of a 0.8 % group is missing; too few rows to tell, and the report has to say so."""
    train, synthetic = (draw(3_000, seed) for seed in (1, 3))
    rare = pa.array(["west" if i % 125 == 0 else "north" for i in range(3_000)])
    rarer = pa.array(["west" if i % 250 == 0 else "north" for i in range(3_000)])
    found = _found(schema, train.set_column(3, "ward", rare), draw(400, 2), synthetic.set_column(3, "ward", rarer))
    assert found["underpowered"].status.value == "grey"
    assert "underpowered" in found["underpowered"].notes[0]
    assert "ward = west" not in found["representation"].subject


@pytest.mark.parametrize("share", [0.05, 0.2])
def test_the_smallest_visible_ratio_is_kept_as_promised(share: float) -> None:
    """Ninety percent of losses down to that ratio turn red; 400 draws, three standard errors of room."""
    n = m = 4_000
    ratio, rng = smallest_ratio(share, n, m, 10), np.random.default_rng(0)
    others = [("other", 0.3, 0.3)] * 9
    red = 0
    for _ in range(400):
        real, made = rng.binomial(n, share) / n, rng.binomial(m, share * ratio) / m
        red += lost_cells([("cell", real, made), *others], n, m)[0].adjusted < 0.001
    assert red / 400 > 0.9 - 3 * np.sqrt(0.09 / 400)


def test_a_gap_that_is_amplified_or_concealed_is_said_so(schema: TableSchema, draw: Draw) -> None:
    def with_gap(table: pa.Table, gap: float, seed: int) -> pa.Table:
        rng = np.random.default_rng(seed)
        south = table["ward"].to_numpy(zero_copy_only=False) == "south"
        return table.set_column(6, "died", pa.array(rng.random(len(table)) < np.where(south, 0.3 + gap, 0.3)))

    train, controls = with_gap(draw(4_000, 1), 0.35, 1), with_gap(draw(500, 2), 0.35, 2)
    even = _found(schema, train, controls, with_gap(draw(4_000, 3), 0.0, 3))["parity.died"]
    more = _found(schema, train, controls, with_gap(draw(4_000, 3), 0.69, 3))["parity.died"]
    assert even.status.value in ("amber", "red")
    assert even.value is not None
    assert even.value < 0
    assert "conceals" in even.notes[0]
    assert more.status.value == "red"
    assert "amplifies" in more.notes[0]


def test_a_group_that_is_modelled_worse_is_red(schema: TableSchema, draw: Draw) -> None:
    synthetic = draw(4_000, 3)
    south = synthetic["ward"].to_numpy(zero_copy_only=False) == "south"
    died = synthetic["died"].to_numpy(zero_copy_only=False)
    wrong = pa.array(np.where(south, ~died, died))
    found = _found(schema, draw(4_000, 1), draw(3_000, 2), synthetic.set_column(6, "died", wrong))
    assert found["performance.died"].status.value == "red"
    assert found["performance.died"].subject == "ward = south"


def test_fresh_rows_are_never_red(schema: TableSchema, draw: Draw) -> None:
    found = _found(schema, draw(2_000, 1), draw(1_000, 2), draw(2_000, 3))
    assert "red" not in {metric.status.value for metric in found.values()}
    assert found["representation"].status.value == "green"
