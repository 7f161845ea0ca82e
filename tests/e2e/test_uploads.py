"""Uploads in pieces, through both doors: cut, gone on with, checked, forgotten; and formats by the file's name."""

from __future__ import annotations

import base64
import gzip
import hashlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import grpc
import httpx
import pytest
import uvicorn

from service.commands import retention, uploads
from service.context import TenantId
from service.rpc.generated import understudy_pb2 as pb
from tests.e2e.cutting import network
from tests.e2e.houses import DOORS, SCHEMA, GrpcDoor, House, HttpDoor, Refused, problem_in, rows
from understudy.client import Client
from understudy.errors import Conflict, Failed, InputRefused
from understudy.messages import DatasetState, TableFormat
from understudy.uploading import CHUNK_BYTES

OWNER = "clinic"


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def http(house: House) -> Iterator[HttpDoor]:
    door = HttpDoor(house, house.keys[OWNER])
    yield door
    door.close()


@pytest.fixture
def grpc_door(house: House) -> Iterator[GrpcDoor]:
    door = GrpcDoor(house, house.keys[OWNER])
    yield door
    door.close()


def patch(door: HttpDoor, dataset: str, content: bytes, offset: int, **headers: str) -> httpx.Response:
    sent = {"Upload-Offset": str(offset), **{name.replace("_", "-"): value for name, value in headers.items()}}
    return door.client._http.request("PATCH", f"/v1/datasets/{dataset}/content", content=content, headers=sent)


