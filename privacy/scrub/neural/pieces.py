"""Words cut into the pieces that an encoder's vocabulary knows, each word by itself and kept once cut."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tokenizers import Tokenizer

CLS, SEP = 101, 102
"""What stands before and after the pieces of one window, in BERT's vocabulary."""
MOST = 12
"""Pieces of one word that are looked at; longer ones are codes."""
_MAX_CACHE = 200_000


@dataclass(slots=True)
class Pieces:
    """Pieces of words. Not thread-safe only in that its cache may be filled twice."""

    tokenizer: Tokenizer
    _known: dict[str, list[int]] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path) -> Pieces:
        """Of the ``tokenizer.json`` in that folder."""
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return cls(tokenizer)

    def of(self, word: str) -> list[int]:
        """At least one piece, at most ``MOST``."""
        known = self._known.get(word)
        if known is None:
            if len(self._known) > _MAX_CACHE:
                self._known.clear()
            cut = self.tokenizer.encode(word, add_special_tokens=False).ids[:MOST]
            known = self._known[word] = cut or [self.tokenizer.token_to_id("[UNK]") or 0]
        return known
