"""People: what is known of them and by which points they are reached."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Table, Text

from store.tables.columns import UtcDateTime, metadata

# A person. Merging sets merged_into, always the surviving contact itself, so undoing a merge clears it:
# points and interactions stay with the contact they came to.
contacts = Table(
    "contacts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("merged_into", Text, ForeignKey("contacts.id"), index=True),
    sqlite_with_rowid=False,
)

contact_points = Table(
    "contact_points",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("contact_id", Text, ForeignKey("contacts.id"), nullable=False, index=True),
    Column("added_at", UtcDateTime, nullable=False),
    sqlite_with_rowid=False,
)

# What is known of a person, by name. Values that came to merged contacts stay with them; the newest counts.
# `value` is JSON as text: SQLite would make a number of a JSON column's number.
contact_attributes = Table(
    "contact_attributes",
    metadata,
    Column("contact_id", Text, ForeignKey("contacts.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("source", Text, nullable=False),
    sqlite_with_rowid=False,
)
