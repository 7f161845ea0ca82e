"""How long a tenant keeps what, and the sweep that holds it to that."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from service import retention
from service.audit import AuditEvent, Outcome
from service.commands import scrubs, uploads
from service.context import RequestContext, TenantId
from service.filenames import PERSONS
from service.ports import Dataset, Ports, Release, Use
from service.retention import Policy
from service.telemetry import event, redacted
from understudy.errors import NotFound
from understudy.messages import DatasetState, RetentionPolicy

SWEEPER = "service"
"""Who acts, in the audit log."""


def show(context: RequestContext, ports: Ports) -> RetentionPolicy:
    """The tenant's policy, or the defaults."""
    with ports.database.read() as tx:
        return _view(tx.for_tenant(context.tenant).retention.get())


def decide(context: RequestContext, message: RetentionPolicy, ports: Ports) -> RetentionPolicy:
    """It holds from the next sweep on, for what is there too. Raises UsageError (retention-invalid)."""
    policy = Policy(
        keep_raw=retention.check_raw(message.keep_raw),
        keep_bundles=retention.check_bundles(message.keep_bundles),
        retrain=message.retrain,
    )
    with ports.database.begin() as tx:
        tx.for_tenant(context.tenant).retention.put(policy)
    return _view(policy)


def _view(policy: Policy) -> RetentionPolicy:
    return RetentionPolicy(keep_raw=policy.keep_raw, keep_bundles=policy.keep_bundles, retrain=policy.retrain)


def sweep(ports: Ports) -> int:
    """Remove what is due, of every tenant; how many things went. Any number of processes may sweep at once.

    Guarantees: rows that an open job needs stay; each removal is in the tenant's audit log.
    """
    with ports.database.read() as tx:
        tenants = list(tx.tenants.names())
    scrubs.sweep(ports, ports.clock.now().timestamp())
    n_removed = 0
    for tenant in tenants:
        try:
            n_removed += _sweep_tenant(tenant, ports)
        except Exception as error:  # one tenant's trouble is not another's
            event("retention.failed", tenant=tenant, **redacted(error))
    return n_removed


def _sweep_tenant(tenant: TenantId, ports: Ports) -> int:
    n_halves = uploads.sweep(tenant, ports)
    with ports.database.read() as tx:
        stores = tx.for_tenant(tenant)
        policy, datasets = stores.retention.get(), stores.datasets.all()
        uses, releases = _by_dataset(stores.jobs.uses()), stores.releases.summaries()
    removed = 0
    for dataset in datasets:
        if dataset.state is not DatasetState.EXPIRED:
            known = _noted(dataset, uses.get(dataset.id, []), ports)
            removed += known is not None and _expire(known, policy, ports)
    now = ports.clock.now()
    for release in releases:
        if release.has_files and retention.bundle_is_due(policy.keep_bundles, release.created_at, now):
            removed += _remove_files(release, ports)
    return removed + n_halves


def _by_dataset(uses: Sequence[Use]) -> dict[str, list[Use]]:
    found: dict[str, list[Use]] = {}
    for use in uses:
        found.setdefault(use.dataset_id, []).append(use)
    return found


def _noted(dataset: Dataset, uses: Sequence[Use], ports: Ports) -> Dataset | None:
    """The dataset, with the moment since when no job needs it; None if one does, or it is gone meanwhile."""
    if any(use.is_open for use in uses):
        _put_idle(dataset, None, ports)
        return None
    if dataset.idle_since is None and any(use.has_release for use in uses):
        return _put_idle(dataset, ports.clock.now(), ports)
    return dataset


def _put_idle(dataset: Dataset, since: datetime | None, ports: Ports) -> Dataset | None:
    if dataset.idle_since == since:
        return dataset
    with contextlib.suppress(NotFound), ports.database.begin() as tx:
        datasets = tx.for_tenant(TenantId(dataset.tenant)).datasets
        noted = replace(datasets.get(dataset.id), idle_since=since)
        datasets.put(noted)
        return noted
    return None


def _expire(dataset: Dataset, policy: Policy, ports: Ports) -> bool:
    keep = dataset.keep_raw or policy.keep_raw
    if not retention.raw_is_due(keep, dataset.created_at, dataset.idle_since, ports.clock.now()):
        return False
    tenant = TenantId(dataset.tenant)
    with ports.database.begin() as tx:
        stores = tx.for_tenant(tenant)
        # A job may have come since, and needs the rows. After this transaction none can come any more.
        if any(use.is_open and use.dataset_id == dataset.id for use in stores.jobs.uses()):
            return False
        stores.datasets.put(replace(stores.datasets.get(dataset.id), state=DatasetState.EXPIRED, blob=None))
        stores.audit.append(_event("rows.expired", dataset.id, ports))
    ports.blobs.remove(f"{dataset.tenant}/datasets/{dataset.id}")
    event("rows.expired", tenant=tenant, dataset=dataset.id)
    return True


def _remove_files(release: Release, ports: Ports) -> bool:
    """The files of a job go, but not who was in it: that answers an erasure, and is as long kept as the release is."""
    tenant = TenantId(release.tenant)
    with ports.database.begin() as tx:
        stores = tx.for_tenant(tenant)
        stores.releases.put(replace(stores.releases.get(release.job_id), has_files=False))
        kept = stores.jobs.get(release.job_id).key_of(PERSONS)
        stores.audit.append(_event("bundle.expired", release.job_id, ports))
    for key in list(ports.blobs.keys(f"{release.tenant}/jobs/{release.job_id}")):
        if key != kept:
            ports.blobs.remove(key)
    event("bundle.expired", tenant=tenant, job=release.job_id)
    return True


def _event(action: str, entity: str, ports: Ports) -> AuditEvent:
    return AuditEvent(at=ports.clock.now(), actor=SWEEPER, action=action, outcome=Outcome.SUCCESS, entity=entity)
