"""Which engine a job runs: the one that was asked for, if it may and can run here, or one chosen by public facts."""

from __future__ import annotations

import json
from pathlib import Path

from service.context import TenantId
from service.settings import Settings
from synthesizers.base import Synthesizer
from synthesizers.choice import Choice, choose
from synthesizers.registry import AUTO, engine, engines, is_ready, view_of
from understudy.errors import Failed, UsageError
from understudy.messages import EngineList, EngineView, JobCreate, PlanCreate
from understudy.schema import TableSchema

NOT_ALLOWED, NOT_INSTALLED = "engine-not-allowed", "engine-not-installed"


def environments(settings: Settings) -> Path:
    """Where the sealed engines' environments are."""
    return settings.home / "engines"


def known(settings: Settings) -> dict[str, Synthesizer]:
    """Every engine, ready or not."""
    return engines(environments(settings))


def list_engines(settings: Settings) -> EngineList:
    """The synthesizers on offer, and which of them can run here."""
    return EngineList(engines=[EngineView(**view_of(one)) for _, one in sorted(known(settings).items())])


def chosen(message: JobCreate | PlanCreate, schema: TableSchema, settings: Settings) -> Choice:
    """The engine that was asked for, without a reason; for "auto" one chosen by public facts, with it."""
    if message.engine != AUTO or not schema.modelled:
        return Choice(message.engine, "")
    offered = {name: one for name, one in known(settings).items() if one.formal_guarantee and is_ready(one)}
    return choose(offered, schema, epsilon=message.epsilon, delta=message.delta, n_rows=message.n_rows)


def refusal(name: str, tenant: TenantId, settings: Settings) -> str:
    """The code of the error, if this tenant's job may not run this engine now; empty if it may."""
    found = engine(name, environments(settings))
    if found.formal_guarantee is None and not may_do_without(tenant, settings):
        return NOT_ALLOWED
    return "" if is_ready(found) else NOT_INSTALLED


def check_engine(name: str, tenant: TenantId, settings: Settings) -> None:
    """Before anything is held. Raises: UsageError (engine-not-allowed, engine-not-installed, engine-unknown)."""
    code = refusal(name, tenant, settings)
    if code == NOT_ALLOWED:
        raise UsageError(
            "This engine has no formal guarantee, and the tenant's policy does not allow that. Nothing was charged.",
            code=NOT_ALLOWED,
        )
    if code:
        raise UsageError(
            "This engine is not installed here: 'understudy engines install' makes its environment.", code=code
        )


def may_do_without(tenant: TenantId, settings: Settings) -> bool:
    """Whether the operator's policy file lets a tenant use engines without a formal guarantee; no file, no.

    ``{"tenants": {"acme": {"engines_without_guarantee": true}}}``.
    Raises: Failed (policy-unreadable).
    """
    return bool(_own(tenant, settings).get(_WITHOUT, False))


def reference(tenant: TenantId, settings: Settings) -> str:
    """The engine that makes a job's table without privacy, by the operator's policy; empty for the job's own engine.

    ``{"tenants": {"acme": {"engines_without_guarantee": true, "reference_engine": "sdv-gaussian-copula"}}}``.
    Raises: as ``check_engine``; Failed (policy-unreadable).
    """
    name = str(_own(tenant, settings).get(_REFERENCE, ""))
    if name:
        check_engine(name, tenant, settings)
    return name


_WITHOUT, _REFERENCE = "engines_without_guarantee", "reference_engine"
_TYPES: dict[str, type] = {_WITHOUT: bool, _REFERENCE: str}


def _own(tenant: TenantId, settings: Settings) -> dict[str, object]:
    """What the policy file says of a tenant's engines. Raises: Failed (policy-unreadable)."""
    if settings.policy is None:
        return {}
    try:
        document = json.loads(settings.policy.read_text(encoding="utf-8"))
        own = dict(document.get("tenants", {}).get(tenant, {}))
        if any(name not in _TYPES or not isinstance(value, _TYPES[name]) for name, value in own.items()):
            raise ValueError
    except (OSError, ValueError, TypeError, AttributeError):
        raise Failed("The service's policy file cannot be read.", code="policy-unreadable") from None
    return own
