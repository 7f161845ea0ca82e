"""The HTTP face: FastAPI over the use cases. Thin: a handler reads the request, calls one command, answers.

Every error of every kind leaves as RFC 9457 problem details.
"""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException as StarletteHTTPException

from service.ports import Ports
from service.rest import problems, routes
from service.rest.access import Access
from service.rest.bodies import Bodies
from service.rest.conditional import Conditional
from service.rest.envelope import Envelope
from understudy import __version__
from understudy.errors import UnderstudyError
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


def create_app(ports: Ports) -> FastAPI:
    """The ASGI application of a set of adapters."""
    max_body_bytes = 0 if ports is None else ports.settings.max_body_bytes  # None: only to be described
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
    # The one that is added last is the outermost.
    app.add_middleware(Bodies, max_bytes=max_body_bytes)
    app.add_middleware(Conditional)
    app.add_middleware(Access, ports=ports, routes=routes.ALL)
    app.add_middleware(Envelope, ports=ports)
    app.add_exception_handler(UnderstudyError, problems.known)  # type: ignore[arg-type]
    app.add_exception_handler(RequestValidationError, problems.invalid)  # type: ignore[arg-type]
    app.add_exception_handler(StarletteHTTPException, problems.plain)  # type: ignore[arg-type]
    return app
