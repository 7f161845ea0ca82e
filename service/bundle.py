"""What leaves the walls: one zip with its files and a manifest of their digests."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

from understudy import __version__

MANIFEST = "manifest.json"
WITHOUT_DP = "without_dp.parquet"
"""What the owner may ask for: the same fit without privacy. As private as the real rows: it stays in the job's folder
until the judge has read it, is never bundled, and is gone at the end."""
_EPOCH = (1980, 1, 1, 0, 0, 0)


def write_bundle(path: Path, files: Mapping[str, Path], *, facts: Mapping[str, object]) -> None:
    """Write a zip of ``files`` and a manifest. The same content gives the same bytes."""
    manifest = {
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
        info = zipfile.ZipInfo(MANIFEST, _EPOCH)
        info.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(info, json.dumps(manifest, indent=1, sort_keys=True))


def _entry(file: Path) -> dict[str, object]:
    digest = hashlib.sha256()
    with file.open("rb") as source:
        while chunk := source.read(1 << 20):
            digest.update(chunk)
    return {"sha256": digest.hexdigest(), "size_bytes": file.stat().st_size}
