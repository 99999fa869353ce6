"""Agents who sign in, and the log of what agents did."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

json = sa.JSON().with_variant(JSONB(), "postgresql")
time = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "agents",
        sa.Column("name", sa.Text),
        sa.Column("person_id", sa.Text),
        sa.Column("skills", json, nullable=False),
        sa.Column("capacity", json, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", time, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_agents"),
        sa.UniqueConstraint("person_id", name="uq_agents_person_id"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_agents_person_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "agent_events",
        sa.Column("id", sa.Text),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("at", time, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("data", json, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_agent_events"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_agent_events_at", "agent_events", ["at"])
    op.create_index("ix_agent_events_agent", "agent_events", ["agent", "at", "id"])
    where = sa.text("kind IN ('signed_in', 'signed_out', 'status_changed')")
    op.create_index(
        "ix_agent_events_standing",
        "agent_events",
        ["agent", "kind", "at", "id"],
        sqlite_where=where,
        postgresql_where=where,
    )
