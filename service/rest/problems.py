"""Errors as answers: RFC 9457 problem details, whatever raised them."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as StarletteHTTPException

from service.faults import problem_of
from understudy.errors import NotFound, Place, RateLimited, UnderstudyError, UsageError


def answer_of(error: UnderstudyError) -> JSONResponse:
    """The answer that an error is."""
    problem = problem_of(error)
    headers = {"WWW-Authenticate": "Bearer"} if problem.status == 401 else {}
    if isinstance(error, RateLimited):
        headers["Retry-After"] = str(error.retry_after_s)
    return JSONResponse(problem.model_dump(mode="json"), problem.status, headers, media_type="application/problem+json")


async def known(request: Request, error: UnderstudyError) -> JSONResponse:
    """An error of ours. Its code goes to the audit log."""
    request.state.code = error.reason
    return answer_of(error)


async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
    """A request of the wrong form. Only where and what kind: the values a caller sent may be data."""
    faults = [(fault["loc"], str(fault["type"])) for fault in error.errors()]
    places = tuple(Place(pointer=_pointer(loc)) for loc, _ in faults[:20])
    kinds = {str(place.pointer): kind for place, (_, kind) in zip(places, faults, strict=False)}
    wrong = UsageError("The request does not have the right form.", code="request-invalid", where=places, facts=kinds)
    return await known(request, wrong)


async def plain(request: Request, error: StarletteHTTPException) -> JSONResponse:
    """What the framework refuses by itself."""
    if error.status_code == 404:
        return await known(request, NotFound("There is no such thing."))
    if error.status_code == 405:
        wrong = UsageError("This method is not for this address.", code="method-not-allowed")
        answer = await known(request, wrong)
        answer.headers["Allow"] = getattr(request.state, "allow", "")
        return answer
    return await known(request, UsageError("The request cannot be read.", code="request-invalid"))


def _pointer(loc: Sequence[int | str]) -> str:
    """The place of a fault, the same for a body over HTTP and a message over gRPC."""
    return "/" + "/".join(str(part) for part in (loc[1:] if loc and loc[0] == "body" else loc))
