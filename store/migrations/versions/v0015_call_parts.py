"""Agents' parts of calls that are not wrapped up yet, and the queues' numbers of the day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

json = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "call_parts",
        sa.Column("id", sa.Text),
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("data", json, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_call_parts"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_call_parts_call_id", "call_parts", ["call_id"])
    of_queues = sa.text("kind IN ('agent_connected', 'queue_left')")
    op.create_index(
        "ix_call_events_queues",
        "call_events",
        ["at"],
        sqlite_where=of_queues,
        postgresql_where=of_queues,
    )
