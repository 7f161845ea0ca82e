"""Blobs under envelope encryption, over any store of bytes.

Each blob has a data key of its own. It lies, wrapped by its tenant's key, in a second store, under the blob's name: so
removing that small file makes the blob unreadable in every copy that a backup still has of it. Bytes are encrypted
before they reach the store below; a copy in clear exists only in scratch, while somebody has asked for a local file.
"""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from service.ports import BlobStore, BlobWriter
from service.store import cipher
from service.store.cipher import CHUNK_BYTES, HEADER_BYTES, TAG_BYTES, SealBroken, StreamCipher
from service.store.reading import Readable
from service.store.vault import Vault
from understudy.errors import Failed, NotFound

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_KEK = "blobs"


class EncryptedBlobs:
    """Blobs in ``inner``, their wrapped data keys in ``data_keys``, the tenants' keys in ``vault``.

    Guarantees: nothing of a blob reaches ``inner`` in clear; a change of one bit, a missing end, chunks in another
    order and a blob in another's place are noticed before ``local`` gives anything, and by ``open`` at that chunk.
    Raises: Failed (blob-damaged), Failed (blob-key-gone) where the key was removed.
    """

    def __init__(
        self, inner: BlobStore, data_keys: BlobStore, vault: Vault, scratch: Path, entropy: Callable[[int], bytes]
    ) -> None:
        self._inner = inner
        self._data_keys = data_keys
        self._vault = vault
        self._scratch = scratch
        self._entropy = entropy

    @contextmanager
    def create(self, key: str) -> Iterator[EncryptingWriter]:
        """Write a blob under a new data key; that of an older one goes with it."""
        key_id, data_key = self._entropy(cipher.ID_BYTES), self._entropy(cipher.KEY_BYTES)
        header = cipher.new_header(key_id, self._entropy(cipher.PREFIX_BYTES))
        before, is_kept = None, False
        try:
            with self._inner.create(key) as stored:
                stored.write(header)
                writer = EncryptingWriter(stored, StreamCipher(data_key, key, header))
                yield writer
                writer.finish()
                before = self._key_id(key)
                self._keep_key(key, key_id, data_key)
                is_kept = True
        except BaseException:
            if is_kept:
                self._data_keys.remove(_place(key, key_id))
            raise
        if before is not None:
            self._data_keys.remove(_place(key, before))

    @contextmanager
    def local(self, key: str) -> Iterator[Path]:
        """The blob in clear, in a folder of scratch that is gone at the end of the block. Raises NotFound."""
        with self.open(key) as blob:
            self._scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(dir=self._scratch, prefix="clear-"))
            try:
                file = folder / key.rsplit("/", 1)[-1]
                file.touch(mode=0o600)
                with file.open("wb") as clear:
                    shutil.copyfileobj(blob, clear, CHUNK_BYTES)
                yield file
            finally:
                shutil.rmtree(folder, ignore_errors=True)

    def open(self, key: str) -> BinaryIO:
        """The blob's bytes in clear, decrypted as they are read. Raises NotFound."""
        stored_bytes = self._inner.size_bytes(key)
        stored = self._inner.open(key)
        try:
            header = stored.read(HEADER_BYTES)
            chunks = StreamCipher(self._data_key(key, cipher.key_id_in(header)), key, header)
            return io.BufferedReader(_Decrypted(stored, chunks, stored_bytes), CHUNK_BYTES)
        except BaseException:
            stored.close()
            raise

    def size_bytes(self, key: str) -> int:
        """How long the content is. Raises NotFound."""
        return cipher.content_bytes(self._inner.size_bytes(key))

    def remove(self, prefix: str) -> None:
        """Remove the keys first: from then on the blobs are noise, wherever copies of them are."""
        self._data_keys.remove(prefix)
        self._inner.remove(prefix)

    def keys(self, prefix: str) -> Iterator[str]:
        """The key itself if it is a blob, and every one below it, sorted; with ``""`` all."""
        return self._inner.keys(prefix)

    def sweep(self) -> int:
        """Remove what dead writers have left behind, and say how many blobs that were."""
        self._data_keys.sweep()
        return self._inner.sweep()

    def _key_id(self, key: str) -> bytes | None:
        try:
            with self._inner.open(key) as stored:
                return cipher.key_id_in(stored.read(HEADER_BYTES))
        except (NotFound, Failed):  # none, or one that nobody can read anyway
            return None

    def _keep_key(self, key: str, key_id: bytes, data_key: bytes) -> None:
        sealed = cipher.seal(self._tenant_key(key), data_key, _about(key, key_id), self._entropy(cipher.NONCE_BYTES))
        with self._data_keys.create(_place(key, key_id)) as writer:
            writer.write(sealed)

    def _data_key(self, key: str, key_id: bytes) -> bytes:
        gone = Failed("The key of a stored file was removed: it cannot be read again.", code="blob-key-gone")
        if not self._vault.has(_tenant(key), _KEK):
            raise gone
        try:
            with self._data_keys.open(_place(key, key_id)) as file:
                sealed = file.read()
        except NotFound:
            raise gone from None
        try:
            return cipher.unseal(self._tenant_key(key), sealed, _about(key, key_id))
        except SealBroken:
            raise cipher.damaged() from None

    def _tenant_key(self, key: str) -> bytes:
        return self._vault.secret(_tenant(key), _KEK)


