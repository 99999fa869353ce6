"""Dialogues with people, which message is of which, and how long each answer took."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, Table, Text, text

from store.tables.columns import UtcDateTime, metadata

# One with a person is open by channel and number of ours. `held_*`: the engine where an agent has it open.
dialogues = Table(
    "dialogues",
    metadata,
    Column("id", Text, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("point_kind", Text),
    Column("point_value", Text),
    Column("ours", Text, nullable=False),
    Column("contact_id", Text, ForeignKey("contacts.id")),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("queue", Text, nullable=False),
    Column("agent", Text),
    Column("state", Text, nullable=False),
    Column("owed_since", UtcDateTime),
    Column("last_at", UtcDateTime),
    Column("language", Text),
    Column("mailing", Text),
    Column("campaign", Text),
    Column("answers", Integer, nullable=False),
    Column("first_seconds", Float),
    Column("closed_at", UtcDateTime),
    Column("disposition", Text),
    Column("version", Integer, nullable=False),
    Column("held_by", Text),
    Column("held_until", UtcDateTime),
    sqlite_with_rowid=False,
)
_d = dialogues.c
_open = _d.state == text("'open'")
Index(
    "uq_dialogues_open",
    _d.channel,
    _d.point_value,
    _d.ours,
    unique=True,
    sqlite_where=_open,
    postgresql_where=_open,
)
Index("ix_dialogues_owed", _d.owed_since, _d.id, sqlite_where=_open, postgresql_where=_open)
Index("ix_dialogues_last", _d.state, _d.last_at, _d.id)
Index("ix_dialogues_contact", _d.contact_id)
_in_hand = _open & _d.agent.is_not(None)
Index("ix_dialogues_agent", _d.agent, sqlite_where=_in_hand, postgresql_where=_in_hand)

# Which messages came in a dialogue, and its answers.
dialogue_messages = Table(
    "dialogue_messages",
    metadata,
    Column("message_id", Text, ForeignKey("messages.id"), primary_key=True),
    Column("dialogue_id", Text, ForeignKey("dialogues.id"), index=True),
    sqlite_with_rowid=False,
)

# `seconds`: from the oldest message that was not answered. `first`: of the dialogue.
dialogue_answers = Table(
    "dialogue_answers",
    metadata,
    Column("message_id", Text, ForeignKey("messages.id"), primary_key=True),
    Column("dialogue_id", Text, ForeignKey("dialogues.id"), nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("agent", Text, nullable=False),
    Column("queue", Text, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("first", Boolean, nullable=False),
    sqlite_with_rowid=False,
)
