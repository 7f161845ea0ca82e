"""Sealed secrets: where their root key comes from, how it is changed, and what is said when it is lost."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from service.settings import Settings
from service.store.keys import FileKeys
from service.store.opening import open_vault_of
from service.store.roots import CommandRoot, HeldRoot, parse_roots, replace_roots
from service.store.vault import ROOT_FILE, open_vault
from understudy.errors import Failed, UnderstudyError, UsageError

KMS = """
import base64, hashlib, json, sys
asked = {name: base64.b64decode(value) for name, value in json.load(sys.stdin).items()}
def stream(about):
    return hashlib.sha256(b"toy root" + about).digest() * 2
def tag(secret, about):
    return hashlib.sha256(b"tag" + secret + about).digest()
secret, about = asked["secret"], asked["about"]
if sys.argv[1] == "wrap":
    made = bytes(a ^ b for a, b in zip(secret, stream(about))) + tag(secret, about)
else:
    made = bytes(a ^ b for a, b in zip(secret[:32], stream(about)))
    assert tag(made, about) == secret[32:]
print(json.dumps({"secret": base64.b64encode(made).decode()}))
"""


def settings(home: Path, **environ: str) -> Settings:
    return Settings.from_environment({"UNDERSTUDY_HOME": str(home), **environ})


def test_secrets_are_sealed_on_disk(tmp_path: Path) -> None:
    vault = open_vault(tmp_path, os.urandom)
    secrets = {vault.secret(tenant, name) for tenant in ("a", "b") for name in ("blobs", "populations")}
    assert len(secrets) == 4
    for file in vault.files():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert not any(secret in file.read_bytes() for secret in secrets)
    again = open_vault(tmp_path, os.urandom)
    assert again.secret("a", "blobs") == vault.secret("a", "blobs")
    assert again.check() == 4


def test_a_lost_root_key_is_said_and_no_new_one_is_made(tmp_path: Path) -> None:
    open_vault(tmp_path, os.urandom).secret("a", "blobs")
    (tmp_path / ROOT_FILE).unlink()
    with pytest.raises(Failed) as refused:
        open_vault(tmp_path, os.urandom)
    assert refused.value.reason == "root-key-missing"
    assert not (tmp_path / ROOT_FILE).exists()


def test_another_root_key_is_said(tmp_path: Path) -> None:
    open_vault(tmp_path, os.urandom).secret("a", "blobs")
    with pytest.raises(Failed) as refused:
        open_vault(tmp_path, os.urandom, HeldRoot([os.urandom(32)], os.urandom)).secret("a", "blobs")
    assert refused.value.reason == "root-key-wrong"


def test_a_secret_in_anothers_place_is_noticed(tmp_path: Path) -> None:
    vault = open_vault(tmp_path, os.urandom)
    for tenant in ("a", "b"):
        vault.secret(tenant, "blobs")
    first, second = vault.files()
    second.write_bytes(first.read_bytes())
    with pytest.raises(Failed) as refused:
        open_vault(tmp_path, os.urandom).secret("b", "blobs")
    assert refused.value.reason == "secret-damaged"


def test_the_root_key_can_be_changed_and_the_change_survives_a_crash(tmp_path: Path) -> None:
    vault = open_vault(tmp_path, os.urandom)
    secrets = [vault.secret(tenant, "blobs") for tenant in "abc"]
    (old,) = parse_roots((tmp_path / ROOT_FILE).read_text())
    new = os.urandom(32)
    replace_roots(tmp_path / ROOT_FILE, [new, old])
    first = next(open_vault(tmp_path, os.urandom).files())
    before = first.read_bytes()
    both = HeldRoot([new, old], os.urandom)
    first.write_bytes(
        both.wrap(both.unwrap(before, b"understudy secret\x00a/blobs.sealed"), b"understudy secret\x00a/blobs.sealed")
    )
    # A process died here, with one secret under the new root and two under the old.
    resumed = open_vault(tmp_path, os.urandom)
    assert [resumed.secret(tenant, "blobs") for tenant in "abc"] == secrets
    assert resumed.rewrap() == 3
    replace_roots(tmp_path / ROOT_FILE, [new])
    assert [open_vault(tmp_path, os.urandom).secret(tenant, "blobs") for tenant in "abc"] == secrets
    with pytest.raises(Failed) as refused:
        open_vault(tmp_path, os.urandom, HeldRoot([old], os.urandom)).secret("a", "blobs")
    assert refused.value.reason == "root-key-wrong"


def test_a_key_of_the_first_releases_is_taken_over(tmp_path: Path) -> None:
    (tmp_path / "clinic.key").write_bytes(bytes(range(32)))
    keys = FileKeys(open_vault(tmp_path, os.urandom))
    first = keys.population_key("clinic", "ward", "rows")
    # HMAC-SHA256 of "ward\x1frows" under bytes 0..31: pseudonyms must stay what they were.
    assert first.hex() == "631f1b4987c26dfb3daf648fe2e0f7a58f4c855e92b15aa7a90ba9be626c8c43"
    assert not (tmp_path / "clinic.key").exists()
    assert FileKeys(open_vault(tmp_path, os.urandom)).population_key("clinic", "ward", "rows") == first


def test_a_tenant_called_as_the_root_file_has_its_own_secret(tmp_path: Path) -> None:
    vault = open_vault(tmp_path, os.urandom)
    for name in ("root", "understudy"):
        assert len(vault.secret(name, "populations")) == 32
    assert (tmp_path / ROOT_FILE).exists()


def test_the_root_key_may_come_from_the_environment(tmp_path: Path) -> None:
    root = os.urandom(32).hex()
    vault = open_vault_of(settings(tmp_path, UNDERSTUDY_ROOT_KEY=root), os.urandom)
    secret = vault.secret("a", "blobs")
    assert not (tmp_path / "keys" / ROOT_FILE).exists()
    assert open_vault_of(settings(tmp_path, UNDERSTUDY_ROOT_KEY=root), os.urandom).secret("a", "blobs") == secret
    assert root not in repr(settings(tmp_path, UNDERSTUDY_ROOT_KEY=root))
    with pytest.raises(UsageError):
        open_vault_of(settings(tmp_path, UNDERSTUDY_ROOT_KEY="1234"), os.urandom)


def test_the_root_key_may_lie_in_another_file(tmp_path: Path) -> None:
    chosen = settings(tmp_path / "home", UNDERSTUDY_ROOT_KEY_FILE=str(tmp_path / "apart" / "root"))
    open_vault_of(chosen, os.urandom).secret("a", "blobs")
    assert stat.S_IMODE((tmp_path / "apart" / "root").stat().st_mode) == 0o600
    (tmp_path / "apart" / "root").unlink()
    with pytest.raises(Failed) as refused:
        open_vault_of(chosen, os.urandom)
    assert refused.value.reason == "root-key-missing"


def test_a_key_service_may_wrap(tmp_path: Path) -> None:
    (tmp_path / "kms.py").write_text(KMS)
    chosen = settings(tmp_path / "home", UNDERSTUDY_KMS_COMMAND=f"{sys.executable} {tmp_path / 'kms.py'}")
    secret = open_vault_of(chosen, os.urandom).secret("a", "blobs")
    again = open_vault_of(chosen, os.urandom)
    assert again.secret("a", "blobs") == secret
    (file,) = again.files()
    file.write_bytes(file.read_bytes()[:-1] + b"\x00")
    with pytest.raises(Failed) as refused:
        open_vault_of(chosen, os.urandom).secret("a", "blobs")
    assert refused.value.reason == "kms-failed"


def test_a_key_service_that_cannot_be_run_is_said(tmp_path: Path) -> None:
    with pytest.raises(Failed) as refused:
        CommandRoot([str(tmp_path / "none")]).wrap(b"secret", b"about")
    assert refused.value.reason == "kms-failed"
    assert str(tmp_path) not in refused.value.message


@pytest.mark.parametrize("name", ["", "..", "a/b", ".hidden", "a.b"])
def test_a_name_cannot_leave_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnderstudyError):
        open_vault(tmp_path, os.urandom).secret(name, "blobs")
