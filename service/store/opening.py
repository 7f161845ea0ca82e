"""The vault and the blobs that the settings name."""

from __future__ import annotations

import shlex
from pathlib import Path

from service.ports import BlobStore
from service.settings import Settings
from service.store.blobs import LocalBlobs
from service.store.encrypted import EncryptedBlobs
from service.store.roots import CommandRoot, Entropy, HeldRoot, RootKey, parse_roots, root_in
from service.store.s3 import S3Blobs
from service.store.vault import ROOT_FILE, Vault, is_empty, open_vault


def open_vault_of(settings: Settings, entropy: Entropy) -> Vault:
    """The sealed secrets. Raises: Failed (root-key-missing); UsageError (root-key-invalid)."""
    return open_vault(settings.keys_folder, entropy, _root_of(settings, entropy))


def _root_of(settings: Settings, entropy: Entropy) -> RootKey | None:
    if settings.kms_command:
        return CommandRoot(shlex.split(settings.kms_command))
    if settings.root_key:
        return HeldRoot(parse_roots(settings.root_key), entropy)
    if settings.root_key_file is not None:
        return root_in(settings.root_key_file, entropy, may_make=is_empty(settings.keys_folder))
    return None


def root_file_of(settings: Settings) -> Path | None:
    """The file that the root key is in; None if it is elsewhere."""
    if settings.kms_command or settings.root_key:
        return None
    return settings.root_key_file or settings.keys_folder / ROOT_FILE


def open_blobs(settings: Settings, vault: Vault, entropy: Entropy) -> EncryptedBlobs:
    """Encrypted blobs in the folder or bucket of the settings, with their wrapped data keys beside."""
    return EncryptedBlobs(
        _store(settings.blobs_place, settings),
        _store(settings.blob_keys_place, settings),
        vault,
        settings.scratch_folder,
        entropy,
    )


def _store(place: str, settings: Settings) -> BlobStore:
    return S3Blobs(place, settings.scratch_folder) if "://" in place else LocalBlobs(Path(place))
