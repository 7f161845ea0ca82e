"""What bad calls get through real gRPC: a status, a stable code, and nothing left behind."""

from __future__ import annotations

import json
import logging
import math
import threading
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest
from google.protobuf.message_factory import GetMessageClass
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from grpc_status import rpc_status

from service.ports import Ports
from service.rpc.generated import understudy_pb2 as pb
from service.rpc.generated import understudy_pb2_grpc as pb_grpc
from service.rpc.guard import REQUEST_ID
from service.rpc.server import MAX_RECEIVE_BYTES

METHODS = {
    f"{service.name}.{method.name}": method
    for service in pb.DESCRIPTOR.services_by_name.values()
    for method in service.methods
}

Code = grpc.StatusCode


def refused(call: Callable[[], Any]) -> tuple[grpc.StatusCode, str]:
    """The status and the stable code of a call that must fail."""
    error = failure(call)
    info = ErrorInfo()
    details = rpc_status.from_call(error).details
    assert details[0].Unpack(info)
    problem = pb.Problem()
    assert details[-1].Unpack(problem)
    assert problem.code == info.reason
    return error.code(), info.reason


def failure(call: Callable[[], Any]) -> Any:
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return caught.value


OPEN = {"Service.GetHealth", "Service.GetReadiness", "Custody.GetSigningKey"}


@pytest.mark.parametrize("name", sorted(set(METHODS) - OPEN))
def test_no_method_answers_without_a_key(nobody: Any, name: str) -> None:
    method = METHODS[name]
    request: Any = GetMessageClass(method.input_type)()
    if name == "Service.CreateTenant":
        request.name = "clinic"
    for key in ("", "wrong", "us_0123456789abcdef." + "0" * 64):
        nobody.key = key
        call = lambda: nobody.call(name, iter([request]) if method.client_streaming else request)  # noqa: E731
        assert refused(call) == (Code.UNAUTHENTICATED, "unauthenticated")


@pytest.mark.parametrize(
    ("name", "request_"),
    [
        ("Datasets.Get", pb.GetDatasetRequest),
        ("Datasets.Delete", pb.DeleteDatasetRequest),
        ("Jobs.Create", lambda dataset_id: pb.JobCreate(dataset_id=dataset_id, epsilon=1.0)),
    ],
)
def test_another_tenants_dataset_is_not_there(new_face: Any, name: str, request_: Callable[..., Any]) -> None:
    owner, stranger = new_face(), new_face()
    dataset_id = owner.ready()
    assert refused(lambda: stranger.call(name, request_(dataset_id=dataset_id))) == (Code.NOT_FOUND, "not-found")
    assert refused(lambda: stranger.upload(dataset_id, [b"x"])) == (Code.NOT_FOUND, "not-found")
    assert owner.call("Datasets.Get", pb.GetDatasetRequest(dataset_id=dataset_id)).state == pb.DATASET_STATE_READY


@pytest.mark.parametrize("name", ["Jobs.Get", "Jobs.Watch", "Jobs.DownloadBundle"])
def test_another_tenants_job_is_not_there(new_face: Any, name: str) -> None:
    owner, stranger = new_face(), new_face()
    job = owner.call("Jobs.Create", pb.JobCreate(dataset_id=owner.ready(), epsilon=1.0))
    request = GetMessageClass(METHODS[name].input_type)(job_id=job.id)
    assert refused(lambda: stranger.call(name, request)) == (Code.NOT_FOUND, "not-found")


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"epsilon": 0.0}, "privacy-parameter-invalid"),
        ({"epsilon": -1.0}, "privacy-parameter-invalid"),
        ({"epsilon": math.nan}, "privacy-parameter-invalid"),
        ({"epsilon": math.inf}, "privacy-parameter-invalid"),
        ({"epsilon": 1.0, "delta": 1.0}, "privacy-parameter-invalid"),
        ({"epsilon": 1.0, "delta": math.nan}, "privacy-parameter-invalid"),
        ({"epsilon": 1.0, "audit_share": math.nan}, "audit-share-invalid"),
        ({"epsilon": 1.0, "n_rows": 0}, "row-count-invalid"),
        ({"epsilon": 1.0, "engine": "none"}, "engine-unknown"),
        ({}, "request-invalid"),
    ],
    ids=str,
)
def test_a_bad_wish_is_refused_and_nothing_is_charged(face: Any, ports: Any, wish: dict[str, Any], code: str) -> None:
    dataset_id = face.ready()
    call = lambda: face.call("Jobs.Create", pb.JobCreate(dataset_id=dataset_id, **wish))  # noqa: E731
    assert refused(call) == (Code.INVALID_ARGUMENT, code)
    assert not ports.queue.queued
    assert not face.call("Budgets.List", pb.ListBudgetsRequest()).budgets


