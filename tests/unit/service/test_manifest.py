"""Signed bundles: whatever is changed in one is noticed, offline, and whose signature it is is said."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from service.bundle import write_bundle
from service.manifest import fingerprint, public_key, sign, verify
from service.storage_cli import verify as verify_command
from understudy.digests import check_digests
from understudy.errors import InputRefused, UsageError

SEED, OTHER = bytes(range(32)), bytes(32)
FILES = {"synthetic.csv": b"age\n40\n", "report.release.json": b"{}", "privacy_statement.json": b'{"epsilon": 1}'}


def bundle_in(folder: Path, seed: bytes = SEED) -> Path:
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    write_bundle(folder / "b.zip", {name: folder / name for name in FILES}, facts={"job": "job_1"}, seed=seed)
    return folder / "b.zip"


def members(bundle: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(bundle) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rewritten(bundle: Path, contents: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(bundle, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return bundle


def test_a_bundle_is_good_as_it_was_made(tmp_path: Path) -> None:
    found = verify(bundle_in(tmp_path))
    assert found.fingerprint == fingerprint(public_key(SEED))
    assert not found.is_expected
    assert found.facts["job"] == "job_1"
    for expected in (public_key(SEED).hex(), fingerprint(public_key(SEED)), f" {public_key(SEED).hex().upper()}\n"):
        assert verify(tmp_path / "b.zip", expected).is_expected


@pytest.mark.parametrize("name", [*FILES, "manifest.json", "manifest.sig"])
def test_a_change_of_any_file_is_noticed(tmp_path: Path, name: str) -> None:
    bundle = bundle_in(tmp_path)
    contents = members(bundle)
    for place in (0, len(contents[name]) // 2, len(contents[name]) - 1):
        changed = bytearray(contents[name])
        changed[place] ^= 1
        with pytest.raises(InputRefused):
            verify(rewritten(bundle, contents | {name: bytes(changed)}))
    verify(rewritten(bundle, contents))


@pytest.mark.parametrize("name", [*FILES, "manifest.json", "manifest.sig"])
def test_a_missing_file_is_noticed(tmp_path: Path, name: str) -> None:
    bundle = bundle_in(tmp_path)
    contents = members(bundle)
    del contents[name]
    with pytest.raises(InputRefused):
        verify(rewritten(bundle, contents))


def test_a_file_more_is_noticed(tmp_path: Path) -> None:
    bundle = bundle_in(tmp_path)
    with pytest.raises(InputRefused) as refused:
        verify(rewritten(bundle, members(bundle) | {"extra.csv": b"age\n"}))
    assert (refused.value.reason, refused.value.facts) == ("bundle-changed", {"files": "extra.csv"})


def test_a_file_twice_is_noticed(tmp_path: Path) -> None:
    bundle = bundle_in(tmp_path)
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(bundle, "a") as archive:
        archive.writestr("synthetic.csv", b"another")
    with pytest.raises(InputRefused):
        verify(bundle)


def manifest_of(contents: dict[str, bytes]) -> bytes:
    return contents["manifest.json"].replace(b'"job_1"', b'"job_2"')


FORGERIES: dict[str, tuple[Callable[[dict[str, bytes]], dict[str, bytes]], str]] = {
    "changed facts": (lambda known: {"manifest.json": manifest_of(known)}, "bundle-forged"),
    "signed again by another": (
        lambda known: {"manifest.json": manifest_of(known), "manifest.sig": sign(manifest_of(known), OTHER)},
        "bundle-of-another",
    ),
    "another key's signature as ours": (
        lambda known: {
            "manifest.sig": json.dumps(
                json.loads(sign(known["manifest.json"], OTHER)) | {"key": public_key(SEED).hex()}
            ).encode()
        },
        "bundle-forged",
    ),
    "no algorithm": (lambda known: {"manifest.sig": b"{}"}, "bundle-unsigned"),
    "another algorithm": (
        lambda known: {"manifest.sig": known["manifest.sig"].replace(b"Ed25519", b"none")},
        "bundle-unsigned",
    ),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forgery_is_noticed(tmp_path: Path, forgery: str) -> None:
    change, code = FORGERIES[forgery]
    bundle = bundle_in(tmp_path)
    contents = members(bundle)
    with pytest.raises(InputRefused) as refused:
        verify(rewritten(bundle, contents | change(contents)), fingerprint(public_key(SEED)))
    assert refused.value.reason == code


def unpacked(folder: Path) -> Path:
    """What ``understudy synth`` leaves: the bundle's files, and the owner's reports beside them."""
    out = folder / "out"
    with zipfile.ZipFile(bundle_in(folder)) as archive:
        archive.extractall(out)
    (out / "report.owner.html").write_text("for the owner")
    return out


def test_the_folder_that_synth_writes_is_checked_like_the_zip(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = unpacked(tmp_path)
    verify_command(out, fingerprint(public_key(SEED)))
    said = capsys.readouterr().out
    assert "every file is as it was signed" in said
    assert "not signed: report.owner.html" in said
    assert verify(out) == verify(tmp_path / "b.zip")


@pytest.mark.parametrize("name", [*FILES, "manifest.json", "manifest.sig"])
def test_a_change_in_a_folder_is_noticed(tmp_path: Path, name: str) -> None:
    out = unpacked(tmp_path)
    content = (out / name).read_bytes()
    for changed in (content[:-1], content[:-1] + bytes([content[-1] ^ 1]), content + b"x"):
        (out / name).write_bytes(changed)
        with pytest.raises(InputRefused):
            verify(out)
    (out / name).unlink()
    with pytest.raises(InputRefused):
        verify(out)


@pytest.mark.parametrize("name", ["extra.csv", "more/synthetic.csv", "more/report.owner.html"])
def test_a_file_more_in_a_folder_is_noticed(tmp_path: Path, name: str) -> None:
    out = unpacked(tmp_path)
    (out / name).parent.mkdir(exist_ok=True)
    (out / name).write_text("age")
    with pytest.raises(InputRefused) as refused:
        verify(out)
    assert (refused.value.reason, refused.value.facts) == ("bundle-changed", {"files": name})


def test_a_manifest_leads_nowhere_out_of_its_folder(tmp_path: Path) -> None:
    out = unpacked(tmp_path)
    manifest = json.loads((out / "manifest.json").read_text())
    manifest["files"]["../b.zip"] = {"sha256": "", "size_bytes": (tmp_path / "b.zip").stat().st_size}
    (out / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(InputRefused) as refused:
        check_digests(out)
    assert refused.value.facts == {"files": "../b.zip"}


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no zip at all"])
def test_what_is_no_bundle_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(InputRefused) as refused:
        verify(tmp_path / "x.zip")
    assert refused.value.reason == "bundle-broken"
    with pytest.raises(InputRefused):
        check_digests(tmp_path / "none.zip")


def test_a_manifest_that_is_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", b" " * (8 << 20))
    (tmp_path / "x.zip").write_bytes(packed.getvalue())
    with pytest.raises(InputRefused) as refused:
        check_digests(tmp_path / "x.zip")
    assert refused.value.reason == "bundle-broken"


def test_the_command_says_whose_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bundle = bundle_in(tmp_path)
    verify_command(bundle)
    said = capsys.readouterr().out
    assert fingerprint(public_key(SEED)) in said
    assert "Compare" in said
    (tmp_path / "key").write_text(public_key(SEED).hex())
    verify_command(bundle, str(tmp_path / "key"))
    assert "Compare" not in capsys.readouterr().out
    with pytest.raises(InputRefused) as refused:
        verify_command(bundle, public_key(OTHER).hex())
    assert refused.value.reason == "bundle-of-another"
    with pytest.raises(UsageError):
        verify_command(bundle, "no key")
