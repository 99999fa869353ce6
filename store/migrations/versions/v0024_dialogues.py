"""Dialogues: messages of one person with us, whom they wait for, and how long answers took."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_Time = sa.DateTime(timezone=True)
_OPEN = sa.text("state = 'open'")
_INBOUND = sa.text("direction = 'inbound'")


def upgrade() -> None:
    op.create_table(
        "dialogues",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("point_kind", sa.Text),
        sa.Column("point_value", sa.Text),
        sa.Column("ours", sa.Text, nullable=False),
        sa.Column("contact_id", sa.Text),
        sa.Column("opened_at", _Time, nullable=False),
        sa.Column("queue", sa.Text, nullable=False),
        sa.Column("agent", sa.Text),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("owed_since", _Time),
        sa.Column("last_at", _Time),
        sa.Column("language", sa.Text),
        sa.Column("mailing", sa.Text),
        sa.Column("campaign", sa.Text),
        sa.Column("answers", sa.Integer, nullable=False),
        sa.Column("first_seconds", sa.Float),
        sa.Column("closed_at", _Time),
        sa.Column("disposition", sa.Text),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("held_by", sa.Text),
        sa.Column("held_until", _Time),
        sa.PrimaryKeyConstraint("id", name="pk_dialogues"),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_dialogues_contact_id"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "uq_dialogues_open",
        "dialogues",
        ["channel", "point_value", "ours"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.create_index(
        "ix_dialogues_owed", "dialogues", ["owed_since", "id"], sqlite_where=_OPEN, postgresql_where=_OPEN
    )
    op.create_index("ix_dialogues_last", "dialogues", ["state", "last_at", "id"])
    op.create_index("ix_dialogues_contact", "dialogues", ["contact_id"])
    _of_messages()
    op.create_index(
        "ix_messages_inbound",
        "messages",
        ["at", "id"],
        sqlite_where=_INBOUND,
        postgresql_where=_INBOUND,
    )


def _of_messages() -> None:
    op.create_table(
        "dialogue_messages",
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("dialogue_id", sa.Text),
        sa.PrimaryKeyConstraint("message_id", name="pk_dialogue_messages"),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name="fk_dialogue_messages_message_id"),
        sa.ForeignKeyConstraint(["dialogue_id"], ["dialogues.id"], name="fk_dialogue_messages_dialogue_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_dialogue_messages_dialogue_id", "dialogue_messages", ["dialogue_id"])
    op.create_table(
        "dialogue_answers",
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("dialogue_id", sa.Text, nullable=False),
        sa.Column("at", _Time, nullable=False),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("queue", sa.Text, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("first", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("message_id", name="pk_dialogue_answers"),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name="fk_dialogue_answers_message_id"),
        sa.ForeignKeyConstraint(["dialogue_id"], ["dialogues.id"], name="fk_dialogue_answers_dialogue_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_dialogue_answers_dialogue_id", "dialogue_answers", ["dialogue_id"])
    op.create_index("ix_dialogue_answers_at", "dialogue_answers", ["at"])
