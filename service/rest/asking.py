"""What every handler needs: the adapters, the caller, the body as a stream."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import Annotated, ParamSpec, TypeVar

from anyio import to_thread
from fastapi import Depends, Header, Request

from service.auth import bearer
from service.commands import tenants
from service.context import RequestContext
from service.ports import Ports
from understudy.errors import InputRefused

P = ParamSpec("P")
R = TypeVar("R")


def ports_of(request: Request) -> Ports:
    """The adapters that the application was made with."""
    ports: Ports = request.app.state.ports
    return ports


async def off_loop(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run blocking work beside the event loop."""
    return await to_thread.run_sync(lambda: function(*args, **kwargs))


async def context_of(
    request: Request, authorization: Annotated[str | None, Header(include_in_schema=False)] = None
) -> RequestContext:
    """Who asks. Raises Unauthenticated."""
    principal = await off_loop(tenants.identify, bearer(authorization), ports_of(request))
    return RequestContext(principal=principal, request_id=request.state.request_id)


PortsOf = Annotated[Ports, Depends(ports_of)]
Caller = Annotated[RequestContext, Depends(context_of)]


BINARY = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


async def body_of(request: Request) -> AsyncGenerator[bytes, None]:
    """The raw body, chunk by chunk. Raises InputRefused for a form."""
    if request.headers.get("content-type", "").startswith("multipart/"):
        raise InputRefused("Send the file itself as the body, not a form.", code="multipart-refused")
    async for chunk in request.stream():
        yield chunk
