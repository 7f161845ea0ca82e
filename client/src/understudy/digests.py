"""Is a bundle whole? Its manifest's digests against its files; needs nothing but Python.

This finds accidents. Who changed a file may have changed the manifest too: that is what the signature is for, which
``understudy verify`` of the server package checks, offline too.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

from understudy.errors import InputRefused

MANIFEST = "manifest.json"
SIGNATURE = "manifest.sig"
MAX_MANIFEST_BYTES = 4 << 20
_CHUNK_BYTES = 1 << 20


def check_digests(bundle: str | Path) -> bytes:
    """Compare every file of a bundle with the manifest. Returns the manifest's bytes.

    Raises: InputRefused: bundle-broken if it is no bundle or cannot be read; bundle-changed, with the names in
    ``facts["files"]``, if a file is not as the manifest says, is missing, is there twice or is not in it.
    """
    try:
        with zipfile.ZipFile(bundle) as archive:
            manifest = read_small(archive, MANIFEST)
            declared = _declared(manifest)
            faults = sorted(_faults(archive, declared))
    except (OSError, zipfile.BadZipFile, ValueError, KeyError, TypeError, EOFError, NotImplementedError, RuntimeError):
        raise InputRefused("This is no bundle of Understudy, or it is damaged.", code="bundle-broken") from None
    if faults:
        raise InputRefused(
            "The bundle is not as its manifest says.", code="bundle-changed", facts={"files": ", ".join(faults)}
        )
    return manifest


def read_small(archive: zipfile.ZipFile, name: str) -> bytes:
    """A file that is small by nature. Raises KeyError if it is not there, ValueError if it is large."""
    if archive.getinfo(name).file_size > MAX_MANIFEST_BYTES:
        raise ValueError("too large")
    return archive.read(name)


def _declared(manifest: bytes) -> dict[str, Mapping[str, object]]:
    document = json.loads(manifest)
    return {str(name): dict(entry) for name, entry in document["files"].items()}


def _faults(archive: zipfile.ZipFile, declared: Mapping[str, Mapping[str, object]]) -> set[str]:
    names = archive.namelist()
    there = set(names) - {MANIFEST, SIGNATURE}
    doubled = {name for name in names if names.count(name) > 1}
    changed = {name for name in there & set(declared) if not _is_as_declared(archive, name, declared[name])}
    return doubled | changed | (there ^ set(declared))


def _is_as_declared(archive: zipfile.ZipFile, name: str, entry: Mapping[str, object]) -> bool:
    if archive.getinfo(name).file_size != entry["size_bytes"]:
        return False
    digest = hashlib.sha256()
    try:
        with archive.open(name) as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
    except zipfile.BadZipFile:  # its checksum is another already
        return False
    return digest.hexdigest() == entry["sha256"]
