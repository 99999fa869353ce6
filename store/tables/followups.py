"""What follows of itself: short links, one-time codes, questions for a grade, and which rules have answered.

None of these rows tells who a person is: that stands with their message.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    text,
)

from store.tables.columns import UtcDateTime, metadata

# `target` may hold what the message was about, and goes when that person is erased. `followed_at`: when a
# person followed it first.
short_links = Table(
    "short_links",
    metadata,
    Column("id", Text, primary_key=True),
    Column("message_id", Text, ForeignKey("messages.id"), nullable=False, index=True),
    Column("target", Text, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("followed_at", UtcDateTime),
    sqlite_with_rowid=False,
)

# `hashed`: with the salt, both in hexadecimal digits; the code itself stands in its message until that has
# gone out. `wrong`: tries. `sends`: how many codes there were; the row is of the newest, with its message.
one_time_codes = Table(
    "one_time_codes",
    metadata,
    Column("id", Text, primary_key=True),
    Column("message_id", Text, ForeignKey("messages.id"), nullable=False, index=True),
    Column("salt", Text, nullable=False),
    Column("hashed", Text, nullable=False),
    Column("length", SmallInteger, nullable=False),
    Column("most_attempts", SmallInteger, nullable=False),
    Column("sent_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("wrong", Integer, nullable=False),
    Column("used_at", UtcDateTime),
    Column("sends", SmallInteger, nullable=False, server_default=text("1")),
    Column("letters", Boolean, nullable=False, server_default=text("false")),
    sqlite_with_rowid=False,
)

# A message that asked for a grade of a call; an answer counts until then, once.
rating_requests = Table(
    "rating_requests",
    metadata,
    Column("message_id", Text, ForeignKey("messages.id"), primary_key=True),
    Column("call_id", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("until", UtcDateTime, nullable=False, index=True),
    Column("answered_at", UtcDateTime),
    sqlite_with_rowid=False,
)

# A rule answers a key once.
followups = Table(
    "followups",
    metadata,
    Column("key", Text, primary_key=True),
    Column("rule", Text, primary_key=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("message_id", Text, ForeignKey("messages.id"), nullable=False),
    sqlite_with_rowid=False,
)
Index("ix_followups_message", followups.c.message_id)

# Up to which publication a reader has read.
readers = Table(
    "readers",
    metadata,
    Column("name", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