class TestPieces:
    def test_pieces_become_the_table(self, http: HttpDoor, house: House) -> None:
        content, dataset = rows(100), http.declare(SCHEMA)
        first = patch(http, dataset, content[:50], 0)
        assert (first.status_code, first.json()["state"], first.json()["size_bytes"]) == (200, "empty", 50)
        assert first.headers["upload-offset"] == "50"
        told = http.client._http.head(f"/v1/datasets/{dataset}/content")
        assert (told.headers["upload-offset"], told.headers["upload-complete"]) == ("50", "?0")
        assert int(told.headers["upload-limit"].removeprefix("max-size=")) == house.ports.settings.max_upload_bytes
        told_digest = f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"
        done = patch(http, dataset, content[50:], 50, Upload_Complete="?1", Repr_Digest=told_digest)
        assert (done.json()["state"], done.json()["sha256"]) == ("ready", digest(content))
        assert done.json()["size_bytes"] == len(content)
        assert not [path for path in house.files() if f"{dataset}/parts" in path]

    def test_what_lies_on_disk_is_encrypted(self, http: HttpDoor, house: House) -> None:
        dataset = http.declare(SCHEMA)
        patch(http, dataset, b"id,age,sex\n" * 50, 0)
        lying = [Path(path).read_bytes() for path in house.files() if f"{dataset}/parts" in path]
        assert len(lying) == 1
        assert b"id,age" not in lying[0]
        http.client._http.delete(f"/v1/datasets/{dataset}")
        assert not [path for path in house.files() if dataset in path]

    def test_another_offset_is_refused_and_says_the_right_one(self, http: HttpDoor) -> None:
        dataset = http.declare(SCHEMA)
        patch(http, dataset, b"id,", 0)
        for offset in (0, 2, 4, 10**12):
            answer = patch(http, dataset, b"age", offset)
            assert (answer.status_code, answer.json()["code"]) == (409, "upload-offset-wrong")
            assert answer.json()["facts"]["offset_bytes"] == "3"
        assert patch(http, dataset, b"x", -1).json()["code"] == "request-invalid"
        assert patch(http, dataset, b"x", 3, Upload_Complete="yes").json()["code"] == "request-invalid"

    def test_a_wrong_digest_leaves_nothing(self, http: HttpDoor, house: House) -> None:
        dataset, before = http.declare(SCHEMA), house.files()
        answer = patch(http, dataset, rows(3), 0, Upload_Complete="?1", X_Content_SHA256=digest(b"other"))
        assert (answer.status_code, answer.json()["code"]) == (422, "digest-mismatch")
        whole = http.client._http.put(
            f"/v1/datasets/{dataset}/content", content=rows(3), headers={"X-Content-SHA256": digest(b"other")}
        )
        assert whole.json()["code"] == "digest-mismatch"
        odd = patch(http, dataset, rows(3), 0, Upload_Complete="?1", X_Content_SHA256="0g")
        assert odd.json()["code"] == "request-invalid"
        assert house.files() == before
        assert patch(http, dataset, rows(3), 0, Upload_Complete="?1").json()["state"] == "ready"

    def test_too_much_leaves_nothing(self, http: HttpDoor, house: House) -> None:
        dataset, before = http.declare(SCHEMA), house.files()
        patch(http, dataset, b"x" * 100, 0)
        small = replace(house.ports, settings=replace(house.ports.settings, max_upload_bytes=150))
        house.app.state.ports = small  # type: ignore[attr-defined]
        try:
            answer = patch(http, dataset, b"x" * 100, 100)
        finally:
            house.app.state.ports = house.ports  # type: ignore[attr-defined]
        assert (answer.status_code, answer.json()["code"]) == (413, "too-large")
        assert house.files() == before

    def test_a_bad_table_takes_everything_with_it(self, http: HttpDoor, house: House) -> None:
        before, dataset = house.files(), http.declare(SCHEMA)
        patch(http, dataset, b"id,age,sex\n1,2,F\n", 0)
        answer = patch(http, dataset, b"2,three,F\n", 17, Upload_Complete="?1")
        assert (answer.json()["code"], answer.json()["where"][0]["line"]) == ("value-not-integer", 3)
        assert house.files() == before
        assert http.client._http.get(f"/v1/datasets/{dataset}/content").status_code == 404

    def test_only_one_of_two_that_begin_at_the_same_place_is_kept(self, http: HttpDoor, house: House) -> None:
        dataset = http.declare(SCHEMA)
        caller = house.ports.database  # the store decides, whoever comes first
        context = _context(house)
        with uploads.appending(context, dataset, 0, house.ports) as first:
            late = uploads.appending(context, dataset, 0, house.ports)
            second = late.__enter__()
            first.write(b"id,age,sex\n")
            first.close()
            second.write(b"other")
        with pytest.raises(Conflict) as caught:
            late.__exit__(None, None, None)
        assert caught.value.reason == "upload-offset-taken"
        with caller.read() as tx:
            parts = tx.for_tenant(TenantId(OWNER)).uploads.parts(dataset)
        assert [(part.start, part.end) for part in parts] == [(0, 11)]
        assert len([path for path in house.files() if f"blobs/{OWNER}/datasets/{dataset}/parts" in path]) == 1

    def test_while_it_is_taken_in_nobody_else_may(self, http: HttpDoor, house: House) -> None:
        dataset = http.declare(SCHEMA)
        patch(http, dataset, rows(3), 0)
        uploads._seal(_context(house), dataset, house.ports)
        for complete in ("?0", "?1"):
            answer = patch(http, dataset, b"", len(rows(3)), Upload_Complete=complete)
            assert (answer.status_code, answer.json()["code"]) == (409, "upload-finishing")

    def test_half_an_upload_is_forgotten_after_a_day(self, http: HttpDoor, house: House) -> None:
        dataset, other = http.declare(SCHEMA), http.declare(SCHEMA)
        patch(http, dataset, rows(3)[:20], 0)

        def lying() -> bool:
            return any(dataset in path for path in house.files())

        assert http.client._http.get(f"/v1/datasets/{dataset}/content").json()["expires_at"]

        class Later:
            def __init__(self, ahead: timedelta) -> None:
                self.ahead = ahead

            def now(self) -> object:
                return house.ports.clock.now() + self.ahead

        retention.sweep(replace(house.ports, clock=Later(timedelta(hours=23))))  # type: ignore[arg-type]
        assert lying()
        retention.sweep(replace(house.ports, clock=Later(timedelta(hours=25))))  # type: ignore[arg-type]
        assert not lying()
        assert http.client._http.get(f"/v1/datasets/{dataset}/content").json()["offset_bytes"] == 0
        assert http.client._http.get(f"/v1/datasets/{other}/content").json()["state"] == "empty"
        acts = [entry["subtype"][0]["code"] for entry in http.client.audit()]  # type: ignore[index]
        assert acts.count("upload.expired") >= 1

    def test_another_tenants_upload_is_not_there(self, http: HttpDoor, house: House) -> None:
        dataset = http.declare(SCHEMA)
        patch(http, dataset, b"id,", 0)
        bank = HttpDoor(house, house.keys["bank"])
        assert patch(bank, dataset, b"x", 3).status_code == 404
        assert bank.client._http.get(f"/v1/datasets/{dataset}/content").status_code == 404
        bank.close()

    def test_a_large_one_comes_in_parts(self, house: House, http: HttpDoor, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(uploads, "PART_BYTES", 1000)
        content, dataset = rows(2000), http.declare(SCHEMA)
        with uploads.appending(_context(house), dataset, 0, house.ports) as receiver:
            for start in range(0, len(content), 300):
                receiver.write(content[start : start + 300])
        with house.ports.database.read() as tx:
            assert len(tx.for_tenant(TenantId(OWNER)).uploads.parts(dataset)) == -(-len(content) // 1200)
        view = uploads.complete(_context(house), dataset, digest(content), house.ports)
        assert (view.state, view.sha256) == (DatasetState.READY, digest(content))


def _context(house: House) -> object:
    from service.commands import gate

    return gate.identified(house.keys[OWNER], "test", "", house.ports)


def messages(
    dataset: str, content: bytes, offset: int, *, ended: bool = True, chunk_bytes: int = 100, **fields: object
) -> Iterator[pb.UploadRequest]:
    yield pb.UploadRequest(metadata=pb.UploadMetadata(dataset_id=dataset, offset_bytes=offset, **fields))
    for start in range(0, len(content), chunk_bytes):
        yield pb.UploadRequest(chunk=content[start : start + chunk_bytes])
    if ended:
        yield pb.UploadRequest(end=pb.StreamEnd(size_bytes=len(content)))


def broken_off(door: GrpcDoor, sent: Iterator[pb.UploadRequest]) -> bool:
    """True if the connection broke before there was an answer."""
    try:
        door._datasets.Upload(sent, metadata=door._metadata)
    except grpc.RpcError as error:
        return bool(error.code() is grpc.StatusCode.UNAVAILABLE)
    return False


def until(is_so: Callable[[], bool], within_s: float = 20.0) -> None:
    deadline = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.02)


class TestGrpc:
    def test_pieces_and_a_stream_that_breaks_off(self, grpc_door: GrpcDoor) -> None:
        content, dataset, door = rows(100), grpc_door.declare(SCHEMA), grpc_door
        first = door._call(door._datasets.Upload, messages(dataset, content[:150], 0, incomplete=True))
        assert (first.state, first.size_bytes) == (pb.DATASET_STATE_EMPTY, 150)
        with pytest.raises(Refused) as caught:
            door._call(door._datasets.Upload, messages(dataset, content[150:400], 150, ended=False))
        assert caught.value.problem.code == "upload-incomplete"
        told = door._call(door._datasets.GetUpload, pb.GetUploadRequest(dataset_id=dataset))
        assert told.offset_bytes == 400
        done = door._call(door._datasets.Upload, messages(dataset, content[400:], 400, sha256=digest(content)))
        assert (done.state, done.sha256) == (pb.DATASET_STATE_READY, digest(content))

    @pytest.mark.parametrize("in_pieces", [True, False])
    def test_a_network_that_is_cut_costs_only_what_was_under_way(
        self, house: House, grpc_door: GrpcDoor, in_pieces: bool
    ) -> None:
        content, dataset, before = rows(20_000), grpc_door.declare(SCHEMA), house.files()
        start = pb.UploadMetadata(dataset_id=dataset, offset_bytes=0 if in_pieces else None)

        def sent() -> Iterator[pb.UploadRequest]:
            yield pb.UploadRequest(metadata=start)
            for at in range(0, len(content), 4000):
                yield pb.UploadRequest(chunk=content[at : at + 4000])
                if at == 40_000:
                    until(lambda: house.files() != before)  # it has begun to take in
                    wires.cut()
            yield pb.UploadRequest(end=pb.StreamEnd(size_bytes=len(content)))

        with network(house.grpc_port) as wires:
            door = GrpcDoor(replace(house, grpc_port=wires.port), house.keys[OWNER])
            assert broken_off(door, sent())

            def arrived() -> int:
                asked = pb.GetUploadRequest(dataset_id=dataset)
                return int(door._call(door._datasets.GetUpload, asked).offset_bytes)

            if in_pieces:
                until(lambda: arrived() > 0)
            else:
                until(lambda: house.files() == before)
            offset = arrived()
            assert (offset > 0) is in_pieces
            assert offset < len(content)
            rest = messages(dataset, content[offset:], offset, chunk_bytes=4000)
            done = door._call(door._datasets.Upload, rest)
            door.close()
        assert (done.state, done.sha256) == (pb.DATASET_STATE_READY, digest(content))
        assert wires.n_connections > 1
        assert not [path for path in house.files() if f"{dataset}/parts" in path]

    def test_refusals_are_those_of_http(self, grpc_door: GrpcDoor, house: House) -> None:
        dataset, door, before = grpc_door.declare(SCHEMA), grpc_door, house.files()
        for request, code in (
            (messages(dataset, b"x", 7), "upload-offset-wrong"),
            (messages(dataset, rows(2), 0, sha256=digest(b"")), "digest-mismatch"),
            (messages(dataset, rows(2), 0, sha256="x"), "request-invalid"),
        ):
            with pytest.raises(Refused) as caught:
                door._call(door._datasets.Upload, request)
            assert caught.value.problem.code == code
        assert house.files() == before
        whole = pb.UploadMetadata(dataset_id=dataset, sha256=digest(b""))
        parts = [pb.UploadRequest(metadata=whole), pb.UploadRequest(chunk=rows(2))]
        parts.append(pb.UploadRequest(end=pb.StreamEnd(size_bytes=len(rows(2)))))
        with pytest.raises(grpc.RpcError) as broken:
            door._datasets.Upload(iter(parts), metadata=door._metadata)
        assert problem_in(broken.value).code == "digest-mismatch"


# --- a connection that breaks ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def url(house: House) -> Iterator[str]:
    """The house on a socket, as in life."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = uvicorn.Config(house.app, host="127.0.0.1", port=port, log_config=None, lifespan="off")  # type: ignore[arg-type]
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


class Cutting(httpx.HTTPTransport):
    """Ends the connection of an upload after so many bytes, for each number once."""

    def __init__(self, cuts: list[int]) -> None:
        super().__init__()
        self.cuts = cuts
        self.offsets: list[int] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "PATCH":
            self.offsets.append(int(request.headers["upload-offset"]))
            if self.cuts:
                request.stream = _Cut(request.stream, self.cuts.pop(0))  # type: ignore[arg-type]
        return super().handle_request(request)


class _Cut(httpx.SyncByteStream):
    def __init__(self, stream: httpx.SyncByteStream, n_bytes: int) -> None:
        self._stream, self._left = stream, n_bytes

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._stream:
            if len(chunk) > self._left:
                yield chunk[: self._left]
                raise httpx.WriteError("cut")
            self._left -= len(chunk)
            yield chunk


def test_the_client_goes_on_after_two_cuts(url: str, house: House, tmp_path: Path) -> None:
    table = tmp_path / "large.csv"
    table.write_bytes(rows(400_000))
    size = table.stat().st_size
    assert size > 4 * CHUNK_BYTES
    transport = Cutting([CHUNK_BYTES + 5, CHUNK_BYTES // 2])
    with Client(url, api_key=house.keys[OWNER], transport=transport) as client:
        view = client.upload(table, SCHEMA)
        assert (view.state, view.size_bytes) == (DatasetState.READY, size)
        assert view.sha256 == digest(table.read_bytes())
    assert transport.cuts == []
    assert transport.offsets[0] == 0
    assert CHUNK_BYTES <= max(transport.offsets) < size  # it went on where it was, not from the start


def test_the_client_gives_up_where_nothing_arrives(url: str, house: House, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_bytes(rows(10))
    transport = Cutting([0] * 10)
    with Client(url, api_key=house.keys[OWNER], transport=transport) as client, pytest.raises(Failed) as caught:
        client.upload(table, SCHEMA)
    assert caught.value.reason == "unreachable"
    assert len(transport.offsets) == 4


# --- formats by name ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["t.csv.gz", "t.tsv", "t.jsonl.zst", "odd.name"])
def test_the_format_is_told_by_the_name_or_said(name: str, http: HttpDoor, tmp_path: Path) -> None:
    content = {
        "t.csv.gz": gzip.compress(rows(5)),
        "t.tsv": rows(5).replace(b",", b"\t"),
        "t.jsonl.zst": _zstd(b'{"id": 1, "age": 2, "sex": "F"}\n'),
        "odd.name": b"id\tage\tsex\n1\t2\tM\n",
    }[name]
    (tmp_path / name).write_bytes(content)
    chosen = TableFormat.TSV if name == "odd.name" else None
    view = http.client.upload(tmp_path / name, SCHEMA, format=chosen)
    assert view.state is DatasetState.READY


def _zstd(content: bytes) -> bytes:
    import pyarrow as pa

    return bytes(pa.compress(content, "zstd", asbytes=True))


@pytest.mark.parametrize("name", sorted(DOORS))
def test_every_format_may_be_declared(name: str, house: House) -> None:
    door = DOORS[name](house, house.keys[OWNER])
    for kind in TableFormat:
        assert door.declare(SCHEMA, kind.value)
    with pytest.raises((Refused, InputRefused, ValueError)):
        door.declare(SCHEMA, "ods")
    door.close()
