"""Events told to others, webhooks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_Time = sa.DateTime(timezone=True)
_Json = sa.JSON().with_variant(JSONB(), "postgresql")
_RowNumber = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "subjects",
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("last_seq", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_subjects"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "publications",
        sa.Column("number", _RowNumber, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("at", _Time, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("data", _Json, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_publications"),
        sa.UniqueConstraint("id", name="uq_publications_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_publications_at", "publications", ["at"])
    op.create_index("uq_publications_subject_seq", "publications", ["subject", "seq"], unique=True)
    op.create_table(
        "webhooks",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("kinds", _Json, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("state_reason", sa.Text, nullable=False, server_default=sa.text("''")),
        sa.Column("secret", sa.Text, nullable=False),
        sa.Column("old_secret", sa.Text),
        sa.Column("old_secret_until", _Time),
        sa.Column("created_at", _Time, nullable=False),
        sa.Column("changed_at", _Time, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("failing_since", _Time),
        sa.Column("failures", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("retry_at", _Time),
        sa.Column("last_error", sa.Text),
        sa.Column("delivered_at", _Time),
        sa.PrimaryKeyConstraint("id", name="pk_webhooks"),
    )
    op.create_index("ix_outbox_topic", "outbox", ["topic", "created_at", "id"])
    dead = sa.text("dead_at IS NOT NULL")
    op.create_index(
        "ix_outbox_dead", "outbox", ["topic", "dead_at"], sqlite_where=dead, postgresql_where=dead
    )
