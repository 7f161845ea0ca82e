"""What every store of blobs does. The last class is about the local disk alone."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from service.ports import BlobStore
from service.settings import Settings
from service.store.blobs import LocalBlobs
from service.store.encrypted import EncryptedBlobs
from service.store.opening import open_blobs, open_vault_of
from service.store.s3 import S3Blobs
from service.store.vault import open_vault
from understudy.errors import Failed, NotFound, UsageError


def encrypted(inner: BlobStore, data_keys: BlobStore, folder: Path) -> EncryptedBlobs:
    vault = open_vault(folder / "keys", os.urandom)
    return EncryptedBlobs(inner, data_keys, vault, folder / "scratch", os.urandom)


def open_local(folder: Path, _new_bucket: Callable[[], str]) -> BlobStore:
    return LocalBlobs(folder / "blobs")


def open_encrypted(folder: Path, _new_bucket: Callable[[], str]) -> BlobStore:
    return encrypted(LocalBlobs(folder / "blobs"), LocalBlobs(folder / "blob-keys"), folder)


def open_s3(folder: Path, new_bucket: Callable[[], str]) -> BlobStore:
    return S3Blobs(new_bucket(), folder / "scratch")


def open_encrypted_s3(folder: Path, new_bucket: Callable[[], str]) -> BlobStore:
    return encrypted(S3Blobs(new_bucket(), folder / "scratch"), S3Blobs(new_bucket(), folder / "scratch"), folder)


STORES: dict[str, Callable[[Path, Callable[[], str]], BlobStore]] = {
    "local": open_local,
    "encrypted": open_encrypted,
    "s3": open_s3,
    "encrypted-s3": open_encrypted_s3,
}


@pytest.fixture(params=STORES)
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BlobStore]:
    needs_bucket = "s3" in request.param
    yield STORES[request.param](tmp_path, request.getfixturevalue("new_bucket") if needs_bucket else str)
    assert not [path for path in (tmp_path / "scratch").rglob("*") if path.is_file()]


def read(blobs: BlobStore, key: str) -> bytes:
    with blobs.local(key) as path:
        return path.read_bytes()


def put(blobs: BlobStore, key: str, content: bytes) -> None:
    with blobs.create(key) as writer:
        writer.write(content)


def test_a_blob_comes_back_as_it_was(blobs: BlobStore) -> None:
    with blobs.create("uploads/d1") as writer:
        for chunk in (b"a" * 70_000, b"", b"\x00\xff"):
            writer.write(chunk)
    content = b"a" * 70_000 + b"\x00\xff"
    assert read(blobs, "uploads/d1") == content
    assert blobs.size_bytes("uploads/d1") == len(content)
    with blobs.open("uploads/d1") as file:
        assert file.read() == content


def test_a_blob_may_be_empty(blobs: BlobStore) -> None:
    with blobs.create("empty"):
        pass
    assert blobs.size_bytes("empty") == 0


def test_a_blob_can_be_read_from_any_place(blobs: BlobStore) -> None:
    content = bytes(range(256)) * 10_000  # more than two chunks
    put(blobs, "a/b", content)
    assert blobs.size_bytes("a/b") == len(content)
    with blobs.open("a/b") as file:
        for start in (0, 1 << 20, (1 << 20) - 3, len(content) - 5, 17, len(content), len(content) + 9):
            assert file.seek(start) == start
            assert file.read(9) == content[start : start + 9]
        assert file.seek(-4, os.SEEK_END) == len(content) - 4
        assert file.read() == content[-4:]
    assert read(blobs, "a/b") == content


def test_nothing_shows_before_the_end(blobs: BlobStore) -> None:
    with blobs.create("a/b") as writer:
        writer.write(b"half")
        assert list(blobs.keys("")) == []
        with pytest.raises(NotFound):
            read(blobs, "a/b")


def test_an_exception_leaves_nothing(blobs: BlobStore) -> None:
    def fail() -> None:
        with blobs.create("a/b") as writer:
            writer.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list(blobs.keys("")) == []


def test_an_exception_leaves_the_older_blob(blobs: BlobStore) -> None:
    put(blobs, "a", b"old")

    def fail() -> None:
        with blobs.create("a") as writer:
            writer.write(b"new")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert read(blobs, "a") == b"old"
    put(blobs, "a", b"new")
    assert read(blobs, "a") == b"new"


def test_of_writers_at_once_one_whole_blob_stays(blobs: BlobStore) -> None:
    contents = [bytes([number]) * 100_000 for number in range(8)]
    threads = [threading.Thread(target=put, args=(blobs, "a/b/c", content)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read(blobs, "a/b/c") in contents
    assert list(blobs.keys("")) == ["a/b/c"]


def test_what_is_not_there_is_not_found(blobs: BlobStore) -> None:
    put(blobs, "a/b", b"")
    for key in ("c", "a", "a/b/c"):
        for call in (partial(read, blobs), blobs.open, blobs.size_bytes):
            with pytest.raises(NotFound):
                call(key)


def test_a_prefix_is_a_key_and_all_below_it(blobs: BlobStore) -> None:
    for key in ("jobs/j1/b", "jobs/j1/a/x", "jobs/j10/a", "uploads/d1"):
        put(blobs, key, b"")
    assert list(blobs.keys("")) == ["jobs/j1/a/x", "jobs/j1/b", "jobs/j10/a", "uploads/d1"]
    assert list(blobs.keys("jobs/j1")) == list(blobs.keys("jobs/j1/")) == ["jobs/j1/a/x", "jobs/j1/b"]
    assert list(blobs.keys("uploads/d1")) == ["uploads/d1"]
    assert list(blobs.keys("none")) == []
    blobs.remove("jobs/j1")
    blobs.remove("jobs/j1")
    assert list(blobs.keys("")) == ["jobs/j10/a", "uploads/d1"]
    blobs.remove("uploads/d1")
    assert list(blobs.keys("")) == ["jobs/j10/a"]


@pytest.mark.parametrize(
    "key",
    ["", "..", "../a", "a/../../b", "/etc/passwd", "a//b", "a/./b", ".partial/x", "a\x00b", "a\\b", "a b", "-a", "é"],
)
def test_a_key_cannot_leave_the_store(blobs: BlobStore, key: str) -> None:
    with pytest.raises(UsageError), blobs.create(key):
        pass
    for call in (partial(read, blobs), blobs.open, blobs.size_bytes, blobs.remove):
        with pytest.raises(UsageError):
            call(key)


WRITE_AND_DIE = """
import os, sys
from pathlib import Path
from service.store.blobs import LocalBlobs
with LocalBlobs(Path(sys.argv[1])).create("a") as writer:
    writer.write(b"half a table")
    os._exit(9)
