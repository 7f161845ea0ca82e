"""Places in a note that are filled from the row, or invented: names, dates, ages, codes.

Inside the package a slot is one character of Unicode's private area, so that a note with slots is still a string. Text
that comes in loses such characters first. What identifies a person is thus never spelt by a model: it learns where a
name stands, and the name of the synthetic row is written there.
"""

from __future__ import annotations

NAMED = ("name", "date", "age", "place", "id", "phone", "url")
"""Slots that are told by kind, where no column has the value."""
N_FIELDS = 16
"""Most columns of a row that a note may refer to."""

_FIRST = 0xE000


def named(kind: str) -> str:
    """The slot for an invented value of this kind."""
    return chr(_FIRST + NAMED.index(kind))


def field(index: int) -> str:
    """The slot for the value of the row's column number ``index``."""
    return chr(_FIRST + len(NAMED) + index)


def slots() -> list[str]:
    """All slots, in the order of their token numbers."""
    return [chr(_FIRST + index) for index in range(len(NAMED) + N_FIELDS)]


def without_slots(text: str) -> str:
    """The text without characters that a slot could be taken for."""
    return "".join(" " if 0xE000 <= ord(character) <= 0xF8FF else character for character in text)
