"""Settings of an identity provider: whose tokens are taken, and what their claims mean here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from understudy.errors import UsageError
from understudy.messages import Role

NAMES = frozenset(
    f"UNDERSTUDY_OIDC_{name}"
    for name in ("ISSUER", "AUDIENCE", "JWKS", "TENANT", "TENANT_CLAIM", "TENANTS", "ROLES_CLAIM", "ROLES")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcSettings:
    """``jwks``: an https address, or a file, for a service without a network. Claims are dotted paths.

    ``tenant``: all tokens are of this one. Else ``tenants`` maps the claim's value to a tenant; without a map the
    value is the tenant's name. ``roles`` maps values of the roles' claim, for example groups, to roles; without a map
    they are the roles' names. What is not mapped gives nothing.
    """

    issuer: str
    audience: str
    jwks: str
    tenant: str = ""
    tenant_claim: str = "tenant"
    tenants: Mapping[str, str] = field(default_factory=dict)
    roles_claim: str = "roles"
    roles: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> OidcSettings | None:
        """None if no UNDERSTUDY_OIDC_ISSUER is set.

        Raises: UsageError (settings-invalid) if the others do not go with it.
        """
        given = {name: environ.get(f"UNDERSTUDY_OIDC_{name}", "") for name in ("ISSUER", "AUDIENCE", "JWKS")}
        if not any(given.values()):
            return None
        if not all(given.values()):
            raise _invalid("An identity provider needs UNDERSTUDY_OIDC_ISSUER, _AUDIENCE and _JWKS.")
        roles = _mapping(environ, "UNDERSTUDY_OIDC_ROLES")
        if not set(roles.values()) <= {role.value for role in Role}:
            raise _invalid(f"UNDERSTUDY_OIDC_ROLES maps to: {', '.join(Role)}.")
        return cls(
            issuer=given["ISSUER"],
            audience=given["AUDIENCE"],
            jwks=given["JWKS"],
            tenant=environ.get("UNDERSTUDY_OIDC_TENANT", ""),
            tenant_claim=environ.get("UNDERSTUDY_OIDC_TENANT_CLAIM") or "tenant",
            tenants=_mapping(environ, "UNDERSTUDY_OIDC_TENANTS"),
            roles_claim=environ.get("UNDERSTUDY_OIDC_ROLES_CLAIM") or "roles",
            roles=roles,
        )


def _mapping(environ: Mapping[str, str], name: str) -> dict[str, str]:
    try:
        found = json.loads(environ.get(name) or "{}")
    except ValueError:
        raise _invalid(f"{name} is a JSON object of texts.") from None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise _invalid(f"{name} is a JSON object of texts.")
    return found


def _invalid(text: str) -> UsageError:
    return UsageError(text, code="settings-invalid")
