"""The formats that tables come in, and what opens each."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Literal

import pyarrow as pa

from privacy.ingest.csv_file import CsvSource
from privacy.ingest.fhir import FhirLines
from privacy.ingest.json_lines import JsonLines, objects, scalar
from privacy.ingest.limits import Limits
from privacy.ingest.parquet_file import ParquetSource
from privacy.ingest.records import Record, RecordSource, text_batch
from privacy.ingest.source import Source
from understudy.schema import TableSchema

Format = Literal["csv", "tsv", "jsonl", "xlsx", "fhir", "parquet"]
SPELLED: tuple[Format, ...] = ("csv", "tsv")
"""Formats without types, whose cells are spelled as their fields say."""


def open_source(path: Path, format: Format, schema: TableSchema, limits: Limits, *, sheet: str = "") -> Source:
    """An unpacked file as what it is said to be. Raises: InputRefused if it is not that."""
    match format:
        case "csv":
            return CsvSource(path, schema, limits)
        case "tsv":
            return CsvSource(path, schema, limits, delimiters="\t")
        case "jsonl":
            return RecordSource(JsonLines(path, schema, limits))
        case "fhir":
            return RecordSource(FhirLines(path, schema, limits))
        case "xlsx":
            from privacy.ingest.xlsx_file import XlsxRows

            return RecordSource(XlsxRows(path, schema, limits, sheet=sheet))
        case "parquet":
            return ParquetSource(path, schema, limits)


def is_packed(format: Format) -> bool:
    """True if a file of this format unpacks to more than it is."""
    return format in ("parquet", "xlsx")


def first_rows(path: Path, format: Literal["jsonl", "xlsx"], limits: Limits, n_rows: int) -> pa.Table:
    """The first rows of an unpacked file as columns of text, without a schema.

    Raises: InputRefused if it is not of that format.
    """
    if format == "xlsx":
        from privacy.ingest.xlsx_file import Sheet

        sheet = Sheet(path, limits)
        rows = [Record(*row) for row in islice(sheet.body(), n_rows)]
        return pa.Table.from_batches([text_batch(sheet.header, rows)])
    found = list(islice(objects(path), n_rows))
    names = list(dict.fromkeys(name for _, _, row in found for name in row))
    rows = [Record(line, share, [scalar(row.get(name), line, name) for name in names]) for line, share, row in found]
    return pa.Table.from_batches([text_batch(names, rows)])
