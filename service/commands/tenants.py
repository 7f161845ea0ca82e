"""Opening tenants and recognising callers."""

from __future__ import annotations

from service.auth import digest, new_key, recognise, tenant_id
from service.context import Principal, TenantId
from service.ports import Ports, Transaction
from understudy.errors import Unauthenticated
from understudy.messages import TenantCreate, TenantView


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
        return TenantView(name=name, api_key=_add_key(name, tx, ports))


def open_tenant(name: str, ports: Ports) -> str:
    """Open a tenant for whoever holds the home directory; its key. Never reachable over a wire."""
    tenant = tenant_id(name)
    with ports.database.begin() as tx:
        tx.tenants.add(tenant, ports.clock.now())
        return _add_key(tenant, tx, ports)


def open_local_tenant(name: TenantId, ports: Ports) -> str:
    """A fresh key for the embedded tenant, which is opened at first use. Never reachable over a wire."""
    with ports.database.begin() as tx:
        if name not in tx.tenants.names():
            tx.tenants.add(name, ports.clock.now())
        return _add_key(name, tx, ports)


def _add_key(tenant: TenantId, tx: Transaction, ports: Ports) -> str:
    text, key = new_key(tenant, entropy=ports.entropy, at=ports.clock.now())
    tx.tenants.add_key(key)
    return text


def identify(credential: str, ports: Ports) -> Principal:
    """The caller behind an API key. Raises Unauthenticated."""
    with ports.database.begin() as tx:
        return recognise(credential, tx.tenants)
