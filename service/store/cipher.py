"""AES-256-GCM, for whole secrets and for streams of any length in chunks. The only door to the cipher.

A stream is ``header || chunk 0 || ... || chunk n-1``. The header is ``MAGIC || id of the data key || nonce prefix``;
each chunk holds ``CHUNK_BYTES`` of content, the last one what is left (perhaps nothing), and a tag of 16 bytes. The
nonce of chunk i is ``prefix || i``; its associated data are the header, the blob's name, i, and whether it is the last.
So a chunk that was changed, moved, left out or taken from elsewhere does not open, nor a stream that ends too early.
"""

from __future__ import annotations

import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from understudy.errors import Failed

KEY_BYTES = 32
TAG_BYTES = 16
NONCE_BYTES = 12
CHUNK_BYTES = 1 << 20
MAGIC = b"USBLOB01"
ID_BYTES = 16
PREFIX_BYTES = 8
HEADER_BYTES = len(MAGIC) + ID_BYTES + PREFIX_BYTES
_MAX_CHUNKS = 1 << 32


class SealBroken(Exception):
    """This is not what that key sealed: another key, other associated data, or changed bytes."""


def seal(key: bytes, secret: bytes, about: bytes, nonce: bytes) -> bytes:
    """``nonce || ciphertext || tag``. ``nonce``: 12 bytes, never twice under one key."""
    return nonce + AESGCM(key).encrypt(nonce, secret, about)


def unseal(key: bytes, sealed: bytes, about: bytes) -> bytes:
    """What ``seal`` was given. Raises SealBroken."""
    if len(sealed) < NONCE_BYTES + TAG_BYTES:
        raise SealBroken
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], about)
    except InvalidTag:
        raise SealBroken from None


class StreamCipher:
    """The chunks of one blob under its own data key."""

    def __init__(self, key: bytes, name: str, header: bytes) -> None:
        self._aead = AESGCM(key)
        self._about = header + name.encode()
        self._prefix = header[-PREFIX_BYTES:]

    def close(self, index: int, content: bytes | memoryview, *, is_last: bool) -> bytes:
        """Chunk ``index`` as it is stored."""
        if index >= _MAX_CHUNKS:
            raise Failed("The file is too long.", code="too-large")
        return self._aead.encrypt(self._nonce(index), content, self._of(index, is_last=is_last))

    def open(self, index: int, stored: bytes, *, is_last: bool) -> bytes:
        """The content of a stored chunk. Raises Failed (blob-damaged)."""
        try:
            return self._aead.decrypt(self._nonce(index), stored, self._of(index, is_last=is_last))
        except (InvalidTag, ValueError):
            raise damaged() from None

    def _nonce(self, index: int) -> bytes:
        return self._prefix + struct.pack(">I", index)

    def _of(self, index: int, *, is_last: bool) -> bytes:
        return struct.pack(">I?", index, is_last) + self._about


def new_header(key_id: bytes, prefix: bytes) -> bytes:
    """How the stream of a new blob begins."""
    return MAGIC + key_id + prefix


def key_id_in(header: bytes) -> bytes:
    """Which data key a stream is under. Raises Failed (blob-damaged)."""
    if len(header) != HEADER_BYTES or not header.startswith(MAGIC):
        raise damaged()
    return header[len(MAGIC) : len(MAGIC) + ID_BYTES]


def content_bytes(stored_bytes: int) -> int:
    """How long the content of a stream of this length is. Raises Failed (blob-damaged)."""
    n_chunks = n_chunks_of(stored_bytes)
    return stored_bytes - HEADER_BYTES - n_chunks * TAG_BYTES


def n_chunks_of(stored_bytes: int) -> int:
    """How many chunks a stream of this length has. Raises Failed (blob-damaged)."""
    body = stored_bytes - HEADER_BYTES
    whole, rest = divmod(body, CHUNK_BYTES + TAG_BYTES)
    if body < TAG_BYTES or 0 < rest < TAG_BYTES:
        raise damaged()
    return whole + bool(rest)


def damaged() -> Failed:
    """What is stored is not what was written."""
    return Failed("A stored file is damaged or was changed.", code="blob-damaged")
