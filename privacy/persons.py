"""Was this person in it? A sorted set of keyed hashes of ids, kept beside a model for as long as what it made is kept.

It answers one question, for one id at a time, to who has the key; it is no list of ids, and cannot be turned into one
without the key. With the key and a guess of an id it says yes or no, so it is personal data still: it stays encrypted,
with its owner, and nothing of it is in a release. 8 bytes a person; a wrong yes once in 2^64 / persons.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterable

import numpy as np

from understudy.schema import ColumnSchema

_BYTES = 8


def person_set(ids: Iterable[object], *, key: bytes) -> bytes:
    """The set as bytes: 8 for each different id, big-endian, ascending. None is nobody."""
    words = {_word(str(value), key) for value in ids if value is not None}
    return np.array(sorted(words), dtype=">u8").tobytes()


def is_in(person: str, members: bytes, *, key: bytes) -> bool:
    """True if the set was made with this id, as its text is in the table."""
    words = np.frombuffer(members, dtype=">u8")
    word = _word(person, key)
    place = bisect_left(words, word)
    return place < len(words) and int(words[place]) == word


def as_in_table(text: str, column: ColumnSchema | None) -> str:
    """How an id that somebody wrote stands in a table: 007 is 7 in a column of whole numbers, and itself in text."""
    if column is not None and column.type == "integer" and text.strip().lstrip("+-").isdecimal():
        return str(int(text))
    return text


def _word(text: str, key: bytes) -> int:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), key=key, digest_size=_BYTES, person=b"member")
    return int.from_bytes(digest.digest(), "big")
