"""Who may sign in, what they may do, and what they saw and changed."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, Table, Text

from store.tables.columns import Json, RowNumber, UtcDateTime, metadata

# `name_key` is the name as it is compared: "Anna" and "ANNA" are one person.
people = Table(
    "people",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("disabled_at", UtcDateTime),
    Column("version", Integer, nullable=False),
    sqlite_with_rowid=False,
)

# `digest` is the SHA-256 of the secret that only the browser has.
sessions = Table(
    "sessions",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("person_id", Text, ForeignKey("people.id"), nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("address", Text, nullable=False),
    sqlite_with_rowid=False,
)

# Access of other systems. `digest` as above; `hint` is the token's beginning, to tell it from others.
tokens = Table(
    "tokens",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("digest", Text, nullable=False, unique=True),
    Column("hint", Text, nullable=False),
    Column("scopes", Json, nullable=False),
    Column("networks", Json, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
    Column("used_at", UtcDateTime),
    sqlite_with_rowid=False,
)

# Wrong passwords lately, by name and by address: `key` is "name:…" or "address:…".
sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("key", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("failed_at", UtcDateTime, nullable=False, index=True),
    Column("locked_until", UtcDateTime, nullable=False),
    sqlite_with_rowid=False,
)

# Who saw and changed what, and from where. Rows are added and, in their time, removed; never changed.
audit_log = Table(
    "audit_log",
    metadata,
    Column("number", RowNumber, primary_key=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("actor_kind", Text, nullable=False),
    Column("actor_id", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("data", Json, nullable=False),
)
Index("ix_audit_log_subject", audit_log.c.subject, audit_log.c.number)
Index("ix_audit_log_actor", audit_log.c.actor_id, audit_log.c.number)

# What was answered to a request that bore an Idempotency-Key, to answer the same again.
idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("actor", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("method", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("status", Integer),
    Column("headers", Json),
    Column("body", LargeBinary),
    Column("at", UtcDateTime, nullable=False, index=True),
    sqlite_with_rowid=False,
)
