"""The tables of the first landing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table(
        "api_keys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("secret_sha256", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "bootstrap",
        sa.Column("singleton", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("secret_sha256", sa.Text(), nullable=False),
        sa.Column("used", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("singleton"),
    )
    op.create_table(
        "datasets",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("population", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("schema", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("blob", sa.Text(), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    op.create_table(
        "jobs",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("dataset_id", sa.Text(), nullable=False),
        sa.Column("dataset_sha256", sa.Text(), nullable=False),
        sa.Column("population", sa.Text(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("epsilon", sa.Double(), nullable=False),
        sa.Column("delta", sa.Double(), nullable=False),
        sa.Column("n_rows", sa.BigInteger(), nullable=True),
        sa.Column("audit_share", sa.Double(), nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("error", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("bundle", sa.Text(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.create_index("jobs_by_digest", ["tenant", "dataset_sha256"], unique=False)
        batch_op.create_index("jobs_by_fingerprint", ["tenant", "fingerprint"], unique=False)
        batch_op.create_index("jobs_by_state", ["state", "tenant"], unique=False)

    op.create_table(
        "ledgers",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("n_entries", sa.BigInteger(), nullable=False),
        sa.Column("head_digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant"),
    )
    op.create_table(
        "population_overlaps",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("population", sa.Text(), nullable=False),
        sa.Column("other", sa.Text(), nullable=False),
        sa.Column("is_decided", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "population", "other"),
    )
    op.create_table(
        "population_sketches",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("population", sa.Text(), nullable=False),
        sa.Column("sketch", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "population"),
    )
    op.create_table(
        "tenants",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant"),
    )
    op.create_table(
        "accounts",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("population", sa.Text(), nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("composition", sa.Text(), nullable=False),
        sa.Column("cap_epsilon_nano", sa.BigInteger(), nullable=False),
        sa.Column("cap_delta_atto", sa.BigInteger(), nullable=False),
        sa.Column("window_days", sa.Integer(), nullable=True),
        sa.Column("window_epsilon_nano", sa.BigInteger(), nullable=True),
        sa.Column("held_epsilon_nano", sa.BigInteger(), nullable=False),
        sa.Column("held_delta_atto", sa.BigInteger(), nullable=False),
        sa.Column("held_rho_pico", sa.BigInteger(), nullable=True),
        sa.Column("held_failure_atto", sa.BigInteger(), nullable=True),
        sa.Column("spent_epsilon_nano", sa.BigInteger(), nullable=False),
        sa.Column("spent_delta_atto", sa.BigInteger(), nullable=False),
        sa.Column("spent_rho_pico", sa.BigInteger(), nullable=True),
        sa.Column("spent_failure_atto", sa.BigInteger(), nullable=True),
        sa.Column("n_entries", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("held_epsilon_nano >= 0 AND held_delta_atto >= 0", name="held_not_negative"),
        sa.CheckConstraint("spent_epsilon_nano >= 0 AND spent_delta_atto >= 0", name="spent_not_negative"),
        sa.ForeignKeyConstraint(
            ["tenant"],
            ["ledgers.tenant"],
        ),
        sa.PrimaryKeyConstraint("tenant", "population", "project"),
    )
    op.create_table(
        "ledger_entries",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("n", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("population", sa.Text(), nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=True),
        sa.Column("epsilon_nano", sa.BigInteger(), nullable=False),
        sa.Column("delta_atto", sa.BigInteger(), nullable=False),
        sa.Column("rho_pico", sa.BigInteger(), nullable=True),
        sa.Column("failure_atto", sa.BigInteger(), nullable=True),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("events", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("previous_digest", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant"],
            ["ledgers.tenant"],
        ),
        sa.PrimaryKeyConstraint("tenant", "n"),
        sa.UniqueConstraint("tenant", "job_id", "kind", name="once_per_job"),
    )
    with op.batch_alter_table("ledger_entries", schema=None) as batch_op:
        batch_op.create_index("entries_by_time", ["tenant", "population", "at"], unique=False)


def downgrade() -> None:

    with op.batch_alter_table("ledger_entries", schema=None) as batch_op:
        batch_op.drop_index("entries_by_time")

    op.drop_table("ledger_entries")
    op.drop_table("accounts")
    op.drop_table("tenants")
    op.drop_table("population_sketches")
    op.drop_table("population_overlaps")
    op.drop_table("ledgers")
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_index("jobs_by_state")
        batch_op.drop_index("jobs_by_fingerprint")
        batch_op.drop_index("jobs_by_digest")

    op.drop_table("jobs")
    op.drop_table("datasets")
    op.drop_table("bootstrap")
    op.drop_table("api_keys")
