"""What every store of blobs does. The last class is about the local disk alone."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from service.ports import BlobStore
from service.store.blobs import LocalBlobs
from understudy.errors import NotFound, UsageError

STORES: dict[str, Callable[[Path], BlobStore]] = {"local": lambda directory: LocalBlobs(directory / "blobs")}


@pytest.fixture(params=STORES)
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    return STORES[request.param](tmp_path)


def put(blobs: BlobStore, key: str, content: bytes) -> None:
    with blobs.create(key) as writer:
        writer.write(content)


def test_a_blob_comes_back_as_it_was(blobs: BlobStore) -> None:
    with blobs.create("uploads/d1") as writer:
        for chunk in (b"a" * 70_000, b"", b"\x00\xff"):
            writer.write(chunk)
    content = b"a" * 70_000 + b"\x00\xff"
    assert blobs.path("uploads/d1").read_bytes() == content
    assert blobs.size_bytes("uploads/d1") == len(content)
    with blobs.open("uploads/d1") as file:
        assert file.read() == content


def test_a_blob_may_be_empty(blobs: BlobStore) -> None:
    with blobs.create("empty"):
        pass
    assert blobs.size_bytes("empty") == 0


def test_a_library_may_write_the_file_itself(blobs: BlobStore) -> None:
    with blobs.create("table") as writer:
        writer.path.write_bytes(b"from a library")
    assert blobs.path("table").read_bytes() == b"from a library"


def test_the_file_under_way_has_every_chunk(blobs: BlobStore) -> None:
    with blobs.create("table") as writer:
        writer.write(b"so far")
        assert writer.path.read_bytes() == b"so far"


def test_nothing_shows_before_the_end(blobs: BlobStore) -> None:
    with blobs.create("a/b") as writer:
        writer.write(b"half")
        assert writer.path.exists()
        assert list(blobs.keys("")) == []
        with pytest.raises(NotFound):
            blobs.path("a/b")


def test_an_exception_leaves_nothing(blobs: BlobStore) -> None:
    partial: list[Path] = []

    def fail() -> None:
        with blobs.create("a/b") as writer:
            writer.write(b"half")
            partial.append(writer.path)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not partial[0].exists()
    assert list(blobs.keys("")) == []


def test_an_exception_leaves_the_older_blob(blobs: BlobStore) -> None:
    put(blobs, "a", b"old")

    def fail() -> None:
        with blobs.create("a") as writer:
            writer.write(b"new")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert blobs.path("a").read_bytes() == b"old"
    put(blobs, "a", b"new")
    assert blobs.path("a").read_bytes() == b"new"


def test_of_writers_at_once_one_whole_blob_stays(blobs: BlobStore) -> None:
    contents = [bytes([number]) * 100_000 for number in range(8)]
    threads = [threading.Thread(target=put, args=(blobs, "a/b/c", content)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert blobs.path("a/b/c").read_bytes() in contents
    assert list(blobs.keys("")) == ["a/b/c"]


def test_what_is_not_there_is_not_found(blobs: BlobStore) -> None:
    put(blobs, "a/b", b"")
    for key in ("c", "a", "a/b/c"):
        for call in (blobs.path, blobs.open, blobs.size_bytes):
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
    for call in (blobs.path, blobs.open, blobs.size_bytes, blobs.remove):
        with pytest.raises(UsageError):
            call(key)


WRITE_AND_DIE = """
import os, sys
from pathlib import Path
from service.store.blobs import LocalBlobs
with LocalBlobs(Path(sys.argv[1])).create("a") as writer:
    writer.write(b"half a table")
    writer.path
    os._exit(9)
"""


class TestLocalDisk:
    def test_only_the_owner_may_read(self, tmp_path: Path) -> None:
        before = os.umask(0)
        try:
            blobs = LocalBlobs(tmp_path / "new" / "blobs")
            with blobs.create("a/b/c") as writer:
                assert stat.S_IMODE(writer.path.stat().st_mode) == 0o600
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
        assert blobs.path("a").read_bytes() == b"whole"

    def test_no_message_names_a_path(self, tmp_path: Path) -> None:
        with pytest.raises(NotFound) as missing:
            LocalBlobs(tmp_path).open("a")
        assert str(tmp_path) not in str(missing.value)
        assert missing.value.__cause__ is None
