"""CSV in, fast: one pass that proves the bytes are text, then Arrow's parser with every column as text.

RFC 4180 with commas, or with semicolons, tabs or bars in their place; a byte-order mark, LF, CRLF or CR line ends, and
line breaks inside quotes are all read. Empty lines are skipped. Exact lines are ``csv_scan``'s to find, when something
is wrong.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from privacy.ingest import csv_scan
from privacy.ingest.faults import refusal
from privacy.ingest.header import DELIMITERS, check_header
from privacy.ingest.limits import Limits
from understudy.errors import Place
from understudy.schema import TableSchema

CHUNK_BYTES = 1 << 20

OTHER_FORMATS = (b"PAR1", b"PK\x03\x04", b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"%PDF", b"\xd0\xcf\x11\xe0")
"""First bytes of Parquet, zip and xlsx, gzip, zstd, PDF and xls."""


class CsvSource:
    """A CSV file whose bytes and header have been checked."""

    def __init__(self, path: Path, schema: TableSchema, limits: Limits, *, delimiters: str = DELIMITERS) -> None:
        """``delimiters``: the marks between cells that may be; that of the file is told by the schema's names.

        Raises: InputRefused with empty-file, not-csv, not-utf8, null-byte or a fault of the header.
        """
        self._path = path
        self._size = path.stat().st_size
        _check_bytes(path)
        declared = set(schema.names)
        self._delimiter = csv_scan.delimiter(path, lambda names: len(declared.intersection(names)), delimiters)
        self._header, line = csv_scan.header(path, self._delimiter)
        check_header(self._header, schema, limits, line=line)

    def batches(self) -> Iterator[tuple[pa.RecordBatch, float]]:
        """See ``Source``."""
        held: pa.RecordBatch | None = None
        n_blocks = 0
        try:
            with self._path.open("rb") as raw:
                stream = _WithLastRow(raw, len(self._header), self._delimiter)
                for batch in _open(stream, self._header, self._delimiter):
                    if held is not None and held.num_rows:
                        yield held, min(1.0, n_blocks * csv_scan.MAX_ROW_BYTES / self._size)
                    held = batch
                    n_blocks += 1
        except pa.ArrowInvalid:
            raise csv_scan.diagnose(self._path, len(self._header), self._delimiter) from None
        if held is None or not _is_last_row(held.slice(held.num_rows - 1)):
            raise csv_scan.open_quote(self._path, self._delimiter)
        if held.num_rows > 1:
            yield held.slice(0, held.num_rows - 1), 1.0

    def lines_of(self, rows: Sequence[int]) -> Mapping[int, int]:
        """See ``Source``. The line is the one that the row starts in."""
        return csv_scan.lines_of(self._path, rows, self._delimiter)


def _open(stream: io.RawIOBase, header: Sequence[str], delimiter: str) -> pa_csv.CSVStreamingReader:
    coded = pa.dictionary(pa.int32(), pa.string())
    return pa_csv.open_csv(
        pa.PythonFile(stream, mode="r"),
        read_options=pa_csv.ReadOptions(block_size=csv_scan.MAX_ROW_BYTES),
        parse_options=pa_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        convert_options=pa_csv.ConvertOptions(
            column_types=dict.fromkeys(header, coded), strings_can_be_null=False, check_utf8=False
        ),
    )


def _check_bytes(path: Path) -> None:
    """Refuse what is no text. The place is the line, as an editor would count it."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    blank = True
    with path.open("rb") as raw:
        start = raw.read(16)
        if start.startswith(OTHER_FORMATS):
            raise refusal("not-csv")
        raw.seek(0)
        n_before = 0
        while chunk := raw.read(CHUNK_BYTES):
            null = chunk.find(b"\0")
            if null >= 0:
                raise refusal("null-byte", Place(line=_line_at(path, n_before + null)))
            _decode(decoder, chunk, path, n_before, final=False)
            blank = blank and not chunk.removeprefix(codecs.BOM_UTF8).strip()
            n_before += len(chunk)
        _decode(decoder, b"", path, n_before, final=True)
    if blank:
        raise refusal("empty-file")


def _decode(decoder: codecs.IncrementalDecoder, chunk: bytes, path: Path, n_before: int, *, final: bool) -> None:
    n_pending = len(decoder.getstate()[0])
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError as error:
        raise refusal("not-utf8", Place(line=_line_at(path, n_before - n_pending + error.start))) from None


def _line_at(path: Path, offset: int) -> int:
    """The physical line of a byte. CRLF, LF and CR each end one line."""
    line = 1
    ended_in_cr = False
    with path.open("rb") as raw:
        while offset > 0 and (chunk := raw.read(min(CHUNK_BYTES, offset))):
            offset -= len(chunk)
            line += len(re.findall(rb"\r\n|\n|\r", chunk)) - (ended_in_cr and chunk.startswith(b"\n"))
            ended_in_cr = chunk.endswith(b"\r")
    return line


class _WithLastRow(io.RawIOBase):
    """The file with one more row of empty quoted cells.

    Arrow reads a quote left open to the end of the file without complaint. Inside such a quote this row is more of the
    open cell; otherwise it comes back as the last row. So its return proves that every quote was closed.
    """

    def __init__(self, raw: BinaryIO, n_columns: int, delimiter: str) -> None:
        self._raw = raw
        self._rest = b"\n" + delimiter.encode().join([b'""'] * n_columns) + b"\n"

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._raw.read(size)
        # Fill up even the read that meets the end: Arrow's first block must hold more than a header.
        count = len(self._rest) if size < 0 else size - len(data)
        more, self._rest = self._rest[:count], self._rest[count:]
        return data + more


def _is_last_row(row: pa.RecordBatch) -> bool:
    return row.num_rows == 1 and all(pc.equal(cell.dictionary_decode(), "")[0].as_py() for cell in row.columns)
