"""What every route has: headers, ids of requests, caps, pages, ETags, limits, and one job for one Idempotency-Key."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import grpc
import httpx
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from grpc_status import rpc_status

from service.auth.access import RULES
from service.inprocess import InProcessTransport
from service.limiter import Limiter
from service.metrics import Metrics
from service.rest.app import create_app
from service.rest.bodies import MAX_DEPTH, is_deeper
from service.rpc.generated import understudy_pb2 as pb
from tests.wire.doors import NOBODYS, ROUTES, Doors, empty_request, light_ports, opened
from understudy.client import Client
from understudy.errors import RateLimited
from understudy.messages import JobCreate, Role

ADMIN = Role.TENANT_ADMIN
SCHEMA = {
    "fields": [
        {"name": "age", "type": "integer", "constraints": {"minimum": 0, "maximum": 120}},
        {"name": "sex", "type": "string", "constraints": {"enum": ["F", "M"]}},
    ],
    "understudy:population": "ward",
}
UUID = "0b5c2a9e-3f61-4c52-9d7f-2a1f9c0e4d11"


@pytest.fixture(scope="module")
def dataset(doors: Doors) -> str:
    key = doors.keys[ADMIN]
    made = doors.ask("POST", "/v1/datasets", key, json={"table_schema": SCHEMA, "format": "csv"})
    assert doors.ask("PUT", f"{made.headers['location']}/content", key, content=b"age,sex\n1,F\n").status_code == 200
    return str(made.json()["id"])


# --- headers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/healthz", "/v1/jobs", "/nowhere", "/v1/keys"])
def test_every_answer_has_the_headers_that_a_browser_needs(doors: Doors, path: str) -> None:
    headers = doors.ask("GET", path).headers
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["permissions-policy"].startswith("camera=()")
    assert headers["cache-control"] == "no-store"
    assert "server" not in headers
    assert "strict-transport-security" not in headers


def test_under_tls_a_browser_is_told_to_stay_there(doors: Doors) -> None:
    with httpx.Client(transport=InProcessTransport(doors.app), base_url="https://understudy") as client:
        assert client.get("/healthz").headers["strict-transport-security"].startswith("max-age=31536000")


@pytest.mark.parametrize(("sent", "is_kept"), [(UUID, True), ("a" * 32, True), ("Jane-4711", False), ("a" * 31, False)])
def test_a_request_keeps_its_id_only_if_it_can_hold_nothing_else(doors: Doors, sent: str, is_kept: bool) -> None:
    found = doors.ask("GET", "/healthz", headers={"X-Request-Id": sent}).headers["x-request-id"]
    assert (found == sent) is is_kept
    assert len(found) in (32, 36)


def test_grpc_keeps_it_too(doors: Doors) -> None:
    stub = doors.channel.unary_unary(
        "/understudy.v1.Service/GetHealth", pb.GetHealthRequest.SerializeToString, pb.Health.FromString
    )
    _, call = stub.with_call(pb.GetHealthRequest(), metadata=(("x-request-id", UUID),))
    assert dict(call.initial_metadata())["x-request-id"] == UUID


# --- bodies -----------------------------------------------------------------------------------------------------


def nested(depth: int) -> bytes:
    return b'{"table_schema": ' + b"[" * depth + b"]" * depth + b"}"


def test_a_body_has_so_many_bytes_and_is_so_deep(doors: Doors) -> None:
    key = doors.keys[ADMIN]
    deep = doors.ask("POST", "/v1/datasets", key, content=nested(100_000))
    assert (deep.status_code, deep.json()["detail"]) == (422, "The request is nested too deep.")
    large = doors.ask("POST", "/v1/datasets", key, content=b" " * (doors.ports.settings.max_body_bytes + 1))
    assert (large.status_code, large.json()["code"]) == (413, "too-large")


@pytest.mark.parametrize(
    ("text", "depth"),
    [
        (b"", 0),
        (b'{"a": [1, {"b": []}]}', 4),
        (b'"[[[["', 0),
        (rb'{"a\"[[[": "\\"}', 1),
        (b'"[[[', 0),
        (b'[" \\', 1),
        (b"]]][[", 0),
        (b"[" * 500, 500),
    ],
)
def test_depth_is_counted_outside_of_strings(text: bytes, depth: int) -> None:
    assert not is_deeper(text, depth)
    assert depth == 0 or is_deeper(text, depth - 1)


def test_counting_takes_no_longer_for_a_text_made_to_be_slow() -> None:
    started = time.process_time()
    for text in (b'"\\' * 500_000, b'"' * 999_999, b"[]" * 500_000, b'"\\"' * 333_333):
        is_deeper(text, MAX_DEPTH)
    assert time.process_time() - started < 5


def test_who_has_no_key_does_not_get_a_body_read(doors: Doors) -> None:
    answer = doors.ask("POST", "/v1/datasets", content=b"{")
    assert answer.status_code == 401


# --- pages and ETags --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    with opened(light_ports(tmp_path_factory.mktemp("many"))) as doors:
        for number in range(7):
            schema = SCHEMA | {"understudy:population": f"ward-{number % 2}"}
            doors.ask("POST", "/v1/datasets", doors.keys[ADMIN], json={"table_schema": schema, "format": "csv"})
        yield doors


def walked(doors: Doors, limit: int, **filters: str) -> list[str]:
    ids: list[str] = []
    cursor = ""
    while True:
        params = {"limit": limit, "cursor": cursor, **filters}
        page = doors.ask("GET", "/v1/datasets", doors.keys[ADMIN], params=params).json()
        assert len(page["datasets"]) <= limit
        ids += [dataset["id"] for dataset in page["datasets"]]
        if not (cursor := page["next_cursor"]):
            return ids


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 8, 1000])
def test_pages_of_any_size_are_the_list(many: Doors, limit: int) -> None:
    everything = walked(many, 1000)
    assert len(everything) == len(set(everything)) == 7
    assert walked(many, limit) == everything


def test_a_list_is_filtered_alike_through_both_doors_and_the_client(many: Doors) -> None:
    odd = walked(many, 2, population="ward-1")
    assert len(odd) == 3
    assert walked(many, 2, state="ready") == []
    request = pb.ListDatasetsRequest(limit=3, population="ward-1", state="DATASET_STATE_EMPTY")
    assert [found.id for found in many.call("Datasets.List", request, many.keys[ADMIN]).datasets] == odd
    with Client(api_key=many.keys[ADMIN], transport=InProcessTransport(many.app)) as client:
        assert [found.id for found in client.datasets(population="ward-1", state="empty")] == odd


def test_a_page_goes_on_where_it_was_though_what_it_ended_with_is_gone(many: Doors) -> None:
    key = many.keys[ADMIN]
    made = [many.ask("POST", "/v1/datasets", key, json={"table_schema": SCHEMA, "format": "csv"}) for _ in range(3)]
    params = {"population": "ward", "limit": 1}
    first = many.ask("GET", "/v1/datasets", key, params=params).json()
    many.ask("DELETE", made[0].headers["location"], key)
    following = many.ask("GET", "/v1/datasets", key, params=params | {"cursor": first["next_cursor"]}).json()
    assert [dataset["id"] for dataset in following["datasets"]] == [made[1].json()["id"]]


@pytest.mark.parametrize(
    "params",
    [{"limit": 0}, {"limit": 1001}, {"cursor": "x"}, {"cursor": "AAAA"}, {"cursor": "bm93IG5vdw"}, {"limit": -1}],
)
def test_a_page_that_cannot_be_is_refused(many: Doors, params: dict[str, Any]) -> None:
    answer = many.ask("GET", "/v1/jobs", many.keys[ADMIN], params=params)
    assert (answer.status_code, answer.json()["code"]) == (422, "page-invalid")


def test_who_has_the_present_state_gets_no_body(many: Doors) -> None:
    key = many.keys[ADMIN]
    first = many.ask("GET", "/v1/datasets", key)
    tag = first.headers["etag"]
    again = many.ask("GET", "/v1/datasets", key, headers={"If-None-Match": f'"x", {tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    many.ask("POST", "/v1/datasets", key, json={"table_schema": SCHEMA, "format": "csv"})
    changed = many.ask("GET", "/v1/datasets", key, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag
    assert "etag" not in many.ask("GET", f"/v1/datasets/ds_{NOBODYS}", key).headers
    assert "etag" not in many.ask("GET", "/v1/audit", key).headers


# --- one key, one job -------------------------------------------------------------------------------------------


def test_the_same_request_with_the_same_key_is_one_job(doors: Doors, dataset: str) -> None:
    key = doors.keys[ADMIN]
    body = {"dataset_id": dataset, "epsilon": 0.25, "delta": 1e-6}
    sent = [doors.ask("POST", "/v1/jobs", key, json=body, headers={"Idempotency-Key": "night-run"}) for _ in range(3)]
    assert {answer.status_code for answer in sent} == {202}
    assert len({answer.json()["id"] for answer in sent}) == 1
    over_grpc = doors.call(
        "Jobs.Create",
        pb.JobCreate(dataset_id=dataset, epsilon=0.25, delta=1e-6),
        key,
        **{"idempotency-key": "night-run"},
    )
    assert over_grpc.id == sent[0].json()["id"]
    other = doors.ask("POST", "/v1/jobs", key, json=body | {"epsilon": 0.5}, headers={"Idempotency-Key": "night-run"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    apart = doors.ask("POST", "/v1/jobs", key, json=body, headers={"Idempotency-Key": "another"})
    assert apart.json()["id"] != sent[0].json()["id"]
    held = doors.ask("GET", "/v1/ledger?population=ward", key).json()["entries"]
    assert [entry["kind"] for entry in held].count("hold") == 2


def test_the_same_key_of_another_tenant_is_another_key(doors: Doors, dataset: str) -> None:
    body = {"dataset_id": dataset, "epsilon": 0.25, "delta": 1e-6}
    answer = doors.ask("POST", "/v1/jobs", doors.theirs, json=body, headers={"Idempotency-Key": "night-run"})
    assert answer.status_code == 404


@pytest.mark.parametrize("sent", ["", "a" * 201, "a b", "é".encode()])
def test_a_key_that_is_none_is_refused(doors: Doors, sent: Any) -> None:
    answer = doors.ask("POST", "/v1/jobs", doors.keys[ADMIN], json={}, headers={"Idempotency-Key": sent})
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-invalid")


def test_the_client_takes_a_key_by_itself(doors: Doors, dataset: str) -> None:
    with Client(api_key=doors.keys[ADMIN], transport=InProcessTransport(doors.app)) as client:
        message = JobCreate(dataset_id=dataset, epsilon=0.125)
        assert client.submit(message).id != client.submit(message).id
        assert client.submit(message, idempotency_key="k").id == client.submit(message, idempotency_key="k").id


# --- limits -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    limits = Limiter(per_minute=5, at_once=2)
    with opened(light_ports(tmp_path_factory.mktemp("narrow"), limits=limits, metrics=Metrics())) as doors:
        yield doors


def test_who_asks_too_often_is_told_when_to_come_again(narrow: Doors) -> None:
    key, other = narrow.keys[Role.AUDITOR], narrow.keys[Role.STEWARD]
    found = [narrow.ask("GET", "/v1/engines", key) for _ in range(6)]
    assert [answer.status_code for answer in found] == [200] * 5 + [429]
    assert found[-1].json()["code"] == "rate-limited"
    assert 1 <= int(found[-1].headers["retry-after"]) <= 60
    with pytest.raises(grpc.RpcError) as caught:
        narrow.call("Service.ListEngines", empty_request("Service.ListEngines"), key)
    status = rpc_status.from_call(caught.value)
    retry = RetryInfo()
    assert any(detail.Unpack(retry) for detail in status.details)
    assert 1 <= retry.retry_delay.seconds <= 60
    assert narrow.ask("GET", "/v1/engines", other).status_code == 200
    assert not [act for act in narrow.audited() if act.code == "rate-limited"]


def test_one_tenant_cannot_take_all_the_threads() -> None:
    limits = Limiter(per_minute=0, at_once=2)
    with limits.slot("a"), limits.slot("a"):  # type: ignore[arg-type]
        with pytest.raises(RateLimited), limits.slot("a"):  # type: ignore[arg-type]
            pass
        with limits.slot("b"):  # type: ignore[arg-type]
            pass
    with limits.slot("a"), limits.slot("a"):  # type: ignore[arg-type]
        pass


def test_a_call_that_ends_badly_gives_its_thread_back(narrow: Doors) -> None:
    for _ in range(4):
        assert narrow.refusal("Jobs.Get", pb.GetJobRequest(job_id="x"), narrow.theirs) == "not-found"


# --- for the operator -------------------------------------------------------------------------------------------


def test_metrics_count_and_name_nobody(narrow: Doors) -> None:
    assert isinstance(narrow.ports.metrics, Metrics)
    narrow.ask("GET", "/v1/jobs")
    text = narrow.ports.metrics.text()
    assert 'understudy_requests_total{door="http",operation="list_jobs",outcome="denied"} 1.0' in text
    assert 'door="grpc",operation="get_job",outcome="refused"' in text
    assert "ours" not in text
    assert "theirs" not in text
    with narrow.ports.metrics.served("127.0.0.1", 0) as port:
        assert "understudy_requests_total" in httpx.get(f"http://127.0.0.1:{port}/metrics").text
    assert narrow.ask("GET", "/metrics").status_code == 404


def test_ready_is_more_than_up(doors: Doors) -> None:
    found = doors.ask("GET", "/readyz")
    assert (found.status_code, found.json()) == (200, {"ready": True, "checks": {"database": "ok", "disk": "ok"}})

    def broken() -> bool:
        raise RuntimeError("SECRET-CANARY")

    ports = replace(doors.ports, checks={"worker": broken})
    with httpx.Client(transport=InProcessTransport(create_app(ports)), base_url="http://understudy") as client:
        assert client.get("/healthz").status_code == 200
        answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"ready": False, "checks": {"database": "ok", "disk": "ok", "worker": "failed"}}
    assert doors.call("Service.GetReadiness", pb.GetReadinessRequest()).ready


# --- keys -------------------------------------------------------------------------------------------------------


def test_a_key_is_made_used_listed_and_revoked(doors: Doors) -> None:
    with Client(api_key=doors.keys[ADMIN], transport=InProcessTransport(doors.app)) as client:
        made = client.create_key("nightly", ["analyst"], expires_in_days=30)
        assert doors.ask("GET", "/v1/jobs", made.api_key).status_code == 200
        (line,) = [key for key in client.api_keys() if key.id == made.key.id]
        assert (line.name, line.roles, line.revoked_at) == ("nightly", [Role.ANALYST], "")
        assert line.last_used_at
        assert line.expires_at > line.created_at
        client.revoke_key(made.key.id)
        assert doors.ask("GET", "/v1/jobs", made.api_key).status_code == 401
        (line,) = [key for key in client.api_keys() if key.id == made.key.id]
        assert line.revoked_at
        assert made.api_key.partition(".")[2] not in json.dumps(
            [key.model_dump(mode="json") for key in client.api_keys()]
        )


@pytest.mark.parametrize(
    "change",
    [
        {"roles": []},
        {"name": ""},
        {"name": "a" * 81},
        {"name": "a\nb"},
        {"scopes": ["everything"]},
        {"expires_in_days": 0},
        {"expires_in_days": 3651},
    ],
)
def test_a_key_that_cannot_be_is_refused(doors: Doors, change: dict[str, Any]) -> None:
    body = {"name": "x", "roles": ["auditor"]} | change
    answer = doors.ask("POST", "/v1/keys", doors.keys[ADMIN], json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "key-invalid")


def test_nobody_revokes_the_key_they_hold(doors: Doors) -> None:
    key = doors.keys[ADMIN]
    answer = doors.ask("DELETE", f"/v1/keys/{key[3:19]}", key)
    assert (answer.status_code, answer.json()["code"]) == (422, "key-in-use")


def test_the_document_says_which_routes_there_are(doors: Doors) -> None:
    document = doors.ask("GET", "/openapi.json").json()
    operations = {o["operationId"]: o for path in document["paths"].values() for o in path.values()}
    assert set(operations) == set(ROUTES)
    secured = {name for name, operation in operations.items() if operation.get("security") == [{"HTTPBearer": []}]}
    assert secured == {rule.operation for rule in RULES if not rule.is_public}


# --- what a request gets wrong ------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/v1/datasets?stat=ready", "/v1/jobs?limit=1&Population=x", "/v1/retention?x="])
def test_a_parameter_that_is_not_known_is_refused_and_not_overlooked(doors: Doors, path: str) -> None:
    answer = doors.ask("GET", path, doors.keys[ADMIN])
    assert (answer.status_code, answer.json()["code"]) == (422, "request-invalid")
    assert answer.json()["facts"] == {"/query": "extra_forbidden"}
    assert doors.ask("GET", path).status_code == 401, "who may not ask is not told what could be asked"


def test_another_method_is_told_which_there_are(doors: Doors) -> None:
    answer = doors.ask("PUT", "/v1/datasets", doors.keys[ADMIN])
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")
    assert doors.ask("GET", "/nowhere").headers.get("allow") is None


def test_what_is_no_json_is_told_so(doors: Doors) -> None:
    for kind, status in (
        ("application/x-www-form-urlencoded", 415),
        ("text/plain", 415),
        ("application/json; charset=utf-8", 422),
        ("application/vnd.ours+json", 422),
    ):
        answer = doors.ask("POST", "/v1/jobs", doors.keys[ADMIN], content=b"{}", headers={"Content-Type": kind})
        assert answer.status_code == status, kind
        assert (answer.json()["code"] == "content-type-wrong") == (status == 415)


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_probe_may_ask_for_the_head_alone(doors: Doors, path: str) -> None:
    assert doors.ask("HEAD", path).status_code == doors.ask("GET", path).status_code
