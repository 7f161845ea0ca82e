"""Settings, keys, log lines, bundles, the home's lock: one behaviour each."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.auth import bearer, new_key, recognise, tenant_id
from service.bundle import write_bundle
from service.context import TenantId
from service.homelock import owned
from service.ports import ApiKey
from service.settings import Settings
from service.store.keys import FileKeys
from service.store.vault import open_vault
from service.telemetry import event, redacted
from understudy.errors import Conflict, Unauthenticated, UsageError

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def test_settings_come_from_the_environment_and_a_typo_is_an_error(tmp_path: Path) -> None:
    settings = Settings.from_environment({"UNDERSTUDY_HOME": str(tmp_path), "UNDERSTUDY_MAX_UPLOAD_BYTES": "10"})
    assert (settings.home, settings.max_upload_bytes) == (tmp_path, 10)
    assert settings.url == f"sqlite:///{tmp_path}/understudy.sqlite3"
    with pytest.raises(UsageError):
        Settings.from_environment({"UNDERSTUDY_HOEM": "x"})
    with pytest.raises(UsageError):
        Settings.from_environment({"UNDERSTUDY_MAX_UPLOAD_BYTES": "-1"})


class OneKey:
    """A tenant store with a single key."""

    def __init__(self, key: ApiKey) -> None:
        self.key = key

    def find_key(self, key_id: str) -> ApiKey | None:
        return self.key if key_id == self.key.id else None


def test_a_key_is_recognised_and_only_its_digest_is_kept() -> None:
    text, kept = new_key(TenantId("a"), entropy=os.urandom, at=NOW)
    assert recognise(text, OneKey(kept)).tenant == "a"  # type: ignore[arg-type]
    assert text.partition(".")[2] not in repr(kept)
    other, _ = new_key(TenantId("a"), entropy=os.urandom, at=NOW)
    for wrong in (text[:-1] + ("0" if text[-1] != "0" else "1"), other, "", "us_x.y", text + "0"):
        with pytest.raises(Unauthenticated):
            recognise(wrong, OneKey(kept))  # type: ignore[arg-type]


@pytest.mark.parametrize("header", [None, "", "Basic abc", "Bearer ", "Bearer"])
def test_a_header_without_a_key_is_refused(header: str | None) -> None:
    with pytest.raises(Unauthenticated):
        bearer(header)


@pytest.mark.parametrize("name", ["", "../x", "a b", "-a", "a" * 81, "ü"])
def test_a_tenant_name_is_plain(name: str) -> None:
    with pytest.raises(UsageError):
        tenant_id(name)


def test_keys_are_stable_separate_and_readable_by_the_owner_only(tmp_path: Path) -> None:
    keys = FileKeys(open_vault(tmp_path / "keys", os.urandom))
    first = keys.population_key("a", "ward", "rows")
    assert first == FileKeys(open_vault(tmp_path / "keys", os.urandom)).population_key("a", "ward", "rows")
    others = {keys.population_key(*names) for names in (("b", "ward", "rows"), ("a", "x", "rows"), ("a", "ward", "x"))}
    assert len(others | {first}) == 4
    made = [file for file in (tmp_path / "keys").rglob("*") if file.is_file()]
    assert {file.stat().st_mode & 0o777 for file in made} == {0o600}


def test_a_log_line_takes_known_fields_only_and_no_exception_text(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ValueError, match="not a log field"):
        event("x", value="secret")  # type: ignore[call-arg]
    with caplog.at_level(logging.INFO, "understudy"):
        try:
            raise RuntimeError("canary-4711")
        except RuntimeError as error:
            event("step.failed", **redacted(error))
    assert "RuntimeError" in caplog.text
    assert "canary-4711" not in caplog.text


def test_a_bundle_is_the_same_bytes_for_the_same_content(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("hello")
    for name in ("one.zip", "two.zip"):
        write_bundle(tmp_path / name, {"a.txt": tmp_path / "a.txt"}, facts={"job": "j"}, seed=bytes(32))
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as bundle:
        manifest = json.loads(bundle.read("manifest.json"))
    assert manifest["files"]["a.txt"] == {"sha256": hashlib.sha256(b"hello").hexdigest(), "size_bytes": 5}


def test_a_home_has_one_owner_at_a_time(tmp_path: Path) -> None:
    with contextlib.ExitStack() as held:
        held.enter_context(owned(tmp_path, role="embedded", wait_s=0))
        with pytest.raises(Conflict), owned(tmp_path, role="embedded", wait_s=0.3):
            pass
    with contextlib.ExitStack() as held:
        held.enter_context(owned(tmp_path, role="serve", wait_s=0))
        with pytest.raises(Conflict) as caught, owned(tmp_path, role="embedded", wait_s=60):
            pass
        assert "--url" in caught.value.message
    with owned(tmp_path, role="embedded", wait_s=0):
        pass
