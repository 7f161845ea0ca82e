"""Who is calling. Made once per request by a transport, handed down, never stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

from understudy.messages import Role

TenantId = NewType("TenantId", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A caller whose credential was checked. ``key_id``: of an API key, or ``oidc:`` and the subject of a token.

    ``roles`` say what they may do; ``scopes``, if there are any, narrow that further.
    """

    tenant: TenantId
    key_id: str
    roles: frozenset[Role] = frozenset()
    scopes: frozenset[str] = frozenset()
    key_name: str = ""

    @property
    def owner(self) -> str:
        """Whose a job is that they ask for: a token's subject, or a key's name, which its successors can have too.

        A key without a name is somebody of its own. Names are given by the tenant's administrator only.
        """
        return self.actor if self.key_id.startswith("oidc:") or not self.key_name else f"named:{self.key_name}"

    @property
    def actor(self) -> str:
        """How the audit log names them."""
        return self.key_id if self.key_id.startswith("oidc:") else f"key:{self.key_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestContext:
    """The caller and the request, for every use case."""

    principal: Principal
    request_id: str
    idempotency_key: str = ""
    """Chosen by the caller: the same request sent again with it is answered as the first one was."""

    @property
    def tenant(self) -> TenantId:
        """The tenant comes from the credential, never from a path or a body."""
        return self.principal.tenant
