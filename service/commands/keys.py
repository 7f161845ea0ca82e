"""API keys of a tenant: made, listed, revoked. A secret is shown once and never kept."""

from __future__ import annotations

from datetime import datetime, timedelta

from service.auth import new_key
from service.auth.access import SCOPES
from service.commands.ids import rfc3339
from service.context import RequestContext
from service.ports import ApiKey, Ports
from understudy.errors import UsageError
from understudy.messages import KeyCreate, KeyList, KeyMade, KeyView

MAX_DAYS = 3650
_MAX_NAME = 80


def create(context: RequestContext, message: KeyCreate, ports: Ports) -> KeyMade:
    """Make a key for the caller's own tenant.

    Raises: UsageError (key-invalid) for a name, roles, scopes or a term that a key cannot have.
    """
    _check(message)
    now = ports.clock.now()
    days = message.expires_in_days
    text, key = new_key(
        context.tenant,
        entropy=ports.entropy,
        at=now,
        name=message.name,
        roles=set(message.roles),
        scopes=set(message.scopes),
        expires_at=None if days is None else now + timedelta(days=days),
    )
    with ports.database.begin() as tx:
        tx.for_tenant(context.tenant).api_keys.add(key)
    return KeyMade(key=view(key), api_key=text)


def all_of(context: RequestContext, ports: Ports) -> KeyList:
    """Every key of the tenant, oldest first, those that are revoked too."""
    with ports.database.read() as tx:
        return KeyList(keys=[view(key) for key in tx.for_tenant(context.tenant).api_keys.all()])


def revoke(context: RequestContext, key_id: str, ports: Ports) -> None:
    """From the next request on the key opens nothing. A call that is under way is not cut off.

    Raises: NotFound, for another tenant's key too; UsageError (key-in-use) for the key that asks, so that nobody
    locks themselves out by mistake.
    """
    if key_id == context.principal.key_id:
        raise UsageError("This is the key that asks: revoke it with another one.", code="key-in-use")
    with ports.database.begin() as tx:
        tx.for_tenant(context.tenant).api_keys.revoke(key_id, ports.clock.now())


def view(key: ApiKey) -> KeyView:
    """A key as the wire shows it."""
    return KeyView(
        id=key.id,
        name=key.name,
        roles=list(key.roles),
        scopes=list(key.scopes),
        created_at=rfc3339(key.created_at),
        expires_at=_time(key.expires_at),
        last_used_at=_time(key.last_used_at),
        revoked_at=_time(key.revoked_at),
    )


def _time(moment: datetime | None) -> str:
    return "" if moment is None else rfc3339(moment)


def _check(message: KeyCreate) -> None:
    days = message.expires_in_days
    if not 1 <= len(message.name) <= _MAX_NAME or not message.name.isprintable():
        raise _invalid("A key's name has 1 to 80 printable characters.")
    if not message.roles:
        raise _invalid("A key needs at least one role.")
    if not SCOPES.issuperset(message.scopes):
        raise _invalid(f"A scope is one of: {', '.join(sorted(SCOPES))}.")
    if days is not None and not 1 <= days <= MAX_DAYS:
        raise _invalid("A key is good for 1 to 3650 days, or without end.")


def _invalid(text: str) -> UsageError:
    return UsageError(text, code="key-invalid")
