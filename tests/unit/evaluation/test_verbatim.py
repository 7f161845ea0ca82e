from collections.abc import Callable

import pyarrow as pa

from evaluation.encode import encode
from evaluation.verbatim import Verbatim, verbatim
from understudy.schema import TableSchema

Draw = Callable[[int, int], pa.Table]


def test_copies_are_counted_by_person_and_chance_matches_in_the_controls(schema: TableSchema, draw: Draw) -> None:
    train, controls, fresh = draw(800, 1), draw(400, 2), draw(700, 3)
    synthetic = pa.concat_tables([fresh, train.slice(0, 40), controls.slice(0, 2)])
    found = verbatim(encode(schema, {"train": train, "controls": controls, "synthetic": synthetic}))
    assert (found.hits, found.control_hits) == (40, 2)
    assert (found.eligible, found.control_eligible) == (800, 400)
    assert found.p_value < 1e-4


def test_a_row_that_two_people_share_says_nothing(schema: TableSchema, draw: Draw) -> None:
    train = draw(50, 1)
    twin = train.set_column(0, "patient", pa.array([f"twin-{i}" for i in range(50)]))
    found = verbatim(encode(schema, {"train": train, "controls": twin, "synthetic": train}))
    assert (found.eligible, found.control_eligible) == (0, 0)


def test_rows_of_one_person_count_once() -> None:
    schema = TableSchema.parse(
        {
            "fields": [
                {"name": "p", "type": "string", "understudy:kind": "identifier"},
                {"name": "x", "type": "number"},
            ],
            "understudy:privacyUnit": {"column": "p", "maxRows": 4},
        }
    )
    train = pa.table({"p": ["a", "a", "a", "b"], "x": [1.0, 2.0, 2.0, 3.0]})
    controls = pa.table({"p": ["c"], "x": [9.0]})
    found = verbatim(encode(schema, {"train": train, "controls": controls, "synthetic": train}))
    assert (found.hits, found.eligible, found.control_eligible) == (2, 2, 1)


def test_what_could_have_been_seen_shrinks_with_the_controls() -> None:
    few, many = (
        Verbatim(hits=0, eligible=2_000, control_hits=0, control_eligible=c).detectable(alpha=0.001)
        for c in (100, 2_000)
    )
    assert few is not None
    assert many is not None
    assert many < 0.012 < few
    assert Verbatim(hits=0, eligible=9, control_hits=0, control_eligible=0).detectable(alpha=0.001) is None


def test_the_power_that_is_promised_is_there() -> None:
    import numpy as np

    share = Verbatim(hits=0, eligible=1_000, control_hits=0, control_eligible=1_000).detectable(alpha=0.001)
    assert share is not None
    hits = np.random.default_rng(0).binomial(1_000, share, 2_000)
    red = [Verbatim(hits=int(h), eligible=1_000, control_hits=0, control_eligible=1_000).p_value < 0.001 for h in hits]
    assert 0.9 <= np.mean(red) < 0.97
