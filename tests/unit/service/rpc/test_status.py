"""An error as google.rpc.Status: its code, its places, its Problem, and never too long."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo

from service.faults import problem_of
from service.rpc.convert import from_proto
from service.rpc.generated import understudy_pb2 as pb
from service.rpc.status import MAX_STATUS_BYTES, status_of
from understudy.errors import BudgetExceeded, Failed, InputRefused, NotFound, Place, SchemaError, UnderstudyError
from understudy.messages import Problem


def detail_of(error: UnderstudyError, kind: type[Any]) -> Any:
    found = [detail for detail in status_of(error).details if detail.Is(kind.DESCRIPTOR)]
    unpacked = kind()
    assert found[0].Unpack(unpacked)
    return unpacked


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputRefused("m", code="cell-type"), grpc.StatusCode.FAILED_PRECONDITION),
        (BudgetExceeded("m"), grpc.StatusCode.RESOURCE_EXHAUSTED),
        (NotFound("m"), grpc.StatusCode.NOT_FOUND),
        (Failed("m"), grpc.StatusCode.INTERNAL),
    ],
    ids=lambda value: getattr(value, "reason", ""),
)
def test_the_code_is_that_of_the_table_of_faults(error: UnderstudyError, code: grpc.StatusCode) -> None:
    assert status_of(error).code == code.value[0]
    assert detail_of(error, ErrorInfo).reason == error.reason


def test_the_problem_is_the_one_that_http_answers_with() -> None:
    error = BudgetExceeded("Too much.", where=(Place(pointer="/epsilon"),), facts={"epsilon_left": "0.5"})
    assert from_proto(detail_of(error, pb.Problem), Problem) == problem_of(error)
    info = detail_of(error, ErrorInfo)
    assert (info.domain, dict(info.metadata)) == ("understudy", {"epsilon_left": "0.5"})


def test_places_are_field_violations() -> None:
    error = InputRefused("Bad cells.", where=(Place(line=7, column="age"), Place(pointer="/fields/0")))
    violations = detail_of(error, BadRequest).field_violations
    assert [(item.field, item.description) for item in violations] == [("age", "line 7"), ("/fields/0", "Bad cells.")]


@pytest.mark.parametrize("n_places", [0, 1, 20, 1000])
@pytest.mark.parametrize("fact", ["", "x" * 4000])
def test_a_status_is_never_too_long_for_a_client(n_places: int, fact: str) -> None:
    places = tuple(Place(line=line, column="c\u00fc" * 150) for line in range(n_places))
    error = SchemaError("m" * 2000, where=places, facts={"fact": fact})
    status = status_of(error)
    assert status.ByteSize() <= MAX_STATUS_BYTES
    assert detail_of(error, ErrorInfo).reason == "schema-invalid"


def test_as_many_places_stay_as_fit() -> None:
    places = tuple(Place(line=line, column="age") for line in range(20))
    assert len(detail_of(InputRefused("m", where=places), pb.Problem).where) == 20
    wide = tuple(Place(line=line, column="c" * 200) for line in range(20))
    assert 5 <= len(detail_of(InputRefused("m", where=wide), pb.Problem).where) < 20


def test_a_column_that_no_protobuf_string_can_hold_is_escaped() -> None:
    error = SchemaError("m", where=(Place(column="\ud800"),), facts={"\ud800": "\ud800"})
    assert detail_of(error, pb.Problem).where[0].column == r"\ud800"
