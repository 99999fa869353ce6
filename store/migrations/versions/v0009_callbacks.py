"""Callback requests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_Time = sa.DateTime(timezone=True)
_Json = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "callback_requests",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("contact_id", sa.Text, nullable=False),
        sa.Column("point_kind", sa.Text, nullable=False),
        sa.Column("point_value", sa.Text, nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("sources", _Json, nullable=False),
        sa.Column("requested_at", _Time, nullable=False),
        sa.Column("window_from", _Time),
        sa.Column("window_to", _Time),
        sa.Column("person_chose", sa.Boolean, nullable=False),
        sa.Column("time_zone", sa.Text),
        sa.Column("campaign", sa.Text),
        sa.Column("queue", sa.Text),
        sa.Column("place_kept_at", _Time),
        sa.Column("note", sa.Text),
        sa.Column("call_id", sa.Text),
        sa.Column("name", sa.Text),
        sa.Column("language", sa.Text),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("requests", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("not_before", _Time),
        sa.Column("claimed_by", sa.Text),
        sa.Column("claimed_until", _Time),
        sa.Column("ended_at", _Time),
        sa.Column("ended_reason", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_callback_requests"),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_callback_requests_contact_id"),
        sqlite_with_rowid=False,
    )
    standing = sa.text("state IN ('open', 'dialling')")
    op.create_index(
        "ix_callback_requests_standing",
        "callback_requests",
        ["person", "topic"],
        unique=True,
        sqlite_where=standing,
        postgresql_where=standing,
    )
    op.create_index("ix_callback_requests_person", "callback_requests", ["person", "id"])
    op.create_index("ix_callback_requests_contact", "callback_requests", ["contact_id"])
    op.create_index("ix_callback_requests_state", "callback_requests", ["state", "window_to"])
    op.create_table(
        "callback_asks",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("callback_id", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("at", _Time, nullable=False),
        sa.Column("call_id", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_callback_asks"),
        sa.ForeignKeyConstraint(
            ["callback_id"], ["callback_requests.id"], name="fk_callback_asks_callback_id"
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_callback_asks_callback_id", "callback_asks", ["callback_id"])
