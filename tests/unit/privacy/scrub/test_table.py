"""Whole tables: types and places stay, people stay themselves, nothing of the input's identifiers does."""

from __future__ import annotations

import re
from datetime import date

import pyarrow as pa
import pytest

from privacy.scrub.table import ScrubReport, fresh_identifiers, open_text_scrubber, scrub_table
from privacy.scrub.text import TextScrubber
from understudy.schema import TableSchema

_KEY = b"table key" * 4
_FIELDS = (
    ("pid", "integer", "identifier"),
    ("first", "string", "first_name"),
    ("last", "string", "last_name"),
    ("full", "string", "name"),
    ("mrn", "string", "mrn"),
    ("ssn", "string", "ssn"),
    ("phone", "string", "phone"),
    ("phone_no", "integer", "phone"),
    ("email", "string", "email"),
    ("zip", "integer", "zip"),
    ("fax", "number", "fax"),
    ("photo", "string", "pii"),
    ("born", "date", "pii"),
    ("age", "integer", None),
    ("ward", "string", None),
    ("note", "text", None),
)


def _schema(fields: tuple[tuple[str, str, str | None], ...] = _FIELDS, unit: str | None = "pid") -> TableSchema:
    document: dict[str, object] = {
        "fields": [
            {"name": name, "type": type_, **({"understudy:kind": kind} if kind else {})} for name, type_, kind in fields
        ]
    }
    if unit is not None:
        document["understudy:privacyUnit"] = {"column": unit, "maxRows": 4}
    return TableSchema.parse(document)


