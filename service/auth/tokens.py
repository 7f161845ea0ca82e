"""Tokens of an OpenID Connect provider: the only door to ``jwt``.

Nothing is fetched before the first token comes, so a service without a network starts; with keys in a file it never
needs one. Signatures by RSA, ECDSA and EdDSA only: no shared secrets, no ``none``.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import jwt

from service.auth.keys import tenant_id
from service.context import Principal
from service.identity import OidcSettings
from service.telemetry import event, redacted
from understudy.errors import Failed, Unauthenticated, UnderstudyError, UsageError
from understudy.messages import Role

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
LEEWAY_S = 30
REFRESH_AFTER_S = 3600.0
"""Keys are read anew after this, so that one that the provider has withdrawn is not taken for ever."""

ASK_AGAIN_AFTER_S = 60.0
"""Whatever tokens come, keys are read at most so often."""

_MIN_RSA_BITS = 2048
_MAX_JWKS_BYTES = 1 << 20
_MAX_SUBJECT = 200


class OidcTokens:
    """Recognises tokens by the provider's public keys. Any number of threads may ask at once."""

    def __init__(
        self, settings: OidcSettings, fetch: Callable[[], bytes], *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._fetch = fetch
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._keys: list[_Key] = []
        self._asked_at: float | None = None

    def principal(self, token: str) -> Principal:
        """Whose token this is, with tenant and roles by the operator's rules.

        Guarantees: issuer, audience, expiry, not-before and subject are there and right; the key is one of the
        provider's, and of the kind that the algorithm needs.
        Raises: Unauthenticated, which does not say what is wrong; Failed (identity-keys-unavailable) if no key was
        ever had.
        """
        claims = self._claims(token)
        subject = claims.get("sub")
        if not isinstance(subject, str) or not subject.isprintable() or not 1 <= len(subject) <= _MAX_SUBJECT:
            raise _refused()
        try:
            tenant = tenant_id(self._tenant(claims))
        except UsageError:
            raise _refused() from None
        return Principal(tenant=tenant, key_id=f"oidc:{subject}", roles=self._roles(claims))

    def _claims(self, token: str) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
            key = self._key_for(header.get("kid"), header.get("alg"))
            claims: dict[str, Any] = jwt.decode(
                token,
                key=key.public,
                algorithms=[str(header["alg"])],
                audience=self._settings.audience,
                issuer=self._settings.issuer,
                leeway=LEEWAY_S,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except UnderstudyError:
            raise
        except (jwt.PyJWTError, ValueError, TypeError, KeyError):
            # Whatever the library says of it may hold parts of the token.
            raise _refused() from None
        return claims

    def _key_for(self, kid: object, algorithm: object) -> _Key:
        if algorithm not in ALGORITHMS:
            raise _refused()
        found = self._known(kid, str(algorithm))
        if found is None or self._is_stale():
            self._refresh()
            found = self._known(kid, str(algorithm))
        if found is None:
            raise _refused()
        return found

    def _known(self, kid: object, algorithm: str) -> _Key | None:
        fitting = [key for key in self._keys if _fits(key, algorithm) and (kid is None or key.kid == kid)]
        # Without a name of the key there must be no doubt which one it is.
        return fitting[0] if fitting and (kid is not None or len(fitting) == 1) else None

    def _is_stale(self) -> bool:
        return self._asked_at is None or self._monotonic() - self._asked_at > REFRESH_AFTER_S

    def _refresh(self) -> None:
        """Read the keys anew, at most once a minute; what was known stays if that fails."""
        with self._lock:
            now = self._monotonic()
            if self._asked_at is None or now - self._asked_at >= ASK_AGAIN_AFTER_S:
                self._asked_at = now
                try:
                    self._keys = _usable(self._fetch())
                except Exception as error:  # a network, a disk, a document: who is known already goes on
                    event("identity.keys_failed", **redacted(error))
        if not self._keys:
            raise Failed("The identity provider's keys cannot be had.", code="identity-keys-unavailable")

    def _tenant(self, claims: Mapping[str, Any]) -> str:
        if self._settings.tenant:
            return self._settings.tenant
        named = _at(claims, self._settings.tenant_claim)
        if not isinstance(named, str):
            raise _refused()
        return self._settings.tenants.get(named, "") if self._settings.tenants else named

    def _roles(self, claims: Mapping[str, Any]) -> frozenset[Role]:
        named = _at(claims, self._settings.roles_claim)
        names = named.split() if isinstance(named, str) else named if isinstance(named, list) else []
        texts = [name for name in names if isinstance(name, str)]
        mapped = [self._settings.roles.get(name, "") for name in texts] if self._settings.roles else texts
        return frozenset(Role(name) for name in mapped if name in set(Role))


def keys_from(place: str) -> Callable[[], bytes]:
    """How to read a JWKS: from an https address, or from a file. Called when it is needed, not now.

    Raises: UsageError (settings-invalid) for plain http beyond this machine.
    """
    if "://" not in place:
        return lambda: Path(place).expanduser().read_bytes()[: _MAX_JWKS_BYTES + 1]
    url = httpx.URL(place)
    if url.scheme != "https" and url.host not in ("127.0.0.1", "localhost", "::1"):
        raise UsageError("UNDERSTUDY_OIDC_JWKS is an https address or a file.", code="settings-invalid")
    return lambda: httpx.get(url, timeout=5.0, follow_redirects=False).raise_for_status().content


@dataclass(frozen=True, slots=True, kw_only=True)
class _Key:
    """A public key of the provider. ``algorithm`` is None if the provider does not bind it to one."""

    kid: str | None
    family: str
    algorithm: str | None
    public: jwt.PyJWK


def _usable(document: bytes) -> list[_Key]:
    """The keys that tokens may be signed with: public, asymmetric, for signatures, long enough."""
    if len(document) > _MAX_JWKS_BYTES:
        raise ValueError("too many keys")
    found = (_key(entry) for entry in json.loads(document)["keys"])
    return [key for key in found if key is not None]


def _key(entry: Mapping[str, Any]) -> _Key | None:
    if entry.get("kty") not in ("RSA", "EC", "OKP") or entry.get("use", "sig") != "sig":
        return None
    try:
        public = jwt.PyJWK.from_dict(dict(entry))
    except jwt.PyJWTError:
        return None  # of a kind that is not known here
    if entry["kty"] == "RSA" and public.key.key_size < _MIN_RSA_BITS:
        return None
    return _Key(kid=entry.get("kid"), family=entry["kty"], algorithm=entry.get("alg"), public=public)


def _fits(key: _Key, algorithm: str) -> bool:
    family = "OKP" if algorithm == "EdDSA" else {"R": "RSA", "P": "RSA", "E": "EC"}[algorithm[0]]
    return key.family == family and key.algorithm in (None, algorithm)


def _at(claims: Mapping[str, Any], path: str) -> Any:
    """The claim at a dotted path; a claim whose own name has dots comes first. None if there is none."""
    if path in claims:
        return claims[path]
    found: Any = claims
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _refused() -> Unauthenticated:
    return Unauthenticated("The token is not valid here.")
