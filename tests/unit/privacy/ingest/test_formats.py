"""Formats beside CSV and Parquet, and what is packed: the same canonical table, the same refusals with their places."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from privacy.ingest import Limits, ingest
from privacy.ingest.fhir_columns import COLUMNS
from privacy.propose import propose_schema
from understudy.errors import InputRefused
from understudy.schema import TableSchema

TABLE = {
    "id": {"type": "integer"},
    "name": {"type": "string"},
    "dose": {"type": "number"},
    "on": {"type": "date"},
    "at": {"type": "datetime"},
    "ok": {"type": "boolean"},
}
at = dt.datetime.fromisoformat
ROWS: list[dict[str, Any]] = [
    {"id": 1, "name": "a", "dose": 0.5, "on": dt.date(2020, 2, 29), "at": at("2020-01-02T03:04:05"), "ok": True},
    {"id": 2, "name": "é,\t", "dose": -3.0, "on": None, "at": at("1999-12-31T00:00:00"), "ok": False},
    {"id": 3, "name": "c", "dose": None, "on": dt.date(1970, 1, 1), "at": None, "ok": None},
]


def as_csv(rows: list[dict[str, Any]], mark: str) -> bytes:
    def cell(value: object) -> str:
        text = "" if value is None else value.isoformat() if isinstance(value, dt.date) else str(value)
        return f'"{text}"' if "\t" in text or "," in text else text

    lines = [mark.join(rows[0]), *(mark.join(cell(value) for value in row.values()) for row in rows)]
    return ("\r\n".join(lines) + "\r\n").encode()


def as_jsonl(rows: list[dict[str, Any]]) -> bytes:
    def plain(value: object) -> object:
        return value.isoformat() if isinstance(value, dt.date) else value

    return b"\n".join(
        json.dumps({name: plain(value) for name, value in row.items() if value is not None}).encode() for row in rows
    )


def as_xlsx(rows: list[dict[str, Any]], *, name: str = "one", others: tuple[str, ...] = ()) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = name
    sheet.append(list(rows[0]))
    for row in rows:
        sheet.append(list(row.values()))
    for other in others:
        book.create_sheet(other)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_parquet(rows: list[dict[str, Any]]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), out)
    return out.getvalue()


WRITTEN = {
    "csv": as_csv(ROWS, ","),
    "tsv": as_csv(ROWS, "\t"),
    "jsonl": as_jsonl(ROWS),
    "xlsx": as_xlsx(ROWS),
    "parquet": as_parquet(ROWS),
}
PACKED: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda content: content,
    "gzip": gzip.compress,
    "zstd": lambda content: bytes(pa.compress(content, "zstd", asbytes=True)),
    "gzip in two parts": lambda content: gzip.compress(content[:40]) + gzip.compress(content[40:]),
}

Take = Callable[..., pa.Table]


@pytest.fixture
def take(tmp_path: Path) -> Take:
    def call(
        content: bytes, format: Any, schema: TableSchema, *, sheet: str = "", limits: Limits | None = None
    ) -> pa.Table:
        source, out = tmp_path / "in", tmp_path / "out.parquet"
        source.write_bytes(content)
        try:
            ingest(source, out, format=format, schema=schema, sheet=sheet, limits=limits)
            return pq.read_table(out)
        finally:
            out.unlink(missing_ok=True)
            assert [path.name for path in tmp_path.iterdir()] == ["in"]

    return call


@pytest.fixture
def table_schema(schema_of: Callable[..., TableSchema]) -> TableSchema:
    return schema_of(**TABLE)


def why(call: Callable[[], object]) -> tuple[str, int | None, str | None]:
    with pytest.raises(InputRefused) as caught:
        call()
    assert caught.value.__cause__ is None
    place = caught.value.where[0] if caught.value.where else None
    return caught.value.reason, place and place.line, place and place.column


@pytest.mark.parametrize("packed", PACKED)
@pytest.mark.parametrize("format", WRITTEN)
def test_every_format_gives_the_same_table(format: str, packed: str, take: Take, table_schema: TableSchema) -> None:
    assert take(PACKED[packed](WRITTEN[format]), format, table_schema).to_pylist() == ROWS


@pytest.mark.parametrize("format", ["csv", "tsv", "jsonl", "xlsx"])
def test_a_wrong_cell_has_its_line_in_every_format(format: str, take: Take, schema_of: Any) -> None:
    rows = [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}, {"id": "x", "name": "c"}]
    content = {
        "csv": as_csv(rows, ","),
        "tsv": as_csv(rows, "\t"),
        "jsonl": b"\n" + as_jsonl(rows),  # an empty line, which counts as a line
        "xlsx": as_xlsx(rows),
    }[format]
    schema = schema_of(id="integer", name="string")
    assert why(lambda: take(content, format, schema)) == ("value-not-integer", 4, "id")


class TestJsonLines:
    @pytest.mark.parametrize(
        ("content", "code", "line"),
        [
            (b'{"a": 1}\n{"a": 2', "json-invalid", 2),
            (b"[1]\n", "json-invalid", 1),
            (b'{"a": NaN}\n', "json-invalid", 1),
            (b'{"a": 1, "a": 2}\n', "json-key-twice", 1),
            (b'{"a": 1}\n{"a": {"b": 1}}\n', "value-nested", 2),
            (b'{"a": 1}\n\n{"a": [1]}\n', "value-nested", 3),
            (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n", "json-invalid", 1),
            (b'{"a": 1, "b": 2}\n', "column-unknown", 1),
            (b'{"a": 1}\n{"a": 1, "b": 2}\n', "column-unknown", 2),
            (b'{"b": 2}\n', "column-missing", 1),
            (b"\n \n", "empty-file", None),
            (b'{"a": 1}\n{"a": "\xff"}\n', "not-utf8", 2),
            (b'{"a": "1' + b"0" * (9 << 20) + b'"}', "cell-too-large", 1),
            (b"PAR1", "not-jsonl", None),
        ],
    )
    def test_what_is_no_line_is_refused_at_its_line(
        self, content: bytes, code: str, line: int | None, take: Take, schema_of: Any
    ) -> None:
        assert why(lambda: take(content, "jsonl", schema_of(a="integer")))[:2] == (code, line)

    def test_half_a_surrogate_pair_and_a_null_byte(self, take: Take, schema_of: Any) -> None:
        schema = schema_of(a="string")
        assert why(lambda: take(b'{"a": "x"}\n{"a": "\\ud800"}\n', "jsonl", schema)) == ("not-utf8", 2, "a")
        assert why(lambda: take(b'{"a": "\\u0000"}\n', "jsonl", schema))[0] == "null-byte"

    def test_numbers_keep_their_digits(self, take: Take, schema_of: Any) -> None:
        content = b'\xef\xbb\xbf{"a": 9007199254740993, "b": "x"}\r\n{"a": 1.0, "b": 1.10}\n'
        found = take(content, "jsonl", schema_of(a="integer", b="string")).to_pylist()
        assert found == [{"a": 9007199254740993, "b": "x"}, {"a": 1, "b": "1.10"}]
        assert (
            why(lambda: take(b'{"a": 1' + b"0" * 30 + b"}", "jsonl", schema_of(a="integer")))[0] == "value-not-integer"
        )

    def test_a_key_that_no_row_has_is_a_missing_column(self, take: Take, schema_of: Any) -> None:
        schema = schema_of(a="integer", b="integer")
        assert why(lambda: take(b'{"a": 1}\n{"a": 2}\n', "jsonl", schema)) == ("column-missing", None, "b")
        assert take(b'{"a": 1}\n{"b": 2}\n', "jsonl", schema).to_pylist() == [{"a": 1, "b": None}, {"a": None, "b": 2}]


def zipped(entries: dict[str, bytes], level: int = 9) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return out.getvalue()


def parts_of(book: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


SHEET = "xl/worksheets/sheet1.xml"


SMALL: list[dict[str, Any]] = [{"a": 1}]


class TestWorkbooks:
    schema = TableSchema.parse({"fields": [{"name": "a", "type": "integer"}]})

    def test_the_sheet_is_the_only_one_or_named(self, take: Take) -> None:
        book = as_xlsx(SMALL, name="data", others=("notes",))
        assert why(lambda: take(book, "xlsx", self.schema))[0] == "sheet-unclear"
        assert why(lambda: take(book, "xlsx", self.schema, sheet="none"))[0] == "sheet-unknown"
        assert take(book, "xlsx", self.schema, sheet="data").to_pylist() == [{"a": 1}]
        assert why(lambda: take(book, "xlsx", self.schema, sheet="notes"))[0] == "empty-file"

    def test_a_formula_is_the_value_that_was_saved(self, take: Take) -> None:
        parts = parts_of(as_xlsx(SMALL))
        parts[SHEET] = parts[SHEET].replace(b"<v>1</v>", b"<f>CALL()</f><v>7</v>")
        assert take(zipped(parts), "xlsx", self.schema).to_pylist() == [{"a": 7}]

    def test_a_bomb_is_stopped(self, take: Take) -> None:
        parts = parts_of(as_xlsx(SMALL))
        parts["xl/sharedStrings.xml"] = b"<sst>" + b" " * (3 << 20) + b"</sst>"
        limits = Limits(ratio_floor_bytes=1 << 20, max_ratio=1.0)
        assert why(lambda: take(zipped(parts), "xlsx", self.schema, limits=limits))[0] == "decoded-too-large"

    def test_two_cells_far_apart_are_a_bomb(self, take: Take) -> None:
        parts = parts_of(as_xlsx(SMALL))
        far = parts[SHEET].replace(b"</sheetData>", b'<row r="1048576"><c r="ZZ1048576"><v>1</v></c></row></sheetData>')
        assert why(lambda: take(zipped(parts | {SHEET: far}), "xlsx", self.schema))[0] == "decoded-too-large"
        wide = parts[SHEET].replace(b"</sheetData>", b'<row r="3"><c r="XFD3"><v>1</v></c></row></sheetData>')
        assert why(lambda: take(zipped(parts | {SHEET: wide}), "xlsx", self.schema))[0] == "too-many-columns"

    @pytest.mark.parametrize("name", ["../x.xml", "/etc/passwd", "xl\\..\\x.xml", "C:x.xml"])
    def test_an_entry_outside_is_refused(self, name: str, take: Take) -> None:
        book = zipped(parts_of(as_xlsx(SMALL)) | {name: b"x"})
        assert why(lambda: take(book, "xlsx", self.schema))[0] == "archive-unsafe"

    def test_too_many_entries(self, take: Take) -> None:
        book = zipped(parts_of(as_xlsx(SMALL)) | {f"xl/media/{n}.xml": b"" for n in range(1001)})
        assert why(lambda: take(book, "xlsx", self.schema))[0] == "archive-unsafe"

    @pytest.mark.parametrize(
        "change",
        [
            lambda parts: {"a.txt": b"x"},
            lambda parts: parts | {SHEET: b"<worksheet>"},
            lambda parts: parts | {"xl/workbook.xml": b"\xff\xfe"},
            lambda parts: {name: content for name, content in parts.items() if name != "xl/workbook.xml"},
        ],
    )
    def test_a_damaged_workbook(self, change: Callable[[dict[str, bytes]], dict[str, bytes]], take: Take) -> None:
        code = why(lambda: take(zipped(change(parts_of(as_xlsx(SMALL)))), "xlsx", self.schema))[0]
        assert code in ("not-xlsx", "empty-file", "sheet-unclear")

    def test_a_cut_and_a_foreign_file(self, take: Take) -> None:
        for content in (as_xlsx(SMALL)[:-100], b"PK\x03\x04", b"a\n1\n", b"\xd0\xcf\x11\xe0" * 200):
            assert why(lambda content=content: take(content, "xlsx", self.schema))[0] == "not-xlsx"

    def test_entities_are_not_expanded(self, take: Take) -> None:
        parts = parts_of(as_xlsx(SMALL))
        bomb = b'<!DOCTYPE s [<!ENTITY a "1"><!ENTITY b "&a;&a;&a;&a;">]>'
        parts[SHEET] = bomb + parts[SHEET].replace(b"<v>1</v>", b"<v>&b;&b;</v>")
        with pytest.raises(InputRefused):
            take(zipped(parts), "xlsx", self.schema)


class TestPacked:
    schema = TableSchema.parse({"fields": [{"name": "a", "type": "string"}]})

    @pytest.mark.parametrize("pack", ["gzip", "zstd"])
    def test_a_bomb_is_stopped_at_the_cap(self, pack: str, take: Take) -> None:
        content = PACKED[pack](b"a\n" + b"x" * (4 << 20))
        limits = Limits(ratio_floor_bytes=1 << 20, max_ratio=1.0)
        assert why(lambda: take(content, "csv", self.schema, limits=limits))[0] == "decoded-too-large"

    @pytest.mark.parametrize("pack", ["gzip", "zstd"])
    def test_damage_is_noticed(self, pack: str, take: Take) -> None:
        content = PACKED[pack](b"a\n" + b"x\n" * 1000)
        assert why(lambda: take(content[:-2], "csv", self.schema))[0] == "archive-damaged"
        assert why(lambda: take(content + b"more", "csv", self.schema))[0] == "archive-damaged"
        assert why(lambda: take(content[:4], "csv", self.schema))[0] == "archive-damaged"

    def test_twice_packed_and_nothing_packed(self, take: Take) -> None:
        assert why(lambda: take(gzip.compress(PACKED["zstd"](b"a\nx\n")), "csv", self.schema))[0] == "archive-nested"
        assert why(lambda: take(gzip.compress(b""), "csv", self.schema))[0] == "empty-file"


def fhir(kind: str, **fields: object) -> dict[str, object]:
    return {"resourceType": kind, **fields}


def lines(*resources: dict[str, object]) -> bytes:
    return b"\n".join(json.dumps(resource).encode() for resource in resources)


def coded(code: str) -> dict[str, object]:
    return {"coding": [{"system": "http://s", "code": code, "display": f"the {code}"}]}


def fhir_schema(*names: str, **types: str) -> TableSchema:
    return TableSchema.parse(
        {
            "fields": [{"name": name, "type": types.get(name, "string")} for name in ("patient", *names)],
            "understudy:privacyUnit": {"column": "patient", "maxRows": 5},
        }
    )


SUBJECT = {"reference": "Patient/p1"}


class TestFhir:
    def test_patients(self, take: Take) -> None:
        content = lines(
            fhir("Patient", id="p1", gender="female", birthDate="1950-02-03", address=[{"postalCode": "1234"}]),
            fhir("Patient", id="p2", deceasedDateTime="2020-01-01T10:00:00Z"),
        )
        schema = fhir_schema("gender", "birth_date", "deceased", "postal_code", birth_date="date", deceased="boolean")
        assert take(content, "fhir", schema).to_pylist() == [
            {
                "patient": "p1",
                "gender": "female",
                "birth_date": dt.date(1950, 2, 3),
                "deceased": None,
                "postal_code": "1234",
            },
            {"patient": "p2", "gender": None, "birth_date": None, "deceased": True, "postal_code": None},
        ]

    def test_encounters_keep_the_clock_on_the_wall(self, take: Take) -> None:
        period = {"start": "2020-01-01T23:30:00+02:00", "end": "2020-01-02T08:00:00.1234567Z"}
        content = lines(fhir("Encounter", id="e", subject=SUBJECT, period=period, **{"class": {"code": "EMER"}}))
        (row,) = take(
            content, "fhir", fhir_schema("class", "start", "end", start="datetime", end="datetime")
        ).to_pylist()
        assert row["start"] == at("2020-01-01T23:30:00")
        assert row["end"] == at("2020-01-02T08:00:00.123456")
        assert row["class"] == "EMER"

    def test_a_panel_makes_a_row_of_each_component(self, take: Take) -> None:
        parts = [
            {"code": coded("8480-6"), "valueQuantity": {"value": 120.0, "code": "mm[Hg]"}},
            {"code": coded("8462-4"), "valueQuantity": {"value": 80, "code": "mm[Hg]"}},
        ]
        content = lines(
            fhir("Observation", id="o1", subject=SUBJECT, code=coded("85354-9"), component=parts),
            fhir("Observation", id="o2", subject=SUBJECT, code=coded("29463-7"), valueQuantity={"value": 70.5}),
        )
        found = take(content, "fhir", fhir_schema("panel", "code", "value", value="number")).to_pylist()
        assert [(row["panel"], row["code"], row["value"]) for row in found] == [
            ("85354-9", "8480-6", 120.0),
            ("85354-9", "8462-4", 80.0),
            (None, "29463-7", 70.5),
        ]

    def test_the_other_kinds(self, take: Take) -> None:
        condition = fhir(
            "Condition", id="c", subject={"reference": "urn:uuid:p9"}, code=coded("I21"), onsetDateTime="2019-05-06"
        )
        assert take(lines(condition), "fhir", fhir_schema("code", "onset", onset="datetime")).to_pylist() == [
            {"patient": "p9", "code": "I21", "onset": at("2019-05-06T00:00:00")}
        ]
        dose = {"doseAndRate": [{"doseQuantity": {"value": 5, "unit": "mg"}}], "asNeededBoolean": False}
        request = fhir("MedicationRequest", id="m", subject=SUBJECT, dosageInstruction=[dose])
        request["medicationCodeableConcept"] = coded("197361")
        schema = fhir_schema("medication", "dose", "as_needed", dose="number", as_needed="boolean")
        assert take(lines(request), "fhir", schema).to_pylist() == [
            {"patient": "p1", "medication": "197361", "dose": 5.0, "as_needed": False}
        ]
        claim = fhir("Claim", id="c", patient=SUBJECT, item=[{}, {}], total={"value": 12.5, "currency": "EUR"})
        schema = fhir_schema("n_items", "total", "currency", n_items="integer", total="number")
        assert take(lines(claim), "fhir", schema).to_pylist() == [
            {"patient": "p1", "n_items": 2, "total": 12.5, "currency": "EUR"}
        ]

    def test_what_is_refused(self, take: Take, schema_of: Any) -> None:
        patient, schema = fhir("Patient", id="p"), fhir_schema("gender")
        assert why(lambda: take(lines(patient, fhir("Claim", id="c")), "fhir", schema))[:2] == ("fhir-mixed", 2)
        assert why(lambda: take(lines(fhir("Bundle")), "fhir", schema))[:2] == ("not-fhir", 1)
        assert why(lambda: take(lines(patient, {"id": "x"}), "fhir", schema))[:2] == ("not-fhir", 2)
        assert why(lambda: take(lines(patient), "fhir", fhir_schema("ward"))) == ("column-missing", None, "ward")
        assert why(lambda: take(lines(patient), "fhir", schema_of(patient="string")))[0] == "fhir-unit"
        nobody = fhir("Condition", id="c")
        assert why(lambda: take(lines(nobody), "fhir", fhir_schema("code"))) == ("unit-missing", 1, "patient")
        odd = fhir("Patient", id={"x": 1}, gender=["female", {"y": 2}])
        assert why(lambda: take(lines(odd), "fhir", schema))[0] == "unit-missing"

    @pytest.mark.parametrize("kind", COLUMNS)
    def test_a_schema_is_proposed_for_each_kind_and_reads_it(self, kind: str, take: Take, tmp_path: Path) -> None:
        content = gzip.compress(lines(fhir(kind, id="p1", subject=SUBJECT, patient=SUBJECT)))
        (tmp_path / "in").write_bytes(content)
        proposal = propose_schema(tmp_path / "in", format="fhir", include_data=False)
        document = proposal["table_schema"]
        assert isinstance(document, dict)
        schema = TableSchema.parse(document)
        assert list(schema.names) == [column.name for column in COLUMNS[kind]]
        assert schema.unit.column == "patient"
        assert take(content, "fhir", schema).num_rows == 1


@pytest.mark.parametrize("format", ["tsv", "jsonl", "xlsx"])
def test_a_schema_is_proposed_for_every_format(format: Any, tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(gzip.compress(WRITTEN[format]))
    document = propose_schema(tmp_path / "in", format=format, include_data=False)["table_schema"]
    assert isinstance(document, dict)
    types = {field["name"]: field["type"] for field in document["fields"]}
    assert types == {name: entry["type"] for name, entry in TABLE.items()}
    assert [path.name for path in tmp_path.iterdir()] == ["in"]
