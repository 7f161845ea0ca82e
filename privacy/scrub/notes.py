"""Notes as JSON lines: each line's text comes back scrubbed, with the spans that were found in the original.

One line in, one line out, in order. Lines are read and written some at a time, so memory does not grow with the file;
each is scrubbed by itself, so they are shared out among the cores, and what comes out is the same for any number.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from privacy.scrub.crew import cores, in_order
from privacy.scrub.report import ColumnScrub, ScrubReport
from privacy.scrub.text import ScrubbedText, TextScrubber
from understudy.errors import InputRefused, Place

MAX_LINE_BYTES = 64 << 20
FIELD = "text"
PIECE_BYTES = 16 << 10
"""Lines that go to one process together: some hundred short notes, a tenth of a second or two."""
SMALL_BYTES = 64 << 10
"""Files below this are done before a second process would be of use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lines:
    """Neighbouring lines as they were read; ``first`` is the number of the first one."""

    first: int
    lines: list[bytes]


@dataclass(slots=True, kw_only=True)
class _Scrubbed:
    """What became of ``size_bytes`` of them. ``refused``: what is wrong with a line, and which; then nothing counts."""

    size_bytes: int
    written: bytes = b""
    n_notes: int = 0
    n_failed: int = 0
    found: Counter[str] = field(default_factory=Counter)
    refused: tuple[str, int] | None = None


def scrub_notes(
    source: Path,
    out: Path,
    scrubber: TextScrubber,
    *,
    on_progress: Callable[[int], None] = lambda _percent: None,
    processes: int | None = None,
) -> ScrubReport:
    """``source`` to ``out``, both JSON lines; counts of what was found.

    Each line is an object with ``text`` (a string or null) and, if it likes, ``person``, which keeps dates of one
    person together. Other keys are refused: they would pass unscrubbed. Lines that are blank stay blank.
    ``processes``: default as many as there are cores, one for a small file; the result does not depend on it.
    Raises: InputRefused (not-jsonl) with the first such line; Failed (no-answer) if a process was killed. Then
    ``out`` is not there.
    """
    size = source.stat().st_size
    if processes is None:
        processes = cores() if size >= SMALL_BYTES else 1
    total = _Scrubbed(size_bytes=0)
    try:
        parts = in_order(partial(_scrubbed, scrubber), _pieces(source), processes=processes)
        with out.open("wb") as file, closing(parts):
            for part in parts:
                if part.refused is not None:
                    message, number = part.refused
                    raise InputRefused(message, code="not-jsonl", where=(Place(line=number),))
                file.write(part.written)
                _add(total, part)
                on_progress(min(99, 100 * total.size_bytes // max(1, size)))
    except BaseException:
        out.unlink(missing_ok=True)
        raise
    column = ColumnScrub(
        column=FIELD,
        kind="text",
        action="text",
        n_values=total.n_notes,
        n_dropped=total.n_failed,
        n_failed=total.n_failed,
        found=dict(sorted(total.found.items())),
    )
    return ScrubReport(n_rows=total.n_notes, columns=(column,))


def as_line(result: ScrubbedText) -> dict[str, object]:
    """What is written for one note: the scrubbed text (null if it was dropped) and the spans over the original."""
    spans = [
        {"start": span.start, "end": span.end, "entity_type": span.entity, "score": round(span.score, 3)}
        for span in result.spans
    ]
    return {"text": result.text, "spans": spans}


def _pieces(source: Path) -> Iterator[_Lines]:
    """All lines, about ``PIECE_BYTES`` at a time; none after one that is too long."""
    with source.open("rb") as file:
        first, lines, size = 1, list[bytes](), 0
        while line := file.readline(MAX_LINE_BYTES + 1):
            lines.append(line)
            size += len(line)
            if size >= PIECE_BYTES:
                yield _Lines(first=first, lines=lines)
                if len(line) > MAX_LINE_BYTES:
                    return
                first, lines, size = first + len(lines), [], 0
        if lines:
            yield _Lines(first=first, lines=lines)


def _scrubbed(scrubber: TextScrubber, piece: _Lines) -> _Scrubbed:
    """Each line of a piece, up to the first that is refused."""
    made, written = _Scrubbed(size_bytes=sum(map(len, piece.lines))), []
    for number, line in enumerate(piece.lines, piece.first):
        try:
            written.append(_line(scrubber, line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line, made))
        except _Refused as refused:
            made.refused = (str(refused), number)
            break
    made.written = b"".join(written)
    return made


def _line(scrubber: TextScrubber, line: bytes, counts: _Scrubbed) -> bytes:
    if not line.strip():
        return b"\n"
    text, person = _read(line)
    if text is None:
        return b'{"text": null, "spans": []}\n'
    result = scrubber.scrub(text, person=person)
    counts.n_notes += 1
    counts.n_failed += result.text is None
    counts.found.update(result.counts)
    written = json.dumps(as_line(result), ensure_ascii=False) + "\n"
    return written.encode("utf-8", "backslashreplace")  # half of a surrogate pair is written as JSON escapes it


def _add(total: _Scrubbed, part: _Scrubbed) -> None:
    total.size_bytes += part.size_bytes
    total.n_notes += part.n_notes
    total.n_failed += part.n_failed
    total.found.update(part.found)


class _Refused(Exception):
    """What is wrong with a line."""


def _read(line: bytes) -> tuple[str | None, str | None]:
    """(text, person) of a line."""
    if len(line) > MAX_LINE_BYTES:
        raise _Refused("A line is too long for a note.")
    try:
        entry = json.loads(line)
    except UnicodeDecodeError:
        raise _Refused("A line is not UTF-8.") from None
    except (ValueError, RecursionError):
        entry = None
    if not isinstance(entry, dict) or FIELD not in entry:
        raise _Refused('Each line is a JSON object with "text".')
    if not set(entry) <= {FIELD, "person"}:
        raise _Refused('A line has "text" and may have "person"; other keys would pass unscrubbed.')
    text, person = entry[FIELD], entry.get("person")
    named = person is None or (isinstance(person, str | int) and not isinstance(person, bool))
    if not (text is None or isinstance(text, str)) or not named:
        raise _Refused('"text" is a string or null, "person" a string or a whole number.')
    return text, None if person is None else str(person)
