"""What is kept, for how long, and what became of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from service.commands import releases, retention
from service.commands.subjects import erase
from service.rest.asking import Caller, PortsOf, off_loop
from understudy.messages import ErasureView, ReleaseList, RetentionPolicy, SigningKey

router = APIRouter()


@router.get("/v1/retention", tags=["custody"], summary="How long the tenant keeps what")
async def get_retention(caller: Caller, ports: PortsOf) -> RetentionPolicy:
    """The defaults until somebody has decided."""
    return await off_loop(retention.show, caller, ports)


@router.put("/v1/retention", tags=["custody"], summary="Decide how long the tenant keeps what")
async def set_retention(message: RetentionPolicy, caller: Caller, ports: PortsOf) -> RetentionPolicy:
    """It holds from now on, for what is there too."""
    return await off_loop(retention.decide, caller, message, ports)


@router.get("/v1/releases", tags=["custody"], summary="All releases of the tenant")
async def list_releases(caller: Caller, ports: PortsOf) -> ReleaseList:
    """Oldest first, with what became of each."""
    return await off_loop(releases.all_of, caller, ports)


@router.delete("/v1/subjects/{subject_id}", tags=["custody"], summary="Erase a person")
async def erase_subject(
    subject_id: str,
    caller: Caller,
    ports: PortsOf,
    population: Annotated[str, Query(description="Only this one; empty for all of the tenant.")] = "",
) -> ErasureView:
    """Drops their rows from every stored table, and says which releases were made with them. Safe to repeat."""
    return await off_loop(erase, caller, subject_id, ports, population=population)


@router.get("/v1/signing-key", tags=["custody"], summary="The key that signs bundles")
async def get_signing_key(ports: PortsOf) -> SigningKey:
    """Its public half. Needs no key; compare the fingerprint with what the operator tells."""
    return await off_loop(releases.signing_key, ports)
