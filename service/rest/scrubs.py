"""Take identifiers out of a file."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from service.commands import scrubs
from service.rest.asking import BINARY, Caller, PortsOf, off_loop
from service.rest.pouring import beside_loop, pour
from understudy.messages import (
    ScrubCreate,
    ScrubView,
)

router = APIRouter()


@router.post("/v1/scrubs", status_code=201, tags=["scrubs"], summary="Say what file is to be scrubbed")
async def create_scrub(message: ScrubCreate, response: Response, caller: Caller, ports: PortsOf) -> ScrubView:
    """The schema is checked now; the file comes with PUT."""
    view = await off_loop(scrubs.create, caller, message, ports)
    response.headers["Location"] = f"/v1/scrubs/{view.id}/content"
    return view


@router.put("/v1/scrubs/{scrub_id}/content", tags=["scrubs"], summary="Send the file", openapi_extra=BINARY)
async def put_scrub(scrub_id: str, request: Request, caller: Caller, ports: PortsOf) -> ScrubView:
    """The raw file as the request's body, streamed. Answers when it is scrubbed; a refused one leaves nothing."""
    async with beside_loop(scrubs.receiving(caller, scrub_id, ports)) as upload:
        await pour(request, upload.write)
    return await off_loop(scrubs.finish, caller, scrub_id, ports)


@router.get(
    "/v1/scrubs/{scrub_id}/content",
    tags=["scrubs"],
    summary="The scrubbed file",
    response_class=FileResponse,
    responses={200: {"content": {"application/octet-stream": {}}, "description": "In the format that was sent."}},
)
async def get_scrubbed(scrub_id: str, caller: Caller, ports: PortsOf) -> FileResponse:
    """Pseudonymised, not anonymous."""
    path = await off_loop(scrubs.output, caller, scrub_id, ports)
    return FileResponse(path, media_type="application/octet-stream", filename=scrub_id)


@router.delete("/v1/scrubs/{scrub_id}", status_code=204, tags=["scrubs"], summary="Forget the file")
async def delete_scrub(scrub_id: str, caller: Caller, ports: PortsOf) -> None:
    """It is forgotten by itself after an hour."""
    await off_loop(scrubs.remove, caller, scrub_id, ports)
