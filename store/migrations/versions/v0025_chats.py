"""Chats with visitors of web sites, and their lines."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_Time = sa.DateTime(timezone=True)
_Json = sa.JSON().with_variant(JSONB(), "postgresql")
_OPEN = sa.text("phase != 'closed'")


def upgrade() -> None:
    op.create_table(
        "chats",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("site", sa.Text, nullable=False),
        sa.Column("point_kind", sa.Text),
        sa.Column("point_value", sa.Text),
        sa.Column("secret_hash", sa.Text, nullable=False),
        sa.Column("opened_at", _Time, nullable=False),
        sa.Column("node", sa.Text, nullable=False),
        sa.Column("flow", sa.Text, nullable=False),
        sa.Column("phase", sa.Text, nullable=False),
        sa.Column("flow_version", sa.Text, nullable=False),
        sa.Column("contact_id", sa.Text),
        sa.Column("language", sa.Text),
        sa.Column("page", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("state", _Json, nullable=False),
        sa.Column("work_id", sa.BigInteger),
        sa.Column("queue", sa.Text, nullable=False),
        sa.Column("skills", _Json, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("patience_seconds", sa.Float, nullable=False),
        sa.Column("since", _Time),
        sa.Column("agent", sa.Text),
        sa.Column("last_seq", sa.Integer, nullable=False),
        sa.Column("last_at", _Time, nullable=False),
        sa.Column("owed_since", _Time),
        sa.Column("waited_seconds", sa.Float),
        sa.Column("first_answer_seconds", sa.Float),
        sa.Column("answers", sa.Integer, nullable=False),
        sa.Column("closed_at", _Time),
        sa.Column("ended_by", sa.Text),
        sa.Column("disposition", sa.Text),
        sa.Column("outcome", sa.Text),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_chats"),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_chats_contact_id"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_chats_open", "chats", ["node", "opened_at"], sqlite_where=_OPEN, postgresql_where=_OPEN
    )
    op.create_index("ix_chats_last", "chats", ["last_at", "id"])
    op.create_index("ix_chats_site", "chats", ["site", "phase", "last_at", "id"])
    op.create_index("ix_chats_contact", "chats", ["contact_id", "last_at"])
    op.create_index("ix_chats_closed", "chats", ["closed_at"])
    op.create_table(
        "chat_lines",
        sa.Column("chat_id", sa.Text, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("at", _Time, nullable=False),
        sa.Column("speaker", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("agent", sa.Text),
        sa.Column("buttons", _Json, nullable=False),
        sa.Column("client_id", sa.Text),
        sa.Column("data", _Json, nullable=False),
        sa.PrimaryKeyConstraint("chat_id", "seq", name="pk_chat_lines"),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"], name="fk_chat_lines_chat_id"),
        sqlite_with_rowid=False,
    )
