"""Calls and their event logs."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table, Text, text

from store.tables.columns import Json, UtcDateTime, metadata

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
# Of each call a few events tell what became of its waiting; the queues' numbers of the day are read by these.
_of_queues = text("kind IN ('agent_connected', 'queue_left')")
Index(
    "ix_call_events_queues",
    call_events.c.at,
    sqlite_where=_of_queues,
    postgresql_where=_of_queues,
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
    Column("purpose", Text),
    Column("campaign", Text),
    Column("debt", Text),
    Column("ringing_at", UtcDateTime),
)
# The person is who called, or whom we called.
_inbound = calls.c.direction == "inbound"
_outbound = calls.c.direction == "outbound"
Index(
    "ix_calls_caller",
    calls.c.caller,
    calls.c.started_at,
    sqlite_where=_inbound,
    postgresql_where=_inbound,
)
Index(
    "ix_calls_dialled",
    calls.c.dialled,
    calls.c.started_at,
    sqlite_where=_outbound,
    postgresql_where=_outbound,
)
Index(
    "ix_calls_unfinished",
    calls.c.node,
    sqlite_where=calls.c.ended_at.is_(None),
    postgresql_where=calls.c.ended_at.is_(None),
)