"""


class TestLocalDisk:
    def test_only_the_owner_may_read(self, tmp_path: Path) -> None:
        before = os.umask(0)
        try:
            blobs = LocalBlobs(tmp_path / "new" / "blobs")
            with blobs.create("a/b/c") as writer:
                writer.write(b"whole")
                (under_way,) = (tmp_path / "new" / "blobs" / ".partial").iterdir()
                assert stat.S_IMODE(under_way.stat().st_mode) == 0o600
        finally:
            os.umask(before)
        made = [tmp_path / "new", *(tmp_path / "new").rglob("*")]
        assert {stat.S_IMODE(path.stat().st_mode) for path in made if path.is_dir()} == {0o700}
        assert {stat.S_IMODE(path.stat().st_mode) for path in made if path.is_file()} == {0o600}

    def test_a_sweep_removes_what_a_dead_writer_left(self, tmp_path: Path) -> None:
        blobs = LocalBlobs(tmp_path)
        command = [sys.executable, "-c", WRITE_AND_DIE, str(tmp_path)]
        assert subprocess.run(command, timeout=60, check=False).returncode == 9
        assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1
        assert blobs.sweep() == 1
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
        assert blobs.sweep() == 0

    def test_a_sweep_spares_what_is_being_written(self, tmp_path: Path) -> None:
        blobs = LocalBlobs(tmp_path)
        with blobs.create("a") as writer:
            writer.write(b"whole")
            assert LocalBlobs(tmp_path).sweep() == 0
        assert read(blobs, "a") == b"whole"

    def test_no_message_names_a_path(self, tmp_path: Path) -> None:
        with pytest.raises(NotFound) as missing:
            LocalBlobs(tmp_path).open("a")
        assert str(tmp_path) not in str(missing.value)
        assert missing.value.__cause__ is None


class TestBySettings:
    def test_a_bucket_may_be_named_with_its_data_keys_apart(
        self, tmp_path: Path, new_bucket: Callable[[], str]
    ) -> None:
        url = new_bucket()
        settings = Settings.from_environment({"UNDERSTUDY_HOME": str(tmp_path), "UNDERSTUDY_BLOBS": url})
        blobs = open_blobs(settings, open_vault_of(settings, os.urandom), os.urandom)
        put(blobs, "clinic/a", b"patient 4711")
        assert read(blobs, "clinic/a") == b"patient 4711"
        stored = S3Blobs(url, tmp_path / "scratch")
        assert b"4711" not in read(stored, "clinic/a")
        assert len(list(S3Blobs(settings.blob_keys_place, tmp_path / "scratch").keys("clinic/a"))) == 1
        assert not (tmp_path / "blobs").exists()
        assert not [path for path in tmp_path.rglob("*") if path.is_file() and b"4711" in path.read_bytes()]

    @pytest.mark.parametrize("url", ["s3://", "gs://bucket/a", "s3://name:secret@bucket/a", "s3://bucket?nonsense=1"])
    def test_another_kind_of_address_is_refused(self, tmp_path: Path, url: str) -> None:
        settings = Settings.from_environment({"UNDERSTUDY_HOME": str(tmp_path), "UNDERSTUDY_BLOBS": url})
        with pytest.raises(UsageError) as refused:
            open_blobs(settings, open_vault_of(settings, os.urandom), os.urandom)
        assert "secret" not in refused.value.message

    def test_what_the_server_refuses_is_said_without_its_text(
        self, tmp_path: Path, new_bucket: Callable[[], str]
    ) -> None:
        blobs = S3Blobs(new_bucket().replace("s3://bucket-", "s3://no-such-bucket-"), tmp_path)
        with pytest.raises(Failed) as refused:
            put(blobs, "clinic/a", b"x")
        assert refused.value.reason == "s3-failed"
        assert "bucket" not in refused.value.message
        with pytest.raises(NotFound):
            blobs.size_bytes("clinic/a")
