"""Do generated notes repeat a long stretch of one person's text? An exact search, owner side.

A stretch counts if it stands in the notes of exactly one person: what two persons share is nobody's own. Its case and
spacing do not matter. Whether a stretch is public text, which a model may say without having seen the person, is for
the caller to tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

LENGTH = 50
"""Characters of a stretch."""
_BASE = np.uint64(1_099_511_628_211)
Hashes = NDArray[np.uint64]


def own_stretches(
    notes: Iterable[tuple[object, str]],
    written: Sequence[str],
    *,
    length: int = LENGTH,
    is_public: Callable[[str], bool] | None = None,
) -> int:
    """How many different stretches of ``written`` stand in the ``notes`` of exactly one person and are not public.

    ``notes``: (person, text). Memory: 16 bytes for each character of ``written``. Two stretches are taken for one with
    a chance of 2^-64 for each pair.
    """
    texts = [spaced(text) for text in written]
    made = [hashes(text, length) for text in texts]
    known = np.unique(np.concatenate([np.zeros(0, dtype=np.uint64), *made]))
    if not known.size:
        return 0
    owner: dict[int, object] = {}
    shared: set[int] = set()
    for person, note in notes:
        found = np.unique(hashes(spaced(note), length))
        for key in found[np.isin(found, known)].tolist():
            if key in owner and owner[key] != person:
                shared.add(key)
            owner.setdefault(key, person)
    own = set(owner) - shared
    if own and is_public is not None:
        own = {key for key in own if not _public(key, texts, made, length, is_public)}
    return len(own)


def _public(
    key: int, texts: Sequence[str], made: Sequence[Hashes], length: int, is_public: Callable[[str], bool]
) -> bool:
    for text, keys in zip(texts, made, strict=True):
        places = np.flatnonzero(keys == np.uint64(key))
        if places.size:
            return is_public(text[int(places[0]) : int(places[0]) + length])
    return False


def spaced(text: str) -> str:
    """The text with one blank where it has several."""
    return " ".join(text.split())


def hashes(text: str, length: int) -> Hashes:
    """A key of every stretch of ``length`` characters, by a polynomial modulo 2^64 over mixed characters."""
    folded = "".join(low if len(low := letter.lower()) == 1 else letter for letter in text)
    codes = np.frombuffer(folded.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint64)
    if codes.size < length:
        return np.zeros(0, dtype=np.uint64)
    codes = (codes + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    codes ^= codes >> np.uint64(29)
    found = np.zeros(codes.size - length + 1, dtype=np.uint64)
    for place in range(length):
        found = found * _BASE + codes[place : place + found.size]
    return found
