"""Releases and retention of a tenant, on every database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from service.context import TenantId
from service.ports import Release
from service.retention import Policy
from service.store.sql import SqlDatabase
from understudy.errors import Forbidden, NotFound
from understudy.messages import ReleaseState

OURS, THEIRS = TenantId("ours"), TenantId("theirs")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FIRST = Release(
    tenant=OURS,
    job_id="job_1",
    dataset_id="ds_1",
    population="ward",
    created_at=NOW,
    n_rows=10**10,
    generation=1,
    sketch="10 10 ff",
)


def test_a_release_comes_back_as_it_was(database: SqlDatabase) -> None:
    with database.begin() as tx:
        tx.for_tenant(OURS).releases.add(FIRST)
    with database.read() as tx:
        releases = tx.for_tenant(OURS).releases
        assert releases.get("job_1") == releases.find("job_1") == FIRST
        assert list(releases.all()) == [FIRST]
        assert list(releases.summaries()) == [replace(FIRST, sketch="")]


def test_a_release_added_again_stays_as_it_became(database: SqlDatabase) -> None:
    changed = replace(FIRST, state=ReleaseState.SUPERSEDED, superseded_by="job_2", has_files=False)
    with database.begin() as tx:
        releases = tx.for_tenant(OURS).releases
        releases.add(FIRST)
        releases.put(changed)
        releases.add(FIRST)
        assert releases.get("job_1") == changed


def test_releases_come_oldest_first(database: SqlDatabase) -> None:
    with database.begin() as tx:
        releases = tx.for_tenant(OURS).releases
        for days, job_id in ((2, "job_a"), (0, "job_b"), (1, "job_c")):
            releases.add(replace(FIRST, job_id=job_id, created_at=NOW + timedelta(days=days)))
        assert [release.job_id for release in releases.all()] == ["job_b", "job_c", "job_a"]


def test_another_tenants_releases_are_not_there(database: SqlDatabase) -> None:
    with database.begin() as tx:
        tx.for_tenant(OURS).releases.add(FIRST)
    with database.begin() as tx:
        theirs = tx.for_tenant(THEIRS).releases
        assert (theirs.find("job_1"), list(theirs.all())) == (None, [])
        with pytest.raises(NotFound):
            theirs.get("job_1")
        with pytest.raises(NotFound):
            theirs.put(replace(FIRST, tenant=THEIRS))
        with pytest.raises(Forbidden):
            theirs.add(FIRST)


def test_a_policy_is_the_default_until_it_is_decided(database: SqlDatabase) -> None:
    decided = Policy(keep_raw="days:3", keep_bundles="days:90", retrain=True)
    with database.begin() as tx:
        policies = tx.for_tenant(OURS).retention
        assert policies.get() == Policy()
        policies.put(Policy(keep_raw="forever"))
        policies.put(decided)
    with database.read() as tx:
        assert tx.for_tenant(OURS).retention.get() == decided
        assert tx.for_tenant(THEIRS).retention.get() == Policy()
