"""Recordings of talks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    json = sa.JSON().with_variant(JSONB(), "postgresql")
    op.create_table(
        "recordings",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("queue", sa.Text, nullable=False),
        sa.Column("node", sa.Text, nullable=False),
        sa.Column("basis", sa.Text, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("language", sa.Text),
        sa.Column("raw", sa.Text),
        sa.Column("raw_heard", sa.Text),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("seconds", sa.Float),
        sa.Column("codec", sa.Text),
        sa.Column("bytes", sa.BigInteger),
        sa.Column("sha256", sa.Text),
        sa.Column("key_id", sa.Text),
        sa.Column("path", sa.Text),
        sa.Column("pauses", json, nullable=False),
        sa.Column("peaks", json),
        sa.Column("transcript_state", sa.Text, nullable=False),
        sa.Column("transcript", json),
        sa.Column("detail", sa.Text),
        sa.Column("interaction_id", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_recordings"),
    )
    op.create_index("ix_recordings_call_id", "recordings", ["call_id"])
    op.create_index("ix_recordings_time", "recordings", ["started_at", "id"])
    op.create_index("ix_recordings_agent", "recordings", ["agent", "started_at"])
    for name, where in (
        ("raw", "raw IS NOT NULL"),
        ("untold", "transcript_state = 'waiting' OR transcript_state = 'no_model'"),
    ):
        condition = sa.text(where)
        op.create_index(
            f"ix_recordings_{name}",
            "recordings",
            ["node"],
            sqlite_where=condition,
            postgresql_where=condition,
        )
