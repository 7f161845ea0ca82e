"""Send a table in pieces, from where the last connection broke. Header names are those of the IETF's resumable uploads.

``PATCH .../content`` with ``Upload-Offset: N`` appends; ``Upload-Complete: ?1`` says that the table ends with this
request. ``HEAD`` or ``GET`` on the same place tells how far the service has come.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Annotated

from fastapi import APIRouter, Header, Request, Response
from starlette.requests import ClientDisconnect

from service.commands import uploads
from service.rest.asking import BINARY, Caller, PortsOf, off_loop
from service.rest.pouring import beside_loop, pour
from understudy.errors import UsageError
from understudy.messages import DatasetState, DatasetView, UploadView

router = APIRouter()

_PLACE = "/v1/datasets/{dataset_id}/content"
_REPR_DIGEST = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):")

Offset = Annotated[int, Header(alias="Upload-Offset", ge=0, description="Where these bytes begin.")]
Complete = Annotated[str, Header(alias="Upload-Complete", description="?1: the table ends with these bytes; else ?0.")]


def digest_of(request: Request) -> str:
    """The SHA-256 of the whole table that the sender gives, in hexadecimal letters; empty if none.

    Raises: UsageError (request-invalid) for a header that is none.
    """
    plain = request.headers.get("x-content-sha256", "")
    field = request.headers.get("repr-digest", "")
    if plain or "sha-256=" not in field:  # digests of other kinds are not looked at
        return uploads.checked_digest(plain)
    found = _REPR_DIGEST.search(field)
    try:
        return base64.b64decode(found[1], validate=True).hex() if found else uploads.checked_digest("none")
    except binascii.Error:
        raise UsageError("A digest is a SHA-256.", code="request-invalid") from None


@router.patch(_PLACE, tags=["datasets"], summary="Send more of the bytes", openapi_extra=BINARY)
async def append_content(
    dataset_id: str,
    request: Request,
    response: Response,
    caller: Caller,
    ports: PortsOf,
    offset: Offset,
    is_complete: Complete = "?0",
) -> DatasetView:
    """From `Upload-Offset` on. What arrives before a connection breaks is kept for a day. A refused table leaves
    nothing behind: declare it again."""
    if is_complete not in ("?0", "?1"):
        raise UsageError("Upload-Complete is ?0 or ?1.", code="request-invalid")
    sha256 = digest_of(request)
    async with beside_loop(uploads.appending(caller, dataset_id, offset, ports)) as receiver:
        try:
            await pour(request, receiver.write)
        except ClientDisconnect:
            is_complete = "?0"
    response.headers["Upload-Offset"] = str(receiver.size_bytes)
    response.headers["Upload-Complete"] = is_complete
    if is_complete == "?1":
        return await off_loop(uploads.complete, caller, dataset_id, sha256, ports)
    return await off_loop(uploads.progress_view, caller, dataset_id, ports, receiver.size_bytes)


@router.head(_PLACE, include_in_schema=False)
@router.get(_PLACE, tags=["datasets"], summary="How far an upload has come")
async def get_upload(dataset_id: str, response: Response, caller: Caller, ports: PortsOf) -> UploadView:
    """The offset to go on from, also as the header `Upload-Offset`."""
    view = await off_loop(uploads.state, caller, dataset_id, ports)
    response.headers["Upload-Offset"] = str(view.offset_bytes)
    response.headers["Upload-Complete"] = "?0" if view.state is DatasetState.EMPTY else "?1"
    response.headers["Upload-Limit"] = f"max-size={ports.settings.max_upload_bytes}"
    return view
