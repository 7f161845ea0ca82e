"""A schema to start from, guessed from a file that its owner will read and correct.

Types and PII kinds are guessed from a sample of the values; nothing else of them is in the answer unless
the owner asks for enums and bounds, and then the answer says that it is not private.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from privacy.ingest import csv_scan
from privacy.ingest.faults import refusal
from privacy.ingest.fhir import kind_of
from privacy.ingest.fhir_columns import COLUMNS, UNIT
from privacy.ingest.formats import SPELLED, Format, first_rows
from privacy.ingest.header import DELIMITERS
from privacy.ingest.limits import Limits
from privacy.ingest.spelled import guess as guess_spelling
from privacy.ingest.unpack import unpacked
from privacy.scrub.columns import Guess, kind_from_name, propose_kinds
from understudy.errors import InputRefused, Place
from understudy.schema import DEFAULT_POPULATION

_SAMPLE_BYTES = 16 << 20
_SAMPLE_ROWS = 20_000
_MAX_ENUM = 100
_MAX_ROWS_GUESS = 5
_PERSON_ID = re.compile(r"(patient|person|subject|member|customer|client|account|user|insured)_?(id|no|nr|num|number)$")


def propose_schema(source: Path, *, format: Format, include_data: bool) -> dict[str, object]:
    """A SchemaProposal as plain JSON: table_schema, guesses, data_derived.

    Of FHIR it is the documented table of the file's kind of resource, whatever the rows are.
    Raises: InputRefused if the file is not a table of that format.
    """
    with unpacked(source, source.with_name(f"{source.name}.unpacked"), Limits()) as (plain, limits):
        if format == "fhir":
            return _of_fhir(kind_of(plain))
        sample = _sample(plain, format, limits)
    guesses = {guess.column: guess for guess in propose_kinds(sample)}
    fields = [
        _field(name, column, guesses.get(name), spelled=format in SPELLED, include_data=include_data)
        for name, column in zip(sample.column_names, sample.columns, strict=True)
    ]
    document: dict[str, object] = {"fields": fields, "understudy:population": DEFAULT_POPULATION}
    unit = next((name for name in sample.column_names if _PERSON_ID.search(name.lower())), None)
    if unit is not None:
        document["understudy:privacyUnit"] = {"column": unit, "maxRows": _MAX_ROWS_GUESS}
    return {
        "table_schema": document,
        "guesses": [{"column": guess.column, "kind": guess.kind, "why": guess.why} for guess in guesses.values()],
        "data_derived": include_data,
    }


def _field(
    name: str, column: pa.ChunkedArray, guess: Guess | None, *, spelled: bool, include_data: bool
) -> dict[str, object]:
    if guess is not None and guess.kind == "text":
        return {"name": name, "type": "text"}
    entry: dict[str, object] = {"name": name, "type": _type(column.type)}
    if guess is not None:
        return entry | {"understudy:kind": guess.kind}
    if (hierarchy := _hierarchy(name, column, may_retype=spelled)) is not None:
        return entry | {"type": "string", "understudy:hierarchy": hierarchy}
    found = guess_spelling(column) if spelled and entry["type"] == "string" else {}
    if not found and include_data and (constraints := _constraints(column, str(entry["type"]))):
        entry["constraints"] = constraints
    return entry | found


_CODES = {
    "icd10": (
        re.compile(r"(^|_)(icd_?10(_?cm)?|icd|diagnosis|diag|dx)(_?codes?)?(_?[0-9]+)?$"),
        "[A-Z][0-9][0-9A-Z].{0,5}",
    ),
    "mcc": (re.compile(r"(^|_)(mcc|merchant_?category)(_?code)?$"), "[0-9]{3,4}"),
}
"""Standards whose codes are nested: what such a column is called, and what its values look like."""
_MOST = 0.95


def _hierarchy(name: str, column: pa.ChunkedArray, *, may_retype: bool) -> str | None:
    """How a column's codes are nested, if its name and nearly all of its values say that they are."""
    is_text = pa.types.is_string(column.type)
    if not is_text and not (may_retype and pa.types.is_integer(column.type)):
        return None
    known = pc.drop_null(column).cast(pa.string())
    for hierarchy, (called, looks) in _CODES.items():
        if len(known) and called.search(name.lower()):
            share = pc.mean(pc.match_substring_regex(known, f"^{looks}$").cast(pa.float64())).as_py()
            return hierarchy if share >= _MOST else None
    return None