def _row(person: int, visit: int) -> dict[str, object]:
    letters = chr(97 + person % 26) + chr(97 + person // 26)
    first, last = f"Zw{letters}ka", f"Quor{letters}"
    phone = f"617-{200 + person}-{3000 + person}"
    return {
        "pid": 10_000 + person,
        "first": first,
        "last": last,
        "full": f"{last}, {first}",
        "mrn": f"MRN{person + 40_000:07d}",
        "ssn": f"{person + 100}-12-{person + 3000}",
        "phone": phone,
        "phone_no": int(phone.replace("-", "")),
        "email": f"{first}.{last}@realmail.com".lower(),
        "zip": 2000 + person,
        "fax": float(phone.replace("-", "")),
        "photo": f"img{person}",
        "born": date(1950, 1, 1),
        "age": 40 + person % 40,
        "ward": "ICU",
        "note": f"Visit {visit}: {first} {last} (mrn {person + 40_000:07d}) phoned from {phone.replace('-', '.')} "
        f"about {first.lower()}'s cough.",
    }


def _table(n_people: int = 30) -> pa.Table:
    types = {
        "integer": pa.int64(),
        "number": pa.float64(),
        "string": pa.string(),
        "text": pa.string(),
        "date": pa.date32(),
    }
    rows = [_row(person, visit) for person in range(n_people) for visit in range(2)]
    return pa.Table.from_pylist(rows, schema=pa.schema([(name, types[type_]) for name, type_, _ in _FIELDS]))


@pytest.fixture(scope="module")
def scrubber() -> TextScrubber:
    return open_text_scrubber(_KEY)


@pytest.fixture(scope="module")
def scrubbed(scrubber: TextScrubber) -> tuple[pa.Table, ScrubReport]:
    return scrub_table(_table(), _schema(), key=_KEY, scrubber=scrubber)


def test_schema_order_and_modelled_columns_stay(scrubbed: tuple[pa.Table, ScrubReport]) -> None:
    table, before = scrubbed[0], _table()
    assert table.schema.equals(before.schema)
    assert table.num_rows == before.num_rows
    for name in ("age", "ward"):
        assert table.column(name).equals(before.column(name))
    assert table.column("photo").null_count == table.column("born").null_count == table.num_rows


def test_one_person_is_one_fake_in_columns_rows_and_notes(scrubbed: tuple[pa.Table, ScrubReport]) -> None:
    rows = scrubbed[0].to_pylist()
    for one, two in zip(rows[::2], rows[1::2], strict=True):
        assert {**one, "note": ""} == {**two, "note": ""}
    assert len({row["pid"] for row in rows}) == len({row["mrn"] for row in rows}) == 30
    for row in rows:
        assert row["full"] == f"{row['last']}, {row['first']}"
        assert f"{row['first']} {row['last']} (mrn {row['mrn'][3:]})" in row["note"]
        assert row["phone"].replace("-", ".") in row["note"]
        assert f"about {row['first'].lower()}'s cough." in row["note"]
        assert row["phone_no"] == row["fax"] == int(row["phone"].replace("-", ""))


def test_no_identifier_of_any_row_is_left_in_any_row(scrubbed: tuple[pa.Table, ScrubReport]) -> None:
    after = " ".join(
        str(value) for row in scrubbed[0].drop_columns(["age"]).to_pylist() for value in row.values()
    ).lower()
    for row in _table().to_pylist():
        for name in ("first", "last", "mrn", "ssn", "phone", "phone_no", "email", "photo"):
            assert not re.search(rf"(?<!\w){re.escape(str(row[name]).lower())}(?!\w)", after), name


def test_each_row_is_mapped_by_itself(scrubber: TextScrubber, scrubbed: tuple[pa.Table, ScrubReport]) -> None:
    alone, _ = scrub_table(_table().slice(17, 1), _schema(), key=_KEY, scrubber=scrubber)
    assert alone.to_pylist() == scrubbed[0].slice(17, 1).to_pylist()


def test_another_key_gives_other_fakes(scrubbed: tuple[pa.Table, ScrubReport]) -> None:
    other, _ = scrub_table(_table(3), _schema(), key=b"other" * 8)
    for name in ("pid", "first", "mrn", "ssn", "phone", "email", "note"):
        assert other.column(name).to_pylist() != scrubbed[0].slice(0, 6).column(name).to_pylist()


def test_the_report_counts_and_holds_no_value(scrubbed: tuple[pa.Table, ScrubReport]) -> None:
    report = scrubbed[1]
    assert ScrubReport.from_dict(report.as_dict()) == report
    assert [column.column for column in report.columns] == [name for name, _, kind in _FIELDS if kind or name == "note"]
    by_name = {column.column: column for column in report.columns}
    assert by_name["note"].found["PERSON"] == 180
    assert by_name["photo"].n_dropped == by_name["ssn"].n_values == 60
    assert report.n_failed == 0
    assert not {"Zwaaka", "ICU", "img0"} & set(re.findall(r"\w+", str(report.as_dict())))


def test_empty_and_missing(scrubber: TextScrubber) -> None:
    for table in (
        _table(0),
        pa.Table.from_pylist([dict.fromkeys(_table(0).column_names)] * 3, schema=_table(0).schema),
    ):
        after, report = scrub_table(table, _schema(), key=_KEY, scrubber=scrubber)
        assert after.equals(table)
        assert report.n_rows == table.num_rows
        assert report.entities == {}


def test_types_that_hold_no_surrogate_become_missing() -> None:
    schema = _schema(
        (("a", "boolean", "mrn"), ("b", "datetime", "identifier"), ("c", "number", "ssn"), ("d", "integer", "text")),
        None,
    )
    table = pa.table({"a": [True], "b": pa.array([0], pa.timestamp("us")), "c": [1.5], "d": [1]})
    after, report = scrub_table(table, schema, key=_KEY)
    assert after.to_pylist() == [dict.fromkeys("abcd")]
    assert sum(column.n_dropped for column in report.columns) == 4


def test_the_unit_is_never_dropped() -> None:
    schema = _schema((("phone", "string", "phone"),), "phone")
    after, _ = scrub_table(pa.table({"phone": ["617-867-5309", "ask Maria", "ask Marta"]}), schema, key=_KEY)
    assert after.column("phone").null_count == 0
    assert len(set(after.column("phone").to_pylist())) == 3
    assert "Mar" not in str(after.to_pylist())


def test_a_note_that_cannot_be_scrubbed_is_dropped_and_counted() -> None:
    class Broken:
        def scrub(self, *_args: object, **_kwargs: object) -> object:
            from privacy.scrub.text import ScrubbedText

            return ScrubbedText(text=None, spans=())

    after, report = scrub_table(_table(1), _schema(), key=_KEY, scrubber=Broken())  # type: ignore[arg-type]
    assert after.column("note").null_count == 2
    assert report.n_failed == 2


def test_fresh_identifiers_have_types_and_unique_units() -> None:
    fresh = fresh_identifiers(_schema(), 500, key=_KEY)
    assert set(fresh) == {name for name, _, kind in _FIELDS if kind}
    for name, type_, _ in _FIELDS:
        if name in fresh:
            assert fresh[name].type == _table(0).schema.field(name).type, type_
            assert len(fresh[name]) == 500
    assert (
        len(set(fresh["pid"].to_pylist()))
        == len(set(fresh["email"].to_pylist()))
        == len(set(fresh["mrn"].to_pylist()))
        == 500
    )
    assert fresh["photo"].null_count == fresh["born"].null_count == 500
    rows = zip(*(fresh[name].to_pylist() for name in ("first", "last", "full", "email")), strict=True)
    for number, (first, last, full, email) in enumerate(rows):
        assert full == f"{first} {last}"
        assert email == f"{first}.{last}{number}@example.org".lower()


def test_fresh_identifiers_depend_on_nothing_but_schema_rows_and_key() -> None:
    one, two, other = (fresh_identifiers(_schema(), 20, key=key) for key in (_KEY, _KEY, b"other" * 8))
    assert all(one[name].equals(two[name]) for name in one)
    assert not one["pid"].equals(other["pid"])
    real = {
        str(value)
        for row in scrub_table(_table().drop_columns(["note"]), _schema(_FIELDS[:-1]), key=_KEY)[0].to_pylist()
        for value in row.values()
    }
    assert not real & {str(value) for name in ("pid", "full", "mrn", "email") for value in one[name].to_pylist()}


def test_an_empty_synthetic_table() -> None:
    assert all(len(values) == 0 for values in fresh_identifiers(_schema(), 0, key=_KEY).values())
