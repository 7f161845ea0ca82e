"""Formats without columns of their own (JSON lines, FHIR, workbooks): records of text, gathered into batches.

Each cell is text, as it would stand in a CSV file, and takes the way of text from here on; None is a cell that is not
there. So a number means the same in every format.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from privacy.ingest.faults import refusal
from understudy.errors import Place

BATCH_ROWS = 1 << 14
BATCH_CHARACTERS = 4 << 20
MAX_RECORD_BYTES = 8 << 20
"""A row must fit in this, as in a CSV file."""


@dataclass(frozen=True, slots=True)
class Record:
    """One row. ``line`` is where it stands, counted from 1; ``share`` how much of the file has been read by then."""

    line: int
    share: float
    cells: Sequence[str | None]


class RecordReader(Protocol):
    """A checked, open file of records, which can be read more than once."""

    names: Sequence[str]

    def records(self) -> Iterator[Record]:
        """The rows, each with a cell for each name. Raises: InputRefused where the file's form breaks."""
        ...


class RecordSource:
    """Records as a ``Source``."""

    def __init__(self, reader: RecordReader) -> None:
        self._reader = reader

    def batches(self) -> Iterator[tuple[pa.RecordBatch, float]]:
        """See ``Source``."""
        held: list[Record] = []
        n_characters = 0
        for record in self._reader.records():
            held.append(record)
            n_characters += sum(len(cell) for cell in record.cells if cell is not None)
            if len(held) >= BATCH_ROWS or n_characters >= BATCH_CHARACTERS:
                yield text_batch(self._reader.names, held), record.share
                held, n_characters = [], 0
        if held:
            yield text_batch(self._reader.names, held), 1.0

    def lines_of(self, rows: Sequence[int]) -> Mapping[int, int]:
        """See ``Source``. Reads the file again, up to the last of these rows."""
        wanted, last = set(rows), max(rows)
        lines: dict[int, int] = {}
        for row, record in enumerate(self._reader.records()):
            if row in wanted:
                lines[row] = record.line
            if row == last:
                break
        return lines


def text_batch(names: Sequence[str], records: Sequence[Record]) -> pa.RecordBatch:
    """Records as columns of strings. Raises: InputRefused (not-utf8) for half of a surrogate pair."""
    return pa.RecordBatch.from_arrays(
        [_column(name, [(record.line, record.cells[place]) for record in records]) for place, name in enumerate(names)],
        names=list(names),
    )


def _column(name: str, cells: Iterable[tuple[int, str | None]]) -> pa.Array:
    known = list(cells)
    try:
        return pa.array([text for _, text in known], pa.string())
    except UnicodeEncodeError:
        line = next(line for line, text in known if text is not None and not _is_whole(text))
        raise refusal("not-utf8", Place(line=line, column=name)) from None


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
