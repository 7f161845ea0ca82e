"""CSV in, slow and exact: finds the line of a row, a ragged row or a cell that is too large.

Used for the header, and for the rest only once something is known to be wrong. The standard library's parser agrees
with Arrow's on quotes, line ends and empty lines, and it counts physical lines.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from privacy.ingest.faults import MAX_PLACES, refusal
from understudy.errors import InputRefused, Place

MAX_ROW_BYTES = 8 << 20
"""Arrow parses in blocks of this size, and a row must fit in one."""


def delimiter(path: Path, fits: Callable[[Sequence[str]], int], among: str) -> str:
    """The mark by which the header fits best; the first of those that fit alike."""
    return max(among, key=lambda mark: fits(header(path, mark)[0])) if len(among) > 1 else among


def header(path: Path, delimiter: str) -> tuple[list[str], int]:
    """The first row that is not empty, and its line.

    Raises: InputRefused with empty-file, or cell-too-large.
    """
    with _records(path, delimiter) as records:
        for line, record in records:
            return record, line
    raise refusal("empty-file")


def lines_of(path: Path, rows: Sequence[int], delimiter: str) -> Mapping[int, int]:
    """The line that each data row starts in."""
    wanted = set(rows)
    lines: dict[int, int] = {}
    with _records(path, delimiter) as records:
        next(records)
        for row, (line, _) in enumerate(records):
            if row in wanted:
                lines[row] = line
                if len(lines) == len(wanted):
                    break
    return lines


def diagnose(path: Path, n_columns: int, delimiter: str) -> InputRefused:
    """Why Arrow could not read this file: a cell too large, or ragged rows."""
    ragged: list[int] = []
    total = longest = n_longest = 0
    try:
        with _records(path, delimiter) as records:
            for line, record in records:
                n_characters = sum(map(len, record))
                if n_characters > n_longest:
                    longest, n_longest = line, n_characters
                if len(record) != n_columns:
                    total += 1
                    ragged.extend([line] if total <= MAX_PLACES else [])
    except InputRefused as error:
        return error
    if not ragged and n_longest * 4 < MAX_ROW_BYTES:
        return refusal("not-csv")
    if not ragged:
        return refusal("cell-too-large", Place(line=longest))
    return refusal("row-ragged", *(Place(line=line) for line in ragged), total=total, cells=n_columns)


def open_quote(path: Path, delimiter: str) -> InputRefused:
    """The refusal for a quote that the end of the file leaves open: it stands in the last row."""
    last = 1
    try:
        with _records(path, delimiter) as records:
            for line, _ in records:
                last = line
    except InputRefused as error:
        return error
    return refusal("csv-quote-open", Place(line=last))


@contextmanager
def _records(path: Path, delimiter: str) -> Iterator[Iterator[tuple[int, list[str]]]]:
    """Rows with the line that each starts in, header first, empty lines left out."""
    # The limit is the interpreter's, so it is put back; ingest has a process of its own when the file is a stranger's.
    before = csv.field_size_limit(MAX_ROW_BYTES)
    try:
        with path.open(encoding="utf-8-sig", newline="") as text:
            yield _numbered(text, delimiter)
    finally:
        csv.field_size_limit(before)


def _numbered(text: Iterable[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(text, delimiter=delimiter)
    while True:
        line = reader.line_num + 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise refusal("cell-too-large", Place(line=line)) from None
        if record:
            yield line, record
