"""Who is calling. Made once per request by a transport, handed down, never stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

TenantId = NewType("TenantId", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A caller whose key was checked."""

    tenant: TenantId
    key_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestContext:
    """The caller and the request, for every use case."""

    principal: Principal
    request_id: str

    @property
    def tenant(self) -> TenantId:
        """The tenant comes from the credential, never from a path or a body."""
        return self.principal.tenant
