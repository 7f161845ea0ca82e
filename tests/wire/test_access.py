"""Every role on every route and every gRPC method: what the table of access says is what happens.

A route or a method without a line in the table fails here, and is closed when it runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from service.auth.access import RULES, Rule, may, rule_of, rule_of_method
from service.context import Principal, TenantId
from service.inprocess import InProcessTransport
from service.rest.access import Access
from service.rest.envelope import Envelope
from tests.contract.test_stores import job
from tests.wire.doors import METHODS, NOBODYS, ROUTES, Doors, empty_request, key_with
from understudy.messages import Role

SECURITY = Path(__file__).resolve().parents[2] / "docs" / "security.md"
HELP = "Add a line to RULES in service/auth/access.py, with the narrowest roles, and its row to docs/security.md."


def missing(routes: Iterable[str], methods: Iterable[str], rules: Iterable[Rule]) -> list[str]:
    """Operations and methods without a line, and lines without an operation or a method."""
    known = {rule.operation: rule for rule in rules}
    told = {method for rule in known.values() for method in rule.methods}
    return [
        *(f"route {name} has no rule of access" for name in sorted(set(routes) - set(known))),
        *(f"gRPC method {name} has no rule of access" for name in sorted(set(methods) - told)),
        *(f"the rule of {name} is for no route" for name in sorted(set(known) - set(routes))),
        *(f"the rule's method {name} does not exist" for name in sorted(told - set(methods))),
    ]


def test_every_route_and_every_method_has_a_rule() -> None:
    assert missing(ROUTES, METHODS, RULES) == [], HELP


def test_a_missing_rule_would_be_found() -> None:
    assert missing([*ROUTES, "peek"], METHODS, RULES) == ["route peek has no rule of access"]
    assert missing(ROUTES, [*METHODS, "Jobs.Peek"], RULES) == ["gRPC method Jobs.Peek has no rule of access"]
    assert missing(ROUTES, METHODS, RULES[1:])
    assert missing(sorted(ROUTES)[1:], METHODS, RULES)


def row_of(rule: Rule) -> str:
    marks = ["all" if rule.roles is None else "own" * (role in rule.own) or "x" * (role in rule.roles) for role in Role]
    kept = "yes" if rule.is_audited else "denials"
    return f"| `{rule.operation}` | {', '.join(rule.methods)} | `{rule.scope}` | {' | '.join(marks)} | {kept} |"


def test_the_document_has_the_table() -> None:
    text = SECURITY.read_text()
    lacking = [row_of(rule) for rule in RULES if row_of(rule) not in text]
    assert lacking == [], "put these rows into docs/security.md:\n" + "\n".join(lacking)
    rows = set(re.findall(r"^\| `([a-z_]+)` \| ", text, re.MULTILINE))
    assert rows == {rule.operation for rule in RULES}, "docs/security.md has rows too many"


def rule_for(name: str) -> Rule:
    rule = rule_of(name) or rule_of_method(name)
    assert rule is not None, HELP
    return rule


@pytest.mark.parametrize("name", sorted(ROUTES))
def test_over_http_a_role_may_what_the_table_says(doors: Doors, name: str) -> None:
    route, rule = ROUTES[name], rule_for(name)
    (method,) = route.methods
    path = route.path_format.format(**dict.fromkeys(route.param_convertors, NOBODYS))
    if rule.is_public:
        return
    for key in ("", "us_0123456789abcdef." + "0" * 64):
        answer = doors.ask(method, path, key)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
        assert answer.headers["www-authenticate"] == "Bearer"
    for role in Role:
        answer = doors.ask(method, path, doors.keys[role])
        is_denied = answer.status_code == 403
        assert answer.status_code != 401
        assert is_denied is (role not in (rule.roles or ())), (name, role)
        assert not is_denied or answer.json()["code"] == "forbidden"


@pytest.mark.parametrize("name", sorted(METHODS))
def test_over_grpc_a_role_may_what_the_table_says(doors: Doors, name: str) -> None:
    rule = rule_for(name)
    if rule.is_public:
        return
    assert doors.refusal(name, empty_request(name)) == "unauthenticated"
    for role in Role:
        code = doors.refusal(name, empty_request(name), doors.keys[role])
        assert (code == "forbidden") is (role not in (rule.roles or ())), (name, role, code)
        assert code != "unauthenticated"


OWN = sorted(rule.operation for rule in RULES if rule.own)
MINE = "analyst-one"


@pytest.fixture(scope="module")
def job_of_mine(doors: Doors) -> str:
    """A job that a key of the name ``MINE`` has asked for."""
    made = job("job_mine", dataset_id="ds", asked_by=f"named:{MINE}")
    with doors.ports.database.begin() as tx:
        tx.for_tenant(TenantId("ours")).jobs.add(made)
    return made.id


def codes(doors: Doors, name: str, job_id: str, key: str) -> tuple[str, str]:
    """How both doors refuse an operation on a job: over HTTP and over gRPC."""
    route, (grpc_method,) = ROUTES[name], rule_for(name).methods
    (method,) = route.methods
    answer = doors.ask(method, route.path_format.format(job_id=job_id), key)
    request = empty_request(grpc_method)
    request.job_id = job_id
    return answer.json().get("code", ""), doors.refusal(grpc_method, request, key)


@pytest.mark.parametrize("name", [name for name in OWN if name != "cancel_job"])
def test_what_is_somebody_elses_is_closed_to_those_who_may_only_their_own(
    doors: Doors, job_of_mine: str, name: str
) -> None:
    rule = rule_for(name)
    for role in rule.roles or ():
        refused = codes(doors, name, job_of_mine, doors.keys[role])
        assert (refused == ("not-your-job", "not-your-job")) is (role in rule.own), (name, role, refused)
        assert "forbidden" not in refused
    for roles in ((Role.ANALYST,), tuple(Role)):
        mine = key_with(doors.ports, *roles, name=MINE)
        assert "not-your-job" not in codes(doors, name, job_of_mine, mine), "a successor's key has the same name"
    assert "not-your-job" not in codes(doors, name, job_of_mine, key_with(doors.ports, *Role))


def test_who_may_only_their_own_sees_how_far_anothers_job_is_and_cannot_stop_it(doors: Doors, job_of_mine: str) -> None:
    key = doors.keys[Role.ANALYST]
    before = len(doors.audited())
    assert codes(doors, "cancel_job", job_of_mine, key) == ("not-your-job", "not-your-job")
    assert [(act.action, act.outcome, act.code) for act in doors.audited()[before:]] == [
        ("cancel_job", "denied", "not-your-job")
    ] * 2
    assert doors.ask("GET", f"/v1/jobs/{job_of_mine}", key).json()["state"] == "queued"
    assert codes(doors, "cancel_job", job_of_mine, doors.keys[Role.OPERATOR])[0] == ""
    assert codes(doors, "cancel_job", job_of_mine, key_with(doors.ports, Role.ANALYST, name=MINE)) == ("", "")
    assert doors.ask("GET", f"/v1/jobs/{job_of_mine}", key).json()["state"] == "cancelled"


def test_a_key_without_a_name_is_somebody_of_its_own() -> None:
    keys = [Principal(tenant=TenantId("ours"), key_id=key_id) for key_id in ("k", "l", "oidc:k")]
    named = [Principal(tenant=TenantId("ours"), key_id=key_id, key_name="n") for key_id in ("k", "l", "oidc:k")]
    assert [caller.owner for caller in keys + named] == ["key:k", "key:l", "oidc:k", "named:n", "named:n", "oidc:k"]


def test_a_denied_act_is_in_the_audit_log_whichever_door_it_came_to(doors: Doors) -> None:
    before = len(doors.audited())
    doors.ask("DELETE", f"/v1/datasets/ds_{NOBODYS}", doors.keys[Role.AUDITOR])
    doors.refusal("Budgets.List", empty_request("Budgets.List"), doors.keys[Role.OPERATOR])
    found = [(act.action, act.outcome, act.code, act.entity) for act in doors.audited()[before:]]
    assert found == [
        ("delete_dataset", "denied", "forbidden", f"ds_{NOBODYS}"),
        ("list_budgets", "denied", "forbidden", ""),
    ]


def test_nobody_is_in_no_tenants_log(doors: Doors, caplog: pytest.LogCaptureFixture) -> None:
    before = (len(doors.audited("ours")), len(doors.audited("theirs")))
    with caplog.at_level("INFO", "understudy"):
        doors.ask("GET", "/v1/jobs")
        doors.refusal("Jobs.List", empty_request("Jobs.List"), "us_x")
    assert (len(doors.audited("ours")), len(doors.audited("theirs"))) == before
    assert caplog.text.count("access.denied") == 2


def test_a_narrowed_key_may_only_that(doors: Doors) -> None:
    key = key_with(doors.ports, Role.TENANT_ADMIN, scopes=("jobs:read",))
    assert doors.ask("GET", "/v1/jobs", key).status_code == 200
    assert doors.ask("GET", "/v1/datasets", key).json()["facts"]["scope"] == "datasets:read"
    assert doors.ask("POST", "/v1/jobs", key, json={}).status_code == 403
    assert doors.refusal("Keys.List", empty_request("Keys.List"), key) == "forbidden"


def test_a_caller_without_a_role_may_nothing() -> None:
    nobody = Principal(tenant=TenantId("ours"), key_id="k")
    assert [rule.operation for rule in RULES if not rule.is_public and may(nobody, rule)] == []


def test_an_admin_may_everything_and_no_other_role_does() -> None:
    closed = [rule for rule in RULES if rule.roles is not None]
    everything = {role for role in Role if all(role in (rule.roles or ()) for rule in closed)}
    assert everything == {Role.TENANT_ADMIN}


def test_who_sets_a_budget_does_not_spend_it_and_who_audits_changes_nothing() -> None:
    writes = {role: {r.operation for r in RULES if r.roles and role in r.roles and r.action != "R"} for role in Role}
    assert "create_job" not in writes[Role.STEWARD]
    assert "grant_budget" not in writes[Role.ANALYST]
    assert writes[Role.AUDITOR] == set()
    assert writes[Role.OPERATOR] <= {"cancel_job"}


def test_a_route_without_a_rule_is_closed_when_it_runs(doors: Doors) -> None:
    router = APIRouter()

    @router.get("/v1/peek")
    async def peek() -> dict[str, Any]:
        return {"rows": 1}

    app = FastAPI()
    app.include_router(router)
    app.add_middleware(Access, ports=doors.ports, routes=[r for r in router.routes if isinstance(r, APIRoute)])
    app.add_middleware(Envelope, ports=doors.ports)
    with httpx.Client(transport=InProcessTransport(app), base_url="http://understudy") as client:
        answer = client.get("/v1/peek", headers={"Authorization": f"Bearer {doors.keys[Role.TENANT_ADMIN]}"})
    assert (answer.status_code, answer.json()["code"]) == (403, "access-rule-missing")
