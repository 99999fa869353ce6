"""Mailings, their frozen recipients, and cascades on their way."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, Text, text

from store.tables.columns import Json, UtcDateTime, metadata

# `settings`: what engine.registers.mailings.Mailing has beside these columns. `claimed_*`: the worker that
# writes its messages. `over_at`: finished, or stopped and nothing of it is queued any more. `prepared`: how
# many of its recipients are written down.
mailings = Table(
    "mailings",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("state", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("settings", Json, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("over_at", UtcDateTime),
    Column("recipients", Integer, nullable=False, server_default=text("0")),
    Column("prepared", Integer, nullable=False, server_default=text("0")),
    Column("left_out", Json, nullable=False),
    Column("claimed_by", Text),
    Column("claimed_until", UtcDateTime),
    sqlite_with_rowid=False,
)
Index("ix_mailings_state", mailings.c.state)

# Who gets a mailing that is being prepared, as known at its start: from the `n`th on, so many ids. A row goes
# in the transaction that writes its people to mailing_recipients.
mailing_batches = Table(
    "mailing_batches",
    metadata,
    Column("mailing", Text, ForeignKey("mailings.id"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("contact_ids", Json, nullable=False),
    sqlite_with_rowid=False,
)

# Written while the mailing is prepared. `written_at`: when its message was queued, or found wordless: `why`.
# No address stands here: it is the person's own when the message is written.
mailing_recipients = Table(
    "mailing_recipients",
    metadata,
    Column("mailing", Text, ForeignKey("mailings.id"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("contact_id", Text, ForeignKey("contacts.id"), nullable=False, index=True),
    Column("written_at", UtcDateTime),
    Column("message_id", Text),
    Column("why", Text, nullable=False),
    sqlite_with_rowid=False,
)
_to_come = mailing_recipients.c.written_at.is_(None)
Index(
    "ix_mailing_recipients_to_come",
    mailing_recipients.c.mailing,
    mailing_recipients.c.n,
    sqlite_where=_to_come,
    postgresql_where=_to_come,
)

# One person's notice by one channel after another. `plan`: the cascade as it began. `states`: of each step
# that was begun, null where the person has no address. `late`, `notes`: lists for people to read.
cascade_runs = Table(
    "cascade_runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("cascade", Text, nullable=False),
    Column("plan", Json, nullable=False),
    Column("contact_id", Text, ForeignKey("contacts.id"), nullable=False, index=True),
    Column("mailing", Text),
    Column("campaign", Text),
    Column("language", Text),
    Column("given", Json, nullable=False),
    Column("states", Json, nullable=False),
    Column("waiting", Boolean, nullable=False),
    Column("deadline", UtcDateTime),
    Column("ending", Text),
    Column("late", Json, nullable=False),
    Column("notes", Json, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("over_at", UtcDateTime),
    Column("version", Integer, nullable=False, server_default=text("1")),
    sqlite_with_rowid=False,
)
_r = cascade_runs.c
_goes_on = _r.ending.is_(None)
Index("ix_cascade_runs_deadline", _r.deadline, sqlite_where=_goes_on, postgresql_where=_goes_on)
_mailed = _r.mailing.is_not(None)
Index("ix_cascade_runs_mailing", _r.mailing, _r.ending, sqlite_where=_mailed, postgresql_where=_mailed)

# What happened to a run, written in the transaction of what happened, until the run has been told.
cascade_news = Table(
    "cascade_news",
    metadata,
    Column("id", Text, primary_key=True),
    Column("run", Text, nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("step", Integer),
    Column("what", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    sqlite_with_rowid=False,
)
