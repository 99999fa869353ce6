"""Imports of contacts and the rows they refused; other systems' ids of people."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_Time = sa.DateTime(timezone=True)
_Json = sa.JSON().with_variant(JSONB(), "postgresql")


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default=sa.text("0"))


def upgrade() -> None:
    op.create_table(
        "imports",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("node", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("options", _Json, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("cancel_asked", sa.Boolean, nullable=False, server_default=sa.text("false")),
        _count("size_bytes"),
        _count("position"),
        _count("created"),
        _count("updated"),
        _count("unchanged"),
        _count("duplicates"),
        _count("refused"),
        _count("left_out"),
        sa.Column("notes", _Json, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("lease_owner", sa.Text),
        sa.Column("lease_until", _Time),
        sa.Column("created_at", _Time, nullable=False),
        sa.Column("started_at", _Time),
        sa.Column("finished_at", _Time),
        sa.PrimaryKeyConstraint("id", name="pk_imports"),
    )
    op.create_index("ix_imports_created_at", "imports", ["created_at", "id"])
    unfinished = sa.text("state IN ('waiting', 'running', 'failed')")
    op.create_index(
        "ix_imports_unfinished",
        "imports",
        ["digest"],
        unique=True,
        sqlite_where=unfinished,
        postgresql_where=unfinished,
    )
    op.create_table(
        "import_refusals",
        sa.Column("import_id", sa.Text, nullable=False),
        sa.Column("line", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("place", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("field", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("kept", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("import_id", "line", "place", name="pk_import_refusals"),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], name="fk_import_refusals_import_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "import_matches",
        sa.Column("import_id", sa.Text, nullable=False),
        sa.Column("contact_id", sa.Text, nullable=False),
        sa.Column("line", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("import_id", "contact_id", name="pk_import_matches"),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], name="fk_import_matches_import_id"),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_import_matches_contact_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_import_matches_contact_id", "import_matches", ["contact_id"])
    op.create_table(
        "contact_external_ids",
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("external_id", sa.Text, nullable=False),
        sa.Column("contact_id", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("source", "external_id", name="pk_contact_external_ids"),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_contact_external_ids_contact_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_contact_external_ids_contact_id", "contact_external_ids", ["contact_id"])
