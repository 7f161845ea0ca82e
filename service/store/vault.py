"""Random secrets by tenant and name, each in a file, sealed under the root key.

Removing a tenant's secrets makes all that was encrypted or pseudonymised with them unreadable for good, in backups of
the data too: so keep backups of this folder for a shorter time than those, or the removal is undone by a restore.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path

from service.store.roots import Entropy, RootKey, root_in, write_secret
from understudy.errors import Failed, UsageError

SECRET_BYTES = 32
ROOT_FILE = "understudy.root"
_SEALED = ".sealed"
_TENANT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,254}")


class Vault:
    """The secrets under ``folder``. Any number of processes may use it at once."""

    def __init__(self, folder: Path, root: RootKey, entropy: Entropy) -> None:
        self._folder = folder
        self._root = root
        self._entropy = entropy
        self._known: dict[Path, bytes] = {}
        self._lock = threading.Lock()

    def secret(self, tenant: str, name: str) -> bytes:
        """32 random bytes, the same for ever for these two names; made at first use.

        Raises: Failed (root-key-wrong, secret-damaged, kms-failed).
        """
        file = self._file(tenant, name)
        with self._lock:
            if file not in self._known:
                if not file.exists():
                    self._keep(file, self._earlier(tenant, name) or self._entropy(SECRET_BYTES))
                self._known[file] = self._open(file)
                self._earlier_file(tenant).unlink(missing_ok=True)
            return self._known[file]

    def has(self, tenant: str, name: str) -> bool:
        """True if there is such a secret."""
        return self._file(tenant, name).exists()

    def knows(self, tenant: str) -> bool:
        """True if there is any secret of this tenant."""
        folder = self._folder / self._checked(tenant)
        return any(folder.glob(f"*{_SEALED}")) or self._earlier_file(tenant).exists()

    def shred(self, tenant: str) -> None:
        """Forget every secret of a tenant. What they protected cannot be read again."""
        with self._lock:
            folder = self._folder / self._checked(tenant)
            for file in sorted(folder.glob(f"*{_SEALED}")):
                self._known.pop(file, None)
                file.unlink(missing_ok=True)
            self._earlier_file(tenant).unlink(missing_ok=True)

    def rewrap(self) -> int:
        """Seal every secret anew, under the present root key; how many there are. Safe to run again after a crash."""
        files = list(self.files())
        for file in files:
            self._keep(file, self._open(file), replaces=True)
        return len(files)

    def check(self) -> int:
        """Open every secret and say how many there are. Raises as ``secret`` does."""
        return sum(len(self._open(file)) == SECRET_BYTES for file in self.files())

    def files(self) -> Iterator[Path]:
        """Every sealed secret's file."""
        return iter(sorted(self._folder.glob(f"*/*{_SEALED}")))

    def _open(self, file: Path) -> bytes:
        secret = self._root.unwrap(file.read_bytes(), self._about(file))
        if len(secret) != SECRET_BYTES:
            raise Failed("A sealed secret is damaged or was changed.", code="secret-damaged")
        return secret

    def _keep(self, file: Path, secret: bytes, *, replaces: bool = False) -> None:
        write_secret(file, self._root.wrap(secret, self._about(file)), replaces=replaces)

    def _about(self, file: Path) -> bytes:
        return b"understudy secret\x00" + file.relative_to(self._folder).as_posix().encode()

    def _file(self, tenant: str, name: str) -> Path:
        return self._folder / self._checked(tenant) / f"{self._checked(name)}{_SEALED}"

    def _checked(self, name: str) -> str:
        if _TENANT.fullmatch(name) is None:
            raise UsageError("This is no name of a secret.")
        return name

    def _earlier(self, tenant: str, name: str) -> bytes | None:
        """The tenant's key as the first releases kept it, in clear."""
        file = self._earlier_file(tenant)
        return file.read_bytes() if name == POPULATIONS and file.exists() else None

    def _earlier_file(self, tenant: str) -> Path:
        return self._folder / f"{tenant}.key"


POPULATIONS = "populations"
"""The secret that the keys of a tenant's populations are derived from."""


def open_vault(folder: Path, entropy: Entropy, root: RootKey | None = None) -> Vault:
    """The vault in a folder; its root key is in the folder too, unless one is given.

    Raises: Failed (root-key-missing) if the folder has sealed secrets and no root key.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Vault(folder, root or root_in(folder / ROOT_FILE, entropy, may_make=is_empty(folder)), entropy)


def is_empty(folder: Path) -> bool:
    """True if nothing was sealed here yet, so that a new root key loses nothing."""
    return next(folder.glob(f"*/*{_SEALED}"), None) is None
