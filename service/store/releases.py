"""One tenant's releases, and how long it keeps what, in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import sqlalchemy as sa

from service.context import TenantId
from service.ports import Release
from service.retention import Policy
from service.store.engine import insert_if_absent
from service.store.tables import RELEASES, RETENTION
from understudy.errors import Forbidden, NotFound
from understudy.messages import ReleaseState


class SqlReleases:
    """The releases of ``tenant``, as if there were no others. They outlive datasets, and the files of their jobs."""

    def __init__(self, connection: sa.Connection, tenant: TenantId) -> None:
        self._connection = connection
        self._tenant = tenant

    def add(self, release: Release) -> None:
        """A job has one release: added once more, nothing changes."""
        insert_if_absent(self._connection, RELEASES, self._values(release))

    def get(self, job_id: str) -> Release:
        """Raises NotFound."""
        row = self._connection.execute(sa.select(RELEASES).where(self._mine(job_id))).one_or_none()
        if row is None:
            raise NotFound("There is no such release.")
        return _release(row)

    def find(self, job_id: str) -> Release | None:
        """The release of a job, if there is one."""
        row = self._connection.execute(sa.select(RELEASES).where(self._mine(job_id))).one_or_none()
        return None if row is None else _release(row)

    def put(self, release: Release) -> None:
        """Replace a release that exists. Raises NotFound."""
        change = sa.update(RELEASES).where(self._mine(release.job_id)).values(self._values(release))
        if self._connection.execute(change).rowcount == 0:
            raise NotFound("There is no such release.")

    def all(self) -> Sequence[Release]:
        """Oldest first."""
        query = sa.select(RELEASES).where(RELEASES.c.tenant == self._tenant)
        rows = self._connection.execute(query.order_by(RELEASES.c.created_at, RELEASES.c.job_id))
        return [_release(row) for row in rows]

    def summaries(self) -> Sequence[Release]:
        """All, oldest first, without their sketches, which are long."""
        columns = [column for column in RELEASES.c if column.name != "sketch"]
        query = sa.select(*columns).where(RELEASES.c.tenant == self._tenant)
        rows = self._connection.execute(query.order_by(RELEASES.c.created_at, RELEASES.c.job_id))
        return [_release(row) for row in rows]

    def _mine(self, job_id: str) -> sa.ColumnElement[bool]:
        return (RELEASES.c.tenant == self._tenant) & (RELEASES.c.job_id == job_id)

    def _values(self, release: Release) -> dict[str, object]:
        if release.tenant != self._tenant:
            raise Forbidden("This release is another tenant's.")
        return asdict(release) | {"state": release.state.value}


class SqlRetention:
    """What ``tenant`` has decided about keeping; the defaults until it has."""

    def __init__(self, connection: sa.Connection, tenant: TenantId) -> None:
        self._connection = connection
        self._tenant = tenant

    def get(self) -> Policy:
        """The tenant's policy."""
        row = self._connection.execute(sa.select(RETENTION).where(RETENTION.c.tenant == self._tenant)).one_or_none()
        if row is None:
            return Policy()
        return Policy(keep_raw=row.keep_raw, keep_bundles=row.keep_bundles, retrain=row.retrain)

    def put(self, policy: Policy) -> None:
        """Replace it."""
        if not insert_if_absent(self._connection, RETENTION, {"tenant": self._tenant, **asdict(policy)}):
            mine = RETENTION.c.tenant == self._tenant
            self._connection.execute(sa.update(RETENTION).where(mine).values(asdict(policy)))


def _release(row: sa.Row[tuple[object, ...]]) -> Release:
    fields = row._asdict()
    return Release(**fields | {"state": ReleaseState(fields["state"])})
