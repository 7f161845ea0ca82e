"""Format-preserving keyed permutation: digits to digits, letters to letters, and nothing to itself.

x becomes E^-1(E(x) + 1 mod N), where E is a Feistel network over Z_a x Z_b (a * b >= N) with keyed BLAKE2b
as its round function and cycle walking. So the permutation is one long cycle: two values of one format
never share a token, and none is its own. Six rounds in and six out; this is no standard cipher and claims
no more than a pseudonym needs: without the key, which value became which token cannot be told.
Sources: Black and Rogaway 2002, "Ciphers with arbitrary finite domains"; Patarin 2004, "Security of random
Feistel schemes with 5 or more rounds".
"""

from __future__ import annotations

import hashlib
import hmac
import math

ROUNDS = 6
MAX_BITS = 128
"""Longer values get a keyed stream instead: injective up to a chance of 2**-64."""
_HALF_BYTES = MAX_BITS // 16 + 1
_MEMO_SIZE = 2**14
"""Halves this short have few enough round values to keep them all."""

_DIGITS = "0123456789"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Permutation:
    """A keyed bijection of the integers 0 <= x < size; ``key`` has at most 64 bytes."""

    __slots__ = ("_high", "_keyed", "_low", "_memo", "size")

    def __init__(self, key: bytes, size: int) -> None:
        self.size = size
        self._low = math.isqrt(max(size - 1, 0)) + 1
        self._high = -(-size // self._low)
        self._keyed = hashlib.blake2b(key=key, digest_size=16)
        self._memo: dict[tuple[int, int], int] = {}

    def __call__(self, x: int) -> int:
        """The image of ``x``: one-to-one for a fixed key and size, and never ``x`` if there are two values."""
        if self.size < 2:
            return x
        y = self._into(x)
        while y >= self.size:  # hardly ever: low * high is size or a little more
            y = self._into(y)
        x = self._out((y + 1) % self.size)
        while x >= self.size:
            x = self._out(x)
        return x

    def _into(self, x: int) -> int:
        high, low = divmod(x, self._low)
        for turn in range(0, ROUNDS, 2):
            high = (high + self._round(turn, low)) % self._high
            low = (low + self._round(turn + 1, high)) % self._low
        return high * self._low + low

    def _out(self, y: int) -> int:
        high, low = divmod(y, self._low)
        for turn in range(ROUNDS - 2, -1, -2):
            low = (low - self._round(turn + 1, high)) % self._low
            high = (high - self._round(turn, low)) % self._high
        return high * self._low + low

    def _round(self, turn: int, right: int) -> int:
        if self._low > _MEMO_SIZE:
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
    """The format of a value of ASCII digits and upper-case letters: ``9`` a digit, ``A`` a letter."""
    return "9" * len(core) if core.isdecimal() else "".join("9" if symbol in _DIGITS else "A" for symbol in core)


def encode(core: str) -> tuple[int, int]:
    """(x, size): ``core`` as a number in mixed radix, and how many values its format has."""
    if core.isdecimal():
        return int(core), 10 ** len(core)
    x, size = 0, 1
    for symbol in core:
        alphabet = _DIGITS if symbol in _DIGITS else _LETTERS
        x = x * len(alphabet) + alphabet.index(symbol)
        size *= len(alphabet)
    return x, size


def decode(x: int, shape: str) -> str:
    """The value of format ``shape`` that ``encode`` maps to ``x``."""
    if "A" not in shape:
        return str(x).zfill(len(shape))
    symbols: list[str] = []
    for place in reversed(shape):
        alphabet = _DIGITS if place == "9" else _LETTERS
        x, symbol = divmod(x, len(alphabet))
        symbols.append(alphabet[symbol])
    return "".join(reversed(symbols))


def stream(key: bytes, core: str) -> str:
    """A token of the same format as ``core`` from a keyed stream over the whole value, for long values."""
    seed = hmac.digest(key, core.encode("utf-8", "surrogatepass"), "sha256")
    blocks = (hmac.digest(seed, block.to_bytes(4, "big"), "sha256") for block in range(len(core) // 32 + 1))
    return "".join(
        _DIGITS[byte % 10] if character in _DIGITS else _LETTERS[byte % 26]
        for character, byte in zip(core, b"".join(blocks), strict=False)
    )
