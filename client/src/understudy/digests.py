"""Is a bundle whole, as the zip that was fetched or the folder that it was unpacked to? Its manifest's digests against
its files; needs nothing but Python.

This finds accidents. Who changed a file may have changed the manifest too: that is what the signature is for, which
``understudy verify`` of the server package checks, offline too.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

from understudy.errors import InputRefused

MANIFEST = "manifest.json"
SIGNATURE = "manifest.sig"
BESIDE = frozenset({"report.owner.json", "report.owner.html"})
"""What ``understudy synth`` writes into a bundle's folder and is never in the bundle: no signature covers it."""

MAX_MANIFEST_BYTES = 4 << 20
_CHUNK_BYTES = 1 << 20


class Files(Protocol):
    """A bundle's files, by name."""

    def names(self) -> list[str]:
        """All of them; one that is there twice, twice."""

    def size_bytes(self, name: str) -> int:
        """Raises KeyError."""

    def open(self, name: str) -> IO[bytes]:
        """Raises KeyError."""


@contextmanager
def opened(bundle: str | Path) -> Iterator[Files]:
    """The files of a zip, or of the folder that one was unpacked to. Raises OSError, BadZipFile."""
    if Path(bundle).is_dir():
        yield _Folder(Path(bundle))
    else:
        with zipfile.ZipFile(bundle) as archive:
            yield _Zip(archive)


class _Zip:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def names(self) -> list[str]:
        return self._archive.namelist()

    def size_bytes(self, name: str) -> int:
        return self._archive.getinfo(name).file_size

    def open(self, name: str) -> IO[bytes]:
        return self._archive.open(name)


class _Folder:
    """Only what lies in the folder itself counts as a name of the bundle: names are looked up, never joined."""

    def __init__(self, folder: Path) -> None:
        self._found = {str(path.relative_to(folder)): path for path in folder.rglob("*") if not path.is_dir()}

    def names(self) -> list[str]:
        return sorted(self._found.keys() - BESIDE)

    def size_bytes(self, name: str) -> int:
        return self._found[name].stat().st_size

    def open(self, name: str) -> IO[bytes]:
        return self._found[name].open("rb")


def check_digests(bundle: str | Path) -> bytes:
    """Compare every file of a bundle, a zip or a folder, with the manifest. Returns the manifest's bytes.

    Raises: InputRefused: bundle-broken if it is no bundle or cannot be read; bundle-changed, with the names in
    ``facts["files"]``, if a file is not as the manifest says, is missing, is there twice or is not in it. In a folder
    the owner's reports may lie beside (``BESIDE``).
    """
    try:
        with opened(bundle) as files:
            manifest = read_small(files, MANIFEST)
            declared = _declared(manifest)
            faults = sorted(_faults(files, declared))
    except (OSError, zipfile.BadZipFile, ValueError, KeyError, TypeError, EOFError, NotImplementedError, RuntimeError):
        raise InputRefused("This is no bundle of Understudy, or it is damaged.", code="bundle-broken") from None
    if faults:
        raise InputRefused(
            "The bundle is not as its manifest says.", code="bundle-changed", facts={"files": ", ".join(faults)}
        )
    return manifest


def read_small(files: Files, name: str) -> bytes:
    """A file that is small by nature. Raises KeyError if it is not there, ValueError if it is large."""
    if files.size_bytes(name) > MAX_MANIFEST_BYTES:
        raise ValueError("too large")
    with files.open(name) as file:
        return file.read()


def _declared(manifest: bytes) -> dict[str, Mapping[str, object]]:
    document = json.loads(manifest)
    return {str(name): dict(entry) for name, entry in document["files"].items()}


def _faults(files: Files, declared: Mapping[str, Mapping[str, object]]) -> set[str]:
    names = files.names()
    there = set(names) - {MANIFEST, SIGNATURE}
    doubled = {name for name in names if names.count(name) > 1}
    changed = {name for name in there & set(declared) if not _is_as_declared(files, name, declared[name])}
    return doubled | changed | (there ^ set(declared))


def _is_as_declared(files: Files, name: str, entry: Mapping[str, object]) -> bool:
    if files.size_bytes(name) != entry["size_bytes"]:
        return False
    digest = hashlib.sha256()
    try:
        with files.open(name) as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
    except zipfile.BadZipFile:  # its checksum is another already
        return False
    return digest.hexdigest() == entry["sha256"]
