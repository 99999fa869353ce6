"""Work to be done after its transaction."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, SmallInteger, Table, Text, text

from store.tables.columns import Json, UtcDateTime, metadata

# Work to be done after its transaction. Open until done_at or dead_at is set; claimed while claimed_until is
# ahead. Open jobs of one topic and subject are done one after another, in order of id.
outbox = Table(
    "outbox",
    metadata,
    Column("id", Text, primary_key=True),
    Column("topic", Text, nullable=False),
    Column("key", Text, nullable=False, unique=True),
    Column("subject", Text),
    Column("priority", SmallInteger, nullable=False),
    Column("payload", Json, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("not_before", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("claimed_by", Text),
    Column("claimed_until", UtcDateTime),
    Column("done_at", UtcDateTime),
    Column("dead_at", UtcDateTime),
    Column("last_error", Text),
    sqlite_with_rowid=False,
)
_open = outbox.c.done_at.is_(None) & outbox.c.dead_at.is_(None)
Index(
    "ix_outbox_open",
    outbox.c.topic,
    outbox.c.priority,
    outbox.c.not_before,
    outbox.c.id,
    sqlite_where=_open,
    postgresql_where=_open,
)
_ordered = _open & outbox.c.subject.is_not(None)
Index(
    "ix_outbox_subject",
    outbox.c.topic,
    outbox.c.subject,
    outbox.c.id,
    sqlite_where=_ordered,
    postgresql_where=_ordered,
)
Index(
    "ix_outbox_dead",
    outbox.c.topic,
    outbox.c.dead_at,
    sqlite_where=outbox.c.dead_at.is_not(None),
    postgresql_where=outbox.c.dead_at.is_not(None),
)
# For those who look through what was done and what died, of one topic, by time.
Index("ix_outbox_topic", outbox.c.topic, outbox.c.created_at, outbox.c.id)
