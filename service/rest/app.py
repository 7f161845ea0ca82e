"""The HTTP face: FastAPI over the use cases. Thin: a handler reads the request, calls one command, answers.

Every error of every kind leaves as RFC 9457 problem details.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Awaitable, Callable, Sequence

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as StarletteHTTPException

from service.faults import problem_of, unexpected
from service.ports import Ports
from service.rest import routes
from service.telemetry import event, redacted
from understudy import __version__
from understudy.errors import NotFound, Place, UnderstudyError, UsageError
from understudy.messages import Problem

_DESCRIPTION = """
Understudy runs inside your own walls. It takes in a sensitive table, trains a differentially private
synthesizer under a budget that it enforces, and gives back synthetic rows with two reports.

The way of one table:

1. `POST /v1/datasets` declares the table with a Table Schema.
2. `PUT /v1/datasets/{id}/content` streams its bytes; every cell is checked.
3. `POST /v1/jobs` holds the price on the population's account and answers 202; 409 if the budget does not allow it.
4. `GET /v1/jobs/{id}?wait_s=30` tells stage and percent.
5. `GET /v1/jobs/{id}/bundle` is a zip: rows, two reports, the privacy statement, a manifest of digests.

Send an API key as `Authorization: Bearer KEY`. Every error is `application/problem+json` with a stable `code`.
"""

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


def create_app(ports: Ports) -> FastAPI:
    """The ASGI application of a set of adapters."""
    app = FastAPI(
        title="Understudy",
        version=__version__,
        summary="Differentially private synthetic data under an enforced budget.",
        description=_DESCRIPTION,
        docs_url=None,  # the stock pages load scripts from another host
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
        responses={"default": {"model": Problem, "description": "Any error, as RFC 9457 problem details."}},
        openapi_tags=routes.TAGS,
    )
    app.state.ports = ports
    app.include_router(routes.router)
    app.middleware("http")(_around)
    app.add_exception_handler(UnderstudyError, _known)  # type: ignore[arg-type]
    app.add_exception_handler(RequestValidationError, _invalid)  # type: ignore[arg-type]
    app.add_exception_handler(StarletteHTTPException, _plain)  # type: ignore[arg-type]
    return app


async def _around(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    request.state.request_id = uuid.uuid4().hex
    started = time.monotonic()
    try:
        response = await call_next(request)
    except Exception as error:
        event("request.failed", request=request.state.request_id, **redacted(error))
        response = _answer(unexpected())
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["X-Request-Id"] = request.state.request_id
    event(
        "request",
        request=request.state.request_id,
        method=request.method,
        status=response.status_code,
        seconds=round(time.monotonic() - started, 4),
    )
    return response


def _answer(error: UnderstudyError) -> JSONResponse:
    problem = problem_of(error)
    headers = {"WWW-Authenticate": "Bearer"} if problem.status == 401 else {}
    return JSONResponse(problem.model_dump(mode="json"), problem.status, headers, media_type="application/problem+json")


async def _known(_request: Request, error: UnderstudyError) -> JSONResponse:
    return _answer(error)


async def _invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
    # Only where and what kind: the values a caller sent may be data.
    faults = [(fault["loc"], str(fault["type"])) for fault in error.errors()]
    places = tuple(Place(pointer=_pointer(loc)) for loc, _ in faults[:20])
    kinds = {str(place.pointer): kind for place, (_, kind) in zip(places, faults, strict=False)}
    return _answer(
        UsageError("The request does not have the right form.", code="request-invalid", where=places, facts=kinds)
    )


def _pointer(loc: Sequence[int | str]) -> str:
    """The place of a fault, the same for a body over HTTP and a message over gRPC."""
    return "/" + "/".join(str(part) for part in (loc[1:] if loc and loc[0] == "body" else loc))


async def _plain(_request: Request, error: StarletteHTTPException) -> JSONResponse:
    if error.status_code == 404:
        return _answer(NotFound("There is no such thing."))
    if error.status_code == 405:
        return _answer(UsageError("This method is not for this address.", code="method-not-allowed"))
    return _answer(UsageError("The request cannot be read.", code="request-invalid"))
