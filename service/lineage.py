"""What a release was made of: whose rows, which generation, whose place it takes."""

from __future__ import annotations

from dataclasses import replace

from service.ports import Ports, Release, TenantStores
from understudy.messages import ReleaseState

SUPERSEDES = "supersedes"
"""The fact of a job that says whose release its own will take the place of."""


def persons_key(tenant: str, ports: Ports) -> bytes:
    """The key of the sets of persons, one for all jobs of a tenant."""
    return ports.keys.population_key(tenant, "", "persons")


def sketch_key(tenant: str, ports: Ports) -> bytes:
    """The key of the sketches of rows, one for all tables of a tenant."""
    return ports.keys.population_key(tenant, "", "rows-sketch")


def supersede(release: Release, stores: TenantStores, *, superseded: str) -> None:
    """Add a release, and let it take the place of another, in the transaction that ends its job."""
    stores.releases.add(release)
    old = stores.releases.find(superseded) if superseded else None
    if old is not None:
        stores.releases.put(replace(old, state=ReleaseState.SUPERSEDED, superseded_by=release.job_id))