def _tenant(key: str) -> str:
    return key.split("/", 1)[0]


def _place(key: str, key_id: bytes) -> str:
    return f"{key}/{key_id.hex()}"


def _about(key: str, key_id: bytes) -> bytes:
    return b"understudy data key\x00" + key_id + key.encode()


class EncryptingWriter:
    """Content in, chunks out; the last chunk is known only at the end."""

    def __init__(self, stored: BlobWriter, chunks: StreamCipher) -> None:
        self._stored = stored
        self._chunks = chunks
        self._pending = bytearray()
        self._index = 0

    def write(self, chunk: bytes) -> None:
        """Append; what is not yet a whole chunk waits in memory."""
        self._pending += chunk
        while len(self._pending) > CHUNK_BYTES:
            with memoryview(self._pending) as pending, pending[:CHUNK_BYTES] as whole:
                self._put(whole, is_last=False)
            del self._pending[:CHUNK_BYTES]

    def finish(self) -> None:
        """Write the last chunk, which may be empty."""
        self._put(bytes(self._pending), is_last=True)

    def _put(self, content: bytes | memoryview, *, is_last: bool) -> None:
        self._stored.write(self._chunks.close(self._index, content, is_last=is_last))
        self._index += 1


class _Decrypted(Readable):
    """The content of an encrypted stream, seekable."""

    def __init__(self, stored: BinaryIO, chunks: StreamCipher, stored_bytes: int) -> None:
        super().__init__(cipher.content_bytes(stored_bytes))
        self._stored = stored
        self._chunks = chunks
        self._n_chunks = cipher.n_chunks_of(stored_bytes)
        self._known: tuple[int, bytes] = (-1, b"")

    def readinto(self, buffer: WriteableBuffer) -> int:
        target = memoryview(buffer)
        index, begin = divmod(self._position, CHUNK_BYTES)
        if self._position >= self._size:
            # Also an empty content has a chunk, whose tag says that it is all there is.
            self._content(self._n_chunks - 1)
            return 0
        part = self._content(index)[begin : begin + len(target)]
        target[: len(part)] = part
        self._position += len(part)
        return len(part)

    def close(self) -> None:
        self._stored.close()
        super().close()

    def _content(self, index: int) -> bytes:
        if self._known[0] != index:
            self._stored.seek(HEADER_BYTES + index * (CHUNK_BYTES + TAG_BYTES))
            stored = self._stored.read(CHUNK_BYTES + TAG_BYTES)
            self._known = index, self._chunks.open(index, stored, is_last=index == self._n_chunks - 1)
        return self._known[1]
