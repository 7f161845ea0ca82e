"""Do identifying literals of the input stand in the output? A search by keyed digests, in memory only.

Owner side: it reads the table before it was scrubbed. Columns that are invented from no row at all are not searched:
an invented name that somebody has is chance and no leak, and to avoid it would tell who is in the table. Values that
the schema declares are public and no hit either.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Container, Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from understudy.schema import ColumnSchema, TableSchema

LEAST_LETTERS = 4
LEAST_DIGITS = 6
"""Shorter literals are everywhere by chance."""
MOST_WORDS = 8

SHARED_KINDS = frozenset({"first_name", "last_name", "city", "zip"})
"""Kinds whose values many people share. As a category of a modelled column such a word was declared, or bought because
many people have it, so there it is no hit: a Ward is also a ward. In text it is searched for like the others."""

Key = bytes


def literals_in(
    real: pa.Table, synthetic: pa.Table, schema: TableSchema, *, key: Key, public: Container[str] = ()
) -> dict[str, int]:
    """By column of the output, how many different cells hold an identifying value of the input; empty if none do.

    ``real``: the table as it came in. A cell holds a literal if the literal's words stand in it one after another,
    whatever their case and spacing. ``key``: any secret; digests under it are all that is kept of the literals.
    ``public``: folded words that a text model has from public text; one of them alone is no literal in a note.
    """
    literals = {
        is_text: _digests(
            real, [column for column in schema.columns if is_text or column.kind not in SHARED_KINDS], key
        )
        for is_text in (False, True)
    }
    found: dict[str, int] = {}
    for column in schema.columns:
        if column.is_identifying or column.type not in ("string", "text") or column.name not in synthetic.column_names:
            continue
        known, longest, opening = literals[column.is_text]
        declared = {_words(str(value)) for value in column.enum or ()}
        cells = pc.unique(synthetic[column.name].cast(pa.string())).to_pylist()
        hits = sum(
            _digest(_words(cell), key) in known
            or any(
                _digest(run, key) in known
                for run in _runs(cell, longest, opening, key)
                if not (column.is_text and len(run) == 1 and run[0] in public)
            )
            for cell in cells
            if cell is not None and _words(cell) not in declared
        )
        if hits:
            found[column.name] = hits
    return found


def _digests(real: pa.Table, columns: Sequence[ColumnSchema], key: Key) -> tuple[set[bytes], int, set[bytes]]:
    """Digests of all identifying values that are long enough to mean something, the most words of one, and digests of
    their first words: a long note has few places where one could begin."""
    known: set[bytes] = set()
    opening: set[bytes] = set()
    longest = 0
    for column in columns:
        if not column.is_identifying or column.name not in real.column_names:
            continue
        for value in pc.unique(real[column.name]).to_pylist():
            words = () if value is None else _words(_plain(value))
            if words and len(words) <= MOST_WORDS and _tells(words):
                known.add(_digest(words, key))
                opening.add(_digest(words[:1], key))
                longest = max(longest, len(words))
    return known, longest, opening


def _plain(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _tells(words: tuple[str, ...]) -> bool:
    text = "".join(words)
    return len(text) >= (LEAST_DIGITS if text.isdecimal() else LEAST_LETTERS)


def _words(text: str) -> tuple[str, ...]:
    """Folded words. Marks at their ends go, so that “Smith,” is Smith; those within stay: 12-34 is one word."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    stripped = (word.strip(".,;:!?()[]{}\"'«»“”‘’") for word in folded.split())
    return tuple(word for word in stripped if word)


def _runs(cell: str, longest: int, opening: Container[bytes], key: Key) -> Iterator[tuple[str, ...]]:
    """Runs of words that begin as a literal does."""
    words = _words(cell)
    for start in range(len(words)):
        if _digest(words[start : start + 1], key) not in opening:
            continue
        for end in range(start + 1, min(start + longest, len(words)) + 1):
            yield words[start:end]


def _digest(words: tuple[str, ...], key: Key) -> bytes:
    return hashlib.blake2b(" ".join(words).encode("utf-8", "surrogatepass"), key=key[:64], digest_size=16).digest()
