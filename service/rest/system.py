"""Tenants, engines, health."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header

from service.auth import bearer
from service.commands import jobs, tenants
from service.rest.asking import Caller, PortsOf, off_loop
from understudy import __version__
from understudy.messages import (
    EngineList,
    Health,
    TenantCreate,
    TenantView,
)

router = APIRouter()


@router.get("/healthz", tags=["service"], summary="Is the service up?")
async def health() -> Health:
    """Answers as soon as the service takes requests. Needs no key."""
    return Health(version=__version__)


@router.post("/v1/tenants", status_code=201, tags=["service"], summary="Open the first tenant")
async def create_tenant(
    message: TenantCreate,
    ports: PortsOf,
    authorization: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> TenantView:
    """Needs the one-time credential that the service printed at its first start; uses it up."""
    return await off_loop(tenants.create_tenant, bearer(authorization), message, ports)


@router.get("/v1/engines", tags=["service"], summary="Synthesizers on offer")
async def list_engines(_caller: Caller) -> EngineList:
    """Each with what it is and whether its output is differentially private."""
    return jobs.list_engines()
