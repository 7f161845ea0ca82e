"""Notes as JSON lines: each line's text comes back scrubbed, with the spans that were found in the original.

One line in, one line out, in order; nothing is kept between lines, so memory does not grow with the file.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from privacy.scrub.report import ColumnScrub, ScrubReport
from privacy.scrub.text import ScrubbedText, TextScrubber
from understudy.errors import InputRefused, Place

MAX_LINE_BYTES = 64 << 20
FIELD = "text"


def scrub_notes(
    source: Path, out: Path, scrubber: TextScrubber, *, on_progress: Callable[[int], None] = lambda _percent: None
) -> ScrubReport:
    """``source`` to ``out``, both JSON lines; counts of what was found.

    Each line is an object with ``text`` (a string or null) and, if it likes, ``person``, which keeps dates of one
    person together. Other keys are refused: they would pass unscrubbed. Lines that are blank stay blank.
    Raises: InputRefused (not-jsonl) with the line.
    """
    found: Counter[str] = Counter()
    n_notes = n_failed = done = 0
    size = max(1, source.stat().st_size)
    with out.open("w", encoding="utf-8", errors="backslashreplace") as file:
        for number, line in _lines(source):
            done += len(line)
            on_progress(min(99, 100 * done // size))
            if not line.strip():
                file.write("\n")
                continue
            text, person = _read(line, number)
            if text is None:
                file.write('{"text": null, "spans": []}\n')
                continue
            result = scrubber.scrub(text, person=person)
            n_notes += 1
            n_failed += result.text is None
            found.update(result.counts)
            file.write(json.dumps(as_line(result), ensure_ascii=False) + "\n")
    column = ColumnScrub(
        column=FIELD,
        kind="text",
        action="text",
        n_values=n_notes,
        n_dropped=n_failed,
        n_failed=n_failed,
        found=dict(sorted(found.items())),
    )
    return ScrubReport(n_rows=n_notes, columns=(column,))


def as_line(result: ScrubbedText) -> dict[str, object]:
    """What is written for one note: the scrubbed text (null if it was dropped) and the spans over the original."""
    spans = [
        {"start": span.start, "end": span.end, "entity_type": span.entity, "score": round(span.score, 3)}
        for span in result.spans
    ]
    return {"text": result.text, "spans": spans}


def _lines(source: Path) -> Iterator[tuple[int, bytes]]:
    with source.open("rb") as file:
        number = 0
        while line := file.readline(MAX_LINE_BYTES + 1):
            number += 1
            if len(line) > MAX_LINE_BYTES:
                raise _refused("A line is too long for a note.", number)
            yield number, line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line


def _read(line: bytes, number: int) -> tuple[str | None, str | None]:
    """(text, person) of a line."""
    try:
        entry = json.loads(line)
    except UnicodeDecodeError:
        raise _refused("A line is not UTF-8.", number) from None
    except (ValueError, RecursionError):
        entry = None
    if not isinstance(entry, dict) or FIELD not in entry:
        raise _refused('Each line is a JSON object with "text".', number)
    if not set(entry) <= {FIELD, "person"}:
        raise _refused('A line has "text" and may have "person"; other keys would pass unscrubbed.', number)
    text, person = entry[FIELD], entry.get("person")
    if not (text is None or isinstance(text, str)) or not (person is None or isinstance(person, str | int)):
        raise _refused('"text" is a string or null, "person" a string or a whole number.', number)
    return text, None if person is None else str(person)


def _refused(message: str, number: int) -> InputRefused:
    return InputRefused(message, code="not-jsonl", where=(Place(line=number),))
