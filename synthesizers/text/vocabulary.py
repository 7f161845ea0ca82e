"""Text to token numbers and back, by a fixed public vocabulary. Nothing here is ever learnt from private text.

Words are lower-case with a mark before them if they were not, digits stand alone, and a word that is not in the
vocabulary is cut into the longest parts that are; any other character is its UTF-8 bytes, so every text can be
written. Runs of blanks become one.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from synthesizers.text.slots import slots, without_slots

SPECIAL = ("<pad>", "<note>", "<more>", "<end>", "<up>", "<cap>")
PAD, NOTE, MORE, END, UP, CAP = range(len(SPECIAL))
_N_BYTES = 256
_PIECE = re.compile(r" ?[^\W\d_]+|\d| ?[^\w\s]| ?_|\n| |[\s\S]")
_MAX_CACHE = 100_000


class Vocabulary:
    """Tokens by number: specials, slots, bytes, then words and their parts (a leading blank marks a word's start)."""

    def __init__(self, words: Sequence[str]) -> None:
        """``words``: lower-case words, parts and single characters, each once."""
        self.words = tuple(words)
        self._slots = {slot: len(SPECIAL) + index for index, slot in enumerate(slots())}
        self.first_byte = len(SPECIAL) + len(self._slots)
        self.first_word = self.first_byte + _N_BYTES
        self._numbers = {word: self.first_word + index for index, word in enumerate(self.words)}
        self._longest = max((len(word) for word in self.words), default=1)
        self._known: dict[str, tuple[int, ...]] = {}
        self._text = self._texts()

    def __len__(self) -> int:
        return self.first_word + len(self.words)

    @classmethod
    def load(cls, path: Path) -> Vocabulary:
        """From a gzip file with one word a line."""
        return cls(gzip.decompress(path.read_bytes()).decode("utf-8").split("\x00"))

    def save(self, path: Path) -> None:
        """What ``load`` reads; the same words give the same bytes."""
        path.write_bytes(gzip.compress("\x00".join(self.words).encode("utf-8"), mtime=0))

    def number(self, word: str) -> int | None:
        """The token of a whole word or slot, None if it takes several."""
        return self._slots.get(word) or self._numbers.get(word)

    def plain_words(self) -> frozenset[str]:
        """The whole words of the vocabulary."""
        return frozenset(word[1:] for word in self.words if word.startswith(" ") and word[1:].isalpha())

    def encode(self, text: str) -> list[int]:
        """Token numbers of a text, slots included."""
        tokens: list[int] = []
        for piece in _PIECE.findall(_led(_blanks(text))):
            found = self._known.get(piece)
            if found is None:
                if len(self._known) > _MAX_CACHE:
                    self._known.clear()
                found = self._known[piece] = tuple(self._encode_piece(piece))
            tokens.extend(found)
        return tokens

    def _encode_piece(self, piece: str) -> Iterable[int]:
        core = piece.lstrip(" ")
        if core in self._slots:
            blank = self._numbers.get(" ")
            return ([blank] if piece.startswith(" ") and blank is not None else []) + [self._slots[core]]
        lower = core.lower()
        mark = []
        if core != lower and len(lower) == len(core):
            mark = [UP] if len(core) > 1 and core.isupper() else [CAP]
        return [*mark, *self._parts(piece[: len(piece) - len(core)] + lower)]

    def _parts(self, text: str) -> Iterable[int]:
        """The longest parts first, from the left."""
        place, found = 0, []
        while place < len(text):
            for size in range(min(self._longest, len(text) - place), 0, -1):
                number = self._numbers.get(text[place : place + size])
                if number is not None:
                    found.append(number)
                    place += size
                    break
            else:
                found += [self.first_byte + byte for byte in text[place].encode("utf-8", "surrogatepass")]
                place += 1
        return found

    def decode(self, tokens: Iterable[int]) -> str:
        """The text of token numbers; slots stay, other specials are gone."""
        made: list[str] = []
        raw = bytearray()
        mark, loud = 0, False
        for token in tokens:
            if self.first_byte <= token < self.first_word:
                raw.append(token - self.first_byte)
                continue
            if raw:
                made.append(raw.decode("utf-8", "replace"))
                raw.clear()
            if token in (UP, CAP):
                mark, loud = token, False
                continue
            text = self._text[token] if 0 <= token < len(self._text) else ""
            if mark == UP and not text[:1].isalpha() and loud:
                mark = 0  # the word of capitals has ended
            if mark and text:
                text = _cased(text, mark)
                loud = mark == UP
                mark = UP if loud else 0
            made.append(text)
        if raw:
            made.append(raw.decode("utf-8", "replace"))
        return re.sub(r"(^|\n) ", r"\1", "".join(made))

    def _texts(self) -> list[str]:
        return [*[""] * len(SPECIAL), *slots(), *[""] * _N_BYTES, *self.words]


def _cased(text: str, mark: int) -> str:
    blank = text[: len(text) - len(text.lstrip(" "))]
    core = text[len(blank) :]
    return blank + (core.upper() if mark == UP else core[:1].upper() + core[1:])


def _blanks(text: str) -> str:
    return re.sub(r"\n+", "\n", re.sub(r"[^\S\n]+", " ", re.sub(r"\s*\n\s*", "\n", text)))


def _led(text: str) -> str:
    """Every line begins with a blank, as words within a line do: the same word is the same token at both places."""
    return "\n".join(line if not line[:1].isalpha() else f" {line}" for line in text.split("\n"))


def normalised(text: str) -> str:
    """What a round through the vocabulary makes of a text that comes in, but for odd capitals."""
    return _blanks(without_slots(text)).strip()
