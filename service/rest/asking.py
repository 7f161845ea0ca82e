"""What every handler needs: the adapters, the caller, the body as a stream."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Annotated, BinaryIO, ParamSpec, TypeVar

from anyio import to_thread
from fastapi import Depends, Query, Request
from fastapi.responses import StreamingResponse
from fastapi.security import HTTPBearer

from service.context import RequestContext
from service.ports import Ports
from understudy.errors import InputRefused, Unauthenticated

P = ParamSpec("P")
R = TypeVar("R")


async def ports_of(request: Request) -> Ports:
    """The adapters that the application was made with. Async, or each request would change threads for it."""
    ports: Ports = request.app.state.ports
    return ports


async def off_loop(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run blocking work beside the event loop."""
    return await to_thread.run_sync(lambda: function(*args, **kwargs))


_BEARER = HTTPBearer(auto_error=False, description="An API key, or a token of the identity provider.")


async def context_of(request: Request, _told: Annotated[object, Depends(_BEARER)]) -> RequestContext:
    """Who asks, as ``service.rest.access`` found it. Raises Unauthenticated.

    The second parameter is there for the OpenAPI document, which says by it that a credential is needed.
    """
    caller: RequestContext | None = getattr(request.state, "caller", None)
    if caller is None:
        raise Unauthenticated("This needs an API key.")
    return caller


PortsOf = Annotated[Ports, Depends(ports_of)]
Caller = Annotated[RequestContext, Depends(context_of)]
PageLimit = Annotated[int, Query(description="At most so many, 1 to 1000.")]
PageCursor = Annotated[str, Query(description="From the answer before; empty for the first page.")]
OnlyPopulation = Annotated[str, Query(description="Only those of this population.")]


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


_DOWNLOAD_BYTES = 256 * 1024


def download(file: BinaryIO, size_bytes: int, *, media_type: str, filename: str) -> StreamingResponse:
    """An open file as the answer, chunk by chunk; it is closed at the end."""

    def chunks() -> Iterator[bytes]:
        with file:
            while chunk := file.read(_DOWNLOAD_BYTES):
                yield chunk

    headers = {"Content-Length": str(size_bytes), "Content-Disposition": f'attachment; filename="{filename}"'}
    return StreamingResponse(chunks(), media_type=media_type, headers=headers)
