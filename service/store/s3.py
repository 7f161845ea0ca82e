"""Bytes in an S3 bucket. Whatever comes here is encrypted already: see ``encrypted``.

A blob is collected in scratch and sent when it is whole, so a bucket never shows half of one, nor parts of one that was
given up. Credentials come from the environment or the machine's role (``AWS_ACCESS_KEY_ID`` and so on), as pyarrow's
client finds them; they are neither in the settings nor kept.
"""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import urlsplit

from pyarrow import fs

from service.store.blobs import checked_key
from service.store.reading import Readable
from understudy.errors import Failed, NotFound, UsageError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_READ_BYTES = 4 << 20


class S3Writer:
    """A blob under way, in a file of scratch."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, chunk: bytes) -> None:
        """Append a chunk."""
        self._file.write(chunk)


class S3Blobs:
    """Blobs as objects under ``bucket/prefix``, of ``s3://bucket/prefix?endpoint_override=host:port&scheme=http``.

    Guarantees: a key shows a whole blob or none. Raises: UsageError for another kind of key or URL; Failed (s3-failed)
    for what the server refuses or does not answer.
    """

    def __init__(self, url: str, scratch: Path) -> None:
        self._fs, self._root = _opened(url)
        self._scratch = scratch

    @contextmanager
    def create(self, key: str) -> Iterator[S3Writer]:
        """Write a blob; sent at the end of the block, replacing an older one."""
        target = self._path(key)
        self._scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=self._scratch, prefix="s3-") as file:
            yield S3Writer(file)
            file.seek(0)
            with _plain_errors(), self._fs.open_output_stream(target) as stream:
                shutil.copyfileobj(file, stream, _READ_BYTES)

    @contextmanager
    def local(self, key: str) -> Iterator[Path]:
        """A copy in scratch, gone at the end of the block. Raises NotFound."""
        with self.open(key) as blob:
            self._scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self._scratch, prefix="s3-") as file:
                shutil.copyfileobj(blob, file, _READ_BYTES)
                file.flush()
                yield Path(file.name)

    def open(self, key: str) -> BinaryIO:
        """The blob's bytes, fetched as they are read. Raises NotFound."""
        size = self.size_bytes(key)
        with _plain_errors():
            return io.BufferedReader(_Object(self._fs.open_input_file(self._path(key)), size), _READ_BYTES)

    def size_bytes(self, key: str) -> int:
        """How long the blob is. Raises NotFound."""
        with _plain_errors():
            info = self._fs.get_file_info(self._path(key))
        if info.type is not fs.FileType.File:
            raise NotFound("There is no such blob.")
        return int(info.size)

    def remove(self, prefix: str) -> None:
        """Remove the blob of this key and every one below it; it is no error if there is none."""
        place = self._path(prefix.removesuffix("/"))
        with _plain_errors():
            kind = self._fs.get_file_info(place).type
            if kind is fs.FileType.Directory:
                self._fs.delete_dir(place)
            elif kind is fs.FileType.File:
                self._fs.delete_file(place)

    def keys(self, prefix: str) -> Iterator[str]:
        """The key itself if it is a blob, and every one below it, sorted; with ``""`` all."""
        place = self._path(prefix.removesuffix("/")) if prefix else self._root
        with _plain_errors():
            itself = self._fs.get_file_info(place)
            below = self._fs.get_file_info(fs.FileSelector(place, recursive=True, allow_not_found=True))
        found = [info.path for info in (itself, *below) if info.type is fs.FileType.File]
        return iter(sorted(path.removeprefix(f"{self._root}/") for path in found))

    def sweep(self) -> int:
        """Nothing is ever half written here."""
        return 0

    def _path(self, key: str) -> str:
        return f"{self._root}/{checked_key(key)}"


class _Object(Readable):
    """An object of the bucket as Python's own kind of file."""

    def __init__(self, file: Any, size: int) -> None:
        # Any: pyarrow has no types.
        super().__init__(size)
        self._file = file

    def readinto(self, buffer: WriteableBuffer) -> int:
        target = memoryview(buffer)
        wanted = min(len(target), self._size - self._position)
        if wanted <= 0:
            return 0
        with _plain_errors():
            part: bytes = self._file.read_at(wanted, self._position)
        target[: len(part)] = part
        self._position += len(part)
        return len(part)

    def close(self) -> None:
        self._file.close()
        super().close()


def _opened(url: str) -> tuple[Any, str]:
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.hostname:
        raise UsageError("Blobs lie in a folder or at s3://bucket/prefix.", code="settings-invalid")
    if parts.username or parts.password:
        raise UsageError("Credentials belong into the environment, not into a URL.", code="settings-invalid")
    try:
        system, path = fs.FileSystem.from_uri(url)
    except (OSError, ValueError):
        raise UsageError("This S3 address cannot be used.", code="settings-invalid") from None
    return system, path.rstrip("/")


@contextmanager
def _plain_errors() -> Iterator[None]:
    """The client's own texts name keys and buckets: they are not repeated."""
    try:
        yield
    except FileNotFoundError:
        raise NotFound("There is no such blob.") from None
    except OSError:
        raise Failed("The S3 store did not do what it was asked.", code="s3-failed") from None
