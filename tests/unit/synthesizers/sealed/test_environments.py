"""Environments: what makes one ready, and that a failed one leaves nothing. No package is fetched here."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from synthesizers.sealed import environments as module
from synthesizers.sealed.environments import LOCKS, MARKER, Environments, lock_digest, names
from understudy.errors import Failed, UsageError


def marked(folder: Path, **facts: object) -> Environments:
    (folder / "sdv").mkdir()
    marker = {"format": "understudy-engine", "name": "sdv", "lock": lock_digest("sdv")} | facts
    (folder / "sdv" / MARKER).write_text(json.dumps(marker))
    return Environments(folder)


def test_one_from_this_releases_lock_is_ready(tmp_path: Path) -> None:
    assert marked(tmp_path).is_ready("sdv")
    assert not Environments(tmp_path).is_ready("smartnoise")
    assert not Environments(None).is_ready("sdv")


def test_one_from_another_lock_is_not(tmp_path: Path) -> None:
    assert not marked(tmp_path, lock="0" * 64).is_ready("sdv")


@pytest.mark.parametrize("name", ["", "..", "../sdv", "other"])
def test_no_other_name_is_a_folder(tmp_path: Path, name: str) -> None:
    assert not Environments(tmp_path).is_ready(name)
    with pytest.raises(UsageError):
        Environments(tmp_path).install(name)


def test_a_wheelhouse_without_the_wheels_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip is asked for nothing but the folder, so this needs no network; it is replaced by a program that fails."""
    asked: list[list[str]] = []

    def pip(target: Path, name: str, wheelhouse: Path | None) -> list[str]:
        asked.append(real(target, name, wheelhouse))
        return ["false"]

    real = module._pip
    monkeypatch.setattr(module, "_pip", pip)
    with pytest.raises(Failed) as caught:
        Environments(tmp_path / "engines").install("sdv", wheelhouse=tmp_path)
    assert caught.value.reason == "engine-install"
    assert list((tmp_path / "engines").iterdir()) == []
    assert "--no-index" in asked[0]
    assert "--require-hashes" in asked[0]


def test_a_missing_wheelhouse_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        Environments(tmp_path).install("sdv", wheelhouse=tmp_path / "no")
    assert caught.value.reason == "wheelhouse-missing"


def test_another_python_than_the_locks_is_told_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PYTHON", (3, 99))
    with pytest.raises(UsageError) as caught:
        Environments(tmp_path / "engines").install("sdv")
    assert caught.value.reason == "engine-python"
    assert not (tmp_path / "engines").exists()


@pytest.mark.parametrize("name", names())
def test_every_lock_pins_and_digests_all_it_names(name: str) -> None:
    text = (LOCKS / f"{name}.lock").read_text()
    pinned = re.findall(r"^([a-z0-9._-]+)==\S+ \\$", text, re.MULTILINE | re.IGNORECASE)
    assert len(pinned) > 20
    assert text.count("--hash=sha256:") >= len(pinned)
    assert "http" not in "".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
