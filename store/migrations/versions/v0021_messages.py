"""Messages, their parts, what became of them, and receipts that came early."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_Time = sa.DateTime(timezone=True)
_Json = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    _messages()
    _parts()
    _receipts()
    _events()


def _messages() -> None:
    op.create_table(
        "messages",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("at", _Time, nullable=False),
        sa.Column("direction", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("provider", sa.Text),
        sa.Column("contact_id", sa.Text),
        sa.Column("point_kind", sa.Text),
        sa.Column("point_value", sa.Text),
        sa.Column("ours", sa.Text),
        sa.Column("template", sa.Text),
        sa.Column("language", sa.Text),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("html", sa.Text, nullable=False),
        sa.Column("unsubscribe_url", sa.Text, nullable=False),
        sa.Column("data", _Json, nullable=False),
        sa.Column("parts", sa.Integer),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("mailing", sa.Text),
        sa.Column("cascade", sa.Text),
        sa.Column("cascade_step", sa.Integer),
        sa.Column("campaign", sa.Text),
        sa.Column("call_id", sa.Text),
        sa.Column("agent", sa.Text),
        sa.Column("debt", sa.Text),
        sa.Column("in_reply_to", sa.Text),
        sa.Column("external_id", sa.Text),
        sa.Column("priority", sa.SmallInteger, nullable=False),
        sa.Column("not_before", _Time, nullable=False),
        sa.Column("expires_at", _Time),
        sa.Column("requested_at", _Time),
        sa.Column("requested_until", _Time),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("state_at", _Time, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("recorded", sa.Boolean, nullable=False),
        sa.Column("claimed_by", sa.Text),
        sa.Column("claimed_until", _Time),
        sa.Column("cost", sa.BigInteger),
        sa.Column("currency", sa.Text),
        sa.Column("sent_at", _Time),
        sa.Column("delivered_at", _Time),
        sa.Column("read_at", _Time),
        sa.Column("checked_at", _Time),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_messages_contact_id"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_messages_cascade",
        "messages",
        ["cascade"],
        sqlite_where=sa.text("cascade IS NOT NULL"),
        postgresql_where=sa.text("cascade IS NOT NULL"),
    )
    op.create_index("ix_messages_contact", "messages", ["contact_id", "at"])
    op.create_index(
        "ix_messages_due",
        "messages",
        ["channel", "not_before"],
        sqlite_where=sa.text("state = 'queued'"),
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.create_index(
        "ix_messages_expiry",
        "messages",
        ["expires_at"],
        sqlite_where=sa.text("state = 'queued' AND expires_at IS NOT NULL"),
        postgresql_where=sa.text("state = 'queued' AND expires_at IS NOT NULL"),
    )
    op.create_index(
        "ix_messages_mailing",
        "messages",
        ["mailing", "state"],
        sqlite_where=sa.text("mailing IS NOT NULL"),
        postgresql_where=sa.text("mailing IS NOT NULL"),
    )
    op.create_index("ix_messages_point", "messages", ["point_value", "at"])
    op.create_index(
        "ix_messages_queue",
        "messages",
        ["channel", "priority", "at", "id"],
        sqlite_where=sa.text("state = 'queued'"),
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.create_index(
        "ix_messages_sending",
        "messages",
        ["claimed_until"],
        sqlite_where=sa.text("state = 'sending'"),
        postgresql_where=sa.text("state = 'sending'"),
    )
    op.create_index("ix_messages_state", "messages", ["state", "at", "id"])
    op.create_index("ix_messages_time", "messages", ["at", "id"])
    op.create_index(
        "uq_messages_external",
        "messages",
        ["provider", "external_id"],
        unique=True,
        sqlite_where=sa.text("external_id IS NOT NULL"),
        postgresql_where=sa.text("external_id IS NOT NULL"),
    )


def _parts() -> None:
    op.create_table(
        "message_parts",
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("provider", "reference", name="pk_message_parts"),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name="fk_message_parts_message_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_message_parts_message_id", "message_parts", ["message_id"])


def _receipts() -> None:
    op.create_table(
        "early_receipts",
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("at", _Time, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("received_at", _Time, nullable=False),
        sa.PrimaryKeyConstraint("provider", "reference", "state", name="pk_early_receipts"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_early_receipts_received_at", "early_receipts", ["received_at"])


def _events() -> None:
    op.create_table(
        "message_events",
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("at", _Time, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("provider", sa.Text),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("message_id", "seq", name="pk_message_events"),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name="fk_message_events_message_id"),
        sqlite_with_rowid=False,
    )
