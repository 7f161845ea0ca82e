"""API keys: how they are made, what is kept of them, how a caller is recognised.

A key reads ``us_<id>.<secret>``. The secret has 256 random bits; only its SHA-256 is stored, which for
a secret of full entropy needs no slow hash.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import datetime

from service.context import Principal, TenantId
from service.ports import ApiKey, Entropy, TenantStore
from understudy.errors import Unauthenticated, UsageError

_KEY = re.compile(r"us_([0-9a-f]{16})\.([0-9a-f]{64})")
_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}")


def tenant_id(name: str) -> TenantId:
    """Check a tenant's name. Raises UsageError."""
    if _TENANT.fullmatch(name) is None:
        raise UsageError(
            "A tenant's name has 1 to 80 letters, digits, '-' and '_', and starts with a letter or digit.",
            code="tenant-name-invalid",
        )
    return TenantId(name)


def new_key(tenant: TenantId, *, entropy: Entropy, at: datetime) -> tuple[str, ApiKey]:
    """A new key: the text to show once, and what is kept."""
    identity, secret = entropy(8).hex(), entropy(32).hex()
    return f"us_{identity}.{secret}", ApiKey(id=identity, tenant=tenant, secret_sha256=digest(secret), created_at=at)


def digest(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def bearer(header: str | None) -> str:
    """The credential in an Authorization header. Raises Unauthenticated."""
    scheme, _, credential = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not credential.strip():
        raise Unauthenticated("Send an API key as 'Authorization: Bearer KEY'.")
    return credential.strip()


def recognise(credential: str, tenants: TenantStore) -> Principal:
    """Whose key this is. Raises Unauthenticated, saying no more than that."""
    match = _KEY.fullmatch(credential)
    known = tenants.find_key(match[1]) if match else None
    # Compare even when nothing was found, so that timing does not tell which half was wrong.
    expected = known.secret_sha256 if known else digest("")
    offered = digest(match[2]) if match else digest("none")
    if not hmac.compare_digest(expected, offered) or known is None:
        raise Unauthenticated("The API key is not known.")
    return Principal(tenant=known.tenant, key_id=known.id)
