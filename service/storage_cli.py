"""The operator's commands of keys and signatures: verify, signing-key, rotate-root-key, shred-tenant."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from service.auth import tenant_id
from service.homelock import owned
from service.manifest import fingerprint, public_key
from service.manifest import verify as verified
from service.settings import Settings
from service.store.keys import FileKeys
from service.store.opening import open_vault_of, root_file_of
from service.store.roots import parse_roots, replace_roots
from service.store.vault import Vault
from understudy.digests import BESIDE
from understudy.errors import Conflict, UsageError

_LOCK_WAIT_S = 2.0


def verify(
    bundle: Annotated[Path, typer.Argument(help="A bundle: the zip as it was fetched, or the folder of 'synth'.")],
    key: Annotated[
        str, typer.Option("--key", help="The signing key or its fingerprint, as text or in a file, learnt another way.")
    ] = "",
) -> None:
    """Check every digest of a bundle, and its signature. Works offline; needs no service."""
    found = verified(bundle, _text_of(key))
    print(f"good: every file is as it was signed by {found.fingerprint}")
    for name in ("job", "population", "engine", "epsilon", "delta", "n_rows", "generation", "made_from_release"):
        print(f"  {name}: {found.facts.get(name, '')}")
    beside = sorted(name for name in BESIDE if bundle.is_dir() and (bundle / name).exists())
    if beside:
        print(f"not in the bundle, so not signed: {', '.join(beside)}")
    if not found.is_expected:
        print("Compare that fingerprint with the service's own ('understudy signing-key'), or give it with --key.")


def _text_of(key: str) -> str:
    try:
        file = Path(key)
        return file.read_text() if key and file.is_file() else key
    except (OSError, UnicodeDecodeError):
        raise UsageError("The key's file cannot be read.", code="key-invalid") from None


def signing_key() -> None:
    """Print the public key that this service signs its bundles with, and its fingerprint."""
    public = public_key(FileKeys(_vault(_settings())).signing_seed())
    print(f"public key:  {public.hex()}")
    print(f"fingerprint: {fingerprint(public)}")


def rotate_root_key() -> None:
    """Seal every secret under a new root key. The service must be stopped. Safe to repeat after a crash.

    A root key in a file is made anew. In the environment: set UNDERSTUDY_ROOT_KEY to NEW,OLD, run this, then set NEW.
    With a key service: rotate there first. No blob is written anew: only what seals their keys changes.
    """
    settings = _settings()
    with owned(settings.home, role="keys", wait_s=_LOCK_WAIT_S):
        n_secrets = rotate(settings)
    print(f"{n_secrets} secrets are sealed under the new root key; back it up, apart from the data")


def rotate(settings: Settings) -> int:
    """The rotation itself; how many secrets there are. Both roots are in the file until every secret is sealed anew."""
    file = root_file_of(settings)
    if file is None:
        return _vault(settings).rewrap()
    _vault(settings).check()  # whatever is wrong is said before anything is changed
    replace_roots(file, [os.urandom(32), *parse_roots(file.read_text())])
    n_secrets = _vault(settings).rewrap()
    replace_roots(file, parse_roots(file.read_text())[:1])
    return n_secrets


def shred_tenant(
    name: Annotated[str, typer.Argument(help="The tenant.")],
    yes: Annotated[bool, typer.Option("--yes", help="This cannot be undone.")] = False,
) -> None:
    """Destroy a tenant's keys: its tables, bundles and pseudonyms can never be read again, in backups too.

    Backups of the keys must go as well. The ledger and the audit log stay legible: they hold no rows.
    """
    if not yes:
        raise UsageError("Say --yes: nobody can undo this.", code="not-confirmed")
    settings, tenant = _settings(), tenant_id(name)
    with owned(settings.home, role="keys", wait_s=_LOCK_WAIT_S):
        vault = _vault(settings)
        if not vault.knows(tenant):
            raise Conflict("This tenant has no keys.", code="no-keys")
        vault.shred(tenant)
    print(f"the keys of {tenant} are gone")


def _settings() -> Settings:
    return Settings.from_environment(os.environ)


def _vault(settings: Settings) -> Vault:
    return open_vault_of(settings, os.urandom)
