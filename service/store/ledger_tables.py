"""The tables of the ledger, and of who is in which population. Every one has a tenant, NOT NULL; columns only grow."""

from __future__ import annotations

import sqlalchemy as sa

from service.store.tables import METADATA, UtcDateTime

LEDGERS = sa.Table(
    "ledgers",
    METADATA,
    # One row per tenant: the end of its chain. Whoever writes the ledger updates this row first, which locks it.
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),  # counts locks: to write it is to hold the row
    sa.Column("n_entries", sa.BigInteger, nullable=False),
    sa.Column("head_digest", sa.Text, nullable=False),
)

ACCOUNTS = sa.Table(
    "accounts",
    METADATA,
    sa.Column("tenant", sa.Text, sa.ForeignKey("ledgers.tenant"), primary_key=True),
    # Empty names: the tenant's own account has neither, a population's has no project.
    sa.Column("population", sa.Text, primary_key=True),
    sa.Column("project", sa.Text, primary_key=True),
    sa.Column("composition", sa.Text, nullable=False),
    # Amounts in whole units, see privacy.amount. 64 bits hold delta up to 9.2, epsilon up to 9.2e9, rho up to 9.2e6.
    sa.Column("cap_epsilon_nano", sa.BigInteger, nullable=False),
    sa.Column("cap_delta_atto", sa.BigInteger, nullable=False),
    sa.Column("window_days", sa.Integer),
    sa.Column("window_epsilon_nano", sa.BigInteger),
    sa.Column("held_epsilon_nano", sa.BigInteger, nullable=False),
    sa.Column("held_delta_atto", sa.BigInteger, nullable=False),
    sa.Column("held_rho_pico", sa.BigInteger),  # null, like the failures beside it: a job without a zCDP bound
    sa.Column("held_failure_atto", sa.BigInteger),
    sa.Column("spent_epsilon_nano", sa.BigInteger, nullable=False),
    sa.Column("spent_delta_atto", sa.BigInteger, nullable=False),
    sa.Column("spent_rho_pico", sa.BigInteger),
    sa.Column("spent_failure_atto", sa.BigInteger),
    sa.Column("n_entries", sa.BigInteger, nullable=False),
    sa.CheckConstraint("held_epsilon_nano >= 0 AND held_delta_atto >= 0", name="held_not_negative"),
    sa.CheckConstraint("spent_epsilon_nano >= 0 AND spent_delta_atto >= 0", name="spent_not_negative"),
)

ENTRIES = sa.Table(
    "ledger_entries",
    METADATA,
    sa.Column("tenant", sa.Text, sa.ForeignKey("ledgers.tenant"), primary_key=True),
    sa.Column("n", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("population", sa.Text, nullable=False),
    sa.Column("project", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("job_id", sa.Text),
    sa.Column("epsilon_nano", sa.BigInteger, nullable=False),
    sa.Column("delta_atto", sa.BigInteger, nullable=False),
    sa.Column("rho_pico", sa.BigInteger),
    sa.Column("failure_atto", sa.BigInteger),
    sa.Column("terms", sa.Text, nullable=False),  # JSON, of a grant; else empty
    sa.Column("events", sa.Text, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("previous_digest", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.UniqueConstraint("tenant", "job_id", "kind", name="once_per_job"),  # a grant has no job and may repeat
    sa.Index("entries_by_time", "tenant", "population", "at"),
)

SKETCHES = sa.Table(
    "population_sketches",
    METADATA,
    # Keyed hashes of unit ids: they stay when datasets go, as the budget does.
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("population", sa.Text, primary_key=True),
    sa.Column("sketch", sa.Text, nullable=False),
)

OVERLAPS = sa.Table(
    "population_overlaps",
    METADATA,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("population", sa.Text, primary_key=True),
    sa.Column("other", sa.Text, primary_key=True),
    sa.Column("is_decided", sa.Boolean, nullable=False),
)
