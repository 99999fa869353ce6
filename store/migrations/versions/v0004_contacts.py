"""What is known of people, groups of them, merges and segments; interactions of other systems."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_Time = sa.DateTime(timezone=True)
_Json = sa.JSON().with_variant(JSONB(), "postgresql")
_FIRST_VERSION = sa.text("1")


def upgrade() -> None:
    _contacts()
    _interactions()
    _groups()
    op.create_table(
        "contact_merges",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("survivor_id", sa.Text, nullable=False),
        sa.Column("merged_id", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", _Time, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("brought", _Json, nullable=False),
        sa.Column("undone_at", _Time),
        sa.Column("undone_by", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_contact_merges"),
        sa.ForeignKeyConstraint(["survivor_id"], ["contacts.id"], name="fk_contact_merges_survivor_id"),
        sa.ForeignKeyConstraint(["merged_id"], ["contacts.id"], name="fk_contact_merges_merged_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_contact_merges_survivor_id", "contact_merges", ["survivor_id"])
    op.create_index("ix_contact_merges_merged_id", "contact_merges", ["merged_id"])
    op.create_table(
        "segments",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("query", _Json, nullable=False),
        sa.Column("created_at", _Time, nullable=False),
        sa.Column("updated_at", _Time, nullable=False),
        sa.Column("version", sa.Integer, nullable=False, server_default=_FIRST_VERSION),
        sa.PrimaryKeyConstraint("id", name="pk_segments"),
        sa.UniqueConstraint("name", name="uq_segments_name"),
        sqlite_with_rowid=False,
    )


def _contacts() -> None:
    # A constant default: SQLite adds no column that must have a value otherwise.
    unknown = sa.text("'1970-01-01 00:00:00.000000'")
    op.add_column("contacts", sa.Column("updated_at", _Time, nullable=False, server_default=unknown))
    op.execute("UPDATE contacts SET updated_at = created_at")
    op.add_column("contacts", sa.Column("version", sa.Integer, nullable=False, server_default=_FIRST_VERSION))
    for name in ("given_name", "family_name", "name_key", "surname_key", "language", "time_zone"):
        op.add_column("contacts", sa.Column(name, sa.Text))
    for name in ("country", "region", "postcode", "value_currency", "source"):
        op.add_column("contacts", sa.Column(name, sa.Text))
    op.add_column("contacts", sa.Column("lifetime_value", sa.BigInteger))
    op.add_column("contacts", sa.Column("value_set_at", _Time))
    op.add_column("contacts", sa.Column("erased_at", _Time))
    op.create_index("ix_contacts_updated_at", "contacts", ["updated_at", "id"])
    for table, name in (("contacts", "name_key"), ("contacts", "surname_key"), ("contact_points", "value")):
        op.create_index(f"ix_{table}_{name}", table, [name], postgresql_ops={name: "text_pattern_ops"})


def _interactions() -> None:
    for name in ("subject", "source", "external_id", "corrects"):
        op.add_column("interactions", sa.Column(name, sa.Text))
    op.add_column("interactions", sa.Column("value", sa.BigInteger))
    op.create_index("ix_interactions_point", "interactions", ["point_value", "at"])
    theirs = sa.text("external_id IS NOT NULL")
    op.create_index(
        "ix_interactions_external",
        "interactions",
        ["source", "external_id"],
        unique=True,
        sqlite_where=theirs,
        postgresql_where=theirs,
    )


def _groups() -> None:
    op.create_table(
        "contact_tags",
        sa.Column("contact_id", sa.Text, nullable=False),
        sa.Column("tag", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("contact_id", "tag", name="pk_contact_tags"),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_contact_tags_contact_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_contact_tags_tag", "contact_tags", ["tag", "contact_id"])
    op.create_table(
        "contact_groups",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("domain", sa.Text),
        sa.Column("created_at", _Time, nullable=False),
        sa.Column("version", sa.Integer, nullable=False, server_default=_FIRST_VERSION),
        sa.PrimaryKeyConstraint("id", name="pk_contact_groups"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_contact_groups_domain", "contact_groups", ["domain"])
    op.create_table(
        "contact_group_members",
        sa.Column("group_id", sa.Text, nullable=False),
        sa.Column("contact_id", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("group_id", "contact_id", name="pk_contact_group_members"),
        sa.ForeignKeyConstraint(
            ["group_id"], ["contact_groups.id"], name="fk_contact_group_members_group_id"
        ),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_contact_group_members_contact_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_contact_group_members_contact_id", "contact_group_members", ["contact_id"])
