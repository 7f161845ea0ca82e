"""The root key, which wraps every secret of every tenant: in a file, in the environment, or in a key service.

Whoever has it and the folder of sealed secrets can read all; whoever has only one of them can read nothing.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from service.store.cipher import KEY_BYTES, NONCE_BYTES, SealBroken, seal, unseal
from understudy.errors import Failed, UsageError

Entropy = Callable[[int], bytes]

_ID_BYTES = 8
_KMS_TIMEOUT_S = 30.0


class RootKey(Protocol):
    """Wraps secrets. ``about`` is bound to the result: the same text opens it, no other."""

    def wrap(self, secret: bytes, about: bytes) -> bytes: ...

    def unwrap(self, wrapped: bytes, about: bytes) -> bytes:
        """Raises Failed: root-key-wrong if another root wrapped it, secret-damaged if the bytes were changed."""


@dataclass(frozen=True, slots=True)
class HeldRoot:
    """Root keys in this process's memory: the first wraps, every one unwraps, so that one can follow another."""

    keys: Sequence[bytes] = field(repr=False)
    entropy: Entropy

    def wrap(self, secret: bytes, about: bytes) -> bytes:
        """``id of the root || nonce || ciphertext || tag``"""
        root = self.keys[0]
        return _id_of(root) + seal(root, secret, about, self.entropy(NONCE_BYTES))

    def unwrap(self, wrapped: bytes, about: bytes) -> bytes:
        """Raises Failed (root-key-wrong, secret-damaged)."""
        known = {_id_of(root): root for root in self.keys}
        root = known.get(wrapped[:_ID_BYTES])
        if root is None:
            raise Failed(
                "The secrets here are sealed under another root key: give the service the root key that they were "
                "made with. Without it nothing that it stored can be read again.",
                code="root-key-wrong",
            )
        try:
            return unseal(root, wrapped[_ID_BYTES:], about)
        except SealBroken:
            raise Failed("A sealed secret is damaged or was changed.", code="secret-damaged") from None


@dataclass(frozen=True, slots=True)
class CommandRoot:
    """A key service behind a command, such as a script around Vault's transit engine, PKCS#11 or a cloud's KMS.

    It is run as ``COMMAND wrap`` and ``COMMAND unwrap``, gets ``{"secret": BASE64, "about": BASE64}`` on standard input
    (``secret`` is what to wrap or to unwrap) and answers ``{"secret": BASE64}``. ``about`` must be bound to the
    result, as associated data. The root key itself never comes here.
    """

    command: Sequence[str]

    def wrap(self, secret: bytes, about: bytes) -> bytes:
        """Raises Failed (kms-failed)."""
        return self._ask("wrap", secret, about)

    def unwrap(self, wrapped: bytes, about: bytes) -> bytes:
        """Raises Failed (kms-failed)."""
        return self._ask("unwrap", wrapped, about)

    def _ask(self, what: str, secret: bytes, about: bytes) -> bytes:
        asked = {"secret": base64.b64encode(secret).decode(), "about": base64.b64encode(about).decode()}
        try:
            answer = subprocess.run(  # noqa: S603 - the operator's own command, no shell
                [*self.command, what],
                input=json.dumps(asked).encode(),
                capture_output=True,
                timeout=_KMS_TIMEOUT_S,
                check=True,
            )
            return base64.b64decode(json.loads(answer.stdout)["secret"], validate=True)
        except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError):
            # Not chained: what the command printed may hold the secret.
            raise Failed("The key service's command failed.", code="kms-failed") from None


def parse_roots(text: str) -> list[bytes]:
    """Keys of 64 hexadecimal digits, one a line or parted by commas, the present one first. Raises UsageError."""
    with contextlib.suppress(ValueError):
        keys = [bytes.fromhex(part) for part in text.replace(",", "\n").split()]
        if keys and all(len(key) == KEY_BYTES for key in keys):
            return keys
    raise UsageError("A root key is 64 hexadecimal digits.", code="root-key-invalid")


def root_in(file: Path, entropy: Entropy, *, may_make: bool) -> HeldRoot:
    """The root key in a file, which is made at first use, for its owner only.

    Raises: Failed (root-key-missing) if it is not there and must have been; UsageError (root-key-invalid).
    """
    if not file.exists():
        if not may_make:
            raise Failed(
                "The root key is gone, and secrets are here that it sealed: restore its file. Without it nothing that "
                "the service stored can be read again.",
                code="root-key-missing",
            )
        _make(file, [entropy(KEY_BYTES)])
    return HeldRoot(parse_roots(file.read_text()), entropy)


def replace_roots(file: Path, keys: Sequence[bytes]) -> None:
    """Write the file anew, whole or not at all."""
    _make(file, keys, replaces=True)


def _make(file: Path, keys: Sequence[bytes], *, replaces: bool = False) -> None:
    write_secret(file, "".join(f"{key.hex()}\n" for key in keys).encode(), replaces=replaces)


def write_secret(file: Path, content: bytes, *, replaces: bool = False) -> None:
    """A file for its owner only, whole or not at all, durable. One that is there stays, unless ``replaces``."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.{os.getpid()}.{os.urandom(4).hex()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        if replaces:
            temporary.replace(file)
        else:
            with contextlib.suppress(FileExistsError):  # another process was first: then its key counts
                os.link(temporary, file)
    finally:
        temporary.unlink(missing_ok=True)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _id_of(root: bytes) -> bytes:
    return hashlib.sha256(b"understudy root key\x00" + root).digest()[:_ID_BYTES]
