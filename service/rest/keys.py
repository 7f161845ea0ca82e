"""API keys of the tenant."""

from __future__ import annotations

from fastapi import APIRouter, Response

from service.commands import keys
from service.rest.asking import Caller, PortsOf, off_loop
from understudy.messages import KeyCreate, KeyList, KeyMade

router = APIRouter()


@router.post("/v1/keys", status_code=201, tags=["keys"], summary="Make an API key")
async def create_key(message: KeyCreate, response: Response, caller: Caller, ports: PortsOf) -> KeyMade:
    """Its secret is shown this one time."""
    made = await off_loop(keys.create, caller, message, ports)
    response.headers["Location"] = f"/v1/keys/{made.key.id}"
    return made


@router.get("/v1/keys", tags=["keys"], summary="All API keys of the tenant")
async def list_keys(caller: Caller, ports: PortsOf) -> KeyList:
    """Oldest first, those that are revoked too. Never a secret."""
    return await off_loop(keys.all_of, caller, ports)


@router.delete("/v1/keys/{key_id}", status_code=204, tags=["keys"], summary="Revoke an API key")
async def revoke_key(key_id: str, caller: Caller, ports: PortsOf) -> None:
    """From the next request on it opens nothing. Its line stays in the list."""
    await off_loop(keys.revoke, caller, key_id, ports)
