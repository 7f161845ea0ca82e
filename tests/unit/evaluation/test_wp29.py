from collections.abc import Callable

import numpy as np
import pyarrow as pa

from evaluation.encode import encode
from evaluation.report import Disclosure, Status
from evaluation.wp29 import triad
from understudy.schema import TableSchema

Draw = Callable[[int, int], pa.Table]


def _lights(schema: TableSchema, members: pa.Table, controls: pa.Table, synthetic: pa.Table) -> dict[str, Status]:
    encoded = encode(schema, {"train": members, "members": members, "controls": controls, "synthetic": synthetic})
    found = triad(encoded, ("died",), np.random.default_rng(0))
    assert {metric.disclosure for metric in found.metrics} == {Disclosure.OWNER}
    return {metric.id.removeprefix("risk."): metric.status for metric in found.metrics}


def test_a_copied_table_fails_all_three_criteria(schema: TableSchema, draw: Draw) -> None:
    members, controls = draw(600, 1), draw(600, 2)
    assert set(_lights(schema, members, controls, members).values()) == {Status.RED}


def test_fresh_rows_of_the_same_population_fail_none(schema: TableSchema, draw: Draw) -> None:
    lights = _lights(schema, draw(1_500, 1), draw(1_500, 2), draw(1_500, 3))
    assert Status.RED not in lights.values()
    assert lights["singling_out"] is lights["linkability"] is Status.GREEN


def test_what_the_population_teaches_is_no_leak(schema: TableSchema, draw: Draw) -> None:
    """The target can be guessed well for everyone; members are not guessed better than others."""
    encoded = encode(
        schema, {"train": draw(900, 1), "members": draw(900, 1), "controls": draw(900, 2), "synthetic": draw(900, 3)}
    )
    rows = triad(encoded, ("died",), np.random.default_rng(0)).table.rows
    died = next(row for row in rows if row[0] == "died")
    assert float(died[2].rstrip("%")) > 60
    assert abs(float(died[3].rstrip("%"))) < 25


def test_few_people_are_grey(schema: TableSchema, draw: Draw) -> None:
    assert set(_lights(schema, draw(200, 1), draw(29, 2), draw(200, 3)).values()) == {Status.GREY}