@pytest.mark.parametrize(("epsilon", "delta"), [(0.0, 0.0), (math.nan, 0.0), (1.0, 1.0), (-1.0, 0.0)])
def test_a_cap_out_of_range_is_refused(face: Any, epsilon: float, delta: float) -> None:
    grant = pb.GrantBudgetRequest(population="ward", grant=pb.BudgetGrant(epsilon=epsilon, delta=delta))
    assert refused(lambda: face.call("Budgets.Grant", grant)) == (Code.INVALID_ARGUMENT, "privacy-parameter-invalid")


def test_a_grant_with_a_number_left_out_is_not_a_grant_of_zero(face: Any) -> None:
    grant = pb.GrantBudgetRequest(population="ward", grant=pb.BudgetGrant(epsilon=1.0))
    assert refused(lambda: face.call("Budgets.Grant", grant)) == (Code.INVALID_ARGUMENT, "request-invalid")


def test_too_small_a_budget_is_resource_exhausted_with_what_is_left(face: Any, ports: Any) -> None:
    grant = pb.GrantBudgetRequest(population="ward", grant=pb.BudgetGrant(epsilon=0.5, delta=1e-5))
    face.call("Budgets.Grant", grant)
    dataset_id = face.ready()
    call = lambda: face.call("Jobs.Create", pb.JobCreate(dataset_id=dataset_id, epsilon=1.0))  # noqa: E731
    assert refused(call) == (Code.RESOURCE_EXHAUSTED, "budget-exceeded")
    info = ErrorInfo()
    rpc_status.from_call(failure(call)).details[0].Unpack(info)
    assert any("0.5" in value for value in info.metadata.values())
    assert not ports.queue.queued
    assert face.call("Budgets.Get", pb.GetBudgetRequest(population="ward")).epsilon_left == 0.5


def test_a_schema_with_an_unknown_key_is_refused_with_its_pointer(face: Any) -> None:
    schema = json.dumps({"fields": [{"name": "age", "type": "integer", "typo": 1}]})
    error = failure(lambda: face.declare(schema))
    violations, details = BadRequest(), rpc_status.from_call(error).details
    assert error.code() is Code.INVALID_ARGUMENT
    assert details[1].Unpack(violations)
    assert violations.field_violations[0].field.startswith("/fields/0")
    assert not face.call("Datasets.List", pb.ListDatasetsRequest()).datasets


def test_a_schema_with_half_a_surrogate_pair_is_answered_like_any_other(face: Any) -> None:
    schema = r'{"fields": [{"name": "\ud800", "type": "\udfff"}], "understudy:population": "\ud800"}'
    assert refused(lambda: face.declare(schema))[0] is Code.INVALID_ARGUMENT


def test_a_field_that_the_service_does_not_know_is_refused(face: Any) -> None:
    wish = pb.JobCreate.FromString(pb.JobCreate(epsilon=1.0).SerializeToString() + b"\x98\x06\x01")
    assert refused(lambda: face.call("Jobs.Create", wish)) == (Code.INVALID_ARGUMENT, "request-invalid")


def test_a_refused_table_leaves_nothing_behind(face: Any, ports: Ports) -> None:
    dataset_id = face.declare()
    error = failure(lambda: face.upload(dataset_id, [b"age,sex\nrefuse-me,F\n"]))
    violations, details = BadRequest(), rpc_status.from_call(error).details
    details[1].Unpack(violations)
    assert error.code() is Code.FAILED_PRECONDITION
    assert [(item.field, item.description) for item in violations.field_violations] == [("age", "line 70000")]
    assert left_behind(ports) == []
    assert not face.call("Datasets.List", pb.ListDatasetsRequest()).datasets


def test_a_second_upload_is_a_conflict(face: Any) -> None:
    dataset_id = face.ready()
    assert refused(lambda: face.upload(dataset_id, [b"x"])) == (Code.ABORTED, "dataset-has-content")


def test_too_large_a_table_is_refused_while_it_arrives(face: Any, ports: Ports) -> None:
    dataset_id = face.declare()
    call = lambda: face.upload(dataset_id, [b"x" * 600_000] * 3)  # noqa: E731
    assert refused(call) == (Code.FAILED_PRECONDITION, "too-large")
    assert left_behind(ports) == []


def messages(*parts: dict[str, Any]) -> Iterator[Any]:
    return (pb.UploadRequest(**part) for part in parts)


@pytest.mark.parametrize("parts", [[], [{"chunk": b"x"}], [{}]], ids=["nothing", "chunk-first", "empty"])
def test_a_stream_begins_with_its_metadata(face: Any, parts: list[dict[str, Any]]) -> None:
    call = lambda: face.call("Datasets.Upload", messages(*parts))  # noqa: E731
    assert refused(call) == (Code.INVALID_ARGUMENT, "request-invalid")


