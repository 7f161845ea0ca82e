"""The audit log of the tenant."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from service.commands import audits
from service.rest.asking import Caller, PortsOf, off_loop
from understudy.messages import AuditCheck

router = APIRouter()


@router.get(
    "/v1/audit",
    tags=["audit"],
    summary="Entries of the audit log",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/x-ndjson": {}}, "description": "A FHIR R4 AuditEvent on each line."}},
)
async def export_audit(
    caller: Caller,
    ports: PortsOf,
    after: Annotated[int, Query(description="Entries after this number.")] = 0,
    limit: Annotated[int, Query(description="At most so many.")] = audits.MAX_ENTRIES,
) -> StreamingResponse:
    """Who did what, when, and whether it was allowed; oldest first. No entry holds a value of a table."""
    lines = await off_loop(audits.export, caller, ports, after=after, limit=limit)
    return StreamingResponse((f"{line}\n" for line in lines), media_type="application/x-ndjson")


@router.get("/v1/audit/check", tags=["audit"], summary="Check the audit log")
async def check_audit(caller: Caller, ports: PortsOf) -> AuditCheck:
    """The chain of digests of the whole log, and its end."""
    return await off_loop(audits.check, caller, ports)
