"""Malformed tables, made anew each time and the same each time: a name, a format, bytes, and the code they must get.

A code of None: it may be taken in or be refused, but never break anything. ``CANARY`` stands in most of them.
"""

from __future__ import annotations

import gzip
import io
import json
import random
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

CANARY = "Jane-Q-4711"

SCHEMA: dict[str, object] = {
    "fields": [
        {"name": "patient", "type": "string", "understudy:kind": "identifier"},
        {"name": "age", "type": "integer", "constraints": {"minimum": 0, "maximum": 120}},
        {"name": "sex", "type": "string", "constraints": {"enum": ["F", "M"]}, "understudy:target": True},
        {"name": "dose", "type": "number"},
        {"name": "day", "type": "date"},
        {"name": "at", "type": "datetime"},
        {"name": "ok", "type": "boolean", "constraints": {"required": True}},
    ],
    "understudy:population": "hostile",
    "understudy:privacyUnit": {"column": "patient", "maxRows": 2},
}
FHIR_SCHEMA: dict[str, object] = {
    "fields": [
        {"name": "patient", "type": "string", "understudy:kind": "identifier"},
        {"name": "gender", "type": "string", "constraints": {"enum": ["female", "male"]}},
        {"name": "birth_date", "type": "date"},
    ],
    "understudy:population": "hostile",
    "understudy:privacyUnit": {"column": "patient", "maxRows": 2},
}
NAMES = ("patient", "age", "sex", "dose", "day", "at", "ok")
GOOD: dict[str, Any] = {
    "patient": CANARY,
    "age": 40,
    "sex": "F",
    "dose": 0.5,
    "day": "2020-02-29",
    "at": "2020-01-01T10:00:00",
    "ok": True,
}


@dataclass(frozen=True)
class Hostile:
    """One file."""

    name: str
    format: str
    content: bytes
    code: str | None

    @property
    def schema(self) -> dict[str, object]:
        return FHIR_SCHEMA if self.format == "fhir" else SCHEMA


BAD_CELLS: tuple[tuple[str, object, str], ...] = (
    ("age", CANARY, "value-not-integer"),
    ("age", "4.5", "value-not-integer"),
    ("age", "0x1F", "value-not-integer"),
    ("age", "9" * 30, "value-not-integer"),
    ("age", "-1", "value-below-minimum"),
    ("age", "121", "value-above-maximum"),
    ("age", "=1+1", "value-not-integer"),
    ("age", "@SUM(A1:A9)", "value-not-integer"),
    ("age", "٤٢", "value-not-integer"),
    ("sex", CANARY, "value-not-in-enum"),
    ("sex", "=cmd|'/C calc'!A0", "value-not-in-enum"),
    ("dose", "1,5", "value-not-number"),
    ("dose", "1e999", "value-not-finite"),
    ("dose", "NaN", "value-not-finite"),
    ("dose", "-inf", "value-not-finite"),
    ("day", "2020-02-30", "value-not-date"),
    ("day", "0000-01-01", "value-not-date"),
    ("day", "10000-01-01", "value-not-date"),
    ("day", "01/02/2020", "value-not-date"),
    ("at", "2020-01-01T25:00:00", "value-not-datetime"),
    ("at", "2020-01-01T10:00:00Z", "value-not-datetime"),
    ("at", "292278994-08-17T07:12:55", "value-not-datetime"),
    ("ok", "maybe", "value-not-boolean"),
    ("ok", "", "value-missing"),
    ("patient", "", "unit-missing"),
    ("patient", "   ", "unit-missing"),
)
"""(column, cell, code): refused in whatever format it comes."""


def text_table(mark: str, *rows: dict[str, Any]) -> bytes:
    def cell(value: object) -> str:
        text = str(value).lower() if isinstance(value, bool) else str(value)
        return f'"{text}"' if mark in text else text

    body = [mark.join(cell(row[name]) for name in NAMES) for row in rows]
    return ("\n".join([mark.join(NAMES), *body]) + "\n").encode()


def json_lines(*rows: dict[str, Any]) -> bytes:
    return b"\n".join(json.dumps(row).encode() for row in rows) + b"\n"


def workbook(*rows: dict[str, Any]) -> bytes:
    book = openpyxl.Workbook()
    book.active.append(list(NAMES))
    for row in rows:
        book.active.append([row[name] for name in NAMES])
        for cell in book.active[book.active.max_row]:
            cell.data_type = "s" if isinstance(cell.value, str) else cell.data_type  # a formula's text, not a formula
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def parquet(table: pa.Table, **options: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, **options)
    return out.getvalue()


