"""Blobs on the local disk. What is being written lies apart, locked by its writer, until it is whole."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from understudy.errors import NotFound, UsageError

_PARTIAL = ".partial"
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,254}")
_DIRECTORY_MODE = 0o700
_FILE_MODE = 0o600


class LocalBlobWriter:
    """A file under way."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, chunk: bytes) -> None:
        """Append a chunk."""
        self._file.write(chunk)


class LocalBlobs:
    """Blobs as files under ``root``, which may be shared by processes of one machine.

    Keys are parts of letters, digits and ``._-``, joined by ``/``; no part begins with a dot or a dash.
    Guarantees: a key shows a whole blob or none, also after a crash; only the owner of the process may read.
    Raises: UsageError for another kind of key.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()
        _make_directories(self._root / _PARTIAL)

    @contextmanager
    def create(self, key: str) -> Iterator[LocalBlobWriter]:
        """Write a blob; published at the end of the block, replacing an older one, gone after any exception."""
        target = self._file(key)
        partial, file = self._begin_partial()
        try:
            with file:
                yield LocalBlobWriter(file)
                file.flush()
                _publish(partial, target)
        finally:
            partial.unlink(missing_ok=True)

    @contextmanager
    def local(self, key: str) -> Iterator[Path]:
        """The blob's own file, to read only. Raises NotFound."""
        yield self._existing(key)

    def open(self, key: str) -> BinaryIO:
        """The blob's bytes. Raises NotFound."""
        try:
            return self._file(key).open("rb")
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise NotFound("There is no such blob.") from None

    def size_bytes(self, key: str) -> int:
        """How long the blob is. Raises NotFound."""
        return self._existing(key).stat().st_size

    def remove(self, prefix: str) -> None:
        """Remove the blob of this key and every one below it, as ``prefix/...``; it is no error if there is none."""
        place = self._file(prefix.removesuffix("/"))
        if place.is_dir():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)

    def keys(self, prefix: str) -> Iterator[str]:
        """The key itself if it is a blob, and every one below it, sorted; with ``""`` all."""
        place = self._file(prefix.removesuffix("/")) if prefix else self._root
        found = [place] if place.is_file() else sorted(path for path in place.rglob("*") if path.is_file())
        partials = self._root / _PARTIAL
        return (path.relative_to(self._root).as_posix() for path in found if partials not in path.parents)

    def sweep(self) -> int:
        """Remove what writers that died have left behind, and say how many; call it at start."""
        n_removed = 0
        for partial in (self._root / _PARTIAL).iterdir():
            with suppress(FileNotFoundError), partial.open("rb") as file:  # its writer may just have published it
                if _lock(file):
                    partial.unlink()
                    n_removed += 1
        return n_removed

    def _existing(self, key: str) -> Path:
        file = self._file(key)
        if not file.is_file():
            raise NotFound("There is no such blob.")
        return file

    def _file(self, key: str) -> Path:
        return self._root.joinpath(*checked_key(key).split("/"))

    def _begin_partial(self) -> tuple[Path, BinaryIO]:
        while True:
            partial = self._root / _PARTIAL / uuid.uuid4().hex
            file = os.fdopen(os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, _FILE_MODE), "wb")
            # Between its making and its locking, a sweep may have taken the file for a dead writer's.
            if _lock(file) and partial.exists():
                return partial, file
            file.close()


def checked_key(key: str) -> str:
    """A key of a blob. Raises UsageError."""
    if not all(_PART.fullmatch(part) for part in key.split("/")):
        raise UsageError("This is no key of a blob.")
    return key


def _lock(file: BinaryIO) -> bool:
    """Take the file's lock, which the system gives up with the process; False if another has it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _publish(partial: Path, target: Path) -> None:
    partial.chmod(_FILE_MODE)
    _sync(partial)
    _make_directories(target.parent)
    partial.replace(target)
    _sync(target.parent)


def _make_directories(directory: Path) -> None:
    """Make a directory and its parents, each durable and for the owner only."""
    if directory.is_dir():
        return
    _make_directories(directory.parent)
    directory.mkdir(mode=_DIRECTORY_MODE, exist_ok=True)
    _sync(directory.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
