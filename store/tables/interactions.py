"""The contact history."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, Table, Text

from store.tables.columns import Json, RowNumber, UtcDateTime, metadata

# The contact history. `number` is the order of writing: a stable integer for full-text indexes and for
# readers that follow the history. Erasure empties what tells of a person and sets erased_at; the row stays.
# `source` and `external_id`: the other system that wrote the row and its own id of it. `corrects`: the row
# whose place this one takes. `value`: what a payment brought, in minor units of `currency`.
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
    Column("subject", Text),
    Column("value", BigInteger),
    Column("source", Text),
    Column("external_id", Text),
    Column("corrects", Text),
)
Index("ix_interactions_timeline", interactions.c.contact_id, interactions.c.at, interactions.c.id)
Index("ix_interactions_time", interactions.c.at, interactions.c.id)
# What was done at a number counts for it, whoever's it has become.
Index("ix_interactions_point", interactions.c.point_value, interactions.c.at)
_theirs = interactions.c.external_id.is_not(None)
Index(
    "ix_interactions_external",
    interactions.c.source,
    interactions.c.external_id,
    unique=True,
    sqlite_where=_theirs,
    postgresql_where=_theirs,
)
