"""The names of attributes are found by an index, however many people have each."""

from __future__ import annotations

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_contact_attributes_name", "contact_attributes", ["name"])
