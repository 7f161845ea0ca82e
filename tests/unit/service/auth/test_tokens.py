"""Tokens of an identity provider, from an issuer of our own: what is taken, and all that must not be."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from service.auth.tokens import ASK_AGAIN_AFTER_S, REFRESH_AFTER_S, OidcTokens, keys_from
from service.identity import OidcSettings
from understudy.errors import Failed, Unauthenticated, UsageError
from understudy.messages import Role

ISSUER, AUDIENCE = "https://id.hospital.test/realms/main", "understudy"
SETTINGS = OidcSettings(issuer=ISSUER, audience=AUDIENCE, jwks="unused")
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
WEAK_KEY = rsa.generate_private_key(public_exponent=65537, key_size=1024)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
ED_KEY = ed25519.Ed25519PrivateKey.generate()


def entry(algorithm: Any, key: Any, kid: str, **more: str) -> dict[str, Any]:
    return json.loads(algorithm.to_jwk(key.public_key())) | {"kid": kid} | more


RSA_ENTRY = entry(RSAAlgorithm, RSA_KEY, "rsa", alg="RS256", use="sig")
EC_ENTRY = entry(ECAlgorithm, EC_KEY, "ec")
ED_ENTRY = entry(OKPAlgorithm, ED_KEY, "ed")


class Issuer:
    """A provider that counts how often its keys are read."""

    def __init__(self, *entries: dict[str, Any]) -> None:
        self.entries = list(entries)
        self.n_read = 0
        self.now = 1000.0

    def __call__(self) -> bytes:
        self.n_read += 1
        if not self.entries:
            raise OSError("no network")
        return json.dumps({"keys": self.entries}).encode()

    def tokens(self, settings: OidcSettings = SETTINGS) -> OidcTokens:
        return OidcTokens(settings, self, monotonic=lambda: self.now)


def token(key: Any = RSA_KEY, algorithm: str = "RS256", kid: str | None = "rsa", **claims: Any) -> str:
    now = int(time.time())
    good = {"iss": ISSUER, "aud": AUDIENCE, "sub": "nurse-7", "exp": now + 300, "nbf": now - 5, "iat": now - 5}
    body = good | {"tenant": "clinic", "roles": ["analyst"]} | claims
    wanted = {name: value for name, value in body.items() if value is not None}
    return jwt.encode(wanted, key, algorithm=algorithm, headers={} if kid is None else {"kid": kid})


@pytest.mark.parametrize(
    ("key", "algorithm", "kid"),
    [(RSA_KEY, "RS256", "rsa"), (EC_KEY, "ES256", "ec"), (ED_KEY, "EdDSA", "ed"), (EC_KEY, "ES256", None)],
)
def test_a_good_token_tells_tenant_subject_and_roles(key: Any, algorithm: str, kid: str | None) -> None:
    found = Issuer(RSA_ENTRY, EC_ENTRY, ED_ENTRY).tokens().principal(token(key, algorithm, kid))
    assert (found.tenant, found.key_id, found.roles) == ("clinic", "oidc:nurse-7", {Role.ANALYST})
    assert found.actor == "oidc:nurse-7"


def part(document: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()


def signed_by_hand(secret: bytes) -> str:
    """HMAC with the public key as the secret: the old trick that an allow-list must stop."""
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "x", "exp": time.time() + 60, "tenant": "clinic"}
    text = f"{part({'alg': 'HS256', 'kid': 'rsa'})}.{part(claims)}"
    signature = hmac.digest(secret, text.encode(), "sha256")
    return f"{text}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


PUBLIC_PEM = RSA_KEY.public_key().public_bytes(
    serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
)
BAD: dict[str, Callable[[], str]] = {
    "expired": lambda: token(exp=time.time() - 60),
    "not yet": lambda: token(nbf=time.time() + 600),
    "no expiry": lambda: token(exp=None),
    "another issuer": lambda: token(iss="https://id.elsewhere.test"),
    "no issuer": lambda: token(iss=None),
    "another audience": lambda: token(aud="billing"),
    "no audience": lambda: token(aud=None),
    "no subject": lambda: token(sub=None),
    "a subject that is no name": lambda: token(sub="a\nb"),
    "no tenant": lambda: token(tenant=None),
    "a tenant that is no name": lambda: token(tenant="../bank"),
    "a tenant that is no text": lambda: token(tenant=["bank"]),
    "a key that is not the issuer's": lambda: token(EC_KEY, "ES256", "rsa"),
    "a kid that nobody knows": lambda: token(kid="other"),
    "no kid and two keys that fit": lambda: token(RSA_KEY, "PS256", None),
    "a shared secret": lambda: signed_by_hand(PUBLIC_PEM),
    "no signature": lambda: jwt.encode({"sub": "x"}, None, algorithm="none"),
    "an algorithm that the key is not for": lambda: token(RSA_KEY, "RS512"),
    "a short key": lambda: token(WEAK_KEY, "RS256", "weak"),
    "no token": lambda: "hello",
    "three dots": lambda: "a.b.c",
    "a changed body": lambda: changed(token()),
}


def changed(text: str) -> str:
    head, body, signature = text.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    return f"{head}.{part(claims | {'tenant': 'bank'})}.{signature}"


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
@pytest.mark.parametrize("name", sorted(BAD))
def test_a_token_that_is_wrong_in_one_way_is_refused_alike(name: str) -> None:
    second = entry(RSAAlgorithm, rsa.generate_private_key(public_exponent=65537, key_size=2048), "second")
    third = second | {"kid": "third"}
    weak = entry(RSAAlgorithm, WEAK_KEY, "weak")
    tokens = Issuer(RSA_ENTRY, second, third, weak, EC_ENTRY).tokens()
    with pytest.raises(Unauthenticated) as caught:
        tokens.principal(BAD[name]())
    assert (str(caught.value), caught.value.reason) == ("The token is not valid here.", "unauthenticated")
    assert caught.value.__cause__ is None


def test_nothing_is_read_before_the_first_token() -> None:
    issuer = Issuer()
    issuer.tokens()
    assert issuer.n_read == 0


def test_a_new_key_is_looked_for_once_a_minute_at_most() -> None:
    issuer = Issuer(RSA_ENTRY)
    tokens = issuer.tokens()
    assert tokens.principal(token()).tenant == "clinic"
    for _ in range(50):
        with pytest.raises(Unauthenticated):
            tokens.principal(token(ED_KEY, "EdDSA", "ed"))
    assert issuer.n_read == 1
    issuer.entries.append(ED_ENTRY)
    issuer.now += ASK_AGAIN_AFTER_S
    assert tokens.principal(token(ED_KEY, "EdDSA", "ed")).tenant == "clinic"
    assert issuer.n_read == 2


def test_a_key_that_the_issuer_withdrew_is_not_taken_for_ever() -> None:
    issuer = Issuer(RSA_ENTRY, ED_ENTRY)
    tokens = issuer.tokens()
    assert tokens.principal(token()).tenant == "clinic"
    issuer.entries = [ED_ENTRY]
    issuer.now += REFRESH_AFTER_S + 1
    with pytest.raises(Unauthenticated):
        tokens.principal(token())


def test_who_is_known_goes_on_when_the_issuer_is_away() -> None:
    issuer = Issuer(RSA_ENTRY)
    tokens = issuer.tokens()
    assert tokens.principal(token()).tenant == "clinic"
    issuer.entries = []
    issuer.now += REFRESH_AFTER_S + 1
    assert tokens.principal(token()).tenant == "clinic"


def test_without_any_key_it_is_our_fault_not_the_callers() -> None:
    tokens = Issuer().tokens()
    for _ in range(2):
        with pytest.raises(Failed) as caught:
            tokens.principal(token())
        assert caught.value.reason == "identity-keys-unavailable"


def test_claims_mean_what_the_operator_says() -> None:
    settings = OidcSettings(
        issuer=ISSUER,
        audience=AUDIENCE,
        jwks="unused",
        tenant_claim="org.unit",
        tenants={"Klinik Nord": "nord"},
        roles_claim="realm_access.roles",
        roles={"CN=Stewards,OU=IT": "steward", "everyone": "operator"},
    )
    tokens = Issuer(RSA_ENTRY).tokens(settings)
    groups = {"roles": ["CN=Stewards,OU=IT", "tenant_admin", 7]}
    found = tokens.principal(token(org={"unit": "Klinik Nord"}, realm_access=groups))
    assert (found.tenant, found.roles) == ("nord", {Role.STEWARD})
    with pytest.raises(Unauthenticated):
        tokens.principal(token(org={"unit": "nord"}, realm_access=groups))


def test_one_tenant_for_all_tokens_and_roles_as_one_text() -> None:
    settings = OidcSettings(issuer=ISSUER, audience=AUDIENCE, jwks="unused", tenant="clinic", roles_claim="scope")
    found = Issuer(RSA_ENTRY).tokens(settings).principal(token(tenant=None, scope="openid auditor analyst"))
    assert (found.tenant, found.roles) == ("clinic", {Role.AUDITOR, Role.ANALYST})


def test_keys_from_a_file_need_no_network(tmp_path: Path) -> None:
    file = tmp_path / "jwks.json"
    fetch = keys_from(str(file))
    file.write_text(json.dumps({"keys": [RSA_ENTRY, {"kty": "oct", "k": "AAAA", "kid": "shared"}]}))
    assert OidcTokens(SETTINGS, fetch).principal(token()).tenant == "clinic"
    with pytest.raises(UsageError):
        keys_from("http://id.hospital.test/jwks")
    keys_from("http://127.0.0.1:1/jwks")


@pytest.mark.parametrize(
    "environ",
    [
        {"UNDERSTUDY_OIDC_ISSUER": ISSUER},
        {"UNDERSTUDY_OIDC_JWKS": "x", "UNDERSTUDY_OIDC_AUDIENCE": "y"},
        {"ISSUER": ISSUER, "ROLES": '{"a": "root"}'},
        {"ISSUER": ISSUER, "ROLES": "[]"},
        {"ISSUER": ISSUER, "TENANTS": '{"a": 1}'},
        {"ISSUER": ISSUER, "TENANTS": "{"},
    ],
)
def test_settings_that_do_not_fit_are_refused_at_start(environ: dict[str, str]) -> None:
    if "ISSUER" in environ:
        environ = {f"UNDERSTUDY_OIDC_{name}": value for name, value in environ.items()}
        environ |= {"UNDERSTUDY_OIDC_AUDIENCE": "a", "UNDERSTUDY_OIDC_JWKS": "j"}
    with pytest.raises(UsageError):
        OidcSettings.from_environment(environ)


def test_without_settings_there_are_no_tokens() -> None:
    assert OidcSettings.from_environment({}) is None
