"""Tenants, engines, health."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Response

from service.auth import bearer
from service.commands import choices, tenants
from service.commands import health as health_of
from service.rest.asking import Caller, PortsOf, off_loop
from understudy import __version__
from understudy.messages import (
    EngineList,
    Health,
    Readiness,
    TenantCreate,
    TenantView,
)

router = APIRouter()


@router.head("/healthz", include_in_schema=False)
@router.get("/healthz", tags=["service"], summary="Is the service up?")
async def health() -> Health:
    """Answers as soon as the service takes requests. Needs no key."""
    return Health(version=__version__)


@router.head("/readyz", include_in_schema=False)
@router.get("/readyz", tags=["service"], summary="Can the service do its work?")
async def readiness(response: Response, ports: PortsOf) -> Readiness:
    """503 if it cannot: the database, the disk or the worker. Needs no key."""
    found = await off_loop(health_of.readiness, ports)
    response.status_code = 200 if found.ready else 503
    return found


@router.post("/v1/tenants", status_code=201, tags=["service"], summary="Open the first tenant")
async def create_tenant(
    message: TenantCreate,
    ports: PortsOf,
    authorization: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> TenantView:
    """Needs the one-time credential that the service printed at its first start; uses it up."""
    return await off_loop(tenants.create_tenant, bearer(authorization), message, ports)


@router.get("/v1/engines", tags=["service"], summary="Synthesizers on offer")
async def list_engines(_caller: Caller, ports: PortsOf) -> EngineList:
    """Each with what it is, whether its output is differentially private, and whether it can run here."""
    return await off_loop(choices.list_engines, ports.settings)