@pytest.mark.parametrize("size_bytes", [None, 0, 3, 5])
def test_a_stream_that_does_not_end_as_it_says_is_not_a_table(face: Any, ports: Ports, size_bytes: int | None) -> None:
    metadata = pb.UploadMetadata(dataset_id=face.declare())
    end = [] if size_bytes is None else [{"end": pb.StreamEnd(size_bytes=size_bytes)}]
    call = lambda: face.call("Datasets.Upload", messages({"metadata": metadata}, {"chunk": b"four"}, *end))  # noqa: E731
    assert refused(call) == (Code.FAILED_PRECONDITION, "upload-incomplete")
    assert left_behind(ports) == []


@pytest.mark.parametrize("bad", [b"\xff\xff\xff", b"\x12" + b"\x80\x80\xc0\x02" + b"x" * (MAX_RECEIVE_BYTES + 1)])
def test_a_message_that_cannot_be_read_does_not_end_the_table(face: Any, ports: Ports, bad: bytes) -> None:
    # grpc ends the iterator then as if the caller were done; what arrived before must not count as the table.
    dataset_id = face.declare()
    good = [part.SerializeToString() for part in messages({"metadata": pb.UploadMetadata(dataset_id=dataset_id)})]
    raw = face.channel.stream_unary("/understudy.v1.Datasets/Upload")
    error = failure(lambda: raw(iter([*good, bad]), metadata=face.metadata, timeout=10.0))
    assert error.code() in (Code.INTERNAL, Code.RESOURCE_EXHAUSTED)
    view = face.call("Datasets.Get", pb.GetDatasetRequest(dataset_id=dataset_id))
    assert view.state == pb.DATASET_STATE_EMPTY
    assert left_behind(ports) == []


def test_a_caller_who_goes_away_leaves_nothing_and_may_come_back(face: Any, ports: Ports) -> None:
    dataset_id, gone = face.declare(), threading.Event()

    def cut_off() -> Iterator[Any]:
        yield from messages({"metadata": pb.UploadMetadata(dataset_id=dataset_id)}, {"chunk": b"age,sex\n"})
        gone.wait(10.0)

    upload = pb_grpc.DatasetsStub(face.channel).Upload.future(cut_off(), metadata=face.metadata)
    until(lambda: bool(left_behind(ports)))
    upload.cancel()
    gone.set()
    until(lambda: not left_behind(ports))
    assert face.call("Datasets.Get", pb.GetDatasetRequest(dataset_id=dataset_id)).state == pb.DATASET_STATE_EMPTY
    assert face.upload(dataset_id, [b"age,sex\n", b"40,F\n"]).state == pb.DATASET_STATE_READY


def test_an_exception_that_nobody_foresaw_says_nothing_of_itself(
    face: Any, ports: Ports, caplog: pytest.LogCaptureFixture
) -> None:
    dataset_id = face.declare()
    with caplog.at_level(logging.DEBUG):
        error = failure(lambda: face.upload(dataset_id, [b"break-me"]))
    assert error.code() is Code.INTERNAL
    assert "SECRET-CANARY" not in str(error) + str(error.trailing_metadata()) + caplog.text
    assert "kind=RuntimeError" in caplog.text
    assert left_behind(ports) == []


def test_every_answer_and_every_refusal_has_the_requests_id(face: Any, nobody: Any) -> None:
    stub = pb_grpc.BudgetsStub(face.channel)
    _, call = stub.List.with_call(pb.ListBudgetsRequest(), metadata=face.metadata)
    refusal = failure(lambda: nobody.call("Budgets.List", pb.ListBudgetsRequest()))
    ids = [dict(found.initial_metadata())[REQUEST_ID] for found in (call, refusal)]
    assert len(set(ids)) == 2
    assert all(len(identity) == 32 for identity in ids)


def test_two_authorizations_are_none(face: Any) -> None:
    stub = pb_grpc.BudgetsStub(face.channel)
    call = lambda: stub.List(pb.ListBudgetsRequest(), metadata=face.metadata * 2)  # noqa: E731
    assert refused(call) == (Code.UNAUTHENTICATED, "unauthenticated")


def left_behind(ports: Any) -> list[str]:
    """Every file of a blob, published or under way, and every file in the scratch directory."""
    places = (ports.settings.home / "blobs", ports.scratch)
    return [str(path) for place in places if place.exists() for path in place.rglob("*") if path.is_file()]


def until(condition: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(200):
        if condition():
            return
        pause.wait(0.05)
    pytest.fail("it did not come to be within ten seconds")
