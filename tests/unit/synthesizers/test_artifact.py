"""Artifacts: exact, reproducible, and refused when they are not what they say."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from synthesizers import artifact
from understudy.errors import Failed


def write(folder: Path) -> None:
    artifact.save(folder, kind="k", version=3, manifest={"a": [1, "b"]}, arrays={"x": np.arange(5), "y.0": np.eye(2)})


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    write(tmp_path)
    version, manifest, arrays = artifact.load(tmp_path, kind="k", versions=(2, 3))
    assert (version, manifest) == (3, {"a": [1, "b"]})
    assert (arrays["x"] == np.arange(5)).all()
    assert (arrays["y.0"] == np.eye(2)).all()


def test_equal_content_gives_equal_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(tmp_path / name)
    for part in (artifact.ARRAYS, artifact.MANIFEST):
        assert (tmp_path / "one" / part).read_bytes() == (tmp_path / "two" / part).read_bytes()


def test_damage_and_strangers_are_refused(tmp_path: Path) -> None:
    write(tmp_path)
    with pytest.raises(Failed):
        artifact.load(tmp_path, kind="other", versions=(3,))
    with pytest.raises(Failed):
        artifact.load(tmp_path, kind="k", versions=(4,))
    with pytest.raises(Failed):
        artifact.load(tmp_path / "nowhere", kind="k", versions=(3,))
    blob = bytearray((tmp_path / artifact.ARRAYS).read_bytes())
    blob[-1] ^= 1
    (tmp_path / artifact.ARRAYS).write_bytes(blob)
    with pytest.raises(Failed):
        artifact.load(tmp_path, kind="k", versions=(3,))


def test_no_pickle_is_written_or_read(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"pickle|Object"):
        artifact.save(tmp_path, kind="k", version=1, manifest={}, arrays={"x": np.array([object()])})
    write(tmp_path)
    assert json.loads((tmp_path / artifact.MANIFEST).read_text())["format"] == artifact.FORMAT
