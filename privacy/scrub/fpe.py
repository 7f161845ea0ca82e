"""Format-preserving keyed permutation: digits to digits, letters to letters, the rest stays.

A balanced Feistel network over [0, N) with keyed BLAKE2b as its round function and cycle walking, so that
two values of one format never share a token. Ten rounds, as NIST SP 800-38G asks of FF1; this is not
FF1 itself and claims no more than a pseudonym needs: without the key, which value became which token
cannot be told. Source of the construction: Black and Rogaway 2002, "Ciphers with arbitrary finite
domains".
"""

from __future__ import annotations

import hashlib
import hmac

ROUNDS = 10
MAX_BITS = 128
"""Longer values get a keyed stream instead: injective up to a chance of 2**-64."""
_HALF_BYTES = MAX_BITS // 16 + 1
_MEMO_BITS = 12
"""Halves this short have few enough round values to keep them all."""

_DIGITS = "0123456789"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Permutation:
    """A keyed bijection of the integers 0 <= x < size; ``key`` has at most 64 bytes."""

    __slots__ = ("_keyed", "_memo", "size")

    def __init__(self, key: bytes, size: int) -> None:
        self.size = size
        self._keyed = hashlib.blake2b(key=key, digest_size=16)
        self._memo: dict[tuple[int, int], int] = {}

    def __call__(self, x: int) -> int:
        """The image of ``x``; one-to-one for a fixed key and size."""
        if self.size < 2:
            return x
        half = ((self.size - 1).bit_length() + 1) // 2
        y = self._feistel(x, half)
        while y >= self.size:  # walks at most 4 steps on average: 2**(2 * half) < 8 * size
            y = self._feistel(y, half)
        return y

    def _feistel(self, x: int, half: int) -> int:
        mask = (1 << half) - 1
        left, right = x >> half, x & mask
        for turn in range(ROUNDS):
            left, right = right, left ^ (self._round(turn, right, half) & mask)
        return left << half | right

    def _round(self, turn: int, right: int, half: int) -> int:
        if half > _MEMO_BITS:
            return self._digest(turn, right)
        known = self._memo.get((turn, right))
        if known is None:
            known = self._memo[turn, right] = self._digest(turn, right)
        return known

    def _digest(self, turn: int, right: int) -> int:
        keyed = self._keyed.copy()
        keyed.update(bytes((turn,)) + right.to_bytes(_HALF_BYTES, "big"))
        return int.from_bytes(keyed.digest(), "big")


def shape_of(core: str) -> str:
    """The format of a folded value: ``9`` a digit, ``A`` a letter."""
    return "".join("9" if character in _DIGITS else "A" for character in core)


def encode(core: str, *, leading: bool) -> tuple[int, int]:
    """(x, size) of a value made of ASCII digits and upper-case letters.

    With ``leading`` the first character is a digit other than 0 and stays one, so that an integer keeps
    its length.
    """
    x, size = 0, 1
    for position, character in enumerate(core):
        alphabet = _alphabet(character in _DIGITS, first=leading and position == 0)
        x = x * len(alphabet) + alphabet.index(character)
        size *= len(alphabet)
    return x, size


def decode(x: int, shape: str, *, leading: bool) -> str:
    """The value of format ``shape`` that ``encode`` maps to ``x``."""
    characters: list[str] = []
    for position in range(len(shape) - 1, -1, -1):
        alphabet = _alphabet(shape[position] == "9", first=leading and position == 0)
        x, place = divmod(x, len(alphabet))
        characters.append(alphabet[place])
    return "".join(reversed(characters))


def stream(key: bytes, core: str) -> str:
    """A token of the same format as ``core`` from a keyed stream over the whole value, for long values."""
    seed = hmac.digest(key, core.encode("utf-8", "surrogatepass"), "sha256")
    blocks = (hmac.digest(seed, block.to_bytes(4, "big"), "sha256") for block in range(len(core) // 32 + 1))
    return "".join(
        _DIGITS[byte % 10] if character in _DIGITS else _LETTERS[byte % 26]
        for character, byte in zip(core, b"".join(blocks), strict=False)
    )


def _alphabet(is_digit: bool, *, first: bool) -> str:
    if is_digit:
        return _DIGITS[1:] if first else _DIGITS
    return _LETTERS