def _of_fhir(kind: str) -> dict[str, object]:
    """The table of a kind of resource. Nothing of it comes from rows."""
    fields: list[dict[str, object]] = []
    guesses: list[dict[str, str]] = []
    for column in COLUMNS[kind]:
        identifies = "identifier" if column.is_id else kind_from_name(column.name)
        fields.append({"name": column.name, "type": "text" if identifies == "text" else column.type})
        if identifies and identifies != "text":
            fields[-1]["understudy:kind"] = identifies
            guesses.append({"column": column.name, "kind": identifies, "why": "place in the resource"})
    unit = {"column": UNIT, "maxRows": 1 if kind == "Patient" else _MAX_ROWS_GUESS}
    document = {"fields": fields, "understudy:population": DEFAULT_POPULATION, "understudy:privacyUnit": unit}
    return {"table_schema": document, "guesses": guesses, "data_derived": False}


def _sample(source: Path, table_format: Format, limits: Limits) -> pa.Table:
    try:
        if table_format == "parquet":
            file = pq.ParquetFile(source)
            batch = next(file.iter_batches(batch_size=_SAMPLE_ROWS), None)
            return file.schema_arrow.empty_table() if batch is None else pa.Table.from_batches([batch])
        if table_format in ("jsonl", "xlsx"):
            return _typed(first_rows(source, table_format, limits, _SAMPLE_ROWS))
        return _marked_sample(source, csv_scan.delimiter(source, len, "\t" if table_format == "tsv" else DELIMITERS))
    except UnicodeDecodeError:
        raise refusal("not-utf8") from None
    except StopIteration:
        raise refusal("no-rows") from None
    except (pa.ArrowException, OSError):
        raise InputRefused(f"The file is no {table_format} table.", code=f"not-{table_format}") from None


def _marked_sample(source: Path, mark: str) -> pa.Table:
    try:
        sample = _csv_sample(source, mark)
    except pa.ArrowInvalid:
        header, _ = csv_scan.header(source, mark)
        raise csv_scan.diagnose(source, len(header), mark) from None
    names = sample.column_names
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise refusal("header-twice", *(Place(line=1, column=name[:200]) for name in twice))
    return sample


def _csv_sample(source: Path | io.BytesIO, delimiter: str) -> pa.Table:
    """What looks like whole numbers but has leading zeros is text: a code, of which a number would lose a part."""
    sample = _csv_block(source, delimiter, ())
    numbers = [field.name for field in sample.schema if pa.types.is_integer(field.type)]
    if not numbers or len(set(sample.column_names)) < sample.num_columns:
        return sample
    if isinstance(source, io.BytesIO):
        source.seek(0)
    texts = _csv_block(source, delimiter, numbers)
    for name in numbers:
        if pc.any(pc.match_substring_regex(texts[name], "^0[0-9]")).as_py():
            sample = sample.set_column(sample.column_names.index(name), name, texts[name])
    return sample


def _csv_block(source: Path | io.BytesIO, delimiter: str, as_text: Sequence[str]) -> pa.Table:
    read = pyarrow.csv.ReadOptions(block_size=_SAMPLE_BYTES)
    parse = pyarrow.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)
    convert = pyarrow.csv.ConvertOptions(
        column_types=dict.fromkeys(as_text, pa.string()), strings_can_be_null=bool(as_text)
    )
    with pyarrow.csv.open_csv(source, read_options=read, parse_options=parse, convert_options=convert) as reader:
        return pa.Table.from_batches([reader.read_next_batch()]).slice(0, _SAMPLE_ROWS)


def _typed(texts: pa.Table) -> pa.Table:
    """Columns of text with the types that they would have in a CSV file."""
    sink = io.BytesIO()
    pyarrow.csv.write_csv(texts, sink)
    sink.seek(0)
    return _csv_sample(sink, ",")


def _type(arrow: pa.DataType) -> str:
    if pa.types.is_boolean(arrow):
        return "boolean"
    if pa.types.is_integer(arrow):
        return "integer"
    if pa.types.is_floating(arrow) or pa.types.is_decimal(arrow):
        return "number"
    if pa.types.is_date(arrow):
        return "date"
    return "datetime" if pa.types.is_timestamp(arrow) else "string"


def _constraints(column: pa.ChunkedArray, type_: str) -> dict[str, object]:
    """Enum or bounds of the sampled values: derived from rows, so not private."""
    present = column.drop_null()
    if not len(present):
        return {}
    if type_ == "string":
        values = sorted(pc.cast(present, pa.string()).unique().to_pylist())
        return {"enum": values} if len(values) <= _MAX_ENUM else {}
    if type_ == "boolean":
        return {}
    bounds = pc.min_max(present).as_py()
    plain = {"minimum": bounds["min"], "maximum": bounds["max"]}
    return {key: value.isoformat() if hasattr(value, "isoformat") else value for key, value in plain.items()}
