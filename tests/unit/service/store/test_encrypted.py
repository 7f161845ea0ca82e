"""What an attacker at the disk, a broken disk, or a removed key does to encrypted blobs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from service.store.blobs import LocalBlobs
from service.store.cipher import CHUNK_BYTES, HEADER_BYTES, TAG_BYTES
from service.store.encrypted import EncryptedBlobs
from service.store.vault import Vault, open_vault
from understudy.errors import Failed, NotFound

STORED = CHUNK_BYTES + TAG_BYTES
SIZE = 2 * CHUNK_BYTES + 777
CANARY = b"patient 4711 has a rare disease "
KEY = "clinic/jobs/j1/train.parquet"


class Disk:
    """Encrypted blobs in a folder, and what lies there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.vault: Vault = open_vault(folder / "keys", os.urandom)
        self.blobs = self.reopened()

    def reopened(self) -> EncryptedBlobs:
        vault = self.vault = open_vault(self.folder / "keys", os.urandom)
        stores = LocalBlobs(self.folder / "blobs"), LocalBlobs(self.folder / "blob-keys")
        return EncryptedBlobs(*stores, vault, self.folder / "scratch", os.urandom)

    def put(self, key: str = KEY, content: bytes = CANARY * (SIZE // 32 + 1)) -> Path:
        with self.blobs.create(key) as writer:
            writer.write(content)
        return self.folder / "blobs" / key

    def read(self, key: str = KEY) -> bytes:
        with self.blobs.local(key) as path:
            return path.read_bytes()

    def files(self) -> list[Path]:
        return [path for path in self.folder.rglob("*") if path.is_file()]


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path)


def test_nothing_lies_on_the_disk_in_clear(disk: Disk) -> None:
    with disk.blobs.create(KEY) as writer:
        writer.write(CANARY * 100_000)
        assert not any(CANARY in file.read_bytes() for file in disk.files())
    assert not any(CANARY in file.read_bytes() for file in disk.files())
    with disk.blobs.local(KEY) as path:
        assert path.is_relative_to(disk.folder / "scratch")
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700
        assert [file for file in disk.files() if CANARY in file.read_bytes()] == [path]
    assert not any(CANARY in file.read_bytes() for file in disk.files())


def test_the_same_content_is_never_stored_alike(disk: Disk) -> None:
    first = disk.put("clinic/a").read_bytes()
    assert disk.put("clinic/b").read_bytes() != first
    assert disk.put("clinic/a").read_bytes() != first


def flip(file: Path, place: int) -> None:
    content = bytearray(file.read_bytes())
    content[place] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize("place", [0, 8, 24, HEADER_BYTES, HEADER_BYTES + STORED, -1, -TAG_BYTES, -TAG_BYTES - 1])
def test_one_changed_bit_is_noticed(disk: Disk, place: int) -> None:
    flip(disk.put(), place)
    with pytest.raises(Failed) as refused:
        disk.read()
    assert refused.value.reason in ("blob-damaged", "blob-key-gone")
    assert not list((disk.folder / "scratch").glob("*/*"))


def test_every_byte_of_a_small_blob_counts(disk: Disk) -> None:
    file = disk.put(content=b"one row")
    whole = file.read_bytes()
    for place in range(len(whole)):
        flip(file, place)
        with pytest.raises(Failed):
            disk.read()
        file.write_bytes(whole)
    assert disk.read() == b"one row"


def chunks(file: Path) -> tuple[bytes, list[bytes]]:
    stored = file.read_bytes()
    body = stored[HEADER_BYTES:]
    return stored[:HEADER_BYTES], [body[start : start + STORED] for start in range(0, len(body), STORED)]


CUTS: dict[str, Callable[[bytes, list[bytes]], bytes]] = {
    "nothing left": lambda head, parts: b"",
    "header only": lambda head, parts: head,
    "half a header": lambda head, parts: head[:10],
    "last chunk gone": lambda head, parts: head + b"".join(parts[:-1]),
    "two chunks gone": lambda head, parts: head + parts[0],
    "first chunk gone": lambda head, parts: head + b"".join(parts[1:]),
    "middle chunk gone": lambda head, parts: head + parts[0] + parts[2],
    "a byte gone": lambda head, parts: head + b"".join(parts)[:-1],
    "two chunks swapped": lambda head, parts: head + parts[1] + parts[0] + parts[2],
    "a chunk twice": lambda head, parts: head + parts[0] + parts[0] + parts[2],
    "a chunk more": lambda head, parts: head + b"".join(parts) + parts[2],
    "an empty end": lambda head, parts: head + parts[0] + parts[1] + b"\x00" * TAG_BYTES,
}


@pytest.mark.parametrize("cut", CUTS)
def test_a_stream_that_is_not_whole_and_in_order_is_noticed(disk: Disk, cut: str) -> None:
    file = disk.put()
    file.write_bytes(CUTS[cut](*chunks(file)))
    with pytest.raises(Failed) as refused:
        disk.read()
    assert refused.value.reason == "blob-damaged"


def test_a_stream_cut_after_a_whole_chunk_fails_for_who_reads_it_as_it_comes(disk: Disk) -> None:
    file = disk.put()
    head, parts = chunks(file)
    file.write_bytes(head + b"".join(parts[:-1]))
    with disk.blobs.open(KEY) as blob:
        assert blob.read(CHUNK_BYTES // 2)  # a chunk that is as it was opens
        with pytest.raises(Failed):
            blob.read()


def test_a_blob_in_anothers_place_is_noticed(disk: Disk) -> None:
    other = "clinic/jobs/j2/train.parquet"
    shutil.copyfile(disk.put(), disk.put(other))
    with pytest.raises(Failed) as refused:
        disk.read(other)
    assert refused.value.reason == "blob-key-gone"
    # With its data key put beside it as well:
    (data_key,) = (disk.folder / "blob-keys" / KEY).iterdir()
    shutil.copyfile(data_key, disk.folder / "blob-keys" / other / data_key.name)
    with pytest.raises(Failed) as refused:
        disk.read(other)
    assert refused.value.reason == "blob-damaged"


def test_an_older_blob_put_back_cannot_be_read(disk: Disk) -> None:
    file = disk.put(content=b"old")
    older = file.read_bytes()
    disk.put(content=b"new")
    assert len(list((disk.folder / "blob-keys" / KEY).iterdir())) == 1
    file.write_bytes(older)
    with pytest.raises(Failed) as refused:
        disk.read()
    assert refused.value.reason == "blob-key-gone"


def test_a_removed_blob_cannot_be_read_from_a_backup_of_the_data(disk: Disk) -> None:
    file = disk.put(content=b"row")
    disk.put("clinic/jobs/j2/x", b"kept")
    backup = file.read_bytes()
    disk.blobs.remove("clinic/jobs/j1")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(backup)
    with pytest.raises(Failed) as refused:
        disk.read()
    assert refused.value.reason == "blob-key-gone"
    assert disk.read("clinic/jobs/j2/x") == b"kept"


def test_a_tenant_can_be_shredded(disk: Disk) -> None:
    disk.put(content=b"row")
    disk.put("bank/a", b"kept")
    disk.vault.shred("clinic")
    for blobs in (disk.blobs, disk.reopened()):
        with pytest.raises(Failed) as refused, blobs.local(KEY):
            pass
        assert refused.value.reason == "blob-key-gone"
        with blobs.local("bank/a") as path:
            assert path.read_bytes() == b"kept"
    disk.put("clinic/b", b"a new beginning")
    assert disk.read("clinic/b") == b"a new beginning"
    with pytest.raises(Failed):
        disk.read()


def test_a_writer_that_fails_leaves_no_data_key(disk: Disk) -> None:
    def fail() -> None:
        with disk.blobs.create(KEY) as writer:
            writer.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not [file for file in disk.files() if "blob-keys" in file.parts]
    with pytest.raises(NotFound):
        disk.read()


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES])
def test_every_length_comes_back(disk: Disk, size: int) -> None:
    content = os.urandom(size)
    disk.put(content=content)
    assert disk.read() == content
    assert disk.blobs.size_bytes(KEY) == size
