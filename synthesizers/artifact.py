"""Model artifacts: a directory with manifest.json and arrays.npz. No pickle, versioned, checked on load."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.errors import Failed

FORMAT = "understudy-artifact"
MANIFEST = "manifest.json"
ARRAYS = "arrays.npz"

Arrays = Mapping[str, NDArray[Any]]


def save(directory: Path, *, kind: str, version: int, manifest: Mapping[str, Any], arrays: Arrays) -> None:
    """Write an artifact. The same content gives the same bytes.

    ``kind`` and ``version`` name the reader; ``manifest`` is plain JSON; ``arrays`` hold numbers only.
    """
    directory.mkdir(parents=True, exist_ok=True)
    blob = _npz(arrays)
    head = {
        "format": FORMAT,
        "kind": kind,
        "version": version,
        "arrays_sha256": hashlib.sha256(blob).hexdigest(),
        "content": dict(manifest),
    }
    (directory / ARRAYS).write_bytes(blob)
    (directory / MANIFEST).write_text(json.dumps(head, indent=1, sort_keys=True), encoding="utf-8")


def load(
    directory: Path, *, kind: str, versions: tuple[int, ...]
) -> tuple[int, dict[str, Any], dict[str, NDArray[Any]]]:
    """Read an artifact: (version, manifest, arrays).

    Raises: Failed if it is not one, is damaged, or is of a version that this code cannot read.
    """
    try:
        head = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
        blob = (directory / ARRAYS).read_bytes()
    except (OSError, ValueError):
        raise Failed("The model artifact cannot be read.", code="artifact-unreadable") from None
    if not isinstance(head, dict) or head.get("format") != FORMAT or head.get("kind") != kind:
        raise Failed("This is not a model artifact of this engine.", code="artifact-unreadable")
    if head.get("version") not in versions:
        raise Failed("The model artifact is of a version that this release cannot read.", code="artifact-version")
    if hashlib.sha256(blob).hexdigest() != head.get("arrays_sha256"):
        raise Failed("The model artifact is damaged.", code="artifact-damaged")
    with np.load(io.BytesIO(blob), allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    return int(head["version"]), dict(head["content"]), arrays


def _npz(arrays: Arrays) -> bytes:
    """An .npz with a fixed time stamp, so that equal content has an equal digest."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(arrays):
            member = io.BytesIO()
            np.lib.format.write_array(member, np.ascontiguousarray(arrays[name]), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0)), member.getvalue())
    return out.getvalue()
