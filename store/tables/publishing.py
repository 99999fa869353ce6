"""What others are told: publications in their order, and the webhooks they go to."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text, text

from store.tables.columns import Json, RowNumber, UtcDateTime, metadata

# The last sequence number given in each subject. Its row is the lock under which numbers are given.
subjects = Table(
    "subjects",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("last_seq", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# What was told. `number` is the order of writing, in which the event stream is read; numbers are never used
# again, also when old rows are gone. On PostgreSQL a smaller number may be committed after a greater one.
publications = Table(
    "publications",
    metadata,
    Column("number", RowNumber, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("data", Json, nullable=False),
    sqlite_autoincrement=True,
)
Index("uq_publications_subject_seq", publications.c.subject, publications.c.seq, unique=True)

# Who is told. `kinds` is a list, empty for all kinds. Secrets are kept as they are: they sign each delivery.
# `failing_since`, `failures`, `retry_at`: the receiver does not answer; nothing is sent before `retry_at`.
webhooks = Table(
    "webhooks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("url", Text, nullable=False),
    Column("kinds", Json, nullable=False),
    Column("description", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("state_reason", Text, nullable=False, server_default=text("''")),
    Column("secret", Text, nullable=False),
    Column("old_secret", Text),
    Column("old_secret_until", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("version", Integer, nullable=False),
    Column("failing_since", UtcDateTime),
    Column("failures", Integer, nullable=False, server_default=text("0")),
    Column("retry_at", UtcDateTime),
    Column("last_error", Text),
    Column("delivered_at", UtcDateTime),
)
