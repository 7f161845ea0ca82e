"""Why a table is refused: fixed codes and messages, and the first places of each fault.

A refusal says line and column, never the value. Messages here are the only text that ingest ever returns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from understudy.errors import InputRefused, Place

MAX_PLACES = 20

MESSAGES: Mapping[str, str] = {
    "empty-file": "The file is empty.",
    "no-rows": "The table has a header and no rows.",
    "not-utf8": "The text is not UTF-8.",
    "null-byte": "The text holds a null byte.",
    "not-csv": "This is not a CSV file.",
    "csv-quote-open": "A quote is opened here and never closed.",
    "csv-delimiter": "The header is one single column, and its parts are no columns of the schema.",
    "not-jsonl": "This is not a file of JSON lines.",
    "json-invalid": "A line is not one JSON object.",
    "json-key-twice": "A key stands twice in one object.",
    "value-nested": "A value is an object or a list: a cell holds one plain value.",
    "not-xlsx": "This is not an xlsx workbook, or it is damaged.",
    "sheet-unclear": "The workbook does not have exactly one visible sheet: name the one to read.",
    "sheet-unknown": "The workbook has no sheet of this name.",
    "not-fhir": "A line is not a FHIR resource of a kind that is read here.",
    "fhir-mixed": "A file holds FHIR resources of one kind, and here is another.",
    "fhir-unit": "A row of FHIR belongs to its patient: declare the column patient as the privacy unit.",
    "archive-damaged": "The file is packed by gzip or zstd, and is damaged or cut off.",
    "archive-nested": "The file is packed more than once.",
    "archive-unsafe": "The archive has too many entries, one twice, or one that lies outside of it.",
    "not-parquet": "This is not a Parquet file, or it is damaged.",
    "header-twice": "A column name stands twice in the header.",
    "column-missing": "A column of the schema is not in the file.",
    "column-unknown": "A column of the file is not in the schema.",
    "row-ragged": "A row has more or fewer cells than the header.",
    "value-not-integer": "A value is not an integer of 64 bits.",
    "value-not-number": "A value is not a number.",
    "value-not-finite": "A number is not finite. If it stands for a missing value, declare it under missingValues.",
    "value-not-boolean": "A value is not true, false, 1 or 0, nor of the field's trueValues and falseValues.",
    "value-not-date": "A value is not a date (YYYY-MM-DD, or as the field's format says).",
    "value-not-datetime": "A value is not a date and time without a zone (YYYY-MM-DDThh:mm:ss, or as its format says).",
    "value-not-string": "A value is not text.",
    "value-not-in-enum": "A value is not among the declared ones.",
    "value-below-minimum": "A value is below the declared minimum.",
    "value-above-maximum": "A value is above the declared maximum.",
    "value-missing": "A required value is missing.",
    "unit-missing": "The privacy unit's column is empty here: whose row is it?",
    "too-many-rows": "The table has too many rows.",
    "too-many-columns": "The table has too many columns.",
    "too-large": "The file is too large.",
    "cell-too-large": "A cell, or the row that it stands in, is too large. Is a quote left open?",
    "decoded-too-large": "The file unpacks to more than is allowed.",
}
"""Every code of a refused table, with its message. Codes are stable for ever."""


def refusal(code: str, *where: Place, **facts: object) -> InputRefused:
    """The error for ``code``; ``facts`` are public numbers, never values of the table."""
    return InputRefused(
        MESSAGES[code], code=code, where=where[:MAX_PLACES], facts={key: str(value) for key, value in facts.items()}
    )


@dataclass(slots=True)
class Faults:
    """Counts every faulty cell of a table and keeps the first places of each code.

    Rows are data rows counted from 0; columns are positions in the schema.
    """

    counts: dict[str, int] = field(default_factory=dict)
    first: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.counts)

    def add(self, code: str, column: int, rows: NDArray[np.int64]) -> None:
        """Note faults of one code in ``rows`` (ascending) of one column."""
        self.counts[code] = self.counts.get(code, 0) + len(rows)
        places = self.first.get(code, []) + [(int(row), column) for row in rows[:MAX_PLACES]]
        self.first[code] = sorted(places)[:MAX_PLACES]

    def refusal(self, names: Sequence[str], lines_of: Callable[[Sequence[int]], Mapping[int, int]]) -> InputRefused:
        """The error for what was found: its code is that of the first faulty cell in the file.

        ``where`` has the first places with that code; ``facts`` counts all faults, and each code.
        """
        code = min(self.first, key=lambda known: self.first[known][0])
        lines = lines_of([row for row, _ in self.first[code]])
        where = tuple(Place(line=lines[row], column=names[column]) for row, column in self.first[code])
        facts = {"total": str(sum(self.counts.values())), **{key: str(count) for key, count in self.counts.items()}}
        return InputRefused(MESSAGES[code], code=code, where=where, facts=facts)
