"""What stands before and after every operation, whichever door it came through: who, may they, and the audit log."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from service.audit import AuditEvent, Outcome
from service.auth.access import Rule, permit
from service.commands import tenants
from service.context import RequestContext
from service.ports import Ports
from service.telemetry import event
from understudy.errors import Forbidden, UsageError

_OURS = re.compile(r"[a-z]{2,10}_[0-9a-f]{32}|[0-9a-f]{16}")
_REQUEST_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_IDEMPOTENCY_KEY = re.compile(r"[!-~]{1,200}")
_MAX_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How an operation ended: the error's stable code, empty if there was none."""

    outcome: Outcome
    code: str = ""


def request_id_of(offered: str | None, ports: Ports) -> str:
    """The caller's own id of a request if it is a UUID or 32 hexadecimal digits; else a new one.

    Nothing else is taken, since it goes into the logs.
    """
    known = (offered or "").lower()
    return known if _REQUEST_ID.fullmatch(known) else ports.entropy(16).hex()


def idempotency_key_of(offered: str | None) -> str:
    """Raises: UsageError (idempotency-key-invalid) unless it is 1 to 200 visible ASCII characters, or absent."""
    if offered is None:
        return ""
    if _IDEMPOTENCY_KEY.fullmatch(offered) is None:
        raise UsageError("An Idempotency-Key is 1 to 200 visible characters.", code="idempotency-key-invalid")
    return offered


def ruled(rule: Rule | None) -> Rule:
    """Raises: Forbidden (access-rule-missing) for an operation that has no line in the table of access."""
    if rule is None:
        raise Forbidden(
            "This operation has no line in the table of access: add one to service/auth/access.py.",
            code="access-rule-missing",
        )
    return rule


def identified(credential: str, request_id: str, idempotency_key: str, ports: Ports) -> RequestContext:
    """Who calls. Raises Unauthenticated."""
    principal = tenants.identify(credential, ports)
    return RequestContext(principal=principal, request_id=request_id, idempotency_key=idempotency_key)


def admit(context: RequestContext, rule: Rule, ports: Ports) -> None:
    """Raises: Forbidden if the caller may not do this; RateLimited if they ask too often."""
    if ports.limits is not None:
        ports.limits.admit(context.principal)
    permit(context.principal, rule)


def is_recorded(rule: Rule, ending: Ending) -> bool:
    """False if ``record`` has nothing to write down, as of most reads."""
    return ending.code != "rate-limited" and (rule.is_audited or ending.outcome is Outcome.DENIED)


def record(
    context: RequestContext | None,
    rule: Rule,
    ending: Ending,
    ports: Ports,
    *,
    names: Mapping[str, str],
    made: str = "",
) -> None:
    """Write an act into the tenant's audit log: every write, every read that discloses, and whatever was denied.

    ``names``: what the request names, by parameter; ``made``: the id that an answer gave to something new. A failure
    to say who one is belongs to no tenant: it goes to the service's log.
    Raises: whatever the database raises. An act that cannot be recorded must not be answered.
    """
    if context is None:
        if ending.outcome is Outcome.DENIED:
            event("access.denied", code=ending.code, operation=rule.operation)
        return
    if not is_recorded(rule, ending):
        return
    act = AuditEvent(
        at=ports.clock.now(),
        actor=context.principal.actor,
        action=rule.operation,
        outcome=ending.outcome,
        entity=_entity(made or names.get(rule.entity, ""), ending.outcome),
        code=ending.code,
        request_id=context.request_id,
    )
    with ports.database.begin() as tx:
        tx.for_tenant(context.tenant).audit.append(act)


def _entity(name: str, outcome: Outcome) -> str:
    """Our own ids always; another name only if the act succeeded, so that it is one that the owner declared."""
    if _OURS.fullmatch(name):
        return name
    is_name = outcome is Outcome.SUCCESS and len(name) <= _MAX_NAME and name.isprintable()
    return name if is_name else ""
