"""The tables, for SQLite and Postgres alike. Every one but the bootstrap credential has a tenant, NOT NULL.

Those of the ledger and of the audit log are in files of their own, small ones beside their stores.

Persisted columns only grow: none is renamed or changes its meaning.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

METADATA = sa.MetaData()


class UtcDateTime(sa.TypeDecorator[datetime]):
    """A moment with its zone, as UTC; SQLite keeps it without one, so it is given back there."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


TENANTS = sa.Table(
    "tenants",
    METADATA,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("created_at", UtcDateTime, nullable=False),
)

API_KEYS = sa.Table(
    "api_keys",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("tenant", sa.Text, nullable=False),
    sa.Column("secret_sha256", sa.Text, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("name", sa.Text, nullable=False, default="", server_default=""),
    # Keys of before there were roles were all-powerful, and stay so.
    sa.Column("roles", sa.Text, nullable=False, default="tenant_admin", server_default="tenant_admin"),
    sa.Column("scopes", sa.Text, nullable=False, default="", server_default=""),
    sa.Column("expires_at", UtcDateTime),
    sa.Column("last_used_at", UtcDateTime),
    sa.Column("revoked_at", UtcDateTime),
    sa.Index("keys_by_tenant", "tenant", "created_at"),
)

BOOTSTRAP = sa.Table(
    "bootstrap",
    METADATA,
    sa.Column("singleton", sa.Integer, sa.CheckConstraint("singleton = 1"), primary_key=True, autoincrement=False),
    sa.Column("secret_sha256", sa.Text, nullable=False),
    sa.Column("used", sa.Boolean, nullable=False, default=False),
)

DATASETS = sa.Table(
    "datasets",
    METADATA,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("population", sa.Text, nullable=False),
    sa.Column("format", sa.Text, nullable=False),
    sa.Column("schema", sa.JSON, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("blob", sa.Text),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("keep_raw", sa.Text, nullable=False, default="", server_default=""),
    sa.Column("idle_since", UtcDateTime),
    # The job whose release this table is, if it is one, and how many generations lie between it and real rows.
    sa.Column("release_of", sa.Text, nullable=False, default="", server_default=""),
    sa.Column("generation", sa.Integer, nullable=False, default=0, server_default="0"),
    sa.Column("sheet", sa.Text, nullable=False, default="", server_default=""),
    # The connection that its rows were pulled from, and an object's ETag.
    sa.Column("source", sa.Text, nullable=False, default="", server_default=""),
    sa.Column("source_version", sa.Text, nullable=False, default="", server_default=""),
)

JOBS = sa.Table(
    "jobs",
    METADATA,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("dataset_id", sa.Text, nullable=False),
    # Copied from the dataset, so that removing the dataset does not reset the counter of attempts.
    sa.Column("dataset_sha256", sa.Text, nullable=False, default=""),
    sa.Column("population", sa.Text, nullable=False),
    sa.Column("engine", sa.Text, nullable=False),
    sa.Column("epsilon", sa.Double, nullable=False),
    sa.Column("delta", sa.Double, nullable=False),
    sa.Column("n_rows", sa.BigInteger),
    sa.Column("audit_share", sa.Double, nullable=False),
    sa.Column("project", sa.Text, nullable=False, default=""),
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("plan", sa.JSON, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("stage", sa.Text, nullable=False),
    sa.Column("percent", sa.Integer, nullable=False),
    sa.Column("steps", sa.JSON, nullable=False),
    sa.Column("error", sa.JSON(none_as_null=True)),
    sa.Column("bundle", sa.Text),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("facts", sa.JSON, nullable=False),
    sa.Column("kind", sa.Text, nullable=False, default="synthesize", server_default="synthesize"),
    sa.Column("files", sa.JSON, nullable=False, default=dict, server_default="{}"),
    sa.Column("priority", sa.Integer, nullable=False, default=0, server_default="0"),
    sa.Column("asked_by", sa.Text, nullable=False, default="", server_default=""),
    sa.Index("jobs_by_state", "state", "tenant"),
    sa.Index("jobs_by_fingerprint", "tenant", "fingerprint"),
    sa.Index("jobs_by_digest", "tenant", "dataset_sha256"),
)

WORKERS = sa.Table(
    "workers",
    METADATA,
    # Processes that run jobs, of all tenants. Times are the database's own, in seconds since 1970.
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("incarnation", sa.Text, nullable=False),  # the last process of this id; an older one must stop
    sa.Column("started_at", sa.Double, nullable=False),
    sa.Column("seen_at", sa.Double, nullable=False),  # 0 once it has stopped in order
)

RELEASES = sa.Table(
    "releases",
    METADATA,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("job_id", sa.Text, primary_key=True),
    sa.Column("dataset_id", sa.Text, nullable=False),
    sa.Column("population", sa.Text, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("superseded_by", sa.Text, nullable=False, default=""),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("made_from", sa.Text, nullable=False, default=""),
    sa.Column("n_rows", sa.BigInteger, nullable=False),
    sa.Column("has_files", sa.Boolean, nullable=False),
    # Keyed hashes of released rows: they tell an upload of the release, and nothing to who lacks the key.
    sa.Column("sketch", sa.Text, nullable=False),
)

RETENTION = sa.Table(
    "retention",
    METADATA,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("keep_raw", sa.Text, nullable=False),
    sa.Column("keep_bundles", sa.Text, nullable=False),
    sa.Column("retrain", sa.Boolean, nullable=False),
)
