"""The tables of the audit log. Every one has a tenant, NOT NULL; columns only grow."""

from __future__ import annotations

import sqlalchemy as sa

from service.store.tables import METADATA, UtcDateTime

AUDIT_HEADS = sa.Table(
    "audit_heads",
    METADATA,
    # One row per tenant: the end of its chain. Whoever appends updates this row first, which locks it.
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("n_entries", sa.BigInteger, nullable=False),
    sa.Column("head_digest", sa.Text, nullable=False),
)

AUDIT_ENTRIES = sa.Table(
    "audit_entries",
    METADATA,
    sa.Column("tenant", sa.Text, sa.ForeignKey("audit_heads.tenant"), primary_key=True),
    sa.Column("n", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("entity", sa.Text, nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("request_id", sa.Text, nullable=False),
    sa.Column("previous_digest", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
)
