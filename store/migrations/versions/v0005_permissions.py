"""Consents, objections and the chained log of decisions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_Time = sa.DateTime(timezone=True)
_Json = sa.JSON().with_variant(JSONB(), "postgresql")
_RowNumber = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "consents",
        sa.Column("number", _RowNumber, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("at", _Time, nullable=False),
        sa.Column("contact_id", sa.Text),
        sa.Column("point_kind", sa.Text),
        sa.Column("point_value", sa.Text),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("given", sa.Boolean, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("basis", sa.Text, nullable=False),
        sa.Column("proof_call_id", sa.Text),
        sa.Column("proof_recording", sa.Text),
        sa.Column("proof_second", sa.Float),
        sa.Column("proof_text", sa.Text),
        sa.PrimaryKeyConstraint("number", name="pk_consents"),
        sa.UniqueConstraint("id", name="uq_consents_id"),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_consents_contact_id"),
    )
    op.create_index("ix_consents_person", "consents", ["contact_id", "at"])
    op.create_table(
        "do_not_contact",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("at", _Time, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("channels", _Json, nullable=False),
        sa.Column("purposes", _Json, nullable=False),
        sa.Column("list_name", sa.Text),
        sa.Column("first_generation", sa.BigInteger),
        sa.Column("last_generation", sa.BigInteger),
        sa.Column("lifted_at", _Time),
        sa.Column("lifted_reason", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_do_not_contact"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_do_not_contact_value", "do_not_contact", ["value", "scope"])
    listed = sa.text("list_name IS NOT NULL AND lifted_at IS NULL")
    op.create_index(
        "ix_do_not_contact_list",
        "do_not_contact",
        ["list_name", "scope", "value"],
        unique=True,
        sqlite_where=listed,
        postgresql_where=listed,
    )
    op.create_table(
        "do_not_contact_lists",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("generation", sa.BigInteger, nullable=False),
        sa.Column("newest", sa.BigInteger, nullable=False),
        sa.Column("imported_at", _Time),
        sa.PrimaryKeyConstraint("name", name="pk_do_not_contact_lists"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "decisions",
        sa.Column("writer", sa.Text, nullable=False),
        sa.Column("seq", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("at", _Time, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("point", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("debt", sa.Text),
        sa.Column("campaign", sa.Text),
        sa.Column("packs", _Json, nullable=False),
        sa.Column("allowed", sa.Boolean, nullable=False),
        sa.Column("rule", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("next_allowed_at", _Time),
        sa.Column("checked", _Json, nullable=False),
        sa.Column("prev_hash", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("writer", "seq", name="pk_decisions"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_decisions_subject", "decisions", ["subject"])
    op.create_index("ix_decisions_person", "decisions", ["person", "at"])
    op.create_index("ix_decisions_time", "decisions", ["at", "writer", "seq"])
    op.create_table(
        "decision_chains",
        sa.Column("writer", sa.Text, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("writer", name="pk_decision_chains"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "pseudonym_keys",
        sa.Column("contact_id", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("contact_id", name="pk_pseudonym_keys"),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_pseudonym_keys_contact_id"),
        sqlite_with_rowid=False,
    )
