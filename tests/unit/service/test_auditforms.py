"""The audit log as others read it, and its way out of the house."""

from __future__ import annotations

import json
import re
import socket
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.audit import AuditEntry, AuditEvent, Outcome, chained
from service.auditforms import fhir, syslog
from service.context import TenantId
from service.syslog import SyslogFeed, sender
from understudy.errors import UsageError

EVENT = AuditEvent(
    at=datetime(2026, 3, 1, 12, 30, 15, 123000, tzinfo=UTC),
    actor="key:0123456789abcdef",
    action="delete_dataset",
    outcome=Outcome.DENIED,
    entity='ward "7" [a]\\b',
    code="forbidden",
    request_id="a" * 32,
)


def entry(n: int = 1) -> AuditEntry:
    return chained(AuditEntry(n=n, tenant=TenantId("clinic"), event=EVENT, previous_digest=""))


def test_the_form_of_the_chain_never_changes() -> None:
    # Every log that was ever written rests on it: a new form gets another v.
    assert entry().digest == "0940055d176b53f49c5a4f2007830dea1d0aad4154c439d3474d45c5fc58dabe"


def test_fhir_has_what_its_profile_requires() -> None:
    document = fhir(entry())
    assert document["resourceType"] == "AuditEvent"
    assert {"type", "recorded", "agent", "source"} <= set(document)
    assert document["action"] == "D"
    assert (document["outcome"], document["outcomeDesc"]) == ("4", "forbidden")
    assert document["recorded"] == "2026-03-01T12:30:15.123+00:00"
    assert document["agent"][0]["requestor"] is True
    assert document["agent"][0]["who"]["identifier"]["value"] == EVENT.actor
    assert [what["what"]["identifier"]["value"] for what in document["entity"]] == [EVENT.entity, "a" * 32]
    assert json.loads(json.dumps(document)) == document


@pytest.mark.parametrize(("outcome", "code"), [(Outcome.SUCCESS, "0"), (Outcome.REFUSED, "4"), (Outcome.FAILED, "8")])
def test_an_outcome_has_its_code(outcome: Outcome, code: str) -> None:
    event = AuditEvent(at=EVENT.at, actor="service", action="sweep", outcome=outcome)
    document = fhir(AuditEntry(n=1, tenant=TenantId("t"), event=event, previous_digest="", digest="d"))
    assert document["outcome"] == code
    assert document["action"] == "E"
    assert "entity" not in document


def test_a_line_of_syslog_is_one_of_rfc_5424() -> None:
    line = syslog(entry(), host="node-1")
    header = r"<(\d+)>1 (\S+) (\S+) (\S+) (\S+) (\S{1,32}) "
    match = re.match(header, line)
    assert match is not None
    assert int(match[1]) == 13 * 8 + 4
    assert match[2] == "2026-03-01T12:30:15.123Z"
    assert r'entity="ward \"7\" [a\]\\b"' in line
    assert line.count("\n") == 0


def test_a_file_gets_every_entry_in_order(tmp_path: Path) -> None:
    file = tmp_path / "audit.log"
    feed = SyslogFeed(sender(f"file://{file}"), host="h")
    for n in range(1, 51):
        feed(entry(n))
    feed.close()
    assert [re.search(r' n="(\d+)"', line)[1] for line in file.read_text().splitlines()] == [  # type: ignore[index]
        str(n) for n in range(1, 51)
    ]
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_server_gets_it_by_udp_and_by_tcp() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)
        feed = SyslogFeed(sender(f"udp://127.0.0.1:{server.getsockname()[1]}"), host="h")
        feed(entry())
        assert b'outcome="denied"' in server.recv(4096)
        feed.close()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        got: list[bytes] = []

        def serve() -> None:
            for _ in range(2):  # the connection breaks once, and is made anew
                connection, _ = listener.accept()
                with connection:
                    got.append(connection.recv(4096))

        thread = threading.Thread(target=serve)
        thread.start()
        send = sender(f"tcp://127.0.0.1:{listener.getsockname()[1]}")
        send(b"one")
        for _ in range(50):
            send(b"two")
            if len(got) == 2:
                break
            threading.Event().wait(0.02)
        thread.join()
    assert got[0].startswith(b"3 one")
    assert b"3 two" in got[1]


def test_a_server_that_is_away_stops_nobody(caplog: pytest.LogCaptureFixture) -> None:
    def away(_line: bytes) -> None:
        raise ConnectionRefusedError("to Jane's machine")

    with caplog.at_level("INFO", "understudy"):
        feed = SyslogFeed(away, host="h")
        feed(entry())
        feed.close()
    assert "audit.not_sent" in caplog.text
    assert "Jane" not in caplog.text


@pytest.mark.parametrize("url", ["", "log", "http://x", "udp://", "tcp://:99", "tcp://host:port", "file://"])
def test_any_other_address_is_refused_at_start(url: str) -> None:
    with pytest.raises(UsageError):
        sender(url)
