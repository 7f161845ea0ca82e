"""bound_rows and split: pure, keyed, and decided person by person."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.ingest import bound_rows, split
from understudy.errors import InputRefused, PrivacyParameterError
from understudy.schema import TableSchema

KEY = bytes(range(32))

COLUMNS = [{"name": "id", "type": "string"}, {"name": "n", "type": "integer"}, {"name": "x", "type": "number"}]
ARROW = pa.schema([("id", pa.string()), ("n", pa.int64()), ("x", pa.float64())])

Row = tuple[str, int | None, float | None]
rows_of_people = st.lists(
    st.tuples(
        st.sampled_from("abcdef"),
        st.none() | st.integers(0, 3),
        st.none() | st.sampled_from([0.0, -0.0, 1.5, 1e300]),
    ),
    max_size=40,
)


def schema_with(unit: str | None, max_rows: int = 1) -> TableSchema:
    document: dict[str, object] = {"fields": COLUMNS}
    if unit is not None:
        document["understudy:privacyUnit"] = {"column": unit, "maxRows": max_rows}
    return TableSchema.parse(document)


def table_of(rows: list[Row]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    return pa.Table.from_arrays([pa.array(c, f.type) for c, f in zip(columns, ARROW, strict=True)], schema=ARROW)


def bag(table: pa.Table, person: str | None = None) -> Counter[Row]:
    rows = zip(*(table[name].to_pylist() for name in table.column_names), strict=True)
    return Counter(row for row in rows if person is None or row[0] == person)


@given(rows=rows_of_people, max_rows=st.integers(1, 4))
def test_nobody_keeps_more_than_the_cap_and_nobody_below_it_loses_a_row(rows, max_rows):
    kept = bag(bound_rows(table_of(rows), schema_with("id", max_rows), key=KEY))
    before = bag(table_of(rows))
    assert kept <= before
    for person in "abcdef":
        n_before = sum(row[0] == person for row in rows)
        assert sum(count for row, count in kept.items() if row[0] == person) == min(n_before, max_rows)


@given(rows=rows_of_people, random=st.randoms(use_true_random=False), max_rows=st.integers(1, 4))
def test_bound_rows_does_not_look_at_positions(rows, random, max_rows):
    schema = schema_with("id", max_rows)
    shuffled = random.sample(rows, len(rows))
    assert bag(bound_rows(table_of(rows), schema, key=KEY)) == bag(bound_rows(table_of(shuffled), schema, key=KEY))


@given(rows=rows_of_people, gone=st.sampled_from("abcdef"), max_rows=st.integers(1, 4))
def test_bound_rows_changes_no_other_person_when_one_goes(rows, gone, max_rows):
    schema = schema_with("id", max_rows)
    with_all = bag(bound_rows(table_of(rows), schema, key=KEY))
    without = bag(bound_rows(table_of([row for row in rows if row[0] != gone]), schema, key=KEY))
    assert without == Counter({row: count for row, count in with_all.items() if row[0] != gone})


@given(rows=rows_of_people, max_rows=st.integers(1, 4))
def test_bound_rows_is_idempotent_and_keeps_the_order(rows, max_rows):
    schema = schema_with("id", max_rows)
    once = bound_rows(table_of(rows), schema, key=KEY)
    assert bound_rows(once, schema, key=KEY).equals(once)
    numbered = table_of([(person, position, x) for position, (person, _, x) in enumerate(rows)])
    kept = bound_rows(numbered, schema, key=KEY)["n"].to_pylist()
    assert kept == sorted(kept)


@given(rows=rows_of_people, share=st.sampled_from([0.0, 0.1, 0.5, 1.0]), random=st.randoms(use_true_random=False))
@pytest.mark.parametrize("unit", ["id", None])
def test_split_is_a_partition_by_person_and_not_by_position(rows, share, random, unit):
    schema = schema_with(unit)
    parts = split(table_of(rows), schema, key=KEY, audit_share=share)
    assert bag(parts.train) + bag(parts.controls) == bag(table_of(rows))
    assert bag(parts.members) <= bag(parts.train)
    if unit is not None:
        assert not set(parts.controls["id"].to_pylist()) & set(parts.train["id"].to_pylist())
    shuffled = split(table_of(random.sample(rows, len(rows))), schema, key=KEY, audit_share=share)
    assert bag(shuffled.train) == bag(parts.train)
    assert bag(shuffled.members) == bag(parts.members)
    assert bag(shuffled.controls) == bag(parts.controls)


@given(rows=rows_of_people, gone=st.sampled_from("abcdef"), share=st.sampled_from([0.3, 1.0]))
def test_split_changes_no_other_person_when_one_goes(rows, gone, share):
    schema = schema_with("id")
    with_all = split(table_of(rows), schema, key=KEY, audit_share=share)
    without = split(table_of([row for row in rows if row[0] != gone]), schema, key=KEY, audit_share=share)
    for before, after in (
        (with_all.train, without.train),
        (with_all.members, without.members),
        (with_all.controls, without.controls),
    ):
        assert bag(after) == Counter({row: count for row, count in bag(before).items() if row[0] != gone})


@given(rows=rows_of_people.filter(len), share=st.sampled_from([0.3, 1.0]), at=st.integers(0, 39))
def test_where_each_row_is_a_person_one_row_more_changes_one_part_by_one_row(rows, share, at):
    schema = schema_with(None)
    gone = rows[at % len(rows)]
    fewer = list(rows)
    fewer.remove(gone)
    with_all = split(table_of(rows), schema, key=KEY, audit_share=share)
    without = split(table_of(fewer), schema, key=KEY, audit_share=share)
    moved = (bag(with_all.train) - bag(without.train)) + (bag(with_all.controls) - bag(without.controls))
    assert moved == Counter([gone])
    assert bag(without.train) <= bag(with_all.train)
    assert bag(without.controls) <= bag(with_all.controls)


def test_equal_rows_of_different_people_are_split_one_by_one():
    table = table_of([("a", 1, 1.0)] * 1000)
    parts = split(table, schema_with(None), key=KEY, audit_share=0.5)
    assert 200 < parts.controls.num_rows < 300
    assert 200 < parts.members.num_rows < 300


def test_the_share_of_audited_people_is_as_asked():
    table = table_of([(f"p{n}", n, 0.0) for n in range(20_000)])
    parts = split(table, schema_with("id"), key=KEY, audit_share=0.1)
    # 5 standard deviations of Binomial(20 000, 0.05): false alarm 1e-6, and the key is fixed.
    assert abs(parts.members.num_rows - 1000) < 155
    assert abs(parts.controls.num_rows - 1000) < 155


def test_another_key_chooses_others():
    rows = [("a", n, 0.0) for n in range(30)]
    schema = schema_with("id", 10)
    assert bag(bound_rows(table_of(rows), schema, key=KEY)) != bag(bound_rows(table_of(rows), schema, key=b"k" * 32))
    people = table_of([(f"p{n}", n, 0.0) for n in range(100)])
    one, two = (split(people, schema_with("id"), key=key, audit_share=1.0).controls for key in (KEY, b"k" * 32))
    assert bag(one) != bag(two)


def test_what_is_kept_never_changes_between_versions():
    rows = [("a", n, n / 7) for n in range(8)] + [("b", None, None)]
    kept = bound_rows(table_of(rows), schema_with("id", 3), key=KEY)
    parts = split(table_of(rows), schema_with(None), key=KEY, audit_share=0.5)
    assert (kept["n"].to_pylist(), parts.members["n"].to_pylist(), parts.controls["n"].to_pylist()) == GOLDEN


GOLDEN = ([1, 2, 4, None], [0, 2, 6], [1, 3, 5, 7])


def test_every_type_counts_towards_which_row_it_is():
    document = {
        "fields": [{"name": "id", "type": "integer"}]
        + [{"name": t, "type": t} for t in ("boolean", "date", "datetime", "text")],
        "understudy:privacyUnit": {"column": "id", "maxRows": 1},
    }
    columns = {
        "id": pa.array([1, 1, 2, 2, 3, 3, 4, 4]),
        "boolean": pa.array([True, False, None, None, None, None, None, None]),
        "date": pa.array([0, 0, 0, 1, None, None, None, None], pa.date32()),
        "datetime": pa.array([0, 0, 0, 0, 0, 1, None, None], pa.timestamp("us")),
        "text": pa.array([None, None, None, None, None, None, "", None]),
    }
    table = pa.table(columns)
    schema = TableSchema.parse(document)
    backwards = table.take(pa.array(range(7, -1, -1)))
    kept, again = (bound_rows(each, schema, key=KEY) for each in (table, backwards))
    assert bag(kept) == bag(again)
    assert kept.num_rows == 4


def test_a_row_without_a_person_is_refused():
    table = table_of([("a", 1, 0.0), ("b", 2, 0.0)]).set_column(0, "id", pa.array(["a", None]))
    for call in (
        lambda: bound_rows(table, schema_with("id"), key=KEY),
        lambda: split(table, schema_with("id"), key=KEY, audit_share=0.1),
    ):
        with pytest.raises(InputRefused) as caught:
            call()
        assert caught.value.reason == "unit-missing"


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_out_of_range_is_refused(share):
    with pytest.raises(PrivacyParameterError):
        split(table_of([("a", 1, 0.0)]), schema_with("id"), key=KEY, audit_share=share)


def test_many_chunks_and_no_rows():
    schema = schema_with("id", 1)
    empty = table_of([])
    assert bound_rows(empty, schema, key=KEY).num_rows == 0
    assert split(empty, schema, key=KEY, audit_share=0.5).train.num_rows == 0
    assert split(empty, schema_with(None), key=KEY, audit_share=0.5).train.num_rows == 0
    part = table_of([("a", 1, 0.0), ("b", 2, 0.5)])
    chunked = pa.concat_tables([part, part, part])
    assert bound_rows(chunked, schema, key=KEY).num_rows == 2
