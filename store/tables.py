"""The tables, as SQLAlchemy Core. A change here needs a migration in store/migrations/versions.

Rules that hold for every table: ids are text made by the engine; times are UTC; JSON columns hold what no
query filters by; a row that belongs to history is never rewritten, only erased. On SQLite, tables with few
other indexes live in their primary key (no rowid).
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    TypeDecorator,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in Python on every database; SQLite stores no zone and would give naive values back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone; times are aware UTC")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Json = JSON().with_variant(JSONB(), "postgresql")
# SQLite counts rows by itself only in a column that is exactly INTEGER.
RowNumber = BigInteger().with_variant(Integer(), "sqlite")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# The log from which calls and reports are folded. No foreign key: events may come before their call's row,
# and outlive it. Retention and erasure go by call_id, which the key begins with.
call_events = Table(
    "call_events",
    metadata,
    Column("call_id", Text, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Column("kind", Text, nullable=False),
    Column("data", Json, nullable=False),
    sqlite_with_rowid=False,
)

# The projection of a call's events as of last_seq; it can be rebuilt from them.
calls = Table(
    "calls",
    metadata,
    Column("id", Text, primary_key=True),
    Column("direction", Text, nullable=False),
    Column("caller", Text, nullable=False),
    Column("dialled", Text, nullable=False),
    Column("trunk", Text, nullable=False),
    Column("network_id", Text, nullable=False, index=True),
    Column("node", Text, nullable=False),
    Column("started_at", UtcDateTime, nullable=False, index=True),
    Column("answered_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("flow", Text),
    Column("flow_version", Text),
    Column("language", Text),
    Column("path", Json, nullable=False),
    Column("heard", Json, nullable=False),
    Column("outcome", Text),
    Column("ended_by", Text),
    Column("cause", Integer),
    Column("recording", Text),
    Column("agent", Text),
    Column("last_seq", Integer, nullable=False),
)
Index(
    "ix_calls_unfinished",
    calls.c.node,
    sqlite_where=calls.c.ended_at.is_(None),
    postgresql_where=calls.c.ended_at.is_(None),
)

# A person. Merging sets merged_into, always the surviving contact itself, so undoing a merge clears it:
# points and interactions stay with the contact they came to.
contacts = Table(
    "contacts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("merged_into", Text, ForeignKey("contacts.id"), index=True),
    sqlite_with_rowid=False,
)

contact_points = Table(
    "contact_points",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("contact_id", Text, ForeignKey("contacts.id"), nullable=False, index=True),
    Column("added_at", UtcDateTime, nullable=False),
    sqlite_with_rowid=False,
)

# What is known of a person, by name. Values that came to merged contacts stay with them; the newest counts.
# `value` is JSON as text: SQLite would make a number of a JSON column's number.
contact_attributes = Table(
    "contact_attributes",
    metadata,
    Column("contact_id", Text, ForeignKey("contacts.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("source", Text, nullable=False),
    sqlite_with_rowid=False,
)

# The contact history. `number` is the order of writing: a stable integer for full-text indexes and for
# readers that follow the history. Erasure empties what tells of a person and sets erased_at; the row stays.
interactions = Table(
    "interactions",
    metadata,
    Column("number", RowNumber, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("at", UtcDateTime, nullable=False),
    Column("channel", Text, nullable=False),
    Column("direction", Text, nullable=False),
    Column("subject_id", Text, nullable=False, index=True),
    Column("contact_id", Text, ForeignKey("contacts.id")),
    Column("point_kind", Text),
    Column("point_value", Text),
    Column("to_value", Text, nullable=False),
    Column("duration_seconds", Float, nullable=False),
    Column("outcome", Text),
    Column("disposition", Text),
    Column("campaign", Text),
    Column("agent", Text),
    Column("language", Text),
    Column("flow", Text),
    Column("flow_version", Text),
    Column("path", Json, nullable=False),
    Column("heard", Json, nullable=False),
    Column("recording", Text),
    Column("transcript", Text),
    Column("note", Text),
    Column("cost", BigInteger),
    Column("currency", Text),
    Column("data", Json, nullable=False),
    Column("erased_at", UtcDateTime),
)
Index("ix_interactions_timeline", interactions.c.contact_id, interactions.c.at, interactions.c.id)
Index("ix_interactions_time", interactions.c.at, interactions.c.id)

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
