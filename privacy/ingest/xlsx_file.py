"""Workbooks in: the values of one sheet, never a formula. The only door to calamine.

The first row that is not empty is the header. A formula counts as the value that was saved with it; an error value
(#N/A and its kind) and an empty cell are missing. Dates and times are those that the cell's format says.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import python_calamine as calamine

from privacy.ingest.faults import refusal
from privacy.ingest.header import check_header
from privacy.ingest.limits import Limits
from privacy.ingest.records import Record
from privacy.ingest.xlsx_archive import copy_parts
from understudy.errors import InputRefused
from understudy.schema import TableSchema

WHOLE_UP_TO = 2.0**53
"""A spreadsheet's numbers are doubles; up to here a whole one is exactly what was typed."""


class Sheet:
    """One sheet of a workbook: its header, and its rows as text."""

    def __init__(self, path: Path, limits: Limits, *, name: str = "") -> None:
        """``name`` of the sheet; empty for the only visible one.

        Raises: InputRefused with not-xlsx, archive-unsafe, decoded-too-large, sheet-unclear, sheet-unknown, empty-file.
        """
        plain = path.with_name(f"{path.name}.parts")
        try:
            copy_parts(path, plain, limits)
            with _parsing():
                self._sheet = _chosen(calamine.load_workbook(plain), name)
                self._first_line = (self._sheet.start or (0, 0))[0] + 1
        finally:
            plain.unlink(missing_ok=True)
        header = next(self._rows(), None)
        if header is None:
            raise refusal("empty-file")
        self.line, _, cells = header
        self.header = [cell or "" for cell in cells]

    def body(self) -> Iterator[tuple[int, float, list[str | None]]]:
        """(line, share, cells) of each row that is not empty."""
        rows = self._rows()
        next(rows)
        return rows

    def _rows(self) -> Iterator[tuple[int, float, list[str | None]]]:
        height = max(1, self._sheet.height)
        with _parsing():
            for position, cells in enumerate(self._sheet.iter_rows()):
                texts = [_text(cell) for cell in cells]
                if any(text is not None for text in texts):
                    yield self._first_line + position, (position + 1) / height, texts


class XlsxRows:
    """A sheet whose columns are those of the schema."""

    def __init__(self, path: Path, schema: TableSchema, limits: Limits, *, sheet: str = "") -> None:
        """Raises: InputRefused as ``Sheet``, or with a fault of the header."""
        self._sheet = Sheet(path, limits, name=sheet)
        check_header(self._sheet.header, schema, limits, line=self._sheet.line)
        self.names: Sequence[str] = schema.names
        self._places = [self._sheet.header.index(name) for name in schema.names]

    def records(self) -> Iterator[Record]:
        """See ``RecordReader``."""
        for line, share, cells in self._sheet.body():
            yield Record(line, share, [cells[place] for place in self._places])


def _chosen(workbook: Any, name: str) -> Any:
    # Any: calamine's classes are its own, and final.
    sheets = [sheet for sheet in workbook.sheets_metadata if sheet.typ == calamine.SheetTypeEnum.WorkSheet]
    if name:
        if name not in [sheet.name for sheet in sheets]:
            raise refusal("sheet-unknown")
        return workbook.get_sheet_by_name(name)
    visible = [sheet.name for sheet in sheets if sheet.visible == calamine.SheetVisibleEnum.Visible]
    if len(visible) != 1:
        raise refusal("sheet-unclear", sheets=len(visible))
    return workbook.get_sheet_by_name(visible[0])


@contextmanager
def _parsing() -> Iterator[None]:
    """Whatever the parser raises over a stranger's file is a damaged file, also a panic, which is no Exception."""
    try:
        yield
    except (InputRefused, MemoryError, GeneratorExit, KeyboardInterrupt):
        raise
    except BaseException:
        raise refusal("not-xlsx") from None


def _text(cell: object) -> str | None:
    """A cell as it would stand in a CSV file."""
    if isinstance(cell, str):
        return cell or None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) <= WHOLE_UP_TO else repr(cell)
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat()
    if isinstance(cell, dt.timedelta):
        return repr(cell.total_seconds())
    return cell.isoformat() if isinstance(cell, dt.date | dt.time) else str(cell)
