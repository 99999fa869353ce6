"""Agents who sign in: what they can do; and the log of what all agents did."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text

from store.tables.columns import Json, UtcDateTime, metadata

# `name` is that of the agent's telephone too; a person keeps it, whatever they are called later.
# `skills`: skill -> level; `capacity`: kind of work -> how much at once.
agents = Table(
    "agents",
    metadata,
    Column("name", Text, primary_key=True),
    Column("person_id", Text, ForeignKey("people.id"), unique=True),
    Column("skills", Json, nullable=False),
    Column("capacity", Json, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    sqlite_with_rowid=False,
)

# Rows are added and, in their time, removed; never changed. `agent` is of configuration or of `agents`.
agent_events = Table(
    "agent_events",
    metadata,
    Column("id", Text, primary_key=True),
    Column("agent", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("data", Json, nullable=False),
    sqlite_with_rowid=False,
)
Index("ix_agent_events_agent", agent_events.c.agent, agent_events.c.at, agent_events.c.id)
# Where an agent stands: their last status is found without reading the calls since.
_standing = agent_events.c.kind.in_(["signed_in", "signed_out", "status_changed"])
Index(
    "ix_agent_events_standing",
    agent_events.c.agent,
    agent_events.c.kind,
    agent_events.c.at,
    agent_events.c.id,
    sqlite_where=_standing,
    postgresql_where=_standing,
)
