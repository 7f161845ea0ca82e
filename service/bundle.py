"""What leaves the walls: one zip with its files, a manifest of their digests, and the manifest's signature."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

from service.manifest import sign
from understudy import __version__
from understudy.digests import MANIFEST, SIGNATURE

_EPOCH = (1980, 1, 1, 0, 0, 0)


def write_bundle(path: Path, files: Mapping[str, Path], *, facts: Mapping[str, object], seed: bytes) -> None:
    """Write a zip of ``files``, a manifest and its signature by ``seed``. The same content gives the same bytes."""
    document = {
        "format": "understudy-bundle/1",
        "version": __version__,
        **facts,
        "files": {name: _entry(file) for name, file in sorted(files.items())},
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, file in sorted(files.items()):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            with file.open("rb") as source, archive.open(info, "w") as target:
                while chunk := source.read(1 << 20):
                    target.write(chunk)
        manifest = json.dumps(document, indent=1, sort_keys=True).encode()
        for name, content in ((MANIFEST, manifest), (SIGNATURE, sign(manifest, seed))):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)


def _entry(file: Path) -> dict[str, object]:
    digest = hashlib.sha256()
    with file.open("rb") as source:
        while chunk := source.read(1 << 20):
            digest.update(chunk)
    return {"sha256": digest.hexdigest(), "size_bytes": file.stat().st_size}
