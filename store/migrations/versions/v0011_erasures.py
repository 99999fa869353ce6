"""Erased people and legal holds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_Time = sa.DateTime(timezone=True)
_Json = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("at", _Time, nullable=False),
        sa.Column("ended_at", _Time),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("actor_kind", sa.Text, nullable=False),
        sa.Column("actor_id", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("counts", _Json, nullable=False),
        sa.Column("kept", _Json, nullable=False),
        sa.Column("left", _Json, nullable=False),
        sa.Column("pending", _Json),
        sa.PrimaryKeyConstraint("id", name="pk_erasures"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_erasures_state", "erasures", ["state"])
    op.create_table(
        "erased_contacts",
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("erasure_id", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_erased_contacts"),
        sa.ForeignKeyConstraint(["erasure_id"], ["erasures.id"], name="fk_erased_contacts_erasure_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_erased_contacts_erasure_id", "erased_contacts", ["erasure_id"])
    op.create_table(
        "legal_holds",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", _Time, nullable=False),
        sa.Column("lifted_at", _Time),
        sa.Column("lifted_by", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_legal_holds"),
        sqlite_with_rowid=False,
    )
    standing = sa.text("lifted_at IS NULL")
    op.create_index(
        "ix_legal_holds_standing",
        "legal_holds",
        ["subject"],
        unique=True,
        sqlite_where=standing,
        postgresql_where=standing,
    )
