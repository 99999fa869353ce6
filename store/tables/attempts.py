"""Attempts: every call that a campaign has made."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, Table, Text, text

from store.tables.columns import UtcDateTime, metadata

# `id` is the call's; the row is written with the call's first event, before anything is dialled. `step`
# counts what is known of it: an older state never replaces a newer. `at` is when it was written. `live`: a
# person answered. The rows of an erased person stay for the abandon rate, without lead, contact and number.
attempts = Table(
    "attempts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("lead", Text, index=True),
    Column("campaign", Text, nullable=False),
    Column("contact_id", Text, index=True),
    Column("number", Text, nullable=False),
    Column("caller_id", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("agent", Text),
    Column("debt", Text),
    Column("callback", Text),
    Column("trunk", Text),
    Column("node", Text),
    Column("at", UtcDateTime, nullable=False),
    Column("reserved_at", UtcDateTime, nullable=False),
    Column("dialled_at", UtcDateTime),
    Column("ringing_at", UtcDateTime),
    Column("answered_at", UtcDateTime),
    Column("verdict_at", UtcDateTime),
    Column("connected_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("result", Text),
    Column("cause", Integer),
    Column("verdict", Text),
    Column("audited", Text),
    Column("live", Boolean, nullable=False),
    Column("abandoned", Boolean, nullable=False),
    Column("message_played", Boolean, nullable=False),
    Column("conversation", Boolean, nullable=False),
    Column("disposition", Text),
    Column("step", Integer, nullable=False, server_default=text("0")),
    sqlite_with_rowid=False,
)
# What the counters of a legal window ask for stands in the index.
Index(
    "ix_attempts_counted",
    attempts.c.campaign,
    attempts.c.at,
    attempts.c.live,
    attempts.c.abandoned,
    attempts.c.verdict,
    attempts.c.audited,
)
_open = attempts.c.ended_at.is_(None)
# A lead has one call at a time.
Index("ix_attempts_open", attempts.c.lead, unique=True, sqlite_where=_open, postgresql_where=_open)
