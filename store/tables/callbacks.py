"""Callback requests, and each asking that they answer."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, Text, text

from store.tables.columns import Json, UtcDateTime, metadata

# `contact_id` is the contact that the request came to, `person` the surviving one, which merges change: a
# person has one standing request of a topic. `claimed_by` dials it until `claimed_until`. `agent`: in whose
# name it was promised; `ended_by`: the agent who spoke with the person.
callback_requests = Table(
    "callback_requests",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("contact_id", Text, ForeignKey("contacts.id"), nullable=False),
    Column("point_kind", Text, nullable=False),
    Column("point_value", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("sources", Json, nullable=False),
    Column("requested_at", UtcDateTime, nullable=False),
    Column("window_from", UtcDateTime),
    Column("window_to", UtcDateTime),
    Column("person_chose", Boolean, nullable=False),
    Column("time_zone", Text),
    Column("campaign", Text),
    Column("queue", Text),
    Column("place_kept_at", UtcDateTime),
    Column("note", Text),
    Column("call_id", Text),
    Column("name", Text),
    Column("language", Text),
    Column("state", Text, nullable=False),
    Column("requests", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("not_before", UtcDateTime),
    Column("claimed_by", Text),
    Column("claimed_until", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("ended_reason", Text),
    Column("agent", Text),
    Column("ended_by", Text),
    sqlite_with_rowid=False,
)
standing = text("state IN ('open', 'dialling')")
Index(
    "ix_callback_requests_standing",
    callback_requests.c.person,
    callback_requests.c.topic,
    unique=True,
    sqlite_where=standing,
    postgresql_where=standing,
)
Index("ix_callback_requests_person", callback_requests.c.person, callback_requests.c.id)
Index("ix_callback_requests_contact", callback_requests.c.contact_id)
Index("ix_callback_requests_ended", callback_requests.c.ended_at)
Index("ix_callback_requests_state", callback_requests.c.state, callback_requests.c.window_to)

# Each asking once, however often it is written: a commit that is repeated, a form that is sent again.
callback_asks = Table(
    "callback_asks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("callback_id", Text, ForeignKey("callback_requests.id"), nullable=False, index=True),
    Column("source", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("call_id", Text),
    sqlite_with_rowid=False,
)
