"""Secret keys on local disk: one random key per tenant, derived keys per population and purpose."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class FileKeys:
    """Keys under a directory that only its owner can read."""

    root: Path
    entropy: Callable[[int], bytes]

    def population_key(self, tenant: str, population: str, purpose: str) -> bytes:
        """32 bytes, the same for ever for (tenant, population, purpose), unguessable without the root file."""
        message = "\x1f".join((population, purpose)).encode()
        return hmac.new(self._tenant_key(tenant), message, hashlib.sha256).digest()

    def _tenant_key(self, tenant: str) -> bytes:
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.root / f"{tenant}.key"
        if not path.exists():
            self._create(path)
        return path.read_bytes()

    def _create(self, path: Path) -> None:
        temporary = path.with_suffix(f".{os.getpid()}.new")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(self.entropy(32))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)  # fails if another process was first: then its key counts
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
