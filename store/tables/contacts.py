"""People: what is known of them, by which points they are reached, who belongs together, who is one."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, Text, text

from store.tables.columns import Json, UtcDateTime, metadata

# A person. Merging sets merged_into, always the surviving contact itself, so undoing a merge clears it:
# points and interactions stay with the contact they came to. `version` counts the changes. `name_key` and
# `surname_key` are the name folded for searching, given name first and family name first.
# `value_set_at`: when a source said what lifetime_value is; payments after that are added to it.
contacts = Table(
    "contacts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("merged_into", Text, ForeignKey("contacts.id"), index=True),
    Column("updated_at", UtcDateTime, nullable=False, server_default=text("'1970-01-01 00:00:00.000000'")),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("given_name", Text),
    Column("family_name", Text),
    Column("name_key", Text),
    Column("surname_key", Text),
    Column("language", Text),
    Column("time_zone", Text),
    Column("country", Text),
    Column("region", Text),
    Column("postcode", Text),
    Column("lifetime_value", BigInteger),
    Column("value_currency", Text),
    Column("value_set_at", UtcDateTime),
    Column("source", Text),
    Column("erased_at", UtcDateTime),
    sqlite_with_rowid=False,
)
Index("ix_contacts_updated_at", contacts.c.updated_at, contacts.c.id)
# text_pattern_ops: what begins with some letters is found by index in every collation.
Index("ix_contacts_name_key", contacts.c.name_key, postgresql_ops={"name_key": "text_pattern_ops"})
Index("ix_contacts_surname_key", contacts.c.surname_key, postgresql_ops={"surname_key": "text_pattern_ops"})

contact_points = Table(
    "contact_points",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("contact_id", Text, ForeignKey("contacts.id"), nullable=False, index=True),
    Column("added_at", UtcDateTime, nullable=False),
    sqlite_with_rowid=False,
)
Index(
    "ix_contact_points_value",
    contact_points.c.value,
    postgresql_ops={"value": "text_pattern_ops"},
)

# What is known of a person, by name. Values that came to merged contacts stay with them; the newest counts,
# and a newest value of null means that there is none. `value` is JSON as text: SQLite would make a number of
# a JSON column's number.
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
Index("ix_contact_attributes_name", contact_attributes.c.name)

# Tags and groups of a merged person are those of the surviving contact: merging copies them to it.
contact_tags = Table(
    "contact_tags",
    metadata,
    Column("contact_id", Text, ForeignKey("contacts.id"), primary_key=True),
    Column("tag", Text, primary_key=True),
    sqlite_with_rowid=False,
)
Index("ix_contact_tags_tag", contact_tags.c.tag, contact_tags.c.contact_id)

# Households and companies. `domain`: of the company's e-mail addresses, in lower case.
contact_groups = Table(
    "contact_groups",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("domain", Text, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    sqlite_with_rowid=False,
)

contact_group_members = Table(
    "contact_group_members",
    metadata,
    Column("group_id", Text, ForeignKey("contact_groups.id"), primary_key=True),
    Column("contact_id", Text, ForeignKey("contacts.id"), primary_key=True, index=True),
    sqlite_with_rowid=False,
)

# Each merge, standing until undone_at. `brought` is what the survivor got from the merged contact, to be
# taken back: {"fields": {...}, "tags": [...], "groups": [...], "value": minor units}.
contact_merges = Table(
    "contact_merges",
    metadata,
    Column("id", Text, primary_key=True),
    Column("survivor_id", Text, ForeignKey("contacts.id"), nullable=False, index=True),
    Column("merged_id", Text, ForeignKey("contacts.id"), nullable=False, index=True),
    Column("reason", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("brought", Json, nullable=False),
    Column("undone_at", UtcDateTime),
    Column("undone_by", Text),
    sqlite_with_rowid=False,
)

# Saved queries over people, in the language of history.segments.
segments = Table(
    "segments",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("query", Json, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    sqlite_with_rowid=False,
)
