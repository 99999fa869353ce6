"""Erased people, and what may not be deleted yet."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Table, Text

from store.tables.columns import Json, UtcDateTime, metadata

# What was done when a person was erased. `counts`: rows by table; `kept` and `left`: sentences and places.
# `pending` is what is still to be deleted and looked for; it is emptied once nothing is found any more.
erasures = Table(
    "erasures",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("state", Text, nullable=False, index=True),
    Column("actor_kind", Text, nullable=False),
    Column("actor_id", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("counts", Json, nullable=False),
    Column("kept", Json, nullable=False),
    Column("left", Json, nullable=False),
    Column("pending", Json),
    sqlite_with_rowid=False,
)

# Ids of erased contacts as keyed digests: whoever asks for one again is told of its erasure.
erased_contacts = Table(
    "erased_contacts",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("erasure_id", Text, ForeignKey("erasures.id"), nullable=False, index=True),
    sqlite_with_rowid=False,
)

# `subject` is "contact:ID" or "call:ID": neither erasure nor retention deletes of it while a hold stands.
legal_holds = Table(
    "legal_holds",
    metadata,
    Column("id", Text, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("lifted_at", UtcDateTime),
    Column("lifted_by", Text),
    sqlite_with_rowid=False,
)
_standing = legal_holds.c.lifted_at.is_(None)
Index(
    "ix_legal_holds_standing",
    legal_holds.c.subject,
    unique=True,
    sqlite_where=_standing,
    postgresql_where=_standing,
)
