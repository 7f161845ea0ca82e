"""Secret keys by purpose, derived from what the vault holds."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from service.store.vault import POPULATIONS, Vault

SERVICE = "_service"
"""Whose secrets are the service's own: no tenant's name begins so."""


@dataclass(frozen=True, slots=True)
class FileKeys:
    """Keys derived from the sealed secrets of a folder."""

    vault: Vault

    def population_key(self, tenant: str, population: str, purpose: str) -> bytes:
        """32 bytes, the same for ever for (tenant, population, purpose), unguessable without the vault."""
        message = "\x1f".join((population, purpose)).encode()
        return hmac.new(self.vault.secret(tenant, POPULATIONS), message, hashlib.sha256).digest()

    def signing_seed(self) -> bytes:
        """32 bytes, the same for ever: the private half of the service's signature."""
        return self.vault.secret(SERVICE, "signing")
