"""Who calls, through both doors: tokens of a provider beside API keys, and the commands that make and revoke those."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from jwt.algorithms import OKPAlgorithm
from typer.testing import CliRunner, Result

from service.auth.tokens import OidcTokens
from service.commands.tenants import create_tenant, make_bootstrap, open_tenant
from service.identity import OidcSettings
from service.inprocess import InProcessTransport
from tests.wire.doors import Doors, empty_request, light_ports, opened
from understudy import audit_cli, key_cli
from understudy.cli import app
from understudy.client import Client
from understudy.errors import Failed, NotFound
from understudy.messages import AuditCheck, Role, TenantCreate

KEY = ed25519.Ed25519PrivateKey.generate()
JWKS = {"keys": [json.loads(OKPAlgorithm.to_jwk(KEY.public_key())) | {"kid": "1"}]}
SETTINGS = OidcSettings(issuer="https://id.test", audience="understudy", jwks="unused")


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    tokens = OidcTokens(SETTINGS, lambda: json.dumps(JWKS).encode())
    with opened(light_ports(tmp_path_factory.mktemp("home"), tokens=tokens)) as both:
        yield both


def token(**claims: Any) -> str:
    good = {"iss": "https://id.test", "aud": "understudy", "sub": "nurse-7", "exp": time.time() + 60}
    return jwt.encode(good | {"tenant": "ours", "roles": ["auditor"]} | claims, KEY, "EdDSA", {"kid": "1"})


def test_a_token_is_as_good_as_a_key_through_both_doors(doors: Doors) -> None:
    assert doors.ask("GET", "/v1/budgets", token()).status_code == 200
    assert doors.call("Budgets.List", empty_request("Budgets.List"), token()) is not None
    assert doors.ask("GET", "/v1/jobs", doors.keys[Role.ANALYST]).status_code == 200


def test_what_a_token_does_is_in_the_log_by_its_subject(doors: Doors) -> None:
    answer = doors.ask("POST", "/v1/keys", token(), json={"name": "x", "roles": ["analyst"]})
    assert answer.status_code == 403
    last = doors.audited()[-1]
    assert (last.actor, last.action, last.outcome) == ("oidc:nurse-7", "create_key", "denied")


@pytest.mark.parametrize("wrong", [{"tenant": "nobodys"}, {"exp": 1}, {"iss": "https://other.test"}, {"tenant": None}])
def test_a_token_that_is_not_for_here_is_refused_by_both(doors: Doors, wrong: dict[str, Any]) -> None:
    text = token(**wrong)
    assert doors.ask("GET", "/v1/budgets", text).status_code == 401
    assert doors.refusal("Budgets.List", empty_request("Budgets.List"), text) == "unauthenticated"


def test_a_token_without_a_role_may_nothing(doors: Doors) -> None:
    assert doors.ask("GET", "/v1/engines", token(roles=["surgeon"])).status_code == 403


def test_the_first_key_of_a_tenant_is_an_admins_and_its_making_is_the_first_entry(doors: Doors) -> None:
    credential = make_bootstrap(doors.ports) or ""
    made = create_tenant(credential, TenantCreate(name="new-clinic"), doors.ports)
    open_tenant("newer-clinic", doors.ports)
    assert doors.ask("GET", "/v1/keys", made.api_key).json()["keys"][0]["roles"] == ["tenant_admin"]
    assert [(act.actor, act.action) for act in doors.audited("new-clinic")] == [("bootstrap", "create_tenant")]
    assert [(act.actor, act.action) for act in doors.audited("newer-clinic")] == [("operator", "create_tenant")]


# --- the commands -----------------------------------------------------------------------------------------------


@pytest.fixture
def shell(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    @contextlib.contextmanager
    def connect(_url: object, _key: object) -> Iterator[Client]:
        with Client(api_key=doors.keys[Role.TENANT_ADMIN], transport=InProcessTransport(doors.app)) as client:
            yield client

    monkeypatch.setattr(key_cli, "connect", connect)
    monkeypatch.setattr(audit_cli, "connect", connect)
    return lambda *words: CliRunner().invoke(app, words)


def test_a_key_is_made_shown_and_revoked_by_commands(doors: Doors, shell: Callable[..., Result]) -> None:
    made = shell("keys", "create", "nightly", "--role", "analyst", "--scope", "jobs:read", "--days", "9")
    assert made.exit_code == 0, made.output
    key = made.stdout.strip().splitlines()[-1]
    assert doors.ask("GET", "/v1/jobs", key).status_code == 200
    assert doors.ask("GET", "/v1/budgets", key).status_code == 403
    listed = json.loads(shell("keys", "list", "--json").stdout)
    (line,) = [line for line in listed if line["name"] == "nightly"]
    assert (line["roles"], line["scopes"]) == (["analyst"], ["jobs:read"])
    assert "nightly" in shell("keys", "list").stdout
    assert shell("keys", "revoke", line["id"]).exit_code == 0
    assert doors.ask("GET", "/v1/jobs", key).status_code == 401
    assert isinstance(shell("keys", "revoke", "0" * 16).exception, NotFound)


def test_the_log_is_written_out_and_checked_by_commands(
    doors: Doors, shell: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [json.loads(line) for line in shell("audit", "export").stdout.splitlines()]
    assert {line["resourceType"] for line in lines} == {"AuditEvent"}
    assert [line["id"] for line in lines] == [str(n) for n in range(1, len(lines) + 1)]
    assert json.loads(shell("audit", "export", "--after", "2").stdout.splitlines()[0])["id"] == "3"
    assert "head" in shell("audit", "check").stdout
    assert json.loads(shell("audit", "check", "--json").stdout)["ok"]
    broken = AuditCheck(ok=False, n_entries=3, head="", faults=["entry 2 is not what was written"])
    monkeypatch.setattr(Client, "check_audit", lambda _client: broken)
    found = shell("audit", "check")
    assert "entry 2" in found.stdout
    assert isinstance(found.exception, Failed)


def test_reading_the_log_is_an_entry_of_it(doors: Doors) -> None:
    with Client(api_key=doors.keys[Role.AUDITOR], transport=InProcessTransport(doors.app)) as client:
        first = len(list(client.audit()))
        second = [entry["subtype"] for entry in client.audit()]
    assert len(second) == first + 1
    assert second[-1] == [{"system": "urn:understudy:audit:operation", "code": "export_audit"}]


@pytest.mark.parametrize("params", ["after=-1", "limit=0", "limit=1001"])
def test_a_page_of_the_log_that_cannot_be_is_refused(doors: Doors, params: str) -> None:
    answer = doors.ask("GET", f"/v1/audit?{params}", doors.keys[Role.AUDITOR])
    assert (answer.status_code, answer.json()["code"]) == (422, "page-invalid")


def test_an_act_that_cannot_be_written_down_is_not_answered(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object, **_more: object) -> None:
        raise OSError("disk full at /var/lib/jane")

    monkeypatch.setattr("service.commands.gate.record", full)
    key = doors.keys[Role.AUDITOR]
    answer = doors.ask("GET", "/v1/audit", key)
    assert (answer.status_code, answer.json()["code"]) == (500, "failed")
    assert "jane" not in answer.text
    assert doors.refusal("Audit.Export", empty_request("Audit.Export"), key) == "failed"
