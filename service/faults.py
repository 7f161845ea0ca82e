"""One table: what each error is over HTTP and over gRPC. Transports look here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass

from understudy.errors import (
    BudgetError,
    Conflict,
    Failed,
    Forbidden,
    InputRefused,
    NotFound,
    PrivacyParameterError,
    RateLimited,
    SchemaError,
    Unauthenticated,
    UnderstudyError,
    UsageError,
)
from understudy.messages import PlaceView, Problem

TYPE_BASE = "urn:understudy:error:"


@dataclass(frozen=True, slots=True)
class Fault:
    """How a kind of error crosses each wire. ``grpc`` is the name of a gRPC status code."""

    kind: type[UnderstudyError]
    http: int
    grpc: str
    title: str


FAULTS: tuple[Fault, ...] = (
    Fault(SchemaError, 422, "INVALID_ARGUMENT", "The schema is wrong"),
    Fault(PrivacyParameterError, 422, "INVALID_ARGUMENT", "A privacy parameter is out of range"),
    Fault(UsageError, 422, "INVALID_ARGUMENT", "The request is wrong"),
    Fault(InputRefused, 422, "FAILED_PRECONDITION", "The table was refused"),
    Fault(BudgetError, 409, "RESOURCE_EXHAUSTED", "The budget does not allow this"),
    Fault(Unauthenticated, 401, "UNAUTHENTICATED", "Who are you?"),
    Fault(Forbidden, 403, "PERMISSION_DENIED", "You may not do this"),
    Fault(NotFound, 404, "NOT_FOUND", "There is no such thing"),
    Fault(Conflict, 409, "ABORTED", "Not in this state"),
    Fault(RateLimited, 429, "RESOURCE_EXHAUSTED", "Too many requests"),
    Fault(UnderstudyError, 500, "INTERNAL", "Something broke on our side"),
)

_STATUS_BY_REASON = {
    "too-large": 413,
    "method-not-allowed": 405,
    "content-type-wrong": 415,
    "too-busy": 503,
    "too-many-jobs": 429,
    "database-full": 507,
}


def fault_of(error: UnderstudyError) -> Fault:
    """The first row of the table that the error is an instance of."""
    return next(fault for fault in FAULTS if isinstance(error, fault.kind))


def http_status(error: UnderstudyError) -> int:
    """The HTTP status of an error."""
    return _STATUS_BY_REASON.get(error.reason, fault_of(error).http)


def problem_of(error: UnderstudyError) -> Problem:
    """An error as problem details (RFC 9457)."""
    return Problem(
        type=TYPE_BASE + error.reason,
        title=fault_of(error).title,
        status=http_status(error),
        code=error.reason,
        kind=type(error).code,
        detail=error.message,
        where=[PlaceView(line=place.line, column=place.column, pointer=place.pointer) for place in error.where],
        facts=error.facts,
    )


def unexpected() -> Failed:
    """What a caller hears of an exception that nobody foresaw: nothing of it."""
    return Failed("Something broke on our side; the service's log has a redacted cause.")
