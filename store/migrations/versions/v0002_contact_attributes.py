"""What is known of a person, by name."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contact_attributes",
        sa.Column("contact_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("contact_id", "name", name="pk_contact_attributes"),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_contact_attributes_contact_id"),
        sqlite_with_rowid=False,
    )
