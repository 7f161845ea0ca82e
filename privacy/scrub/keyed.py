"""Keyed numbers: what every surrogate is made of. The key is the population's; whoever has it can re-link."""

from __future__ import annotations

import hmac
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Keyed:
    """A family of independent keyed hashes, one for each label."""

    key: bytes

    def __repr__(self) -> str:
        return "Keyed(...)"

    def bytes_of(self, label: str, value: str) -> bytes:
        """32 bytes, HMAC-SHA256(key, label | value)."""
        return hmac.digest(self.key, f"{label}\0{value}".encode("utf-8", "surrogatepass"), "sha256")

    def number(self, label: str, value: str, below: int) -> int:
        """A whole number from 0 to ``below - 1``; the modulo bias is under ``below / 2**64``."""
        return int.from_bytes(self.bytes_of(label, value)[:8], "big") % below

    def digits(self, label: str, value: str, count: int) -> str:
        """``count`` decimal digits, at most 70."""
        return str(int.from_bytes(self.bytes_of(label, value), "big") % 10**count).zfill(count)

    def child(self, label: str) -> Keyed:
        """An independent family for another purpose."""
        return Keyed(self.bytes_of("child", label))
