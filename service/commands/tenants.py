"""Opening tenants and recognising callers."""

from __future__ import annotations

from datetime import timedelta

from service.audit import AuditEvent, Outcome
from service.auth import digest, new_key, recognise, tenant_id
from service.context import Principal, TenantId
from service.ports import Ports, Transaction
from understudy.errors import Unauthenticated
from understudy.messages import TenantCreate, TenantView

_KEY_PREFIX = "us_"
_EMBEDDED_DAYS = 30
"""Each command without --url makes a key for its own process: none of them has to be good for ever."""

_REMEMBER_USE_EVERY = timedelta(minutes=1)


def make_bootstrap(ports: Ports) -> str | None:
    """The one-time credential that opens the first tenant; None if one was ever made here."""
    secret = "usb_" + ports.entropy(32).hex()
    with ports.database.begin() as tx:
        if tx.tenants.has_bootstrap():
            return None
        tx.tenants.set_bootstrap(digest(secret))
    return secret


def create_tenant(credential: str, message: TenantCreate, ports: Ports) -> TenantView:
    """Open a tenant with the bootstrap credential, which is used up by it."""
    name = tenant_id(message.name)
    with ports.database.begin() as tx:
        if not tx.tenants.take_bootstrap(digest(credential)):
            raise Unauthenticated("The bootstrap credential is not known or was used.")
        tx.tenants.add(name, ports.clock.now())
        made = TenantView(name=name, api_key=_add_key(name, tx, ports))
        _record(name, "bootstrap", tx, ports)
    return made


def open_tenant(name: str, ports: Ports) -> str:
    """Open a tenant for whoever holds the home directory; its key. Never reachable over a wire."""
    tenant = tenant_id(name)
    with ports.database.begin() as tx:
        tx.tenants.add(tenant, ports.clock.now())
        text = _add_key(tenant, tx, ports)
        _record(tenant, "operator", tx, ports)
    return text


def open_local_tenant(name: TenantId, ports: Ports) -> str:
    """A fresh key for the embedded tenant, which is opened at first use. Never reachable over a wire."""
    with ports.database.begin() as tx:
        if name not in tx.tenants.names():
            tx.tenants.add(name, ports.clock.now())
        return _add_key(name, tx, ports, name="embedded", days=_EMBEDDED_DAYS)


def _record(tenant: TenantId, actor: str, tx: Transaction, ports: Ports) -> None:
    act = AuditEvent(at=ports.clock.now(), actor=actor, action="create_tenant", outcome=Outcome.SUCCESS, entity=tenant)
    tx.for_tenant(tenant).audit.append(act)


def _add_key(tenant: TenantId, tx: Transaction, ports: Ports, *, name: str = "first", days: int | None = None) -> str:
    at = ports.clock.now()
    expires_at = None if days is None else at + timedelta(days=days)
    text, key = new_key(tenant, entropy=ports.entropy, at=at, name=name, expires_at=expires_at)
    tx.tenants.add_key(key)
    return text


def identify(credential: str, ports: Ports) -> Principal:
    """The caller behind an API key, or behind a token of the identity provider. Raises Unauthenticated."""
    at = ports.clock.now()
    if ports.tokens is not None and not credential.startswith(_KEY_PREFIX):
        return _of_an_open_tenant(ports.tokens.principal(credential), ports)
    with ports.database.read() as tx:
        principal = recognise(credential, tx.tenants, at=at)
        key = tx.tenants.find_key(principal.key_id)
    if key is not None and (key.last_used_at is None or at - key.last_used_at > _REMEMBER_USE_EVERY):
        with ports.database.begin() as tx:
            tx.tenants.used_key(key.id, at)
    return principal


def _of_an_open_tenant(principal: Principal, ports: Ports) -> Principal:
    """A token opens no tenant: that is the operator's act."""
    with ports.database.read() as tx:
        if principal.tenant not in tx.tenants.names():
            raise Unauthenticated("The token is not for a tenant of this service.")
    return principal
