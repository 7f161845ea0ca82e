"""API keys: how they are made, what is kept of them, how a caller is recognised.

A key reads ``us_<id>.<secret>``. The secret has 256 random bits; only its SHA-256 is stored, which for
a secret of full entropy needs no slow hash.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Collection
from datetime import datetime

from service.context import Principal, TenantId
from service.ports import ApiKey, Entropy, TenantStore
from understudy.errors import Unauthenticated, UsageError
from understudy.messages import Role

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


def new_key(
    tenant: TenantId,
    *,
    entropy: Entropy,
    at: datetime,
    name: str = "",
    roles: Collection[Role] = (Role.TENANT_ADMIN,),
    scopes: Collection[str] = (),
    expires_at: datetime | None = None,
) -> tuple[str, ApiKey]:
    """A new key: the text to show once, and what is kept."""
    identity, secret = entropy(8).hex(), entropy(32).hex()
    key = ApiKey(
        id=identity,
        tenant=tenant,
        secret_sha256=digest(secret),
        created_at=at,
        name=name,
        roles=tuple(sorted(roles)),
        scopes=tuple(sorted(scopes)),
        expires_at=expires_at,
    )
    return f"us_{identity}.{secret}", key


def digest(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def bearer(header: str | None) -> str:
    """The credential in an Authorization header. Raises Unauthenticated."""
    scheme, _, credential = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not credential.strip():
        raise Unauthenticated("Send an API key as 'Authorization: Bearer KEY'.")
    return credential.strip()


def recognise(credential: str, tenants: TenantStore, *, at: datetime | None = None) -> Principal:
    """Whose key this is, at a moment. Raises Unauthenticated, which does not say what is wrong with the key.

    A key that is unknown, expired or revoked is answered alike; who holds a real one can look in the list of keys.
    """
    match = _KEY.fullmatch(credential)
    known = tenants.find_key(match[1]) if match else None
    # Compare even when nothing was found, so that timing does not tell which half was wrong.
    expected = known.secret_sha256 if known else digest("")
    offered = digest(match[2]) if match else digest("none")
    is_right = hmac.compare_digest(expected, offered)
    if not is_right or known is None or not _is_valid(known, at):
        raise Unauthenticated("The API key is not known.")
    return Principal(
        tenant=known.tenant,
        key_id=known.id,
        roles=frozenset(known.roles),
        scopes=frozenset(known.scopes),
        key_name=known.name,
    )


def _is_valid(key: ApiKey, at: datetime | None) -> bool:
    return key.revoked_at is None and (key.expires_at is None or at is None or at < key.expires_at)
