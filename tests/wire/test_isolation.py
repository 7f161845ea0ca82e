"""A tenant can neither see nor infer anything of another: every route and every method, asked for another's things.

Asked with another tenant's ids, the answer is to the letter the one that ids of nobody get; and no list, page, count
or error has any of the other's names in it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import pytest

from service.commands import datasets as dataset_commands
from service.context import Principal, RequestContext, TenantId
from service.rpc.generated import understudy_pb2 as pb
from tests.wire.doors import METHODS, NOBODYS, ROUTES, Doors, empty_request, path_of, text_of
from understudy.messages import DatasetCreate, Role

MARK = "Zebra-Ward-4711"
"""In every name that the other tenant gives."""

SCHEMA: dict[str, Any] = {
    "fields": [
        {"name": MARK, "type": "integer", "constraints": {"minimum": 0, "maximum": 120}},
        {"name": "sex", "type": "string", "constraints": {"enum": ["F", "M"]}},
    ],
    "understudy:population": MARK,
}
PLAIN = SCHEMA | {"fields": SCHEMA["fields"][1:], "understudy:population": "plain"}
OPEN_TO_ALL = {"health", "readiness", "create_tenant"}


@dataclass(frozen=True)
class Things:
    """Ids of what a tenant has, by the name of the parameter that takes one."""

    ids: dict[str, str]
    marks: tuple[str, ...]


NOBODY = Things(
    ids={
        "dataset_id": f"ds_{NOBODYS}",
        "job_id": f"job_{NOBODYS}",
        "scrub_id": f"scrub_{NOBODYS}",
        "key_id": NOBODYS[:16],
        "upload_id": f"up_{NOBODYS}",
        "release_id": f"job_{NOBODYS}",
        "subject_id": "nobody",
        "population": "nobody",
    },
    marks=(),
)


@pytest.fixture(scope="module")
def others(doors: Doors) -> Things:
    """The things of ``ours``, which ``theirs`` must not see."""
    admin = doors.keys[Role.TENANT_ADMIN]
    dataset = doors.ask("POST", "/v1/datasets", admin, json={"table_schema": SCHEMA, "format": "csv"}).json()["id"]
    caller = RequestContext(principal=Principal(tenant=TenantId("ours"), key_id="k"), request_id="r")
    assert dataset_commands.get(caller, dataset, doors.ports).id == dataset
    sent = doors.ask("PUT", f"/v1/datasets/{dataset}/content", admin, content=b"a,sex\n1,F\n")
    assert sent.status_code == 200, sent.text
    grant = {"epsilon": 3.0, "delta": 1e-5}
    assert doors.ask("PUT", f"/v1/budgets/{MARK}", admin, json=grant).status_code == 200
    asked = {"dataset_id": dataset, "epsilon": 0.5, "delta": 1e-6}
    job = doors.ask("POST", "/v1/jobs", admin, json=asked).json()["id"]
    scrub = doors.ask("POST", "/v1/scrubs", admin, json={"format": "jsonl"}).json()["id"]
    key = doors.ask("POST", "/v1/keys", admin, json={"name": MARK, "roles": ["auditor"]}).json()["key"]["id"]
    ids = {"dataset_id": dataset, "job_id": job, "scrub_id": scrub, "key_id": key, "release_id": job}
    return Things(
        ids=NOBODY.ids | ids | {"population": MARK, "subject_id": MARK}, marks=(MARK, dataset, job, scrub, key, "ours")
    )


def body_for(schema: dict[str, Any], openapi: dict[str, Any], ids: dict[str, str]) -> dict[str, Any]:
    """A message that is as good as can be made without knowing what it is, and names another's things."""
    model = openapi["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    body: dict[str, Any] = {}
    for name, kind in model.get("properties", {}).items():
        if name.endswith("_id"):
            body[name] = ids["dataset_id"]
        elif name in model.get("required", []):
            body[name] = {"number": 0.5, "integer": 1, "string": "x", "array": [], "object": {}}.get(
                kind.get("type", ""), "csv"
            )
    given = {"epsilon": 0.5, "delta": 1e-6, "name": "x", "roles": ["auditor"], "table_schema": PLAIN}
    return body | {name: value for name, value in given.items() if name in model.get("properties", {})}


def asked(doors: Doors, name: str, things: Things, key: str) -> str:
    """What a tenant hears of a route."""
    route, openapi = ROUTES[name], doors.app.openapi()
    (method,) = route.methods
    operation = openapi["paths"][route.path_format][method.lower()]
    content = operation.get("requestBody", {}).get("content", {})
    more: dict[str, Any] = {}
    if "application/json" in content:
        more["json"] = body_for(content["application/json"]["schema"], openapi, things.ids)
    elif content:
        more["content"] = b"a,sex\n1,F\n"
    answer = doors.ask(method, path_of(route, things.ids), key, **more)
    assert answer.status_code not in (401, 403, 500), answer.text
    return text_of(answer)


def neutral(text: str, things: Things) -> str:
    """The text without the names that were asked for, and without what is new in every answer."""
    for known in sorted({MARK, *things.ids.values()}, key=len, reverse=True):
        text = text.replace(known, "*")
    text = re.sub(r"us_[0-9a-f]{16}\.[0-9a-f]{64}|[a-z]+_[0-9a-f]{32}|\b[0-9a-f]{16}\b|[0-9a-f]{64}", "*", text)
    text = re.sub(r'entries": \d+', 'entries": *', text)  # of the account of one's own that both have opened
    return re.sub(r"\d{4}-\d\d-\d\dT[0-9:.+Z]*", "*", text)


LISTS = {
    *("list_keys", "list_datasets", "list_jobs", "list_releases"),
    *("list_budgets", "list_entries", "verify_ledger", "export_audit", "check_audit"),
}
"""Of all that a tenant has. One who never heard of the other's ids asks for them, and must not hear of them."""


@pytest.mark.parametrize("name", sorted(set(ROUTES) - OPEN_TO_ALL - LISTS))
def test_over_http_anothers_things_are_nobodys(doors: Doors, others: Things, name: str) -> None:
    nothing = asked(doors, name, NOBODY, doors.theirs)
    found = asked(doors, name, others, doors.theirs)
    assert neutral(found, others) == neutral(nothing, NOBODY)


@pytest.mark.parametrize("name", sorted(LISTS))
def test_over_http_a_list_has_nothing_of_another(doors: Doors, others: Things, name: str) -> None:
    found = asked(doors, name, NOBODY, doors.bystander)
    assert [mark for mark in others.marks if mark in found] == []


def test_the_other_tenants_lists_are_not_empty(doors: Doors, others: Things) -> None:
    # Or nothing would be proven by what they do not show.
    admin = doors.keys[Role.TENANT_ADMIN]
    for path in ("/v1/datasets", "/v1/jobs", "/v1/budgets", "/v1/ledger", "/v1/keys", "/v1/audit"):
        assert any(mark in doors.ask("GET", path, admin).text for mark in others.marks), path


def of_method(name: str, things: Things) -> Any:
    """A request that names things in every field that can."""
    request = empty_request(name)
    fill(request, things)
    return request


def fill(request: Any, things: Things) -> None:
    for descriptor in request.DESCRIPTOR.fields:
        if descriptor.name == "table_schema":
            request.table_schema = json.dumps(PLAIN)
        elif descriptor.name in ("metadata", "grant"):
            fill(getattr(request, descriptor.name), things)
            getattr(request, descriptor.name).SetInParent()
        elif descriptor.name in ("epsilon", "delta"):
            setattr(request, descriptor.name, 1e-6)
        elif descriptor.name in things.ids or descriptor.name.endswith("_id"):
            setattr(request, descriptor.name, things.ids.get(descriptor.name, things.ids["dataset_id"]))


@pytest.mark.parametrize("name", sorted(set(METHODS) - {"Service.GetHealth", "Service.GetReadiness"}))
def test_over_grpc_anothers_things_are_nobodys(doors: Doors, others: Things, name: str) -> None:
    codes = [doors.refusal(name, of_method(name, things), doors.theirs) for things in (NOBODY, others)]
    assert codes[0] == codes[1]
    if METHODS[name].client_streaming or doors.refusal(name, of_method(name, NOBODY), doors.bystander):
        return
    answer = str(doors.call(name, of_method(name, NOBODY), doors.bystander))
    assert [mark for mark in others.marks if mark in answer] == []


def test_a_cursor_of_another_tenant_opens_nothing(doors: Doors, others: Things) -> None:
    admin = doors.keys[Role.TENANT_ADMIN]
    doors.ask("POST", "/v1/datasets", admin, json={"table_schema": SCHEMA, "format": "csv"})
    cursor = doors.ask("GET", "/v1/datasets?limit=1", admin).json()["next_cursor"]
    assert cursor
    found = doors.ask("GET", f"/v1/datasets?cursor={cursor}", doors.bystander)
    assert found.status_code == 200
    assert not any(mark in found.text for mark in others.marks)


def test_a_key_opens_its_own_tenant_only(doors: Doors, others: Things) -> None:
    with pytest.raises(Exception, match="NOT_FOUND"):
        doors.call("Jobs.Get", pb.GetJobRequest(job_id=others.ids["job_id"]), doors.theirs)
    assert doors.ask("DELETE", f"/v1/keys/{others.ids['key_id']}", doors.theirs).status_code == 404


def test_message_is_made_of_what_it_needs() -> None:
    # The bodies above must get past the form, or the test would compare two complaints about it.
    assert DatasetCreate(table_schema=SCHEMA).format == "csv"
