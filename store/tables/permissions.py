"""Consents, objections, and the chained log of the gate's decisions."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Index, Table, Text

from store.tables.columns import Json, RowNumber, UtcDateTime, metadata

# Given, refused or withdrawn: a row each, never rewritten. They stay with the contact they came to. `number`
# is the order of writing, which tells what came last when the clocks of two engines do not agree.
consents = Table(
    "consents",
    metadata,
    Column("number", RowNumber, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("at", UtcDateTime, nullable=False),
    Column("contact_id", Text, ForeignKey("contacts.id")),
    Column("point_kind", Text),
    Column("point_value", Text),
    Column("channel", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("given", Boolean, nullable=False),
    Column("source", Text, nullable=False),
    Column("basis", Text, nullable=False),
    Column("proof_call_id", Text),
    Column("proof_recording", Text),
    Column("proof_second", Float),
    Column("proof_text", Text),
)
Index("ix_consents_person", consents.c.contact_id, consents.c.at)

# Who is not to be contacted. Lifted, never deleted. A row of a list counts while the list's generation lies
# between its first and last: so a list of any size is replaced by one short write.
do_not_contact = Table(
    "do_not_contact",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("scope", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("channels", Json, nullable=False),
    Column("purposes", Json, nullable=False),
    Column("list_name", Text),
    Column("first_generation", BigInteger),
    Column("last_generation", BigInteger),
    Column("lifted_at", UtcDateTime),
    Column("lifted_reason", Text),
    sqlite_with_rowid=False,
)
Index("ix_do_not_contact_value", do_not_contact.c.value, do_not_contact.c.scope)
_listed = do_not_contact.c.list_name.is_not(None) & do_not_contact.c.lifted_at.is_(None)
Index(
    "ix_do_not_contact_list",
    do_not_contact.c.list_name,
    do_not_contact.c.scope,
    do_not_contact.c.value,
    unique=True,
    sqlite_where=_listed,
    postgresql_where=_listed,
)

# `generation` is the one in force, `newest` the last one that an import has taken.
do_not_contact_lists = Table(
    "do_not_contact_lists",
    metadata,
    Column("name", Text, primary_key=True),
    Column("generation", BigInteger, nullable=False),
    Column("newest", BigInteger, nullable=False),
    Column("imported_at", UtcDateTime),
    sqlite_with_rowid=False,
)

# One chain for each writer: `hash` covers the row and the hash before it. `person`, `point` and
# `debt` are keyed pseudonyms: without the person's key nobody can tell whose they were.
decisions = Table(
    "decisions",
    metadata,
    Column("writer", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Column("subject", Text, nullable=False, index=True),
    Column("person", Text, nullable=False),
    Column("point", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("debt", Text),
    Column("campaign", Text),
    Column("packs", Json, nullable=False),
    Column("allowed", Boolean, nullable=False),
    Column("rule", Text),
    Column("reason", Text),
    Column("next_allowed_at", UtcDateTime),
    Column("checked", Json, nullable=False),
    Column("prev_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),
    sqlite_with_rowid=False,
)
Index("ix_decisions_person", decisions.c.person, decisions.c.at)
Index("ix_decisions_time", decisions.c.at, decisions.c.writer, decisions.c.seq)

# The head of each chain; its row is locked by who appends.
decision_chains = Table(
    "decision_chains",
    metadata,
    Column("writer", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("hash", Text, nullable=False),
    sqlite_with_rowid=False,
)

# A person's random key, in hexadecimal digits. Erasing the person deletes it.
pseudonym_keys = Table(
    "pseudonym_keys",
    metadata,
    Column("contact_id", Text, ForeignKey("contacts.id"), primary_key=True),
    Column("key", Text, nullable=False),
    sqlite_with_rowid=False,
)
