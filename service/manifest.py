"""The signature of a bundle: Ed25519 over the exact bytes of its manifest, which has the digest of every file.

``manifest.sig`` stands beside the manifest: ``{"algorithm": "Ed25519", "key": HEX, "signature": HEX}``. A bundle brings
its public key, so that it can be checked offline; whose key that is has to be learnt another way, once: the service
publishes it, and prints its fingerprint. One of two doors to the library of ciphers.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from understudy.digests import SIGNATURE, check_digests, opened, read_small
from understudy.errors import InputRefused, UsageError

ALGORITHM = "Ed25519"
_DOMAIN = b"understudy bundle manifest 1\n"
"""Signed before the manifest, so that a signature of anything else is never one of a manifest."""

_HEX_KEY = re.compile(r"[0-9a-f]{64}")
_FINGERPRINT = re.compile(r"[0-9a-f]{4}(:[0-9a-f]{4}){15}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A bundle that is as it was signed. ``is_expected`` is False if nobody said whose key to expect."""

    fingerprint: str
    is_expected: bool
    facts: dict[str, object]


def public_key(seed: bytes) -> bytes:
    """The public half, 32 bytes, of the key that these 32 secret bytes are."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def fingerprint(public: bytes) -> str:
    """SHA-256 of a public key in groups of four digits, to be read out and compared."""
    digest = hashlib.sha256(public).hexdigest()
    return ":".join(digest[start : start + 4] for start in range(0, len(digest), 4))


def sign(manifest: bytes, seed: bytes) -> bytes:
    """The content of ``manifest.sig``. The same manifest and key give the same bytes."""
    signature = Ed25519PrivateKey.from_private_bytes(seed).sign(_DOMAIN + manifest)
    document = {"algorithm": ALGORITHM, "key": public_key(seed).hex(), "signature": signature.hex()}
    return json.dumps(document, indent=1, sort_keys=True).encode()


def verify(bundle: Path, expected: str = "") -> Verdict:
    """Check every digest of a bundle, a zip or a folder, then its signature.

    ``expected``: a public key or a fingerprint, both as text.

    Guarantees: no byte of any file can be changed, and no file added or taken away, without a refusal.
    Raises: InputRefused: bundle-broken, bundle-changed, bundle-unsigned, bundle-forged (the signature is not of this
    manifest), bundle-of-another (it is good, and another's); UsageError (key-invalid).
    """
    wanted = _expected(expected)
    manifest = check_digests(bundle)
    public, signature = _signature(bundle)
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, _DOMAIN + manifest)
    except (InvalidSignature, ValueError):
        raise InputRefused("The bundle's signature is not of this manifest.", code="bundle-forged") from None
    found = fingerprint(public)
    if wanted and found != wanted:
        raise InputRefused("The bundle is signed by another service.", code="bundle-of-another", facts={"key": found})
    facts = {name: value for name, value in json.loads(manifest).items() if name != "files"}
    return Verdict(fingerprint=found, is_expected=bool(wanted), facts=facts)


def _expected(text: str) -> str:
    """The fingerprint of what was given as text, or empty."""
    stripped = text.strip().lower()
    if _HEX_KEY.fullmatch(stripped):
        return fingerprint(bytes.fromhex(stripped))
    if stripped and not _FINGERPRINT.fullmatch(stripped):
        raise UsageError("A signing key is 64 hexadecimal digits; so is its fingerprint, in fours.", code="key-invalid")
    return stripped


def _signature(bundle: Path) -> tuple[bytes, bytes]:
    try:
        with opened(bundle) as files:
            document = json.loads(read_small(files, SIGNATURE))
        if document["algorithm"] != ALGORITHM:
            raise ValueError
        return bytes.fromhex(document["key"]), bytes.fromhex(document["signature"])
    except (KeyError, ValueError, TypeError):
        raise InputRefused("The bundle is not signed.", code="bundle-unsigned") from None
