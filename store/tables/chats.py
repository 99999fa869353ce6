"""Chats with visitors of web sites, and their lines."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, Integer, Table, Text, text

from store.tables.columns import Json, UtcDateTime, metadata

# `node`: the engine that leads it. `last_at`: of its newest line, else when it was opened. Erasure empties
# what tells of the visitor; how long they waited stays.
chats = Table(
    "chats",
    metadata,
    Column("id", Text, primary_key=True),
    Column("site", Text, nullable=False),
    Column("point_kind", Text),
    Column("point_value", Text),
    Column("secret_hash", Text, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("node", Text, nullable=False),
    Column("flow", Text, nullable=False),
    Column("phase", Text, nullable=False),
    Column("flow_version", Text, nullable=False),
    Column("contact_id", Text, ForeignKey("contacts.id")),
    Column("language", Text),
    Column("page", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("state", Json, nullable=False),
    Column("work_id", BigInteger),
    Column("queue", Text, nullable=False),
    Column("skills", Json, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("patience_seconds", Float, nullable=False),
    Column("since", UtcDateTime),
    Column("agent", Text),
    Column("last_seq", Integer, nullable=False),
    Column("last_at", UtcDateTime, nullable=False),
    Column("owed_since", UtcDateTime),
    Column("waited_seconds", Float),
    Column("first_answer_seconds", Float),
    Column("answers", Integer, nullable=False),
    Column("closed_at", UtcDateTime),
    Column("ended_by", Text),
    Column("disposition", Text),
    Column("outcome", Text),
    Column("version", Integer, nullable=False),
    sqlite_with_rowid=False,
)
_c = chats.c
_open = _c.phase != text("'closed'")
Index("ix_chats_open", _c.node, _c.opened_at, sqlite_where=_open, postgresql_where=_open)
Index("ix_chats_last", _c.last_at, _c.id)
Index("ix_chats_site", _c.site, _c.phase, _c.last_at, _c.id)
Index("ix_chats_contact", _c.contact_id, _c.last_at)
Index("ix_chats_closed", _c.closed_at)

chat_lines = Table(
    "chat_lines",
    metadata,
    Column("chat_id", Text, ForeignKey("chats.id"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("speaker", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("agent", Text),
    Column("buttons", Json, nullable=False),
    Column("client_id", Text),
    Column("data", Json, nullable=False),
    sqlite_with_rowid=False,
)
