"""The operator's file of connections: what it may say, and that no secret is in it or comes out of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from service.connections import PostgresConnection, S3Connection, Secret, Tls, parse, read_connections
from service.doctor import Verdict, examine
from service.settings import Settings
from understudy.errors import Failed

EHR: dict[str, Any] = {
    "kind": "postgresql",
    "host": "db.internal",
    "database": "ehr",
    "user": "reader",
    "password": {"env": "EHR_PASSWORD"},
    "tenants": ["ward"],
}
LAB: dict[str, Any] = {"kind": "s3", "bucket": "lab-exports", "tenants": ["*"]}


def test_what_is_declared() -> None:
    known = parse(json.dumps({"ehr": EHR, "lab": LAB}))
    ehr, lab = known["ehr"], known["lab"]
    assert isinstance(ehr, PostgresConnection)
    assert isinstance(lab, S3Connection)
    assert (ehr.port, ehr.tls, ehr.place, lab.place) == (5432, Tls.FULL, "postgresql:ehr", "s3:lab")
    assert (ehr.is_for("ward"), ehr.is_for("bank"), lab.is_for("bank")) == (True, False, True)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "mysql"},
        {"tenants": "ward"},
        {"tenants": None},
        {"port": 0},
        {"port": "5432"},
        {"port": True},
        {"password": "hunter2"},
        {"password": {"value": "hunter2"}},
        {"password": {"env": "A", "file": "b"}},
        {"tls": "prefer"},
        {"tls": "disable"},
        {"tls": "verify-ca"},
        {"name": "other"},
        {"hosts": ["x"]},
        {"host": "a\nb"},
    ],
)
def test_a_fault_in_it_is_refused_without_its_text(change: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "connections.json"
    path.write_text(json.dumps({"ehr": EHR | change}))
    with pytest.raises(Failed) as caught:
        read_connections(path)
    assert caught.value.reason == "connections-unreadable"
    assert "hunter2" not in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [{"scheme": "http"}, {"scheme": "ftp"}, {"bucket": "a/b"}, {"access_key": {"env": "A"}}, {"endpoint": "h/../x"}],
)
def test_a_bucket_that_is_none(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"bucket|plain|half"):
        parse(json.dumps({"lab": LAB | change}))


@pytest.mark.parametrize("name", ["EHR", "", "a.b", "-a", "a" * 64])
def test_names_are_plain(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        parse(json.dumps({name: EHR}))


def test_plain_text_is_for_this_machine_or_by_the_operators_word() -> None:
    for change in ({"host": "127.0.0.1"}, {"host": "/run/postgresql"}, {"allow_plain": True}):
        assert parse(json.dumps({"ehr": EHR | {"tls": "disable"} | change}))
    for change in ({"endpoint": "localhost:9000"}, {"endpoint": "minio:9000", "allow_plain": True}):
        assert parse(json.dumps({"lab": LAB | {"scheme": "http"} | change}))


def test_where_secrets_lie(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("word\n")
    assert Secret(file=str(tmp_path / "secret")).reveal({}) == "word"
    assert Secret(env="A").reveal({"A": "word"}) == "word"
    for secret in (Secret(env="A"), Secret(file=str(tmp_path / "none")), Secret(file=str(tmp_path))):
        with pytest.raises(Failed) as caught:
            secret.reveal({})
        assert caught.value.reason == "connection-secret-missing"
        assert str(tmp_path) not in str(caught.value)


def test_without_a_file_there_are_none(tmp_path: Path) -> None:
    assert read_connections(None) == {}
    with pytest.raises(Failed):
        read_connections(tmp_path / "none")


@pytest.mark.parametrize(
    ("change", "verdict", "says"),
    [
        ({}, Verdict.WARNING, "ehr"),
        ({"password": {"env": "PATH"}}, Verdict.OK, "1 declared"),
        ({"port": "x"}, Verdict.FAULT, "a whole number above 0"),
    ],
)
def test_the_doctor_looks_at_it(tmp_path: Path, change: dict[str, Any], verdict: Verdict, says: str) -> None:
    path = tmp_path / "connections.json"
    path.write_text(json.dumps({"ehr": EHR | change}))
    findings = examine(Settings(home=tmp_path / "home", connections=path))
    found = next(finding for finding in findings if finding.check == "connections")
    assert found.verdict is verdict
    assert says in found.detail
