"""Folding of case and accents, one character to one character, so that offsets stay true."""

from __future__ import annotations

import unicodedata
from functools import cache

_ODD = {"ß": "s", "ø": "o", "æ": "a", "œ": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "t", "ı": "i", "’": "'", "ʼ": "'"}


def fold(text: str) -> str:
    """``text`` in lower case and without accents; the result has the same length as ``text``."""
    return text.lower() if text.isascii() else text.translate(_table()).lower()


@cache
def _table() -> dict[int, str]:
    """Accented letters up to Latin Extended Additional, to their plain lower-case letter."""
    table = {ord(odd): plain for odd, plain in _ODD.items()} | {
        ord(odd.upper()): plain for odd, plain in _ODD.items() if len(odd.upper()) == 1
    }
    for code in [*range(0xC0, 0x250), *range(0x1E00, 0x1F00)]:
        base = unicodedata.normalize("NFKD", chr(code))[0]
        if base.isascii() and base.isalpha() and code not in table:
            table[code] = base.lower()
    return table