def parquet_rows(*rows: dict[str, Any]) -> bytes:
    return parquet(
        pa.table({name: [str(row[name]).lower() if name == "ok" else str(row[name]) for row in rows] for name in NAMES})
    )


WRITERS: dict[str, Callable[..., bytes]] = {
    "csv": lambda *rows: text_table(",", *rows),
    "tsv": lambda *rows: text_table("\t", *rows),
    "jsonl": json_lines,
    "xlsx": workbook,
    "parquet": parquet_rows,
}


def cells() -> Iterator[Hostile]:
    for kind, write in WRITERS.items():
        for number, (column, value, code) in enumerate(BAD_CELLS):
            if kind == "xlsx" and (number % 3 or value == "   "):
                continue  # a workbook costs more to make than to refuse
            yield Hostile(f"cell {number} {column}", kind, write(GOOD, GOOD | {column: value}), code)


def texts() -> Iterator[Hostile]:
    """What is no table of text."""
    for kind, mark in (("csv", ","), ("tsv", "\t")):
        good, head = text_table(mark, GOOD), mark.join(NAMES).encode() + b"\n"
        wide = mark.join(f"c{n}" for n in range(5000)).encode()
        cases: tuple[tuple[str, bytes, str | None], ...] = (
            ("empty", b"", "empty-file"),
            ("blank lines", b"\n\r\n \n", "empty-file"),
            ("a mark of order only", b"\xef\xbb\xbf", "empty-file"),
            ("header only", head, "no-rows"),
            ("ragged short", good + mark.join(["x", CANARY]).encode() + b"\n", "row-ragged"),
            ("ragged long", good + mark.join([CANARY] * 9).encode() + b"\n", "row-ragged"),
            ("5,000 columns", wide + b"\n" + b"1\n", "too-many-columns"),
            ("header twice", head.replace(b"dose", b"age") + good.split(b"\n")[1], "header-twice"),
            (
                "column missing",
                good.replace(mark.encode() + b"ok", b"").replace(mark.encode() + b"true", b""),
                "column-missing",
            ),
            ("column unknown", good.replace(b"dose", b"doze"), "column-unknown"),
            ("no header", good.split(b"\n", 1)[1], "column-missing"),
            ("open quote", good.replace(b"true", b'"true'), "csv-quote-open"),
            ("null byte", good + b"\0", "null-byte"),
            ("utf-16", good.decode().encode("utf-16"), "null-byte"),
            ("utf-16 without a mark", good.decode().encode("utf-16-le"), "null-byte"),
            ("utf-32", good.decode().encode("utf-32"), "null-byte"),
            ("latin-1", good.replace(b"Jane", "Jäne".encode("latin-1")), "not-utf8"),
            ("half a surrogate pair", good.replace(b"Jane", b"\xed\xa0\x80"), "not-utf8"),
            ("overlong", good.replace(b"Jane", b"\xc0\xaf"), "not-utf8"),
            ("half a letter at the end", good + b"\xc3", "not-utf8"),
            ("beyond unicode", good.replace(b"Jane", b"\xf4\x90\x80\x80"), "not-utf8"),
            ("huge cell", good.replace(b"Jane", b"J" * (2 << 20)), "cell-too-large"),
            ("huge row", good.replace(b"Jane", b"J" * (9 << 20)), "cell-too-large"),
            ("huge header", b"x" * (9 << 20), None),
            ("no delimiter", good.replace(mark.encode(), b"~"), "column-missing"),
            ("pdf", b"%PDF-1.7\n", "not-csv"),
            ("zip", b"PK\x03\x04 " + good, "not-csv"),
            ("parquet", WRITERS["parquet"](GOOD), "not-csv"),
            ("xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500, "not-csv"),
            ("png", b"\x89PNG\r\n\x1a\n", None),
            ("html", b"<!DOCTYPE html><html><body>" + CANARY.encode() + b"</body></html>", "column-missing"),
            ("json", json_lines(GOOD), None),
            ("quotes everywhere", b'"' * 10_001, None),
            ("returns everywhere", b"\r" * 10_000 + good + b"\r" * 10_000, None),
        )
        yield from (Hostile(name, kind, content, code) for name, content, code in cases)


def lines() -> Iterator[Hostile]:
    """What is no line of JSON."""
    good = json_lines(GOOD)
    deep = b'{"patient": ' + b'{"a":' * 50_000 + b"1" + b"}" * 50_001 + b"\n"
    cases: tuple[tuple[str, bytes, str | None], ...] = (
        ("empty", b"", "empty-file"),
        ("blank", b"\n \n", "empty-file"),
        ("cut", good[:-20], "json-invalid"),
        ("array", b"[" + good.strip() + b"]", "json-invalid"),
        ("scalar", b'"' + CANARY.encode() + b'"\n', "json-invalid"),
        ("deep", good + deep, "json-invalid"),
        ("deep list", good + b"[" * 100_000, "json-invalid"),
        ("nested value", json_lines(GOOD | {"sex": {"code": CANARY}}), "value-nested"),
        ("list value", json_lines(GOOD | {"sex": [CANARY]}), "value-nested"),
        ("key twice", good.replace(b'"dose"', b'"age"'), "json-key-twice"),
        ("nan", good.replace(b"0.5", b"NaN"), "json-invalid"),
        ("single quotes", good.replace(b'"', b"'"), "json-invalid"),
        ("comment", b"// " + CANARY.encode() + b"\n" + good, "json-invalid"),
        ("half a pair", good.replace(b"Jane", b"\\ud800"), "not-utf8"),
        ("escaped null", good.replace(b"Jane", b"\\u0000"), "null-byte"),
        ("bare null", good.replace(b"Jane", b"\0"), "json-invalid"),
        ("not utf-8", good.replace(b"Jane", b"\xff"), "not-utf8"),
        ("utf-16", good.decode().encode("utf-16"), "not-utf8"),
        (
            "unknown key",
            json_lines(GOOD | {CANARY: 1}).replace(CANARY.encode() + b'": 1', b'more": 1'),
            "column-unknown",
        ),
        ("unknown key later", good + json_lines(GOOD | {CANARY: 1}), "column-unknown"),
        ("strange keys", json_lines({CANARY: 1}), "column-missing"),
        ("5,000 keys", json_lines({f"c{n}": 1 for n in range(5000)}), "too-many-columns"),
        ("huge line", good.replace(b"Jane", b"J" * (9 << 20)), "cell-too-large"),
        ("huge number", good.replace(b"40", b"4" * 100_000), None),
        ("huge exponent", good.replace(b"0.5", b"1e99999999"), None),
        ("a key never there", json_lines({name: GOOD[name] for name in NAMES if name != "dose"}), "column-missing"),
        ("csv", text_table(",", GOOD), "json-invalid"),
        ("parquet", WRITERS["parquet"](GOOD), "not-jsonl"),
    )
    yield from (Hostile(name, "jsonl", content, code) for name, content, code in cases)


def resources() -> Iterator[Hostile]:
    """What is no FHIR, or another one."""
    good = {"resourceType": "Patient", "id": CANARY, "gender": "female", "birthDate": "1950-01-02"}
    cases: tuple[tuple[str, bytes, str | None], ...] = (
        ("empty", b"", "empty-file"),
        ("no kind", json_lines({"id": CANARY}), "not-fhir"),
        ("kind a list", json_lines(good | {"resourceType": ["Patient"]}), "not-fhir"),
        ("kind unknown", json_lines(good | {"resourceType": CANARY}), "not-fhir"),
        ("bundle", json_lines({"resourceType": "Bundle", "entry": [{"resource": good}]}), "not-fhir"),
        ("mixed", json_lines(good, good | {"resourceType": "Claim"}), "fhir-mixed"),
        ("another kind", json_lines(good | {"resourceType": "Encounter"}), "column-missing"),
        ("nobody", json_lines({"resourceType": "Patient"}), "unit-missing"),
        ("blank id", json_lines(good | {"id": " "}), "unit-missing"),
        ("id an object", json_lines(good | {"id": {"x": CANARY}}), "unit-missing"),
        ("gender unknown", json_lines(good | {"gender": CANARY}), "value-not-in-enum"),
        ("gender a tree", json_lines(good | {"gender": [[[{"a": CANARY}]]]}), None),
        ("half a date", json_lines(good | {"birthDate": "1950-01"}), "value-not-date"),
        ("date far away", json_lines(good | {"birthDate": "99999-01-01"}), "value-not-date"),
        ("date a number", json_lines(good | {"birthDate": 1950}), "value-not-date"),
        ("cut", json_lines(good)[:-9], "json-invalid"),
        ("xml", b"<Patient xmlns='http://hl7.org/fhir'/>", "json-invalid"),
        ("half a pair", json_lines(good | {"id": "\ud800"}), "not-utf8"),
        ("many names", json_lines(good | {"name": [{"family": CANARY}] * 20_000}), None),
    )
    yield from (Hostile(name, "fhir", content, code) for name, content, code in cases)


SHEET = "xl/worksheets/sheet1.xml"


def zipped(entries: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return out.getvalue()


def workbooks() -> Iterator[Hostile]:
    """What is no workbook, or means harm."""
    book = workbook(GOOD)
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}

    def sheet(before: bytes, after: bytes) -> bytes:
        assert before in parts[SHEET]
        return zipped(parts | {SHEET: parts[SHEET].replace(before, after)})

    many = io.BytesIO()
    two = openpyxl.Workbook()
    two.create_sheet("other")
    two.save(many)
    laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    end = b"</sheetData>"
    cases: tuple[tuple[str, bytes, str | None], ...] = (
        ("empty", b"", "empty-file"),
        ("text", b"patient,age\n", "not-xlsx"),
        ("a mark only", b"PK\x03\x04", "not-xlsx"),
        ("cut", book[:-40], "not-xlsx"),
        ("cut in the middle", book[: len(book) // 2], "not-xlsx"),
        ("an empty zip", zipped({}), "not-xlsx"),
        ("a zip of text", zipped({"a.csv": CANARY.encode()}), "not-xlsx"),
        ("a word file", zipped({"word/document.xml": b"<w/>", "[Content_Types].xml": b"<Types/>"}), "not-xlsx"),
        ("slip up", zipped(parts | {"../../evil.xml": b"x"}), "archive-unsafe"),
        ("slip to the root", zipped(parts | {"/etc/cron.d/x": b"x"}), "archive-unsafe"),
        ("slip by a drive", zipped(parts | {"C:\\x": b"x"}), "archive-unsafe"),
        ("too many entries", zipped(parts | {f"x/{n}": b"" for n in range(1200)}), "archive-unsafe"),
        ("sheet no xml", zipped(parts | {SHEET: b"\xff\xfe\0"}), None),
        ("sheet cut", zipped(parts | {SHEET: parts[SHEET][:300]}), None),
        ("book no xml", zipped(parts | {"xl/workbook.xml": CANARY.encode()}), None),
        ("laughs", zipped(parts | {SHEET: laughs + parts[SHEET].replace(b"<v>40</v>", b"<v>&b;</v>")}), None),
        ("far cell", sheet(end, b'<row r="1048576"><c r="ALL1048576"><v>1</v></c></row>' + end), "decoded-too-large"),
        ("wide cell", sheet(end, b'<row r="9"><c r="XFD9"><v>1</v></c></row>' + end), "too-many-columns"),
        ("no such cell", sheet(end, b'<row r="9"><c r="AAAA99999999"><v>1</v></c></row>' + end), "too-many-columns"),
        ("shared string that is not", sheet(end, b'<row r="9"><c r="A9" t="s"><v>999999</v></c></row>' + end), None),
        ("style that is not", sheet(b'r="B2"', b'r="B2" s="70000"'), None),
        ("two sheets", many.getvalue(), "sheet-unclear"),
        ("formula without a value", sheet(b"<v>40</v>", b"<f>WEBSERVICE(A1)</f>"), None),
        ("spaces", zipped(parts | {"xl/styles.xml": b" " * (300 << 20)}), "decoded-too-large"),
        ("xls", b"\xd0\xcf\x11\xe0" + b"\0" * 3000, "not-xlsx"),
    )
    yield from (Hostile(name, "xlsx", content, code) for name, content, code in cases)


def columns() -> Iterator[Hostile]:
    """Parquet that is none, or holds what no cell is."""
    good = WRITERS["parquet"](GOOD)
    table = pq.read_table(io.BytesIO(good))

    def other(name: str, array: pa.Array) -> bytes:
        return parquet(table.set_column(table.schema.get_field_index(name), name, array))

    wide = pa.table({f"c{n}": pa.array([1]) for n in range(5000)})
    dictionary = pa.DictionaryArray.from_arrays(pa.array([0] * 100_000, pa.int32()), pa.array(["x" * 100_000]))
    bomb = pa.table(dict.fromkeys(NAMES, dictionary))
    cases: tuple[tuple[str, bytes, str | None], ...] = (
        ("empty", b"", "empty-file"),
        ("a mark only", b"PAR1", "not-parquet"),
        ("two marks", b"PAR1PAR1", "not-parquet"),
        ("no foot", good[:-8], "not-parquet"),
        ("foot too long", good[:-8] + b"\xff\xff\xff\x7fPAR1", "not-parquet"),
        ("foot of noise", good[:-8] + b"\x10\0\0\0PAR1", "not-parquet"),
        ("cut at the head", good[20:], "not-parquet"),
        ("encrypted foot", good[:-4] + b"PARE", "not-parquet"),
        ("csv", text_table(",", GOOD), "not-parquet"),
        ("a list", other("sex", pa.array([[CANARY]])), "value-not-string"),
        ("a struct", other("sex", pa.array([{"a": CANARY}])), "value-not-string"),
        ("a zone", other("at", pa.array([0], pa.timestamp("us", "UTC"))), "value-not-datetime"),
        ("a date far away", other("day", pa.array([2**31 - 1], pa.date32())), "value-not-date"),
        ("bytes", other("sex", pa.array([b"\xff"])), "not-utf8"),
        ("infinite", other("dose", pa.array([float("inf")])), "value-not-finite"),
        ("half an integer", other("age", pa.array([1.5])), "value-not-integer"),
        ("all null", other("patient", pa.nulls(1)), "unit-missing"),
        ("5,000 columns", parquet(wide), "too-many-columns"),
        ("no column", parquet(pa.table({})), None),
        ("no row", parquet(table.slice(0, 0)), "no-rows"),
        ("bomb", parquet(bomb, compression="zstd"), "decoded-too-large"),
    )
    yield from (Hostile(name, "parquet", content, code) for name, content, code in cases)


def zstd(content: bytes) -> bytes:
    return bytes(pa.compress(content, "zstd", asbytes=True))


def packed() -> Iterator[Hostile]:
    good = text_table(",", GOOD)
    for name, pack in (("gzip", gzip.compress), ("zstd", zstd)):
        whole = pack(good * 50)
        flipped = bytearray(whole)
        flipped[len(whole) // 2] ^= 0xFF
        cases: tuple[tuple[str, bytes, str | None], ...] = (
            ("cut", whole[:-5], "archive-damaged"),
            ("mark only", whole[:4], "archive-damaged"),
            ("flipped", bytes(flipped), None),
            ("more behind", whole + CANARY.encode(), "archive-damaged"),
            ("twice", pack(pack(good)), "archive-nested"),
            ("nothing in it", pack(b""), "empty-file"),
            ("a pdf in it", pack(b"%PDF-1.7"), "not-csv"),
            ("a wrong cell in it", pack(text_table(",", GOOD | {"age": CANARY})), "value-not-integer"),
            ("bomb", pack(b"patient," + b"0" * (280 << 20)), "decoded-too-large"),
        )
        yield from (Hostile(f"{name}: {case}", "csv", content, code) for case, content, code in cases)
    yield Hostile("gzip: a workbook's zip in it", "xlsx", gzip.compress(zipped({"a": b"b"})), "not-xlsx")
    yield Hostile("zstd: no parquet in it", "parquet", zstd(b"PAR1" + b"x" * 99), "not-parquet")
    yield Hostile("gzip: cut json in it", "jsonl", gzip.compress(json_lines(GOOD)[:-9]), "json-invalid")


def flipped() -> Iterator[Hostile]:
    """Good files with some bytes changed by a fixed dice."""
    for kind, write in WRITERS.items():
        dice = random.Random(f"hostile {kind}")
        good = write(*([GOOD] * 3))
        for number in range(8):
            changed = bytearray(good)
            for _ in range(1 + number):
                changed[dice.randrange(len(changed))] = dice.randrange(256)
            yield Hostile(f"flipped {number}", kind, bytes(changed), None)


def limited() -> Iterator[Hostile]:
    """What only the limits of the child stop."""
    book = workbook(GOOD)
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    text = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>' + b"x" * (1 << 20)
    cell = b'<row><c t="s"><v>0</v></c></row>'
    sheet = parts[SHEET].split(b"<sheetData>")[0] + b"<sheetData>" + cell * 20_000 + b"</sheetData></worksheet>"
    office = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    override = b'<Override PartName="/xl/sharedStrings.xml" ContentType="' + office + b'"/></Types>'
    kinds = parts["[Content_Types].xml"].replace(b"</Types>", override)
    name = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
    link = b'<Relationship Id="rIdS" Type="' + name + b'" Target="sharedStrings.xml"/></Relationships>'
    links = parts["xl/_rels/workbook.xml.rels"].replace(b"</Relationships>", link)
    shared = {"xl/sharedStrings.xml": text + b"</t></si></sst>", SHEET: sheet, "[Content_Types].xml": kinds}
    yield Hostile(
        "one long text, 20,000 times",
        "xlsx",
        zipped(parts | shared | {"xl/_rels/workbook.xml.rels": links}),
        None,
    )
