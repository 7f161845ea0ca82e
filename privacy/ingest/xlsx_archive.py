"""A workbook's archive, copied before anything parses it: only the parts that hold cells, each counted as it unpacks.

What a parser is given has no names, sizes, checksums or compression of the sender's making. Pictures, macros and
embedded files are not opened at all.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path
from typing import IO

from privacy.ingest.faults import refusal
from privacy.ingest.limits import Limits

CHUNK_BYTES = 1 << 20
CELL_BYTES = 32
"""What the parser takes for a cell, at the least, whether it is filled or not."""

_NEEDED = re.compile(r"(\[Content_Types\]\.xml|_rels/\.rels|xl/((_rels/)?[\w.-]+\.(xml|rels)|worksheets/[\w.-]+\.xml))")
_SHEET = re.compile(r"xl/worksheets/")
_CELL = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{0,9})([0-9]{1,12})["']""")
_BROKEN = (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError, RuntimeError, KeyError)
"""What the standard library raises over a damaged, an encrypted, or an oddly packed entry."""


def copy_parts(path: Path, into: Path, limits: Limits) -> None:
    """Write a plain archive with the workbook's parts to ``into``.

    Raises: InputRefused with not-xlsx, archive-unsafe, decoded-too-large, too-many-rows or too-many-columns.
    """
    budget = _Budget(limits.decoded_cap(path.stat().st_size))
    try:
        with zipfile.ZipFile(path) as archive, zipfile.ZipFile(into, "w") as plain:
            for entry in _checked(archive, limits):
                with archive.open(entry) as part, plain.open(entry.filename, "w", force_zip64=True) as copy:
                    _copy(part, copy, budget, _Extent(limits, budget) if _SHEET.match(entry.filename) else None)
    except _BROKEN:
        raise refusal("not-xlsx") from None


class _Budget:
    """Counts what was unpacked."""

    def __init__(self, cap: int) -> None:
        self.cap = cap
        self._n_bytes = 0

    def take(self, n_bytes: int) -> None:
        self._n_bytes += n_bytes
        self.hold(self._n_bytes)

    def hold(self, n_bytes: int) -> None:
        if n_bytes > self.cap:
            raise refusal("decoded-too-large", limit_bytes=self.cap)


class _Extent:
    """The rectangle that a sheet's cells span: two cells far apart take as much memory as all between them."""

    def __init__(self, limits: Limits, budget: _Budget) -> None:
        self._limits = limits
        self._budget = budget
        self._n_rows = self._n_columns = 1
        self._rest = b""

    def see(self, chunk: bytes) -> None:
        text = self._rest + chunk
        for letters, digits in set(_CELL.findall(text)):
            self._n_columns = max(self._n_columns, _column_number(letters))
            self._n_rows = max(self._n_rows, int(digits))
        self._rest = text[-32:]
        if self._n_columns > self._limits.max_columns:
            raise refusal("too-many-columns", limit=self._limits.max_columns)
        if self._n_rows - 1 > self._limits.max_rows:
            raise refusal("too-many-rows", limit=self._limits.max_rows)
        self._budget.hold(self._n_rows * self._n_columns * CELL_BYTES)


def _checked(archive: zipfile.ZipFile, limits: Limits) -> list[zipfile.ZipInfo]:
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    if len(names) > limits.max_entries or len(set(names)) < len(names) or not all(map(_is_inside, names)):
        raise refusal("archive-unsafe", limit=limits.max_entries)
    needed = [entry for entry in entries if _NEEDED.fullmatch(entry.filename)]
    if not any(_SHEET.match(entry.filename) for entry in needed):
        raise refusal("not-xlsx")
    return needed


def _is_inside(name: str) -> bool:
    return not (name.startswith("/") or "\\" in name or ":" in name or "\0" in name or ".." in name.split("/"))


def _copy(part: IO[bytes], copy: IO[bytes], budget: _Budget, extent: _Extent | None) -> None:
    while chunk := part.read(CHUNK_BYTES):
        budget.take(len(chunk))
        if extent is not None:
            extent.see(chunk)
        copy.write(chunk)


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - ord("A") + 1
    return number
