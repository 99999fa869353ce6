"""Imports of contacts: how far each has come, what it refused, and other systems' ids of people."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, Table, Text, text

from store.tables.columns import Json, UtcDateTime, metadata


def _count(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default=text("0"))


# `digest` is of the file and the options: of one file there is one unfinished import. `position` counts the
# file's records that are done; it moves in the transaction that writes them. `lease_owner` works on it until
# `lease_until`. `path` is where the file lies on `node`.
imports = Table(
    "imports",
    metadata,
    Column("id", Text, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("node", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("options", Json, nullable=False),
    Column("actor", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("cancel_asked", Boolean, nullable=False, server_default=text("false")),
    _count("size_bytes"),
    _count("position"),
    _count("created"),
    _count("updated"),
    _count("unchanged"),
    _count("duplicates"),
    _count("refused"),
    _count("left_out"),
    Column("notes", Json, nullable=False),
    Column("error", Text),
    Column("lease_owner", Text),
    Column("lease_until", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
)
Index("ix_imports_created_at", imports.c.created_at, imports.c.id)
_unfinished = imports.c.state.in_(["waiting", "running", "failed"])
Index(
    "ix_imports_unfinished",
    imports.c.digest,
    unique=True,
    sqlite_where=_unfinished,
    postgresql_where=_unfinished,
)

# What could not be taken. `kept`: the row itself was taken without this cell. `value` is cut.
import_refusals = Table(
    "import_refusals",
    metadata,
    Column("import_id", Text, ForeignKey("imports.id"), primary_key=True),
    Column("line", BigInteger, primary_key=True, autoincrement=False),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("field", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("kept", Boolean, nullable=False),
    sqlite_with_rowid=False,
)

# People of before the import whom a line of it named: a second line that names them is told of the first.
# Emptied as the import ends.
import_matches = Table(
    "import_matches",
    metadata,
    Column("import_id", Text, ForeignKey("imports.id"), primary_key=True),
    Column("contact_id", Text, ForeignKey("contacts.id"), primary_key=True, index=True),
    Column("line", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# What other systems call a person.
contact_external_ids = Table(
    "contact_external_ids",
    metadata,
    Column("source", Text, primary_key=True),
    Column("external_id", Text, primary_key=True),
    Column("contact_id", Text, ForeignKey("contacts.id"), nullable=False, index=True),
    sqlite_with_rowid=False,
)
