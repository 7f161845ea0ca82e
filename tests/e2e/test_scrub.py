"""Scrubbing as a user asks for it: notes and tables, over HTTP, gRPC and the command line, and what is refused."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from service.rpc.generated import understudy_pb2 as pb
from service.rpc.generated import understudy_pb2_grpc as pb_grpc
from tests.e2e.houses import House, problem_in
from understudy.cli import main
from understudy.client import Client
from understudy.errors import UnderstudyError

Connect = Callable[[str], Client]

NOTES = [
    "Seen by Dr. Ana Quintero on 3/14/2021, MRN 12345678. Foley catheter in place.",
    "Call Zoltan Petrovics at 617-555-0134 or zoltan@fastpost.net. Bell's palsy resolving.",
]
RAW = b"".join(json.dumps({"text": note, "person": "p1"}).encode() + b"\n" for note in NOTES)
SECRETS = ("Quintero", "Zoltan", "Petrovics", "12345678", "617-555-0134", "fastpost", "3/14/2021")
TABLE_SCHEMA = {
    "fields": [
        {"name": "id", "type": "integer", "understudy:kind": "identifier"},
        {"name": "patient", "type": "string", "understudy:kind": "name"},
        {"name": "zip", "type": "string", "understudy:kind": "zip", "understudy:operator": "generalise"},
        {"name": "seen", "type": "date", "understudy:operator": "shift"},
        {"name": "age", "type": "integer", "understudy:operator": "generalise"},
        {"name": "phone", "type": "string", "understudy:kind": "phone", "understudy:operator": "mask"},
        {"name": "photo", "type": "string", "understudy:kind": "pii"},
        {"name": "site", "type": "string", "understudy:operator": "keep"},
        {"name": "note", "type": "string", "understudy:kind": "text"},
    ],
    "understudy:population": "scrubbed",
    "understudy:privacyUnit": {"column": "id", "maxRows": 2},
}
TABLE = (
    "id,patient,zip,seen,age,phone,photo,site,note\n"
    "7,Zoltan Petrovics,02139,2021-03-14,93,617-555-0134,a.png,north,Zoltan Petrovics 2021-03-14 Bell's palsy\n"
    "7,Zoltan Petrovics,03601,2021-03-28,44,617-555-0134,b.png,north,Mr. Petrovics 2021-03-28 for his foley\n"
    "8,Ana Quintero,99999,1999-12-31,12,617-555-0199,c.png,south,\n"
)


def over_grpc(house: House, key: str, content: bytes, **asked: str) -> tuple[dict[str, object], bytes]:
    """Report and result through gRPC, sent and fetched in small pieces."""
    metadata = (("authorization", f"Bearer {key}"),)
    with grpc.insecure_channel(f"127.0.0.1:{house.grpc_port}") as channel:
        stub = pb_grpc.ScrubsStub(channel)
        made = stub.Create(pb.ScrubCreate(**asked), metadata=metadata)

        def parts() -> Iterator[pb.UploadScrubRequest]:
            yield pb.UploadScrubRequest(metadata=pb.UploadScrubMetadata(scrub_id=made.id))
            for start in range(0, len(content), 50):
                yield pb.UploadScrubRequest(chunk=content[start : start + 50])
            yield pb.UploadScrubRequest(end=pb.StreamEnd(size_bytes=len(content)))

        done = stub.Upload(parts(), metadata=metadata)
        chunks = stub.Download(pb.DownloadScrubRequest(scrub_id=made.id), metadata=metadata)
        result = b"".join(part.chunk for part in chunks)
        stub.Delete(pb.DeleteScrubRequest(scrub_id=made.id), metadata=metadata)
        return json.loads(done.report), result


def left_behind(house: House) -> list[Path]:
    """What scrubs keep."""
    return [path for path in (house.ports.scratch / "scrubs").rglob("*") if path.is_file()]


def test_notes_come_back_alike_over_both_doors(house: House, http: Connect, tmp_path: Path) -> None:
    source, out = tmp_path / "notes.jsonl", tmp_path / "out.jsonl"
    source.write_bytes(RAW)
    seen: list[str] = []
    done = http(house.keys["clinic"]).scrub(source, out=out, on_progress=lambda stage, _percent: seen.append(stage))
    report, result = over_grpc(house, house.keys["clinic"], RAW, format="SCRUB_FORMAT_JSONL", population="default")
    assert out.read_bytes() == result
    assert report == done.report
    assert {"download", "done"} <= set(seen)
    lines = [json.loads(line) for line in result.decode().splitlines()]
    assert not any(secret in str(line["text"]) for line in lines for secret in SECRETS)
    assert "Foley catheter" in lines[0]["text"]
    assert "Bell's palsy" in lines[1]["text"]
    spans = {NOTES[1][span["start"] : span["end"]]: span["entity_type"] for span in lines[1]["spans"]}
    assert spans["617-555-0134"] == "PHONE_NUMBER"
    assert spans["Zoltan Petrovics"] == "PERSON"
    assert left_behind(house) == []
    other = over_grpc(house, house.keys["bank"], RAW, format="SCRUB_FORMAT_JSONL")[1]
    assert other != result, "another tenant, other surrogates"


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("JSONL", b'{"text": "caf\xe9"}\n', "not-jsonl"),
        ("CSV", b"who\n" + b"".join(b"code-%d-x\n" % i for i in range(40)), "column-looks-identifying"),
    ],
)
def test_what_is_refused_leaves_nothing(
    name: str, content: bytes, code: str, house: House, http: Connect, tmp_path: Path
) -> None:
    source, out = tmp_path / f"in.{name.lower()}", tmp_path / f"out.{name.lower()}"
    source.write_bytes(content)
    with pytest.raises(UnderstudyError) as caught:
        http(house.keys["clinic"]).scrub(source, out=out)
    assert caught.value.reason == code
    with pytest.raises(grpc.RpcError) as refused:
        over_grpc(house, house.keys["clinic"], content, format=f"SCRUB_FORMAT_{name}")
    assert problem_in(refused.value).code == code
    assert not out.exists()
    assert left_behind(house) == []


def test_the_command_line_scrubs_a_table_with_each_operator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNDERSTUDY_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    Path("ward.csv").write_text(TABLE)
    Path("ward.schema.json").write_text(json.dumps(TABLE_SCHEMA))
    shown = command("scrub", "ward.csv", "--schema", "ward.schema.json", "--out", "out.csv", "--report", "r.json")
    assert "Pseudonymised, not anonymous" in shown
    rows = pyarrow.csv.read_csv("out.csv", convert_options=_as_strings()).to_pylist()
    first, second, third = rows
    assert not any(secret in Path("out.csv").read_text() for secret in (*SECRETS, "2021-03-14", "a.png"))
    assert (first["zip"], second["zip"]) == ("021", "000")
    assert (first["age"], second["age"]) == ("90", "44")
    assert first["phone"] == "***-***-****"
    assert first["photo"] == ""
    assert first["site"] == "north"
    assert first["patient"] == second["patient"] != third["patient"]
    assert first["patient"] in first["note"]
    assert first["patient"].split()[-1] in second["note"]
    assert first["seen"] in first["note"], "a note's dates move with the person's columns"
    assert "Bell's palsy" in first["note"]
    assert "foley" in second["note"]
    report = json.loads(Path("r.json").read_text())
    assert report["n_rows"] == 3
    assert {column["column"]: column["action"] for column in report["columns"]} == {
        "id": "surrogate", "patient": "surrogate", "zip": "generalise", "seen": "shift", "age": "generalise",
        "phone": "mask", "photo": "drop", "note": "text",
    }  # fmt: skip
    assert not any(secret in Path("r.json").read_text() for secret in SECRETS)


def test_the_command_line_scrubs_notes_and_a_parquet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNDERSTUDY_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    Path("notes.jsonl").write_bytes(RAW)
    said = json.loads(command("scrub", "notes.jsonl", "--out", "out.jsonl", "--report", "r.json", "--json"))
    assert said["report"] == json.loads(Path("r.json").read_text())
    assert said["report"]["entities"]["PERSON"] == 2
    assert not any(secret in Path("out.jsonl").read_text() for secret in SECRETS)
    pq.write_table(pa.table({"patient_name": ["Zoltan Petrovics"], "glucose": [101]}), "t.parquet")
    command("scrub", "t.parquet", "--out", "out.parquet")
    assert pq.read_table("out.parquet")["glucose"].to_pylist() == [101]
    assert "Petrovics" not in str(pq.read_table("out.parquet")["patient_name"].to_pylist())


def command(*words: str) -> str:
    """Standard output of a command that ends well."""
    out, error = io.StringIO(), io.StringIO()
    before = sys.argv
    sys.argv = ["understudy", *words]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error), pytest.raises(SystemExit) as ended:
            main()
    finally:
        sys.argv = before
    assert not ended.value.code, error.getvalue()
    return out.getvalue()


def _as_strings() -> pyarrow.csv.ConvertOptions:
    names = [str(field["name"]) for field in TABLE_SCHEMA["fields"]]  # type: ignore[index]
    return pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False)
