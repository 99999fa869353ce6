"""Messages to people and from them, by every channel but the telephone."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    text,
)

from store.tables.columns import Json, UtcDateTime, metadata

# Both directions. `point` is the person's, `ours` our own number or address. `version` counts the rows of
# message_events. `claimed_*`: the worker that has it. `requested_*`: the person asked for it, and it may come
# until then. `recorded`: it stands in the history. `external_id`: the provider's id of what came in.
# `to_read`: it came in, and nobody has looked yet whose dialogue it is of.
# Erasure empties what tells of the person; the row stays for the figures.
messages = Table(
    "messages",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("direction", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("provider", Text),
    Column("contact_id", Text, ForeignKey("contacts.id")),
    Column("point_kind", Text),
    Column("point_value", Text),
    Column("ours", Text),
    Column("template", Text),
    Column("language", Text),
    Column("text", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("unsubscribe_url", Text, nullable=False),
    Column("data", Json, nullable=False),
    Column("parts", Integer),
    Column("purpose", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("mailing", Text),
    Column("cascade", Text),
    Column("cascade_step", Integer),
    Column("campaign", Text),
    Column("call_id", Text),
    Column("agent", Text),
    Column("debt", Text),
    Column("in_reply_to", Text),
    Column("external_id", Text),
    Column("priority", SmallInteger, nullable=False),
    Column("not_before", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("requested_at", UtcDateTime),
    Column("requested_until", UtcDateTime),
    Column("state", Text, nullable=False),
    Column("state_at", UtcDateTime, nullable=False),
    Column("why", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("version", Integer, nullable=False),
    Column("recorded", Boolean, nullable=False),
    Column("to_read", Boolean, nullable=False, server_default=text("false")),
    Column("claimed_by", Text),
    Column("claimed_until", UtcDateTime),
    Column("cost", BigInteger),
    Column("currency", Text),
    Column("sent_at", UtcDateTime),
    Column("delivered_at", UtcDateTime),
    Column("read_at", UtcDateTime),
    Column("checked_at", UtcDateTime),
    sqlite_with_rowid=False,
)
_m = messages.c
_queued = _m.state == text("'queued'")
# In this order they are sent; and which are due at all, however many wait for a later hour.
Index(
    "ix_messages_queue",
    _m.channel,
    _m.priority,
    _m.at,
    _m.id,
    sqlite_where=_queued,
    postgresql_where=_queued,
)
Index("ix_messages_due", _m.channel, _m.not_before, sqlite_where=_queued, postgresql_where=_queued)
_expires = _queued & _m.expires_at.is_not(None)
Index("ix_messages_expiry", _m.expires_at, sqlite_where=_expires, postgresql_where=_expires)
_sending = _m.state == text("'sending'")
Index("ix_messages_sending", _m.claimed_until, sqlite_where=_sending, postgresql_where=_sending)
Index("ix_messages_state", _m.state, _m.at, _m.id)
Index("ix_messages_time", _m.at, _m.id)
Index("ix_messages_contact", _m.contact_id, _m.at)
Index("ix_messages_point", _m.point_value, _m.at)
_mailed = _m.mailing.is_not(None)
# How far a mailing is is counted from it alone.
Index(
    "ix_messages_mailing",
    _m.mailing,
    _m.direction,
    _m.state,
    sqlite_where=_mailed,
    postgresql_where=_mailed,
)
_cascaded = _m.cascade.is_not(None)
Index("ix_messages_cascade", _m.cascade, sqlite_where=_cascaded, postgresql_where=_cascaded)
_named = _m.external_id.is_not(None)
Index(
    "uq_messages_external",
    _m.provider,
    _m.external_id,
    unique=True,
    sqlite_where=_named,
    postgresql_where=_named,
)

_to_read = _m.to_read.is_(True)
Index("ix_messages_to_read", _m.at, _m.id, sqlite_where=_to_read, postgresql_where=_to_read)
_inbound = _m.direction == text("'inbound'")
Index("ix_messages_inbound", _m.at, _m.id, sqlite_where=_inbound, postgresql_where=_inbound)

# The provider's ids of what it took, one for each part: by them receipts find their message.
message_parts = Table(
    "message_parts",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("reference", Text, primary_key=True),
    Column("message_id", Text, ForeignKey("messages.id"), nullable=False, index=True),
    Column("state", Text, nullable=False),
    sqlite_with_rowid=False,
)

# Receipts that were faster than the answer to the submit: they wait for their reference.
early_receipts = Table(
    "early_receipts",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("reference", Text, primary_key=True),
    Column("state", Text, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("code", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("received_at", UtcDateTime, nullable=False, index=True),
    sqlite_with_rowid=False,
)

# Every state a message was in. `why` never quotes the message.
message_events = Table(
    "message_events",
    metadata,
    Column("message_id", Text, ForeignKey("messages.id"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("state", Text, nullable=False),
    Column("provider", Text),
    Column("why", Text, nullable=False),
    Column("code", Text, nullable=False),
    sqlite_with_rowid=False,
)
