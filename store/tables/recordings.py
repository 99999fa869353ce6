"""Recordings of talks."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, Table, Text

from store.tables.columns import Json, UtcDateTime, metadata

# One row for each agent's part of a call that was recorded. No foreign key: it may come before its call's
# row, and outlive it. `raw` and `raw_heard`: where Asterisk writes what the agent says and hears. `path` is
# the file's name in the recordings folder; it, `peaks` and `transcript` are emptied as their periods end, and
# the row tells that there was a recording. `interaction_id`: the row of the history that has the transcript
# too.
recordings = Table(
    "recordings",
    metadata,
    Column("id", Text, primary_key=True),
    Column("call_id", Text, nullable=False, index=True),
    Column("agent", Text, nullable=False),
    Column("queue", Text, nullable=False),
    Column("node", Text, nullable=False),
    Column("basis", Text, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("language", Text),
    Column("raw", Text),
    Column("raw_heard", Text),
    Column("state", Text, nullable=False),
    Column("seconds", Float),
    Column("codec", Text),
    Column("bytes", BigInteger),
    Column("sha256", Text),
    Column("key_id", Text),
    Column("path", Text),
    Column("pauses", Json, nullable=False),
    Column("peaks", Json),
    Column("transcript_state", Text, nullable=False),
    Column("transcript", Json),
    Column("detail", Text),
    Column("interaction_id", Text),
)
Index("ix_recordings_time", recordings.c.started_at, recordings.c.id)
Index("ix_recordings_agent", recordings.c.agent, recordings.c.started_at)
_raw = recordings.c.raw.is_not(None)
Index("ix_recordings_raw", recordings.c.node, sqlite_where=_raw, postgresql_where=_raw)
_untold = (recordings.c.transcript_state == "waiting") | (recordings.c.transcript_state == "no_model")
Index("ix_recordings_untold", recordings.c.node, sqlite_where=_untold, postgresql_where=_untold)
