"""Erasure, retention, releases and the signing key over HTTP, gRPC and the command line; the operator's commands."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import grpc
import pytest
from typer.testing import CliRunner

from service.context import TenantId
from service.manifest import fingerprint, public_key
from service.rpc.generated import understudy_pb2 as pb
from service.rpc.generated import understudy_pb2_grpc as pb_grpc
from service.storage_cli import shred_tenant
from service.storage_cli import signing_key as print_key
from tests.e2e.houses import SCHEMA, House
from understudy import custody_cli
from understudy.client import Client
from understudy.custody_cli import retention_app, subjects_app
from understudy.errors import Conflict, Forbidden, UsageError
from understudy.messages import Role

Connect = Callable[[str], Client]
ROWS = b"id,age,sex\n" + b"".join(b"%d,%d,F\n" % (10**9 + 7919 * i * i, i % 90) for i in range(60))
PERSON = str(10**9 + 7919 * 25)


def stub(house: House) -> tuple[pb_grpc.CustodyStub, tuple[tuple[str, str], ...]]:
    channel = grpc.insecure_channel(f"127.0.0.1:{house.grpc_port}")
    return pb_grpc.CustodyStub(channel), (("authorization", f"Bearer {house.keys['clinic']}"),)


def upload(client: Client, folder: Path, population: str) -> str:
    (folder / "t.csv").write_bytes(ROWS)
    return client.upload(folder / "t.csv", SCHEMA | {"understudy:population": population}).id


@pytest.mark.slow
def test_a_person_is_erased_over_both_wires(
    house: House, http: Connect, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    client = http(house.keys["clinic"])
    dataset_id = upload(client, tmp_path, "doors")
    with caplog.at_level(logging.DEBUG):
        found = client.erase_subject(PERSON, population="doors")
        custody, metadata = stub(house)
        again = custody.EraseSubject(pb.EraseSubjectRequest(subject_id=PERSON, population="doors"), metadata=metadata)
    assert [(table.dataset_id, table.n_rows) for table in found.datasets] == [(dataset_id, 1)]
    assert (len(again.datasets), again.n_datasets_searched) == (0, 1)
    # The caller's own HTTP library may log the address; the service logs it nowhere.
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("understudy")]
    with house.ports.database.read() as tx:
        ours += [str(entry) for entry in tx.for_tenant(TenantId("clinic")).audit.entries()]
    assert any("erase_subject" in line for line in ours)
    assert not [line for line in ours if PERSON in line]


def test_retention_is_decided_over_one_and_seen_over_the_other(house: House, http: Connect) -> None:
    client = http(house.keys["bank"])
    assert client.retention().keep_raw == "until-job-done"
    assert client.set_retention("days:3", retrain=True).retrain
    channel = grpc.insecure_channel(f"127.0.0.1:{house.grpc_port}")
    metadata = (("authorization", f"Bearer {house.keys['bank']}"),)
    seen = pb_grpc.CustodyStub(channel).GetRetention(pb.GetRetentionRequest(), metadata=metadata)
    assert (seen.keep_raw, seen.keep_bundles, seen.retrain) == ("days:3", "forever", True)
    with pytest.raises(UsageError) as refused:
        client.set_retention("a while")
    assert refused.value.reason == "retention-invalid"
    assert http(house.keys["clinic"]).retention().keep_raw == "until-job-done"


def test_the_signing_key_needs_no_credential_and_is_one(house: House, http: Connect) -> None:
    custody, _ = stub(house)
    over_grpc = custody.GetSigningKey(pb.GetSigningKeyRequest())
    found = http("nobody").signing_key()
    assert found.public_key == over_grpc.public_key == public_key(house.ports.keys.signing_seed()).hex()
    assert found.fingerprint == fingerprint(bytes.fromhex(found.public_key))


def test_an_analyst_may_not_erase(house: House, http: Connect) -> None:
    key = http(house.keys["clinic"]).create_key("a", [Role.ANALYST]).api_key
    with pytest.raises(Forbidden):
        http(key).erase_subject(PERSON)
    assert http(key).releases() == []


@pytest.mark.slow
def test_the_commands_say_what_was_done(
    house: House, http: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = http(house.keys["clinic"])
    dataset_id = upload(client, tmp_path, "command")
    monkeypatch.setattr(custody_cli, "connect", lambda _url, _key: nullcontext(client))
    erased = CliRunner().invoke(subjects_app, ["-", "--population", "command", "--json"], input=f"{PERSON}\n")
    assert json.loads(erased.stdout)["datasets"][0] == {"dataset_id": dataset_id, "population": "command", "n_rows": 1}
    shown = CliRunner().invoke(retention_app, ["show"])
    assert "until-job-done" in shown.stdout


def test_the_operator_prints_the_key_and_shreds_a_tenant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("UNDERSTUDY_HOME", str(tmp_path))
    print_key()
    assert "fingerprint: " in capsys.readouterr().out
    with pytest.raises(UsageError):
        shred_tenant("clinic")
    with pytest.raises(Conflict) as refused:
        shred_tenant("clinic", yes=True)
    assert refused.value.reason == "no-keys"
