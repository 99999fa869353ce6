"""Recipients of mailings are written down in batches: which are to come, and how many are written."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_Json = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    prepared = sa.Column("prepared", sa.Integer, nullable=False, server_default=sa.text("0"))
    op.add_column("mailings", prepared)
    # Those of before were written whole when they started.
    op.execute("UPDATE mailings SET prepared = recipients")
    op.create_table(
        "mailing_batches",
        sa.Column("mailing", sa.Text, sa.ForeignKey("mailings.id"), primary_key=True),
        sa.Column("n", sa.Integer, primary_key=True),
        sa.Column("contact_ids", _Json, nullable=False),
        sqlite_with_rowid=False,
    )
