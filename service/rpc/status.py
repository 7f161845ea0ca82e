"""Errors as google.rpc.Status: the same stable code, places and facts that HTTP answers with.

Details, in this order: ErrorInfo (reason = the stable code), BadRequest (the places), RetryInfo (when to ask again),
our Problem.
"""

from __future__ import annotations

from typing import cast

import grpc
from google.protobuf.any_pb2 import Any as AnyProto
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message as Proto
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from service.faults import fault_of, problem_of
from service.rpc.convert import clean, to_proto
from understudy.errors import RateLimited, UnderstudyError
from understudy.messages import PlaceView, Problem

DOMAIN = "understudy"

MAX_STATUS_BYTES = 5_000
"""A status travels in a trailer, of which clients take 8 KiB by default; base64 makes a third more of it."""

MAX_DETAIL_CHARS = 500


def status_of(error: UnderstudyError) -> Status:
    """An error as the wire shows it.

    Guarantees: fits a client's default limits. The last places are left out for that, and at worst the facts too.
    """
    whole = problem_of(error)
    problem = whole.model_copy(update={"detail": whole.detail[:MAX_DETAIL_CHARS]})
    code = _number_of(grpc.StatusCode[fault_of(error).grpc])
    while (status := _status(problem, code)).ByteSize() > MAX_STATUS_BYTES and (problem.where or problem.facts):
        kept = len(problem.where) // 2
        problem = problem.model_copy(update={"where": problem.where[:kept]} if problem.where else {"facts": {}})
    return status


def _status(problem: Problem, code: int) -> Status:
    facts = {clean(key): clean(value) for key, value in problem.facts.items()}
    details: list[Proto] = [ErrorInfo(reason=problem.code, domain=DOMAIN, metadata=facts)]
    if problem.where:
        violations = [_violation(place, clean(problem.detail)) for place in problem.where]
        details.append(BadRequest(field_violations=violations))
    if problem.code == RateLimited.code:
        seconds = RateLimited(problem.detail, facts=problem.facts).retry_after_s
        details.append(RetryInfo(retry_delay=Duration(seconds=seconds)))
    details.append(to_proto(problem))
    return Status(code=code, message=clean(problem.detail), details=[_packed(detail) for detail in details])


def _violation(place: PlaceView, detail: str) -> BadRequest.FieldViolation:
    where = f"line {place.line}" if place.line is not None else detail
    return BadRequest.FieldViolation(field=clean(place.pointer or place.column or ""), description=where)


def _packed(detail: Proto) -> AnyProto:
    packed = AnyProto()
    packed.Pack(detail)
    return packed


def _number_of(code: grpc.StatusCode) -> int:
    # grpc's members have the value (number, name).
    return cast(tuple[int, str], code.value)[0]
