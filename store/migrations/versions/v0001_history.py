"""Calls and their events, contacts, the contact history and the outbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_Time = sa.DateTime(timezone=True)
_Json = sa.JSON().with_variant(JSONB(), "postgresql")
_RowNumber = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "call_events",
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("seq", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("at", _Time, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("data", _Json, nullable=False),
        sa.PrimaryKeyConstraint("call_id", "seq", name="pk_call_events"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "calls",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("direction", sa.Text, nullable=False),
        sa.Column("caller", sa.Text, nullable=False),
        sa.Column("dialled", sa.Text, nullable=False),
        sa.Column("trunk", sa.Text, nullable=False),
        sa.Column("network_id", sa.Text, nullable=False),
        sa.Column("node", sa.Text, nullable=False),
        sa.Column("started_at", _Time, nullable=False),
        sa.Column("answered_at", _Time),
        sa.Column("ended_at", _Time),
        sa.Column("flow", sa.Text),
        sa.Column("flow_version", sa.Text),
        sa.Column("language", sa.Text),
        sa.Column("path", _Json, nullable=False),
        sa.Column("heard", _Json, nullable=False),
        sa.Column("outcome", sa.Text),
        sa.Column("ended_by", sa.Text),
        sa.Column("cause", sa.Integer),
        sa.Column("recording", sa.Text),
        sa.Column("last_seq", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_calls"),
    )
    op.create_index("ix_calls_network_id", "calls", ["network_id"])
    op.create_index("ix_calls_started_at", "calls", ["started_at"])
    unfinished = sa.text("ended_at IS NULL")
    op.create_index(
        "ix_calls_unfinished", "calls", ["node"], sqlite_where=unfinished, postgresql_where=unfinished
    )
    op.create_table(
        "contacts",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("name", sa.Text),
        sa.Column("created_at", _Time, nullable=False),
        sa.Column("merged_into", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_contacts"),
        sa.ForeignKeyConstraint(["merged_into"], ["contacts.id"], name="fk_contacts_merged_into"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_contacts_merged_into", "contacts", ["merged_into"])
    op.create_table(
        "contact_points",
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("contact_id", sa.Text, nullable=False),
        sa.Column("added_at", _Time, nullable=False),
        sa.PrimaryKeyConstraint("kind", "value", name="pk_contact_points"),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_contact_points_contact_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_contact_points_contact_id", "contact_points", ["contact_id"])
    op.create_table(
        "interactions",
        sa.Column("number", _RowNumber, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("at", _Time, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("direction", sa.Text, nullable=False),
        sa.Column("subject_id", sa.Text, nullable=False),
        sa.Column("contact_id", sa.Text),
        sa.Column("point_kind", sa.Text),
        sa.Column("point_value", sa.Text),
        sa.Column("to_value", sa.Text, nullable=False),
        sa.Column("duration_seconds", sa.Float, nullable=False),
        sa.Column("outcome", sa.Text),
        sa.Column("disposition", sa.Text),
        sa.Column("campaign", sa.Text),
        sa.Column("agent", sa.Text),
        sa.Column("language", sa.Text),
        sa.Column("flow", sa.Text),
        sa.Column("flow_version", sa.Text),
        sa.Column("path", _Json, nullable=False),
        sa.Column("heard", _Json, nullable=False),
        sa.Column("recording", sa.Text),
        sa.Column("transcript", sa.Text),
        sa.Column("note", sa.Text),
        sa.Column("cost", sa.BigInteger),
        sa.Column("currency", sa.Text),
        sa.Column("data", _Json, nullable=False),
        sa.Column("erased_at", _Time),
        sa.PrimaryKeyConstraint("number", name="pk_interactions"),
        sa.UniqueConstraint("id", name="uq_interactions_id"),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_interactions_contact_id"),
    )
    op.create_index("ix_interactions_subject_id", "interactions", ["subject_id"])
    op.create_index("ix_interactions_timeline", "interactions", ["contact_id", "at", "id"])
    op.create_index("ix_interactions_time", "interactions", ["at", "id"])
    op.create_table(
        "outbox",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("subject", sa.Text),
        sa.Column("priority", sa.SmallInteger, nullable=False),
        sa.Column("payload", _Json, nullable=False),
        sa.Column("created_at", _Time, nullable=False),
        sa.Column("not_before", _Time, nullable=False),
        sa.Column("expires_at", _Time),
        sa.Column("attempts", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("claimed_by", sa.Text),
        sa.Column("claimed_until", _Time),
        sa.Column("done_at", _Time),
        sa.Column("dead_at", _Time),
        sa.Column("last_error", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint("key", name="uq_outbox_key"),
        sqlite_with_rowid=False,
    )
    open_jobs = sa.text("done_at IS NULL AND dead_at IS NULL")
    op.create_index(
        "ix_outbox_open",
        "outbox",
        ["topic", "priority", "not_before", "id"],
        sqlite_where=open_jobs,
        postgresql_where=open_jobs,
    )
    ordered_jobs = sa.text("done_at IS NULL AND dead_at IS NULL AND subject IS NOT NULL")
    op.create_index(
        "ix_outbox_subject",
        "outbox",
        ["topic", "subject", "id"],
        sqlite_where=ordered_jobs,
        postgresql_where=ordered_jobs,
    )
